//! The list of subjects, out of the read models.

use schemars::JsonSchema;
use serde::Serialize;

use super::kind_label;
use crate::api::asking::answer::limit;
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::cursor::{CURSOR, Cursor, cursor};
use crate::api::asking::named;
use crate::api::asking::page::{
    EXERCISE, Filled, LIMIT, MIN_SEQUENCE, ask_at, had_already, more, page, version_of,
};
use crate::api::asking::times::{AS_OF, Times};
use crate::api::resources::lists::{KIND, PROVINCE};
use crate::domain::ids::Text;
use crate::domain::words::said;
use crate::projection::subjects::{SubjectCursor, SubjectFilter, SubjectRow};
use crate::views::parameter::{Kind, Parameter};

/// The parameters of the list of subjects.
pub const SUBJECTS: &[Parameter] = &[
    KIND,
    PROVINCE,
    EXERCISE,
    Parameter::new(
        "invented",
        Kind::Flag,
        "The same as `exercise`, of subjects.",
        "同 exercise（就主体而言）。",
    ),
    AS_OF,
    MIN_SEQUENCE,
    CURSOR,
    LIMIT,
];

/// A subject in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectItem {
    /// The id.
    pub id: String,
    /// The kind.
    pub kind: String,
    /// What it is called.
    pub kind_label: String,
    /// The name on the day.
    pub name: Text,
    /// The GB/T 2260 code.
    pub code: Option<String>,
    /// The revision of GB/T 2260 that it is from.
    pub code_revision: Option<String>,
    /// The province in which it lies.
    pub province: Option<String>,
    /// The responsible office on the day.
    pub responsible_office: Option<Text>,
    /// Whether it is invented.
    pub invented: bool,
    /// Where the facts are from.
    pub source: String,
    /// From when they hold.
    pub effective_on: String,
    /// The revision of its stream.
    pub revision: u64,
}

/// Lists subjects.
///
/// # Errors
/// See the route.
pub async fn list_subjects(call: Call) -> Answered {
    let limit = limit(&call)?;
    let cursor: Option<Cursor<SubjectCursor>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let exercise = match (call.parameter("invented"), call.parameter("exercise")) {
        (Some(_), Some(_)) => {
            return Err(wrong_parameter(
                "invented",
                said!(
                    "it says the same as exercise: send one",
                    "与 exercise 含义相同，只能选用一个"
                ),
            ));
        }
        (Some(_), None) => call.flag("invented")?,
        (None, _) => call.flag("exercise")?,
    };
    let filter = SubjectFilter {
        invented: exercise,
        kinds: named::kind(&call)?.into_iter().collect(),
        province: named::subject(&call, "province").await?,
    };
    if let Some(had) = had_already(&call, &times, "subjects").await? {
        return Ok(had);
    }
    let after = cursor.map(|cursor| cursor.after);
    let answer = ask_at(&call, &times, move |tables, at| {
        tables.list_subjects(&filter, at.day, after.as_ref(), limit + 1)
    })
    .await?;
    let (mut rows, copy) = (answer.value, answer.copy);
    let more = more(&mut rows, limit, SubjectRow::cursor);
    let items = rows.into_iter().map(|row| subject(&call, row)).collect::<Vec<_>>();
    let programs = Default::default();
    let model = ("subjects", version_of("subjects"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    let filled =
        Filled { items, exercise, more, programs, times, model, copy, position, known_at_us };
    page(&call, filled)
}

fn subject(call: &Call, row: SubjectRow) -> SubjectItem {
    SubjectItem {
        id: row.subject.to_string(),
        kind_label: kind_label(call, &row.kind),
        kind: row.kind.to_string(),
        name: row.name,
        code: row.code.map(|code| code.to_string()),
        code_revision: row.code_revision.map(|revision| revision.to_string()),
        province: row.province.map(|province| province.to_string()),
        responsible_office: row.responsible_office,
        invented: row.invented,
        source: row.source,
        effective_on: row.effective_on.to_string(),
        revision: row.revision,
    }
}
