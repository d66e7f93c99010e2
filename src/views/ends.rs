//! What has run out and still holds: a title after its term is held until a review decides (C17), a
//! construction period that is over is followed by what the measure says.
//!
//! A date that is an interval has run out once its latest day has: nothing is called over that may
//! still run.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::act::ActKind;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Language, Node, Text};
use crate::domain::measure::Measure;

/// A title held.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TitleView {
    /// Which.
    #[schemars(with = "String")]
    pub id: Id,
    /// Its label.
    pub label: String,
    /// From when.
    pub from: String,
    /// Its last day; absent: without expiry.
    pub until: Option<String>,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
}

/// A term that runs or ran.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TermView {
    /// Its first day.
    pub from: String,
    /// Its last day.
    pub until: String,
    /// How that follows.
    pub arithmetic: String,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
}

/// A title held, as of a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TitleHeld {
    /// The title.
    #[serde(flatten)]
    pub title: TitleView,
    /// Whether its term has run out, so that a review is due; it is held until one decides.
    pub review_due: bool,
    /// The same in words; absent while the term runs.
    pub note: Option<String>,
}

/// A term, as of a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TermOn {
    /// The term.
    #[serde(flatten)]
    pub term: TermView,
    /// Whether its last day has passed.
    pub over: bool,
    /// The same in words; absent while it runs.
    pub note: Option<String>,
}

/// Whether a last day has certainly passed.
pub fn is_over(until: Option<&CivilDate>, day: Day) -> bool {
    until.is_some_and(|until| until.latest() < day)
}

/// Whether the review of a title held at a node is due: its last day has passed, and the measure
/// has a review follow there.
pub fn is_review_due(
    measure: Option<&Measure>,
    node: Option<&Node>,
    until: Option<&CivilDate>,
    day: Day,
) -> bool {
    is_over(until, day)
        && measure.is_some_and(|measure| measure.rule_at(ActKind::Review, node).is_some())
}

/// What is said of a title whose review is due.
pub fn review_due_note(is_due: bool, language: Language) -> Option<String> {
    let text = Text {
        en: "review due; the title is held until a review decides".to_owned(),
        zh: "已到复核期；复核作出决定前称号仍然保留".to_owned(),
    };
    is_due.then(|| text.get(language).to_owned())
}

/// What is said of a term that is over.
pub fn over_note(is_over: bool, language: Language) -> Option<String> {
    let text = Text { en: "the term is over".to_owned(), zh: "期限已届满".to_owned() };
    is_over.then(|| text.get(language).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_over_before_its_latest_day_has_passed() {
        let day = |text| Day::parse(text).unwrap();
        let date = |text| CivilDate::parse(text).unwrap();
        for (until, on, over) in [
            ("2017-09-26", "2017-09-26", false),
            ("2017-09-26", "2017-09-27", true),
            ("2017-09", "2017-09-30", false),
            ("2017-09", "2017-10-01", true),
        ] {
            assert_eq!(is_over(Some(&date(until)), day(on)), over, "{until} on {on}");
        }
        assert!(!is_over(None, day("2030-01-01")));
        assert_eq!(over_note(true, Language::Zh).as_deref(), Some("期限已届满"));
        assert_eq!(over_note(false, Language::En), None);
    }
}
