//! The data of an enrollment's event: `{"content":…,"document":…,"effects":…,…}`. The act is not
//! in it: the event's type says it.

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{CodecError, malformed, unknown_type};
use crate::domain::act::{Act, ActKind, DocumentRef, Material, Override};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Effects, Event, Fact, Finding, MendedFact};
use crate::domain::ids::EventRef;
use crate::log::RecordedEvent;

#[derive(Deserialize)]
struct FactIn<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(default)]
    document: Option<DocumentRef>,
    #[serde(default)]
    materials: Vec<Material>,
    #[serde(default, rename = "override")]
    over_limit: Option<Override>,
    #[serde(default)]
    effects: Effects,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(borrow, default)]
    mended: Option<MendedIn<'a>>,
    #[serde(default)]
    unsettles: Vec<EventRef>,
}

#[derive(Deserialize)]
struct MendedIn<'a> {
    act: ActKind,
    #[serde(borrow)]
    fact: Box<FactIn<'a>>,
    effective_on: CivilDate,
    #[serde(default)]
    decided_on: Option<CivilDate>,
    #[serde(default)]
    received_on: Option<Day>,
}

impl FactIn<'_> {
    fn into_fact(self, kind: ActKind) -> Result<Fact, serde_json::Error> {
        let mut content = serde_json::Deserializer::from_str(self.content.get());
        let act = kind.read_content(&mut content)?;
        let mended = self.mended.map(MendedIn::into_mended).transpose()?.map(Box::new);
        Ok(Fact {
            act,
            document: self.document,
            materials: self.materials,
            over_limit: self.over_limit,
            effects: self.effects,
            findings: self.findings,
            mended,
            unsettles: self.unsettles,
        })
    }
}

impl MendedIn<'_> {
    fn into_mended(self) -> Result<MendedFact, serde_json::Error> {
        Ok(MendedFact {
            fact: self.fact.into_fact(self.act)?,
            effective_on: self.effective_on,
            decided_on: self.decided_on,
            received_on: self.received_on,
        })
    }
}

/// Reads a fact in one go; [`FactIn`] reads the content a second time. Takes a part of what that one
/// takes, and reads it alike.
struct InOneGo(ActKind);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    Content,
    Document,
    Materials,
    Override,
    Effects,
    Findings,
    Unsettles,
    /// Rare, and with its act beside it.
    Mended,
    #[serde(other)]
    Unknown,
}

impl<'de> DeserializeSeed<'de> for ActKind {
    type Value = Act;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Act, D::Error> {
        self.read_content(from)
    }
}

impl<'de> Visitor<'de> for InOneGo {
    type Value = Box<Fact>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Box<Fact>, A::Error> {
        /// The value of a member, if it was not there before.
        fn once<'de, T, A>(place: &mut Option<T>, map: &mut A) -> Result<(), A::Error>
        where
            T: Deserialize<'de>,
            A: MapAccess<'de>,
        {
            match place.replace(map.next_value()?) {
                None => Ok(()),
                Some(_) => Err(A::Error::custom("a member is there twice")),
            }
        }
        let (mut act, mut document, mut materials, mut over_limit) = (None, None, None, None);
        let (mut effects, mut findings, mut unsettles) = (None, None, None);
        while let Some(member) = map.next_key()? {
            match member {
                Member::Content if act.is_none() => act = Some(map.next_value_seed(self.0)?),
                Member::Content | Member::Mended => return Err(A::Error::custom("not in one go")),
                Member::Document => once(&mut document, &mut map)?,
                Member::Materials => once(&mut materials, &mut map)?,
                Member::Override => once(&mut over_limit, &mut map)?,
                Member::Effects => once(&mut effects, &mut map)?,
                Member::Findings => once(&mut findings, &mut map)?,
                Member::Unsettles => once(&mut unsettles, &mut map)?,
                Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Box::new(Fact {
            act: act.ok_or_else(|| A::Error::missing_field("content"))?,
            document: document.flatten(),
            materials: materials.unwrap_or_default(),
            over_limit: over_limit.flatten(),
            effects: effects.unwrap_or_default(),
            findings: findings.unwrap_or_default(),
            mended: None,
            unsettles: unsettles.unwrap_or_default(),
        }))
    }
}

fn in_one_go(kind: ActKind, data: &[u8]) -> Option<Box<Fact>> {
    let mut from = serde_json::Deserializer::from_str(std::str::from_utf8(data).ok()?);
    let fact = from.deserialize_map(InOneGo(kind)).ok()?;
    from.end().ok()?;
    Some(fact)
}

/// Reads the event of an act.
///
/// # Errors
/// A type that is not known, or data that don't have its form.
pub fn decode_act_event(stored: &RecordedEvent) -> Result<Event, CodecError> {
    let kind = ActKind::of_event(&stored.event_type).ok_or_else(|| unknown_type(stored))?;
    if let Some(fact) = in_one_go(kind, &stored.data) {
        return Ok(Event::Acted(fact));
    }
    let fact: FactIn<'_> =
        serde_json::from_slice(&stored.data).map_err(|error| malformed(stored, &error))?;
    let fact = fact.into_fact(kind).map_err(|error| malformed(stored, &error))?;
    Ok(Event::Acted(Box::new(fact)))
}

/// Writes the data of an enrollment's event.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_event(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    match event {
        Event::Acted(fact) => serde_json::to_vec(&FactOut(fact)),
        Event::ApprovalAbandoned(abandoned) => serde_json::to_vec(abandoned),
        Event::ObligationLapsed(lapse) => serde_json::to_vec(lapse),
        Event::MeasureSucceeded(succeeded) => serde_json::to_vec(succeeded),
    }
}

struct FactOut<'a>(&'a Fact);
struct ContentOut<'a>(&'a Act);
struct MendedOut<'a>(&'a MendedFact);

impl Serialize for ContentOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write_content(serializer)
    }
}

impl Serialize for FactOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fact = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("content", &ContentOut(&fact.act))?;
        if let Some(document) = &fact.document {
            map.serialize_entry("document", document)?;
        }
        if !fact.materials.is_empty() {
            map.serialize_entry("materials", &fact.materials)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn in_two_goes(kind: ActKind, data: &[u8]) -> Option<Fact> {
        let fact: FactIn<'_> = serde_json::from_slice(data).ok()?;
        fact.into_fact(kind).ok()
    }

    const CONTENT: &str = r#"{"findings":"广东 \"quoted\" and more"}"#;

    fn facts() -> Vec<String> {
        let members = [
            r#""document":{"number":"国知发管字〔2015〕59号","title":"T"}"#,
            r#""document":null"#,
            r#""materials":[{"kind":"letter","name":"a.pdf","media_type":"application/pdf","digest":"6b8c70d1f52ac4f7c566de3e5773c5ff85a9e338c64156416811d0b4676fe184"}]"#,
            r#""materials":null"#,
            r#""override":{"justification":"because"}"#,
            r#""effects":{"ground":{"from":["pilot.*"],"needs":["term_over"]},"meets":[{"obligation":"annual_report","due_year":2016}],"later":1}"#,
            r#""effects":{"ground":{"from":"pilot"}}"#,
            r#""findings":[{"code":"over_quota","text":{"en":"a","zh":"一"},"article":"Art. 1"}]"#,
            r#""mended":null"#,
            r#""unsettles":["cluster_area-futian@1#651c1463-ca0e-5a3b-b066-0f3bf1dc77b4"]"#,
            r#""unsettles":["nothing"]"#,
            r#""member_of_a_later_version":{"deep":[1,2,{"x":null}]}"#,
            r#""content":{"findings":"twice"}"#,
        ];
        let mut facts = Vec::new();
        for a in 0..members.len() {
            for b in 0..members.len() {
                let (a, b) = (members[a], members[b]);
                facts.push(format!("{{\"content\":{CONTENT},{a},{b}}}"));
                facts.push(format!("{{{a}, {b} , \"content\":{CONTENT}}}"));
                facts.push(format!("{{{a},{b}}}"));
            }
        }
        facts
    }

    /// Whatever is read in one go is read alike in two; most is.
    #[test]
    fn one_go_reads_as_two_do() {
        let (mut read, mut refused) = (0, 0);
        for text in facts() {
            for data in [text.as_bytes(), &text.as_bytes()[..text.len() - 1], &text.as_bytes()[1..]]
            {
                let wanted = in_two_goes(ActKind::Inspect, data);
                match in_one_go(ActKind::Inspect, data) {
                    Some(fact) => {
                        assert_eq!(Some(*fact), wanted, "{text}");
                        read += 1;
                    }
                    None => refused += usize::from(wanted.is_none()),
                }
            }
        }
        assert!(read > 50 && refused > 300, "{read} read, {refused} refused");
    }

    #[test]
    fn what_one_go_leaves_is_read_in_two() {
        let data = format!(
            r#"{{"mended":{{"act":"inspect","fact":{{"content":{CONTENT}}},"effective_on":"2016"}},"content":{{"findings":"x"}}}}"#
        );
        assert!(in_one_go(ActKind::Inspect, data.as_bytes()).is_none());
        let fact = in_two_goes(ActKind::Inspect, data.as_bytes()).expect("a fact");
        assert!(fact.mended.is_some());
    }
}
