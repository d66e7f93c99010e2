//! What an application states for a requirement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::date::CivilDate;
use crate::domain::ids::Id;
use crate::domain::text::NonBlank;

/// A value that an application states for a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a requirement is stated as a whole number from 0 on, a count with its day and source, a text, or a list of texts"
)]
pub enum Stated {
    /// A number, such as that of agencies.
    Number(u64),
    /// A number with the day and the source of the count.
    Counted(Counted),
    /// A statement.
    Text(NonBlank),
    /// A list, such as the kinds of service covered.
    List(Vec<Id>),
}

impl Stated {
    /// Whether it is a list that names nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::List(list) if list.is_empty())
    }
}

/// A count: how many, on which day, by which source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// How many.
    pub number: u64,
    /// On which day they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<CivilDate>,
    /// By whom, or where that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<NonBlank>,
}
