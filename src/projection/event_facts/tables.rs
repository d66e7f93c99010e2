//! The tables of `event_facts`.

use smol_str::SmolStr;
use uuid::Uuid;

use crate::domain::act::DocumentRef;
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Effects, EventMeta};
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::Id;
use crate::projection::declare::table;
use crate::projection::step::Told;
use crate::projection::value::Micros;

/// The numbers of the tables.
pub(super) const FACTS: usize = 0;
pub(super) const OFFICES: usize = 1;
pub(super) const LAWS: usize = 2;
pub(super) const EXCEPTIONS: usize = 3;

/// What an event says, and the rows of what it says like others.
pub(super) struct Said<'a> {
    pub told: &'a Told<'a>,
    pub office: u64,
    pub law: Option<u64>,
}

impl<'a> Said<'a> {
    /// The effects by which an act is listed; of a correction those of the act that it puts in place.
    fn effects(&self) -> Option<&'a Effects> {
        let fact = self.told.fact?;
        Some(&fact.mended.as_ref().map_or(fact, |mended| &mended.fact).effects)
    }

    /// The year of a result; a report is due in the year after the one that it is on.
    fn year(&self) -> Option<i32> {
        let effects = self.effects()?;
        let reported = || effects.meets.iter().find_map(|met| met.due_year);
        let stated = effects.result.as_ref().and_then(|result| result.year);
        stated.or_else(|| reported().map(|due| due - 1))
    }

    fn document(&self) -> Option<&'a DocumentRef> {
        self.told.fact?.document.as_ref()
    }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

table! {
    /// One row per event of the log, in the log's order: what it says by itself. Rows are never changed.
    FactRow("event_fact", key ["sequence"], changes []), |said: Said<'_>|
    /// the event's number in the log
    sequence: u64 = said.told.envelope.sequence,
    /// the stream
    stream: &str = said.told.envelope.stream.as_str(),
    /// its number in the stream, from 0
    revision: u64 = said.told.envelope.revision,
    /// the event's id
    event_id: Uuid = said.told.envelope.event_id,
    /// the enrollment, as in table `enrollment`; null for events of other streams
    enrollment: Option<u64> = said.told.enrollment,
    /// it is of an exercise
    exercise: bool = said.told.meta.exercise,
    /// the stored type
    event_type: &str = SmolStr::as_str(&said.told.envelope.event_type),
    /// the act; null for Docket's own events
    act: Option<&str> = said.told.fact.map(|fact| fact.act.kind().as_str()),
    /// the year that the act reports on or evaluates; of a correction here and below, of what it puts in place
    year: Option<i32> = said.year(),
    /// the result that it states, as printed
    result: Option<&str> = said.effects().and_then(|effects| Some(effects.result.as_ref()?.result.as_str())),
    /// the annual round that it states
    round: Option<&str> = said.effects().and_then(|effects| effects.round.as_deref()),
    /// the batch that it states
    batch: Option<&str> = said.effects().and_then(|effects| effects.batch.as_deref()),
    /// who acted and who recorded it: a row of `recorded_by`
    recorded_by: u64 = said.office,
    /// under what: a row of `law`; null where nothing is cited
    law: Option<u64> = said.law,
    /// from when it counts
    effective_on: CivilDate = said.told.meta.effective_on,
    /// the latest from which it may count
    effective_latest: Day = said.told.meta.effective_on.latest(),
    /// when it was decided
    decided_on: Option<CivilDate> = said.told.meta.decided_on,
    /// of receipt, as stated
    received_on: Option<Day> = said.told.meta.received_on,
    /// at which it was recorded
    recorded_at: Micros = Micros(said.told.envelope.recorded_at_us),
    /// the running maximum of `recorded_at` up to the event: it never falls, so an instant is resolved to a sequence by it
    known_at: Micros = Micros(said.told.envelope.known_at_us),
    /// `recorded`, `attested` or `inferred`
    provenance: &str = said.told.meta.provenance.as_str(),
    /// recorded by the registrar out of an archive
    archive: bool = said.told.meta.archive,
    /// the event corrected: `stream@revision#id`
    corrects: Option<&str> = filled(&said.told.meta.corrects),
    /// the events that it rests on, separated by spaces
    rests_on: Option<&str> = filled(&said.told.meta.rests_on),
    /// the number of the document cited, as printed
    document_number: Option<&str> = said.document().and_then(|document| document.number.as_deref()),
    /// its title
    document_title: Option<&str> = said.document().map(|document| document.title.as_str()),
}

table! {
    /// Who acted and who recorded, once for all events that say the same.
    OfficeRow("recorded_by", key ["id"], changes []), |of: (u64, &EventMeta)|
    /// its number: 63 bits of the SHA-256 of what it says
    id: u64 = of.0,
    /// the kind of office that acted
    office: &str = of.1.office.as_str(),
    /// which one
    office_id: &str = &of.1.office_id,
    /// its name on that day, in English
    office_name_en: &str = &of.1.office_name.en,
    /// its name on that day, in Chinese
    office_name_zh: &str = &of.1.office_name.zh,
    /// who recorded it
    principal: &str = &of.1.principal,
    /// the role in which it was recorded
    role: &str = &of.1.role,
}

table! {
    /// Under what, once for all events that say the same.
    LawRow("law", key ["id"], changes []), |of: (u64, &EventMeta)|
    /// its number: 63 bits of the SHA-256 of what it says
    id: u64 = of.0,
    /// the measure's version
    measure: Option<&str> = of.1.measure.as_deref(),
    /// SHA-256 of the edition
    edition: Option<&str> = of.1.edition.as_deref(),
    /// the article
    article: Option<&str> = of.1.article.as_deref(),
}

/// Something for which an event is in the register of exceptions.
pub(super) struct Listed<'a> {
    pub told: &'a Told<'a>,
    pub number: usize,
    pub kind: ExceptionKind,
    pub code: Option<&'a Id>,
}

table! {
    /// The register of exceptions (G18): one row for each thing for which an event is in it. Rows are never changed.
    ExceptionRow("exception", key ["sequence", "number"], changes []), |of: Listed<'_>|
    /// the event
    sequence: u64 = of.told.envelope.sequence,
    /// its number among those of the event, from 0
    number: u64 = of.number as u64,
    /// the kind: `override`, `correction`, `stated_receipt` …
    kind: &str = of.kind.as_str(),
    /// of a finding, its code
    code: Option<&str> = of.code.map(|code| code.as_str()),
    /// the enrollment, as in table `enrollment`
    enrollment: Option<u64> = of.told.enrollment,
    /// it is of an exercise
    exercise: bool = of.told.meta.exercise,
}
