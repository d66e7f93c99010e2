//! Sentences in both languages, made at once from what they name (rule G8).
//!
//! What must hold: what a sentence names is [`Said`], and no id is, so that none can stand in one. What
//! somebody wrote or registered is [`Given`]. The literals of [`said!`] see no variable around them.

use super::{arithmetic, date, day, office, pick, when};
use crate::domain::act::ActKind;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Language, Office, Text};

/// What a sentence can name, in words.
pub trait Said {
    /// Its words in a language.
    fn said(&self, language: Language) -> String;
}

/// A sentence in English and Chinese: `said!("{act} is done", "已办理{act}", act = kind)`. Both
/// languages name the same.
macro_rules! said {
    ($en:literal, $zh:literal $(,)?) => {
        $crate::domain::ids::Text { en: $en.to_owned(), zh: $zh.to_owned() }
    };
    ($en:literal, $zh:literal, $($name:ident = $value:expr),+ $(,)?) => {{
        $(let $name = &$value;)+
        let said = |language| {
            use $crate::domain::words::Said;
            ($(Said::said($name, language),)+)
        };
        let ($($name,)+) = said($crate::domain::ids::Language::En);
        // Through `concat`, so that nothing but what is named is taken in.
        let en = format!(concat!($en), $($name = $name),+);
        let ($($name,)+) = said($crate::domain::ids::Language::Zh);
        let zh = format!(concat!($zh), $($name = $name),+);
        $crate::domain::ids::Text { en, zh }
    }};
}
pub(crate) use said;

impl<T: Said + ?Sized> Said for &T {
    fn said(&self, language: Language) -> String {
        (**self).said(language)
    }
}

impl Said for Text {
    fn said(&self, language: Language) -> String {
        self.get(language).to_owned()
    }
}

impl Said for ActKind {
    fn said(&self, language: Language) -> String {
        format!("“{}”", self.label().get(language))
    }
}

impl Said for Office {
    fn said(&self, language: Language) -> String {
        office(*self, language).to_owned()
    }
}

impl Said for Day {
    fn said(&self, language: Language) -> String {
        day(*self, language)
    }
}

impl Said for CivilDate {
    fn said(&self, language: Language) -> String {
        date(self, language)
    }
}

macro_rules! numbers {
    ($($kind:ty)+) => {
        $(impl Said for $kind {
            fn said(&self, _: Language) -> String {
                self.to_string()
            }
        })+
    };
}
numbers!(u32 u64 i32 usize);

/// When something happened, with its preposition: `on 3 May 2016`, `in 2016`.
pub struct When(pub CivilDate);

impl Said for When {
    fn said(&self, language: Language) -> String {
        when(&self.0, language)
    }
}

/// What somebody wrote, or the name under which something is registered.
pub struct Given<'a>(pub &'a str);

impl Said for Given<'_> {
    fn said(&self, _: Language) -> String {
        self.0.to_owned()
    }
}

/// A member of an act: as it is written, in Chinese by its name.
pub struct Member<'a>(pub &'a str);

impl Said for Member<'_> {
    fn said(&self, language: Language) -> String {
        match language {
            Language::En => format!("`{}`", self.0),
            Language::Zh => super::member(self.0).unwrap_or_default(),
        }
    }
}

/// How a date follows from another.
pub struct Arithmetic<'a>(pub &'a str);

impl Said for Arithmetic<'_> {
    fn said(&self, language: Language) -> String {
        arithmetic(self.0, language).into_owned()
    }
}

/// In quotation marks.
pub struct Quoted<T>(pub T);

impl<T: Said> Said for Quoted<T> {
    fn said(&self, language: Language) -> String {
        format!("“{}”", self.0.said(language))
    }
}

/// A text in quotation marks.
pub fn quoted(text: impl Said) -> Text {
    super::both(|language| Quoted(&text).said(language))
}

/// One of a list: `a, b or c`.
pub struct OneOf<T>(pub Vec<T>);

impl<T: Said> Said for OneOf<T> {
    fn said(&self, language: Language) -> String {
        super::one_of(&each(&self.0, language), language)
    }
}

/// All of a list: `a, b and c`.
pub struct AllOf<T>(pub Vec<T>);

impl<T: Said> Said for AllOf<T> {
    fn said(&self, language: Language) -> String {
        super::all_of(&each(&self.0, language), language)
    }
}

/// Clauses after one another, full stops of their own left out: `a; b`.
pub struct Clauses<T>(pub Vec<T>);

impl<T: Said> Said for Clauses<T> {
    fn said(&self, language: Language) -> String {
        let clauses = each(&self.0, language);
        let clauses: Vec<_> = clauses.iter().map(|one| one.trim_end_matches(['.', '。'])).collect();
        clauses.join(pick(language, "; ", "；"))
    }
}

fn each<T: Said>(items: &[T], language: Language) -> Vec<String> {
    items.iter().map(|item| item.said(language)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_the_same_in_both_languages() {
        let offices = OneOf(vec![Office::Province, Office::Registrar]);
        let on = Day::parse("2016-05-03").unwrap();
        let said = said!(
            "{act} is an act of {by}, since {on}",
            "自{on}起，{act}须由{by}作出",
            act = ActKind::Apply,
            by = offices,
            on = on,
        );
        assert_eq!(said.en, "“Apply” is an act of the province or the registrar, since 3 May 2016");
        assert_eq!(said.zh, "自2016年5月3日起，“申报”须由省（区、市）或登记员作出");
    }

    #[test]
    fn lists_and_what_is_given() {
        let given = vec![Quoted(Given("甲")), Quoted(Given("乙"))];
        assert_eq!(AllOf(given).said(Language::En), "“甲” and “乙”");
        let clauses = Clauses(vec![Given("a。"), Given("b")]);
        assert_eq!(clauses.said(Language::Zh), "a；b");
        let when = When(CivilDate::parse("2016").unwrap());
        assert_eq!(when.said(Language::En), "in 2016");
    }
}
