//! Subjects and calendars: what the registrar records beside acts.

mod list;

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{List, REVALIDATE, json, json_with, tagged};
use crate::api::asking::call::{Answered, Call, to_the_end};
use crate::api::asking::etag::idempotency_key;
use crate::app::{Written, read_whole_stream};
use crate::codec::{self, Stored};
use crate::domain::calendar::Calendar;
use crate::domain::date::Day;
use crate::domain::history::Fate;
use crate::domain::ids::{Id, Text, digits};
use crate::domain::logbook::CalendarAdopted;
use crate::domain::subject::{Registration, Renaming, Subject, SubjectCorrection, SubjectEvent};
use crate::domain::words;
use crate::log::RecordedEvent;
use crate::projection::audit_trail::{Named, own_sentence};
use crate::views::brief::mark_label;
use crate::views::headers::NO_STORE;
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

pub use list::{SUBJECTS, SubjectItem, list_subjects};

/// What a kind of subject is called: by the first program that takes it.
fn kind_label(call: &Call, kind: &str) -> String {
    let programs = call.state.app.library().programs().programs.iter();
    let mut kinds = programs.flat_map(|program| &program.subject_kinds);
    let found = kinds.find(|known| known.id == kind);
    found.map_or(kind, |known| known.label.get(call.language)).to_owned()
}

/// Something recorded outside of the enrollments.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenView {
    /// The event's id.
    pub id: String,
    /// `RECORDED`.
    pub state: &'static str,
    /// `stream@revision#id`.
    pub reference: String,
    /// The revision in its stream.
    pub revision: u64,
    /// The sequence; absent while it is not counted.
    pub sequence: Option<String>,
}

/// A name from a day on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NameFrom {
    /// The first day.
    pub from: String,
    /// The name in both languages.
    pub name: Text,
}

/// A subject.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectView {
    /// The id.
    pub id: String,
    /// The name today.
    pub name: Text,
    /// The responsible office today, where one is registered.
    pub responsible_office: Option<Text>,
    /// What its kind is called.
    pub kind_label: String,
    /// The registration.
    pub registration: Registration,
    /// Names by the day from which each holds, oldest first.
    pub names: Vec<NameFrom>,
    /// Responsible offices likewise.
    pub responsible_offices: Vec<NameFrom>,
    /// What was recorded of it, oldest first, the corrected and the annulled too.
    pub records: Vec<SubjectRecordView>,
    /// The revision of its stream.
    pub revision: u64,
}

/// An event of a subject's stream, and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectRecordView {
    /// `stream@revision#id`, as a correction names it.
    pub reference: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What that is called.
    pub type_label: String,
    /// Its revision.
    pub revision: u64,
    /// Its sequence in the log, 20 digits.
    pub sequence: String,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// The kind of office that recorded it.
    pub office: &'static str,
    /// What that kind is called.
    pub office_label: &'static str,
    /// The office's id.
    pub office_id: String,
    /// What it says.
    pub sentence: String,
    /// What became of it: `STANDS`, `CORRECTED`, `ANNULLED`.
    pub fate: &'static str,
    /// What that is called.
    pub fate_label: String,
    /// The revision of the correction that did that.
    pub corrected_by: Option<u64>,
    /// The acts that a correction shakes, `stream@revision#id`; they stand.
    pub unsettles: Vec<String>,
}

/// The events of a subject's stream with what became of each.
async fn records(call: &Call, subject: &Subject) -> Result<Vec<SubjectRecordView>, Problem> {
    let stream = codec::subject_stream(subject.id());
    let events = read_whole_stream(&**call.state.app.log(), &stream, 0).await;
    let events = events.map_err(|error| call.problem(error.into()))?;
    let history = codec::subject_history(&events);
    let history = history.map_err(|error| call.problem(error.into()))?;
    let library = call.state.app.library();
    let indicator = |id: &Id| library.indicator_label(id);
    let names = Named { programs: library.programs(), indicator: &indicator };
    let view = |event: &RecordedEvent| {
        let stored = codec::decode(event).map_err(|error| call.problem(error.into()))?;
        let (fate, corrected_by) = match history.fate(event.revision) {
            Fate::Stands => ("STANDS", None),
            Fate::Corrected { by } => ("CORRECTED", Some(by)),
            Fate::Annulled { by } => ("ANNULLED", Some(by)),
        };
        let unsettles = match &stored {
            Stored::Subject(SubjectEvent::Corrected(corrected), _) => &corrected.unsettles[..],
            _ => &[],
        };
        let meta = stored.meta();
        Ok(SubjectRecordView {
            reference: codec::reference(event).to_string(),
            event_type: event.event_type.to_string(),
            type_label: words::event(&event.event_type, call.language).to_owned(),
            revision: event.revision,
            sequence: sequence(event.sequence),
            recorded_at: meta.recorded_at.to_rfc3339(),
            office: meta.office.as_str(),
            office_label: words::office(meta.office, call.language),
            office_id: meta.office_id.to_string(),
            sentence: own_sentence(&stored, &names, call.language).unwrap_or_default(),
            fate,
            fate_label: mark_label(fate, call.language).to_owned(),
            corrected_by,
            unsettles: unsettles.iter().map(ToString::to_string).collect(),
        })
    };
    events.iter().map(view).collect()
}

impl SubjectView {
    fn of(call: &Call, subject: &Subject, records: Vec<SubjectRecordView>, today: Day) -> Self {
        let from = |list: &[(Day, Text)]| {
            list.iter()
                .map(|(from, name)| NameFrom { from: from.to_string(), name: name.clone() })
                .collect()
        };
        Self {
            id: subject.id().to_string(),
            name: subject.name_on(today).clone(),
            responsible_office: subject.office_on(today).cloned(),
            kind_label: kind_label(call, &subject.registration.kind),
            registration: subject.registration.clone(),
            names: from(&subject.names),
            responsible_offices: from(&subject.offices),
            records,
            revision: subject.revision,
        }
    }
}

/// Answers a subject.
///
/// # Errors
/// See the route.
pub async fn get_subject(call: Call) -> Answered {
    let subject = call.subject().await?;
    let today = call.state.today();
    let tag = format!("\"{}.{today}.json.{}\"", subject.revision, call.language.tag());
    let records = records(&call, &subject).await?;
    tagged(&call, &tag, REVALIDATE, &SubjectView::of(&call, &subject, records, today))
}

/// Registers a subject.
///
/// # Errors
/// See the route.
pub async fn register_subject(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let key = idempotency_key(&call)?;
    let registration: Registration = call.content()?;
    let app = call.state.app.clone();
    let work = async move { app.registrar().register_subject(&caller, registration, &key).await };
    let written = to_the_end(work).await?.map_err(|error| call.problem(error))?;
    let id = written.stream.strip_prefix(codec::SUBJECT).unwrap_or_default();
    let at = format!("/v1/subjects/{id}");
    recorded(&call, written, at)
}

/// Gives a subject another name.
///
/// # Errors
/// See the route.
pub async fn rename_subject(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let subject = call.subject().await?.id().clone();
    let key = idempotency_key(&call)?;
    let renaming: Renaming = call.content()?;
    let at = format!("/v1/subjects/{subject}");
    let app = call.state.app.clone();
    let work =
        async move { app.registrar().rename_subject(&caller, &subject, renaming, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

/// Corrects what is on record of a subject.
///
/// # Errors
/// See the route.
pub async fn correct_subject(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let subject = call.subject().await?.id().clone();
    let key = idempotency_key(&call)?;
    let correction: SubjectCorrection = call.content()?;
    let at = format!("/v1/subjects/{subject}");
    let app = call.state.app.clone();
    let work =
        async move { app.registrar().correct_subject(&caller, &subject, correction, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

/// The answer to what was recorded beside acts.
pub(super) fn recorded(call: &Call, written: Written, at: String) -> Answered {
    let view = WrittenView {
        id: written.id.to_string(),
        state: "RECORDED",
        reference: format!("{}@{}#{}", written.stream, written.revision, written.id),
        revision: written.revision,
        sequence: written.sequence.map(sequence),
    };
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, at));
    json_with(call, response, &view, NO_STORE, None)
}

/// A year's calendar as it is in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CalendarView {
    /// The year.
    pub year: i32,
    /// Days off that are not ordinary weekends.
    pub rest_days: Vec<String>,
    /// Weekend days that are worked.
    pub working_weekends: Vec<String>,
    /// The notice that says so.
    pub source: String,
}

impl CalendarView {
    fn of(calendar: &Calendar) -> Self {
        Self {
            year: calendar.year(),
            rest_days: calendar.rest_days().iter().map(ToString::to_string).collect(),
            working_weekends: calendar.working_weekends().iter().map(ToString::to_string).collect(),
            source: calendar.source().to_owned(),
        }
    }
}

/// Lists the calendars in force.
///
/// # Errors
/// See the route.
pub async fn list_calendars(call: Call) -> Answered {
    let (_, calendars) = call.state.app.library().present_calendars();
    let years = Day::MIN.year()..=Day::MAX.year();
    let items = years.filter_map(|year| calendars.of_year(year)).map(CalendarView::of).collect();
    json(&call, &List { items })
}

/// Answers a year's calendar.
///
/// # Errors
/// See the route.
pub async fn get_calendar(call: Call) -> Answered {
    let year = digits(&call.path("year")).and_then(|year| i32::try_from(year).ok());
    let (_, calendars) = call.state.app.library().present_calendars();
    match year.and_then(|year| calendars.of_year(year)) {
        Some(calendar) => json(&call, &CalendarView::of(calendar)),
        None => Err(Problem::new(Code::NotFound)
            .detail(format!(
                "no calendar of {:?} was adopted; its weekends alone are known",
                call.path("year")
            ))
            .detail_zh(format!("尚未采用 {:?} 年的日历，仅知其周末", call.path("year")))),
    }
}

/// Adopts the calendar of a year.
///
/// # Errors
/// See the route.
pub async fn adopt_calendar(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let key = idempotency_key(&call)?;
    let adopted: CalendarAdopted = call.content()?;
    let at = format!("/v1/calendars/{}", adopted.year);
    let app = call.state.app.clone();
    let work = async move { app.registrar().adopt_calendar(&caller, adopted, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}
