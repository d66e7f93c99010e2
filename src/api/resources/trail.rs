//! How an enrollment got where it stands: its audit trail in sentences.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::reading::Reading;
use crate::domain::act::{DocumentRef, Material};
use crate::domain::ids::{EventRef, Language};
use crate::domain::measure::{Names, Versions};
use crate::domain::words;
use crate::projection::audit_trail::{Entry, entries};
use crate::views::brief::{mark_label, number, worded};
use crate::views::sequence::sequence;

/// The audit trail of an enrollment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditTrailView {
    /// The program.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name on the day.
    pub name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day asked about; absent: all that is recorded.
    pub as_of: Option<String>,
    /// The newest revision looked at.
    pub revision: u64,
    /// Every event, in the order in which they were recorded.
    pub items: Vec<EntryView>,
}

/// A material, with what its kind is called.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MaterialView {
    /// The material.
    #[serde(flatten)]
    pub material: Material,
    /// What its kind is called.
    pub kind_label: String,
}

/// An event in the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryView {
    /// The event's id.
    pub id: String,
    /// `stream@revision#id`.
    pub reference: String,
    /// Its revision.
    pub revision: u64,
    /// Its sequence, 20 digits.
    pub sequence: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// What that is called.
    pub type_label: &'static str,
    /// The act; absent for Docket's own events.
    pub act: Option<&'static str>,
    /// What it is called.
    pub act_label: Option<&'static str>,
    /// What it says, in the language of the answer.
    pub sentence: String,
    /// The article.
    pub article: Option<String>,
    /// Our choices that it rests on, where the text is silent.
    pub readings: Vec<String>,
    /// The measure version that governed it.
    pub measure: Option<String>,
    /// The number of its document, as printed.
    pub measure_number: Option<String>,
    /// What kind of office acted.
    pub office: &'static str,
    /// What that kind is called.
    pub office_label: &'static str,
    /// The office's id.
    pub office_id: String,
    /// The office's name on that day.
    pub office_name: String,
    /// Who recorded it.
    pub principal: String,
    /// In which role.
    pub role: String,
    /// What that is called.
    pub role_label: String,
    /// From when it counts.
    pub effective_on: String,
    /// The day from which it counts in the fold; absent where nothing of it stands there.
    pub fold_day: Option<String>,
    /// When it was decided.
    pub decided_on: Option<String>,
    /// The stated day of receipt.
    pub received_on: Option<String>,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// The document that it cites.
    pub document: Option<DocumentRef>,
    /// Its materials.
    pub materials: Vec<MaterialView>,
    /// What was found, though it refused nothing.
    pub findings: Vec<String>,
    /// `RECORDED`, `ATTESTED` or `INFERRED`.
    pub provenance: String,
    /// What that is called.
    pub provenance_label: String,
    /// Whether it was recorded out of an archive or for an exercise.
    pub archive: bool,
    /// `STANDS`, `CORRECTED`, `ANNULLED` or `UNSUPPORTED`; of a lapse `UNSUPPORTED` says that its due
    /// date was corrected away or met in time after all.
    pub fate: String,
    /// What that is called.
    pub fate_label: String,
    /// The revision of the correction in force.
    pub corrected_by: Option<u64>,
    /// What it rested on.
    pub rests_on: Vec<String>,
    /// What it corrects.
    pub corrects: Option<String>,
    /// The events that lost their ground by it.
    pub unsettles: Vec<String>,
}

impl EntryView {
    fn of(entry: Entry, versions: &Versions, language: Language) -> Self {
        let findings = entry.findings.iter();
        let material = |material: Material| {
            let label = versions.name_in(Names::Materials, &material.kind);
            MaterialView {
                kind_label: worded(label, &material.kind, language).to_owned(),
                material,
            }
        };
        Self {
            id: entry.reference.id.to_string(),
            reference: entry.reference.to_string(),
            revision: entry.reference.revision,
            sequence: entry.sequence.map(sequence),
            event_type: entry.event_type,
            type_label: words::event(entry.event_type, language),
            act: entry.act,
            act_label: entry.act.map(|act| words::act(act, language)),
            sentence: entry.sentence,
            article: entry.article.map(|text| words::article(&text, language).into_owned()),
            readings: entry.readings,
            measure_number: entry.measure.as_deref().and_then(|m| number(versions, m, language)),
            measure: entry.measure,
            office: entry.office.as_str(),
            office_label: words::office(entry.office, language),
            office_id: entry.office_id,
            office_name: entry.office_name,
            principal: entry.principal,
            role_label: words::role(&entry.role, language).to_owned(),
            role: entry.role,
            effective_on: entry.effective_on.to_string(),
            fold_day: entry.fold_day.map(|day| day.to_string()),
            decided_on: entry.decided_on.map(|date| date.to_string()),
            received_on: entry.received_on.map(|day| day.to_string()),
            recorded_at: entry.recorded_at.to_rfc3339(),
            document: entry.document,
            materials: entry.materials.into_iter().map(material).collect(),
            findings: findings.map(|finding| finding.text.get(language).to_owned()).collect(),
            provenance: entry.provenance.as_str().to_ascii_uppercase(),
            provenance_label: mark_label(entry.provenance.as_str(), language).to_owned(),
            archive: entry.archive,
            fate: entry.fate.as_str().to_ascii_uppercase(),
            fate_label: mark_label(entry.fate.as_str(), language).to_owned(),
            corrected_by: entry.corrected_by,
            rests_on: entry.rests_on,
            corrects: entry.corrects,
            unsettles: entry.unsettles.iter().map(EventRef::to_string).collect(),
        }
    }
}

/// Answers the audit trail of an enrollment.
///
/// # Errors
/// See the route.
pub async fn get_audit_trail(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let revision = history.revision().unwrap_or_default();
    let language = call.language;
    let by_then = |entry: &Entry| {
        let fold_day = entry.fold_day.unwrap_or_else(|| entry.effective_on.latest());
        !reading.day_named || fold_day <= reading.day
    };
    let entries =
        entries(&history, &reading.subject, &reading.versions, &reading.calendars, language);
    let view = AuditTrailView {
        program: reading.program.id.to_string(),
        program_name: reading.program.name.get(language).to_owned(),
        subject: reading.named(),
        name: reading.subject.name_on(reading.day).get(language).to_owned(),
        exercise: reading.program.is_exercise(),
        as_of: reading.day_named.then(|| reading.day.to_string()),
        revision,
        items: entries
            .into_iter()
            .filter(by_then)
            .map(|entry| EntryView::of(entry, &reading.versions, language))
            .collect(),
    };
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &view)
}
