//! The fixed words of a drawing in both languages. What a measure names has the measure's labels, acts
//! the registry's.

use crate::domain::ids::{Language, Office};
use crate::domain::words;

/// What an office is called.
pub fn office(office: Office, language: Language) -> String {
    match language {
        Language::En => office.as_str().replace('_', " "),
        Language::Zh => words::office(office, language).to_owned(),
    }
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
