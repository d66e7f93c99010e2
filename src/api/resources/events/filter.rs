//! Which events a reader wants, told from the envelope, and from the metadata where what they say is asked for;
//! the data of those it does not want is never decoded.

use std::collections::BTreeSet;

use crate::api::asking::call::{Call, refused_parameter};
use crate::api::asking::named;
use crate::api::asking::times::Known;
use crate::codec::{decode_meta, kind_of_stream};
use crate::domain::date::Timestamp;
use crate::domain::event::EventMeta;
use crate::domain::event_type::EventType;
use crate::domain::ids::{Office, SubjectId};
use crate::log::{RecordedEvent, StreamName};
use crate::views::problem::Problem;

/// What must hold of an event for it to be in the feed; all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    program: Option<String>,
    subject: Option<String>,
    stream: Option<String>,
    category: Option<String>,
    types: Vec<&'static str>,
    from_us: Option<i64>,
    to_us: Option<i64>,
    /// How much of the log is looked at.
    known: Known,
    said: Said,
}

/// What the metadata of an event must say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The kind of office that acted.
    pub office: Option<Office>,
    /// The measure's version.
    pub measure: Option<String>,
    /// The article.
    pub article: Option<String>,
    /// Whether it is of an exercise.
    pub exercise: Option<bool>,
}

impl Said {
    /// What a request asks for.
    ///
    /// # Errors
    /// `malformed-request`.
    pub fn of(call: &Call) -> Result<Self, Problem> {
        let text = |name| call.parameter(name).map(str::to_owned);
        Ok(Self {
            office: named::office(call, "office")?,
            measure: text("measure"),
            article: text("article"),
            exercise: match call.parameter("exercise") {
                None => None,
                Some(_) => Some(call.flag("exercise")?),
            },
        })
    }

    /// Whether metadata say it.
    pub fn takes(&self, saying: Saying<'_>) -> bool {
        let same = |wanted: &Option<String>, said: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == said
        };
        self.office.is_none_or(|office| office == saying.office)
            && same(&self.measure, saying.measure)
            && same(&self.article, saying.article)
            && self.exercise.is_none_or(|exercise| exercise == saying.exercise)
    }
}

/// What the metadata of an event say of what can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// The kind of office that acted.
    pub office: Office,
    /// The measure's version, if one is cited.
    pub measure: Option<&'a str>,
    /// The article, likewise.
    pub article: Option<&'a str>,
    /// Whether it is of an exercise.
    pub exercise: bool,
}

impl<'a> Saying<'a> {
    fn of(meta: &'a EventMeta) -> Self {
        Self {
            office: meta.office,
            measure: meta.measure.as_deref(),
            article: meta.article.as_deref(),
            exercise: meta.exercise,
        }
    }
}

impl Filter {
    /// What a request asks for of a part of the log.
    ///
    /// # Errors
    /// `malformed-request`, naming the parameter and what there is.
    pub fn of(call: &Call, known: Known) -> Result<Self, Problem> {
        let filter = Self {
            program: program(call)?,
            subject: subject(call)?,
            stream: stream(call)?,
            category: category(call)?,
            types: types(call)?,
            from_us: instant(call, "recorded_from")?,
            to_us: instant(call, "recorded_to")?,
            known,
            said: Said::of(call)?,
        };
        if let (Some(from), Some(to)) = (filter.from_us, filter.to_us)
            && from >= to
        {
            return Err(refused_parameter(
                "recorded_to",
                "it is not later than recorded_from, so nothing can lie between",
                "须晚于起始时刻，否则其间不可能有事件",
            ));
        }
        Ok(filter)
    }

    /// Whether it takes every event.
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// The last event of a log up to a head that it can take.
    pub fn end(&self, head: Option<u64>) -> Option<u64> {
        match self.known {
            Known::All => head,
            Known::To(last) => head.map(|head| last.min(head)),
            Known::Nothing => None,
        }
    }

    /// Whether it takes nothing after this event, or none at all.
    pub fn is_over(&self, after: Option<u64>) -> bool {
        match self.known {
            Known::All => false,
            Known::To(last) => after.is_some_and(|after| after >= last),
            Known::Nothing => true,
        }
    }

    /// Whether it takes this event.
    pub fn takes(&self, event: &RecordedEvent) -> bool {
        let stream = event.stream.as_str();
        if !self.types.is_empty() && !self.types.contains(&event.event_type.as_str())
            || self.stream.as_deref().is_some_and(|wanted| wanted != stream)
            || self.from_us.is_some_and(|from| event.recorded_at_us < from)
            || self.to_us.is_some_and(|to| event.recorded_at_us >= to)
            || !self.known.has(Some(event.sequence))
        {
            return false;
        }
        if let Some(category) = &self.category
            && stream.split_once('-').map_or(stream, |(category, _)| category) != category
        {
            return false;
        }
        // What can't be read says nothing that is asked for.
        if self.said != Said::default()
            && !decode_meta(event).is_ok_and(|meta| self.said.takes(Saying::of(&meta)))
        {
            return false;
        }
        if self.program.is_none() && self.subject.is_none() {
            return true;
        }
        let kind = kind_of_stream(stream);
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        same(&self.program, kind.program()) && same(&self.subject, kind.subject())
    }
}

/// The program that is asked for.
///
/// # Errors
/// `malformed-request`, with those that there are.
pub fn program(call: &Call) -> Result<Option<String>, Problem> {
    let Some(id) = call.parameter("program") else { return Ok(None) };
    if let Some(program) = call.state.app.library().program(id) {
        return Ok(Some(program.id.to_string()));
    }
    let programs = &call.state.app.library().programs().programs;
    let there: Vec<&str> = programs.iter().map(|program| program.id.as_str()).collect();
    let names: Vec<&str> = programs.iter().map(|program| program.name.zh.as_str()).collect();
    let (en, zh) = (there.join(", "), names.join("、"));
    Err(refused_parameter(
        "program",
        &format!("there is no program {id:?}; there are {en}"),
        &format!("没有项目“{id}”；现有项目：{zh}"),
    ))
}

fn subject(call: &Call) -> Result<Option<String>, Problem> {
    let Some(id) = call.parameter("subject") else { return Ok(None) };
    let parsed = SubjectId::parse(id).map_err(|error| {
        refused_parameter("subject", &error.to_string(), &format!("{id:?} 不是主体标识"))
    })?;
    Ok(Some(parsed.as_str().to_owned()))
}

fn stream(call: &Call) -> Result<Option<String>, Problem> {
    let Some(name) = call.parameter("stream") else { return Ok(None) };
    let parsed = StreamName::parse(name).map_err(|error| {
        refused_parameter("stream", &error.to_string(), &format!("{name:?} 不是流名"))
    })?;
    Ok(Some(parsed.as_str().to_owned()))
}

fn category(call: &Call) -> Result<Option<String>, Problem> {
    let Some(category) = call.parameter("category") else { return Ok(None) };
    if category.contains('-') || StreamName::parse(category).is_err() {
        return Err(refused_parameter(
            "category",
            &format!("{category:?} can't stand before the first hyphen of a stream's name"),
            &format!("{category:?} 不可能出现在流名的第一个连字符之前"),
        ));
    }
    Ok(Some(category.to_owned()))
}

/// The types that are asked for; none: any.
///
/// # Errors
/// `malformed-request`, with those that there are.
pub fn types(call: &Call) -> Result<Vec<&'static str>, Problem> {
    let Some(list) = call.parameter("type") else { return Ok(Vec::new()) };
    let cloud = &call.state.cloud_events;
    // A type that is said again asks for nothing more.
    let said: BTreeSet<&str> = list.split(',').collect();
    said.into_iter()
        .map(|wanted| {
            let found = EventType::all().find(|known| {
                let mut name = Vec::new();
                cloud.write_type(known.kind.as_str(), known.name, &mut name);
                known.name == wanted || name == wanted.as_bytes()
            });
            found.map(|found| found.name).ok_or_else(|| {
                let there: Vec<&str> = EventType::all().map(|known| known.name).collect();
                let names: Vec<&str> = EventType::all().map(|known| known.label.zh).collect();
                let (en, zh) = (there.join(", "), names.join("、"));
                refused_parameter(
                    "type",
                    &format!("there is no event type {wanted:?}; there are {en}"),
                    &format!("没有事件类型“{wanted}”；现有类型：{zh}"),
                )
            })
        })
        .collect()
}

fn instant(call: &Call, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = call.parameter(name) else { return Ok(None) };
    let instant = Timestamp::parse_rfc3339(text).map_err(|error| {
        refused_parameter(
            name,
            &error.to_string(),
            &format!("{text:?} 不是带时区的时刻（RFC 3339）"),
        )
    })?;
    Ok(Some(instant.micros()))
}
