//! The words of a drawing in both languages: offices, outcomes. Those of acts are the registry's.

use crate::domain::ids::{Language, Office};

fn pick(language: Language, en: &'static str, zh: &'static str) -> &'static str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// What an office is called.
pub fn office(office: Office, language: Language) -> &'static str {
    let (en, zh) = match office {
        Office::NationalOffice => ("national office", "国家知识产权局"),
        Office::ProvincialDepartment => ("provincial department", "省级主管部门"),
        Office::Province => ("province", "省级单位"),
        Office::LocalGovernment => ("local government", "当地人民政府"),
        Office::Registrar => ("registrar", "登记员"),
        Office::Docket => ("docket", "系统"),
    };
    pick(language, en, zh)
}

/// What an outcome is called; `done` needs no word, a rank that no table knows is its id.
pub fn outcome(id: &str, language: Language) -> Option<&str> {
    let (en, zh) = match id {
        "done" => return None,
        "excellent" => ("excellent", "优秀"),
        "qualified" => ("qualified", "合格"),
        "unqualified" => ("unqualified", "不合格"),
        "passed" => ("passed", "达标"),
        "failed" => ("failed", "未达标"),
        "pilot" => ("pilot", "试点"),
        "demonstration" => ("demonstration", "示范"),
        "powerful" => ("powerful", "强省"),
        other => return Some(other),
    };
    Some(pick(language, en, zh))
}

/// Fixed words of a drawing.
pub struct Words {
    pub start: &'static str,
    pub waits_for: &'static str,
    pub from: &'static str,
    pub any_step: &'static str,
    pub passing: &'static str,
    pub unmoved: &'static str,
    pub columns: [&'static str; 4],
    pub reading: &'static str,
    pub gaps: &'static str,
    pub comma: &'static str,
    pub version: &'static str,
}

/// The fixed words in one language.
pub fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            start: "not enrolled",
            waits_for: "waits for",
            from: "from",
            any_step: "any step",
            passing: "approved under an earlier version",
            unmoved: "Acts that leave the standing where it is",
            columns: ["act", "by", "where", "article"],
            reading: "† our reading where the text is silent, not the text itself",
            gaps: "Known in part. Not known:",
            comma: ", ",
            version: "version",
        },
        Language::Zh => Words {
            start: "未参加",
            waits_for: "等待",
            from: "来自",
            any_step: "各步骤",
            passing: "依此前版本批准者",
            unmoved: "不改变所处阶段的行为",
            columns: ["行为", "主体", "所处阶段", "条款"],
            reading: "† 条文未明之处的解读，并非条文本身",
            gaps: "仅部分已知。以下不详：",
            comma: "、",
            version: "版本",
        },
    }
}
