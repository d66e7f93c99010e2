//! Events counted by what they say: by type, program, office, measure, article. Each figure opens the feed of what
//! it counts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::filter::{Said, Saying, program, types};
use super::tally::{Kind as KindOf, each_kind};
use super::{ARTICLE, EXERCISE, MEASURE, OFFICE, PROGRAM, TYPE};
use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::named;
use crate::api::asking::opening::{Figure, Opening};
use crate::api::asking::page::{MIN_SEQUENCE, ask_at};
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::ids::{Language, Office};
use crate::domain::words;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// By what can be counted.
const BY: [&str; 6] = ["type", "program", "office", "measure", "article", "exercise"];

/// The parameters.
pub const TOTALS: &[Parameter] = &[
    Parameter::new(
        "by",
        Kind::SomeOf(|| BY.to_vec()),
        "By what to count, with commas; by type unless told. What an event does not say, as a program, a measure or an article, it is not counted by.",
        "按何者统计，可用逗号并列；默认按类型。事件未载明者（项目、办法或条文）不计入该项统计。",
    ),
    PROGRAM,
    TYPE,
    OFFICE,
    MEASURE,
    ARTICLE,
    EXERCISE,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
];

/// Events, counted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventTotals {
    /// All that the filters take.
    pub all: Figure,
    /// By what `by` names, in the order of the texts; nothing of which there is none.
    pub items: Vec<EventTotal>,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The sequence of the last event that the tables had read.
    pub read_to_sequence: Option<String>,
}

/// Those that say the same. What `by` does not name is absent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventTotal {
    /// The type, as stored.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_label: Option<String>,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_name: Option<String>,
    /// The kind of office that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<&'static str>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office_label: Option<&'static str>,
    /// The version of the measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// The article, as the events name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// How it is written in the language of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article_label: Option<String>,
    /// Whether they are of exercises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise: Option<bool>,
    /// How many.
    pub events: Figure,
}

/// By what events are counted.
#[derive(Debug, Clone, Copy, Default)]
struct By {
    event_type: bool,
    program: bool,
    office: bool,
    measure: bool,
    article: bool,
    exercise: bool,
}

/// What the events that are counted together say.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    program: Option<String>,
    event_type: Option<String>,
    office: Option<usize>,
    measure: Option<String>,
    article: Option<String>,
    exercise: Option<bool>,
}

impl By {
    fn of(call: &Call) -> Result<Self, Problem> {
        let known = BY.map(|name| (name, name));
        let asked = named::words(call, "by", &known)?;
        let has = |name: &str| asked.contains(&name);
        Ok(Self {
            event_type: asked.is_empty() || has("type"),
            program: has("program"),
            office: has("office"),
            measure: has("measure"),
            article: has("article"),
            exercise: has("exercise"),
        })
    }

    /// What a kind says of what is counted by; nothing where it does not say all of it.
    fn group(self, kind: &KindOf<'_>) -> Option<Group> {
        let said = |by: bool, text: Option<&str>| match by {
            true => Some(Some(text?.to_owned())),
            false => Some(None),
        };
        Some(Group {
            program: said(self.program, kind.program)?,
            event_type: said(self.event_type, Some(kind.event_type))?,
            office: self.office.then_some(kind.office as usize),
            measure: said(self.measure, kind.measure)?,
            article: said(self.article, kind.article)?,
            exercise: self.exercise.then_some(kind.exercise),
        })
    }
}

/// What is asked for.
struct Asked {
    program: Option<String>,
    types: Vec<&'static str>,
    said: Said,
}

impl Asked {
    fn takes(&self, kind: &KindOf<'_>) -> bool {
        let KindOf { office, measure, article, exercise, .. } = *kind;
        self.program.as_deref().is_none_or(|program| kind.program == Some(program))
            && (self.types.is_empty() || self.types.contains(&kind.event_type))
            && self.said.takes(Saying { office, measure, article, exercise })
    }
}

/// Counts events.
///
/// # Errors
/// See the route.
pub async fn get_event_totals(call: Call) -> Answered {
    let times = Times::of::<()>(&call, None).await?;
    let by = By::of(&call)?;
    let asked = Asked { program: program(&call)?, types: types(&call)?, said: Said::of(&call)? };
    let state = call.state.clone();
    let answer = ask_at(&call, &times, move |tables, at| {
        let (mut all, mut groups) = (0, BTreeMap::new());
        each_kind(&state, tables, at.known, |kind, count| {
            if asked.takes(&kind) {
                all += count;
                if let Some(group) = by.group(&kind) {
                    *groups.entry(group).or_insert(0) += count;
                }
            }
        })?;
        Ok((all, groups))
    });
    let answer = answer.await?;
    let (all, groups): (u64, BTreeMap<Group, u64>) = answer.value;
    let body = EventTotals {
        all: figure(&call, None, all),
        items: groups.iter().map(|(group, count)| total(&call, group, *count)).collect(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: times.known.sequence().map(sequence),
        read_to_sequence: answer.position.map(sequence),
    };
    json(&call, &body)
}

/// The office of a group.
fn office(group: &Group) -> Option<Office> {
    Office::ALL.get(group.office?).copied()
}

/// A figure with the feed of what it counts: what the request filters by, and what the group says.
fn figure(call: &Call, group: Option<&Group>, count: u64) -> Figure {
    let flag = |flag: bool| if flag { "true" } else { "false" };
    let said = group.map(|group| {
        [
            group.program.as_deref(),
            group.event_type.as_deref(),
            office(group).map(Office::as_str),
            group.measure.as_deref(),
            group.article.as_deref(),
            group.exercise.map(flag),
        ]
    });
    let names = [PROGRAM, TYPE, OFFICE, MEASURE, ARTICLE, EXERCISE].map(|of| of.name);
    let said = said.unwrap_or_default();
    let filters = names.iter().zip(said).map(|(name, said)| (*name, said.or(call.parameter(name))));
    Opening::of_record(call).figure(count, "/v1/events", &filters.collect::<Vec<_>>())
}

fn total(call: &Call, group: &Group, count: u64) -> EventTotal {
    let language = call.language;
    let name = |id: &String| {
        let program = call.state.app.library().program(id);
        program.map_or_else(|| id.clone(), |program| program.name.get(language).to_owned())
    };
    EventTotal {
        type_label: group.event_type.as_deref().map(|name| label(name, language)),
        event_type: group.event_type.clone(),
        program_name: group.program.as_ref().map(name),
        program: group.program.clone(),
        office: office(group).map(Office::as_str),
        office_label: office(group).map(|office| words::office(office, language)),
        measure: group.measure.clone(),
        article_label: group.article.as_deref().map(|of| words::article(of, language).into_owned()),
        article: group.article.clone(),
        exercise: group.exercise,
        events: figure(call, Some(group), count),
    }
}

fn label(event_type: &str, language: Language) -> String {
    words::event(event_type, language).to_owned()
}
