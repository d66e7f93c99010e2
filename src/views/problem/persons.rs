//! What keeps the data of a person from being opened, held or erased, over HTTP.

use super::{Code, Problem};
use crate::app::persons::{KeyStoreError, PersonError};
use crate::domain::ids::Text;
use crate::domain::words::{Given, said};

impl From<PersonError> for Problem {
    fn from(error: PersonError) -> Problem {
        let en = error.to_string();
        let of = |code, zh: String| Problem::new(code).detail(en.clone()).detail_zh(zh);
        match error {
            PersonError::Unknown(person) => {
                of(Code::NotFound, format!("没有行为载明信息主体{person}：密钥库中没有此标识"))
            }
            PersonError::NotNamed(event) => {
                of(Code::NotFound, format!("事件{event}未载明该信息主体"))
            }
            PersonError::NoHold(hold) => of(Code::NotFound, format!("没有保全措施{hold}")),
            PersonError::Erased(person) => {
                let zh = format!(
                    "信息主体{person}的个人信息已删除，不能再予封存或查看；再次载明此人须用新的标识"
                );
                of(Code::PersonErased, zh).member("data_subject", person.to_string())
            }
            PersonError::Held { data_subject, holds } => {
                let list = holds.join("、");
                let zh = format!(
                    "信息主体{data_subject}的个人信息处于保全（{list}）之中；须先由设置人以外的人解除"
                );
                of(Code::UnderLegalHold, zh)
                    .member("data_subject", data_subject.to_string())
                    .member("holds", holds)
            }
            PersonError::Lifted(hold) => of(Code::AlreadyDecided, format!("保全措施{hold}已解除")),
            PersonError::OwnHold(hold) => {
                of(Code::SelfApprovalForbidden, format!("保全措施{hold}由您设置，须由他人解除"))
                    .member("hold", hold)
            }
            PersonError::Store(error) => of_store(&error),
        }
    }
}

/// Where the store is, and what it says, is the operator's business alone.
fn of_store(error: &KeyStoreError) -> Problem {
    let Text { en, zh } = match error {
        KeyStoreError::None => said!(
            "this node keeps no keys of persons, so no act that names one can be recorded, opened or erased here",
            "本节点不保存个人信息密钥，因此不能在此登记、查看或删除载明个人的内容"
        ),
        KeyStoreError::Away { .. } => {
            said!("the store of the keys can't be reached or used now", "暂时无法访问密钥库")
        }
        KeyStoreError::OtherKey(person) => said!(
            "what was sealed for {person} does not open with the key that is kept here",
            "信息主体{person}的封存内容无法以现存密钥开启",
            person = Given(person.as_str())
        ),
        KeyStoreError::Lost(person) => said!(
            "the key of {person} is not in the key store, and no erasure is on record",
            "密钥库中没有信息主体{person}的密钥，记录中也没有删除登记",
            person = Given(person.as_str())
        ),
    };
    Problem::new(Code::PersonKeysUnavailable).detail(en).detail_zh(zh).cause(error.to_string())
}
