//! The data of an act's event: `{"content":…,"document":…,"effects":…,…}`. The act is not in it: the
//! event's type says it. The content stays as it is written until somebody asks for it.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::act::{ActKind, Archive, DocumentRef, Material, Override, RecordedAct};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Effects, Event, Fact, Finding, MendedFact};
use crate::domain::ids::EventRef;

#[derive(Deserialize)]
struct FactIn<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(default)]
    document: Option<DocumentRef>,
    #[serde(default)]
    materials: Vec<Material>,
    #[serde(default)]
    archive: Option<Archive>,
    #[serde(default, rename = "override")]
    over_limit: Option<Override>,
    #[serde(default)]
    effects: Effects,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(borrow, default)]
    mended: Option<Box<MendedIn<'a>>>,
    #[serde(default)]
    unsettles: Vec<EventRef>,
}

#[derive(Deserialize)]
struct MendedIn<'a> {
    act: ActKind,
    #[serde(borrow)]
    fact: FactIn<'a>,
    effective_on: CivilDate,
    #[serde(default)]
    decided_on: Option<CivilDate>,
    #[serde(default)]
    received_on: Option<Day>,
}

impl FactIn<'_> {
    fn into_fact(self, kind: ActKind) -> Fact {
        Fact {
            act: RecordedAct::written(kind, self.content.get()),
            document: self.document,
            materials: self.materials,
            archive: self.archive,
            over_limit: self.over_limit,
            effects: self.effects,
            findings: self.findings,
            mended: self.mended.map(|mended| Box::new(mended.into_mended())),
            unsettles: self.unsettles,
        }
    }
}

impl MendedIn<'_> {
    fn into_mended(self) -> MendedFact {
        MendedFact {
            fact: self.fact.into_fact(self.act),
            effective_on: self.effective_on,
            decided_on: self.decided_on,
            received_on: self.received_on,
        }
    }
}

/// Reads the data of an act's event.
///
/// # Errors
/// Data that don't have its form.
pub fn decode_fact(kind: ActKind, data: &[u8]) -> Result<Fact, Box<dyn std::error::Error>> {
    let fact = serde_json::from_slice::<FactIn<'_>>(data)?.into_fact(kind);
    // What a correction names decides what the whole stream says.
    if kind == ActKind::Correct {
        fact.act.read()?;
    }
    Ok(fact)
}

/// Writes the data of an enrollment's or a program's event.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_data(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    match event {
        Event::Acted(fact) => encode_fact(fact),
        Event::ApprovalAbandoned(abandoned) => serde_json::to_vec(abandoned),
        Event::ObligationLapsed(lapse) => serde_json::to_vec(lapse),
        Event::MeasureSucceeded(succeeded) => serde_json::to_vec(succeeded),
    }
}

/// Writes the data of an act's event.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_fact(fact: &Fact) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&FactOut(fact))
}

struct FactOut<'a>(&'a Fact);
struct MendedOut<'a>(&'a MendedFact);

impl Serialize for FactOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fact = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("content", &fact.act)?;
        if let Some(document) = &fact.document {
            map.serialize_entry("document", document)?;
        }
        if !fact.materials.is_empty() {
            map.serialize_entry("materials", &fact.materials)?;
        }
        if let Some(archive) = &fact.archive {
            map.serialize_entry("archive", archive)?;
        }
        if let Some(over_limit) = &fact.over_limit {
            map.serialize_entry("override", over_limit)?;
        }
        map.serialize_entry("effects", &fact.effects)?;
        if !fact.findings.is_empty() {
            map.serialize_entry("findings", &fact.findings)?;
        }
        if let Some(mended) = &fact.mended {
            map.serialize_entry("mended", &MendedOut(mended))?;
        }
        if !fact.unsettles.is_empty() {
            map.serialize_entry("unsettles", &fact.unsettles)?;
        }
        map.end()
    }
}

impl Serialize for MendedOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mended = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("act", mended.fact.act.kind().as_str())?;
        map.serialize_entry("fact", &FactOut(&mended.fact))?;
        map.serialize_entry("effective_on", &mended.effective_on)?;
        if let Some(decided_on) = &mended.decided_on {
            map.serialize_entry("decided_on", decided_on)?;
        }
        if let Some(received_on) = &mended.received_on {
            map.serialize_entry("received_on", received_on)?;
        }
        map.end()
    }
}
