//! Data of earlier versions as the current one. A published schema never changes: a new shape is the
//! type's next version in the registry, and a step here from the last one, with the schema that it had.
//!
//! What must hold: data of every version ever written are read for ever
//! (`tests/compat/samples` has one of each, which a test reads).

use std::borrow::Cow;

use crate::domain::event_type::EventType;

/// Makes data of one version those of the next.
type Raise = fn(&[u8]) -> Result<Vec<u8>, serde_json::Error>;

/// A step from one version of a type to the next.
pub struct Step {
    /// The type's name.
    pub event_type: &'static str,
    /// The version that it starts from.
    pub from: u32,
    /// The schema of that version, as it was published.
    pub schema: &'static str,
    raise: Raise,
}

/// Every step there ever was.
pub const STEPS: &[Step] = &[
    Step { event_type: "Approved", from: 1, schema: APPROVED_1, raise: same },
    Step { event_type: "DeliverableRecorded", from: 1, schema: DELIVERABLE_1, raise: same },
    Step { event_type: "Evaluated", from: 1, schema: EVALUATED_1, raise: same },
    Step { event_type: "Listed", from: 1, schema: LISTED_1, raise: same },
    Step { event_type: "StandingAttested", from: 1, schema: ATTESTED_1, raise: same },
];

const APPROVED_1: &str = include_str!("../../schemas/events/Approved.v1.json");
const DELIVERABLE_1: &str = include_str!("../../schemas/events/DeliverableRecorded.v1.json");
const EVALUATED_1: &str = include_str!("../../schemas/events/Evaluated.v1.json");
const LISTED_1: &str = include_str!("../../schemas/events/Listed.v1.json");
const ATTESTED_1: &str = include_str!("../../schemas/events/StandingAttested.v1.json");

/// Where the next version has members that can be left out, what was said before says the same.
fn same(data: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    Ok(data.to_vec())
}

/// Data of a version as the current one; nothing where the version is not known.
///
/// # Errors
/// Data that don't have the form of their version.
pub fn upcast<'a>(
    event_type: &EventType,
    version: u32,
    data: &'a [u8],
) -> Result<Option<Cow<'a, [u8]>>, serde_json::Error> {
    climb(STEPS, event_type, version, data)
}

fn climb<'a>(
    steps: &[Step],
    event_type: &EventType,
    version: u32,
    data: &'a [u8],
) -> Result<Option<Cow<'a, [u8]>>, serde_json::Error> {
    let mut data = Cow::Borrowed(data);
    for from in version..event_type.version {
        let is_next = |step: &&Step| step.event_type == event_type.name && step.from == from;
        let Some(step) = steps.iter().find(is_next) else { return Ok(None) };
        data = Cow::Owned((step.raise)(&data)?);
    }
    Ok((version <= event_type.version).then_some(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::act::ActKind;

    fn raise(data: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::from_slice::<u32>(data).map(|number| (number + 1).to_string().into_bytes())
    }

    fn step(from: u32) -> Step {
        Step { event_type: "Noted", from, schema: "{}", raise }
    }

    #[test]
    fn data_climb_from_version_to_version() {
        let noted = ActKind::Note.recorded_as();
        let third = EventType { version: 3, name: noted.name, ..*noted };
        let steps = [step(2), step(1)];
        let read = |version| climb(&steps, &third, version, b"7").unwrap();
        assert_eq!(read(1).unwrap().as_ref(), b"9");
        assert_eq!(read(2).unwrap().as_ref(), b"8");
        assert_eq!(read(3).unwrap().as_ref(), b"7");
        assert_eq!((read(0), read(4)), (None, None));
        assert!(climb(&steps, &third, 1, b"x").is_err());
        assert_eq!(climb(&steps[1..], &third, 1, b"7").unwrap(), None);
    }

    #[test]
    fn a_step_leads_from_every_version_but_the_current() {
        for event_type in EventType::all() {
            for version in 1..event_type.version {
                let leads =
                    |step: &&Step| step.event_type == event_type.name && step.from == version;
                assert_eq!(STEPS.iter().filter(leads).count(), 1, "{} {version}", event_type.name);
            }
        }
    }
}
