//! The history of a subject's registration: what stands of it, and what became of each event (G1).

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Registration, Replacement, Subject, SubjectContent, SubjectCorrection, SubjectEvent};
use crate::domain::act::ActKind;
use crate::domain::history::Fate;
use crate::domain::ids::{EventRef, Text};
use crate::domain::refusal::{FieldError, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words::{Given, said};

/// An event of a subject's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRecord {
    /// Its revision.
    pub revision: u64,
    /// Its sequence.
    pub sequence: u64,
    /// Its id.
    pub id: Uuid,
    /// What it says.
    pub event: SubjectEvent,
}

/// The events of a subject's stream, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectHistory {
    records: Vec<SubjectRecord>,
}

/// A registration or renaming with what became of it.
#[derive(Debug, Clone, Copy)]
struct Chain {
    /// The event whose words stand; none where it is annulled.
    says: Option<u64>,
    /// Its last correction, or itself.
    last: u64,
}

/// How a correction found what it names.
#[derive(Debug, Clone, Copy)]
struct Link {
    original: u64,
    /// The event whose words stood before.
    said: Option<u64>,
}

impl SubjectHistory {
    /// Adds the next event.
    pub fn push(&mut self, record: SubjectRecord) {
        self.records.push(record);
    }

    /// The events.
    pub fn records(&self) -> &[SubjectRecord] {
        &self.records
    }

    /// The history up to and with a sequence.
    pub fn known_to(&self, sequence: u64) -> Self {
        let known = self.records.iter().filter(|record| record.sequence <= sequence);
        Self { records: known.cloned().collect() }
    }

    /// The subject as it stands; none before its registration.
    pub fn subject(&self) -> Option<Subject> {
        let newest = self.records.last()?;
        let mut subject = None;
        for (_, said) in self.stands() {
            match (said, &mut subject) {
                (SubjectContent::Registration(registration), _) => {
                    subject = Some(Subject::registered(registration.clone()));
                }
                (renaming @ SubjectContent::Renaming(_), Some(subject)) => {
                    subject.takes_in(renaming)
                }
                (SubjectContent::Renaming(_), None) => {}
            }
        }
        subject.map(|subject| Subject { revision: newest.revision, event_id: newest.id, ..subject })
    }

    /// What stands of the registration and each renaming that is not annulled, by its revision.
    pub fn stands(&self) -> impl Iterator<Item = (u64, SubjectContent<'_>)> {
        let (chains, _) = self.chains();
        chains.into_iter().filter_map(|(original, chain)| {
            let says = chain.says?;
            Some((original, self.said(says)?))
        })
    }

    /// What became of an event.
    pub fn fate(&self, revision: u64) -> Fate {
        let (chains, links) = self.chains();
        if let Some(chain) = chains.get(&revision) {
            return match chain.says {
                Some(says) if says == revision => Fate::Stands,
                Some(by) => Fate::Corrected { by },
                None => Fate::Annulled { by: chain.last },
            };
        }
        let chain = links.get(&revision).and_then(|link| chains.get(&link.original));
        if chain.is_some_and(|chain| chain.says == Some(revision)) {
            return Fate::Stands;
        }
        let corrections = self.records.iter().rev().filter_map(|record| {
            let correction = correction_of(record)?;
            (correction.corrects.revision == revision).then_some((record.revision, correction))
        });
        match corrections.into_iter().next() {
            Some((by, correction)) if correction.replacement.is_some() => Fate::Corrected { by },
            Some((by, _)) => Fate::Annulled { by },
            None => Fate::Stands,
        }
    }

    /// Whether a correction can be taken in.
    ///
    /// # Errors
    /// What it names is not the version in force; it says nothing, or something of another kind.
    pub fn check(&self, correction: &SubjectCorrection) -> Result<(), Refusal> {
        let named = correction.corrects.revision;
        let found = self.records.iter().find(|record| record.id == correction.corrects.id);
        let (chains, links) = self.chains();
        let original = links.get(&named).map_or(named, |link| link.original);
        let chain = chains.get(&original).filter(|_| found.is_some_and(|f| f.revision == named));
        let Some(chain) = chain else {
            let text = said!(
                "what it names is no event of this registration",
                "所指的不是该主体的登记事项"
            );
            return Err(not_in_force(None, text));
        };
        if named != chain.last && chain.says != Some(named) {
            let stream = correction.corrects.stream.clone();
            let last = self.records.iter().find(|record| record.revision == chain.last);
            let last = last.map(|last| EventRef { stream, revision: last.revision, id: last.id });
            let text = said!(
                "revision {named} was corrected already; the version in force is revision {last}",
                "修订号{named}已被更正；现行版本为修订号{last}",
                named = named,
                last = chain.last
            );
            return Err(not_in_force(last, text));
        }
        self.check_content(correction, original)
            .map_err(|error| Refusal::invalid(ActKind::Correct, vec![error]))
    }

    fn check_content(
        &self,
        correction: &SubjectCorrection,
        original: u64,
    ) -> Result<(), FieldError> {
        if !says_something(&correction.reason) {
            return Err(field("/reason", said!("say why it was wrong", "请说明更正理由")));
        }
        match (self.said(original), &correction.replacement) {
            (Some(SubjectContent::Registration(was)), Some(Replacement::Registration(now))) => {
                check_identity(was, now)
            }
            (Some(SubjectContent::Registration(_)), None)
                if correction.corrects.revision == original =>
            {
                let text = said!(
                    "a registration is mended and never annulled: its subject is what the record of its programs is of; say how it should read",
                    "登记只可更正、不可撤销：其主体是各项目记录的对象；请填写应有的登记内容"
                );
                Err(field("/replacement", text))
            }
            (Some(SubjectContent::Renaming(_)), Some(Replacement::Renaming(_)))
            | (Some(_), None) => Ok(()),
            (Some(SubjectContent::Renaming(_)), Some(_)) => {
                let text = said!(
                    "what is corrected is a renaming: its replacement is a `renaming`",
                    "所更正的是更名事项：替换内容应为更名"
                );
                Err(field("/replacement", text).accepting(["renaming"]))
            }
            (Some(SubjectContent::Registration(_)) | None, _) => {
                let text = said!(
                    "what is corrected is the registration: its replacement is a `registration`",
                    "所更正的是登记事项：替换内容应为登记"
                );
                Err(field("/replacement", text).accepting(["registration"]))
            }
        }
    }

    /// What an event says of the subject by itself.
    fn said(&self, revision: u64) -> Option<SubjectContent<'_>> {
        let record = self.records.iter().find(|record| record.revision == revision)?;
        match &record.event {
            SubjectEvent::Registered(registration) => {
                Some(SubjectContent::Registration(registration))
            }
            SubjectEvent::Renamed(renaming) => Some(SubjectContent::Renaming(renaming)),
            SubjectEvent::Corrected(corrected) => match &corrected.correction.replacement {
                Some(Replacement::Registration(registration)) => {
                    Some(SubjectContent::Registration(registration))
                }
                Some(Replacement::Renaming(renaming)) => Some(SubjectContent::Renaming(renaming)),
                None => None,
            },
        }
    }

    /// By the revision of each registration and renaming what became of it, and by the revision of
    /// each correction what it found.
    fn chains(&self) -> (BTreeMap<u64, Chain>, BTreeMap<u64, Link>) {
        let mut chains = BTreeMap::new();
        let mut links: BTreeMap<u64, Link> = BTreeMap::new();
        for record in &self.records {
            let revision = record.revision;
            let Some(correction) = correction_of(record) else {
                chains.insert(revision, Chain { says: Some(revision), last: revision });
                continue;
            };
            let named = correction.corrects.revision;
            // Annulling a correction brings back what stood before it; annulling the event itself leaves nothing.
            let annulled =
                links.get(&named).copied().unwrap_or(Link { original: named, said: None });
            let Some(chain) = chains.get_mut(&annulled.original) else { continue };
            links.insert(revision, Link { original: annulled.original, said: chain.says });
            chain.says = correction.replacement.as_ref().map(|_| revision).or(annulled.said);
            chain.last = revision;
        }
        (chains, links)
    }
}

fn correction_of(record: &SubjectRecord) -> Option<&SubjectCorrection> {
    match &record.event {
        SubjectEvent::Corrected(corrected) => Some(&corrected.correction),
        SubjectEvent::Registered(_) | SubjectEvent::Renamed(_) => None,
    }
}

fn not_in_force(in_force: Option<EventRef>, text: Text) -> Refusal {
    Refusal::new(ActKind::Correct, Reason::NotInForceVersion { in_force }, text)
}

/// A correction mends what is said of a subject; it makes it no other one, and no real one invented.
fn check_identity(was: &Registration, now: &Registration) -> Result<(), FieldError> {
    let pointer = match (was.id != now.id, was.invented != now.invented) {
        (true, _) => "id",
        (false, true) => "invented",
        (false, false) => return Ok(()),
    };
    let text = said!(
        "a correction keeps the id {id} and whether it is invented: what is another subject is registered as such (G16)",
        "更正不改变标识{id}及其是否虚构：另一主体须另行登记（G16）",
        id = Given(was.id.as_str())
    );
    Err(field(format!("/replacement/registration/{pointer}"), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subject::{Renaming, SubjectCorrected};

    fn renaming(name: &str) -> Renaming {
        serde_json::from_value(serde_json::json!({
            "name": { "en": name, "zh": name }, "source": "test", "effective_on": "2020-01-01",
        }))
        .unwrap()
    }

    fn corrects(revision: u64, now: Option<&str>) -> SubjectEvent {
        let stream = "subject-a".to_owned();
        let corrects = EventRef { stream, revision, id: Uuid::from_u128(revision.into()) };
        let replacement = now.map(|name| Replacement::Renaming(renaming(name)));
        let correction = SubjectCorrection { corrects, reason: "wrong".to_owned(), replacement };
        SubjectEvent::Corrected(Box::new(SubjectCorrected { correction, unsettles: Vec::new() }))
    }

    /// A renaming at revision 0, and corrections of it, with the revisions that each names.
    fn history(corrections: &[(u64, Option<&str>)]) -> SubjectHistory {
        let mut history = SubjectHistory::default();
        let renamed = [SubjectEvent::Renamed(renaming("first"))].into_iter();
        let events = renamed.chain(corrections.iter().map(|(named, now)| corrects(*named, *now)));
        for (revision, event) in (0..).zip(events) {
            let id = Uuid::from_u128(revision.into());
            if let Some(correction) =
                correction_of(&SubjectRecord { revision, sequence: 0, id, event: event.clone() })
            {
                history.check(correction).unwrap();
            }
            history.push(SubjectRecord { revision, sequence: revision, id, event });
        }
        history
    }

    fn name(history: &SubjectHistory) -> Option<&str> {
        history.stands().next().map(|(_, said)| said.name().0.en.as_str())
    }

    #[test]
    fn annulling_a_correction_brings_back_what_it_corrected() {
        let (by, stands) = (|by| Fate::Corrected { by }, Fate::Stands);
        let annulled = |by| Fate::Annulled { by };
        let of = |history: &SubjectHistory| -> Vec<Fate> {
            history.records().iter().map(|record| history.fate(record.revision)).collect()
        };
        type Case<'a> = (&'a [(u64, Option<&'a str>)], Option<&'a str>, &'a [Fate]);
        let cases: [Case<'_>; 7] = [
            (&[], Some("first"), &[stands]),
            (&[(0, Some("second"))], Some("second"), &[by(1), stands]),
            (&[(0, None)], None, &[annulled(1), stands]),
            (&[(0, Some("second")), (1, Some("third"))], Some("third"), &[by(2), by(2), stands]),
            (&[(0, Some("second")), (1, None)], Some("first"), &[stands, annulled(2), stands]),
            // The annulment of the event itself, mended; and the annulment of a correction, annulled.
            (&[(0, None), (1, Some("second"))], Some("second"), &[by(2), by(2), stands]),
            (
                &[(0, Some("second")), (1, None), (2, None)],
                Some("second"),
                &[by(1), stands, annulled(3), stands],
            ),
        ];
        for (corrections, expected, fates) in cases {
            let history = history(corrections);
            assert_eq!(name(&history), expected, "{corrections:?}");
            assert_eq!(of(&history), fates, "{corrections:?}");
        }
        // What stands again is corrected by its own name.
        assert_eq!(name(&history(&[(0, Some("second")), (1, None), (0, None)])), None);
    }

    #[test]
    fn only_the_version_in_force_is_corrected() {
        let corrected = history(&[(0, Some("second"))]);
        for (named, is_in_force) in [(0, false), (1, true), (2, false)] {
            let event = corrects(named, Some("third"));
            let record = SubjectRecord { revision: 2, sequence: 2, id: Uuid::nil(), event };
            let checked = corrected.check(correction_of(&record).unwrap());
            assert_eq!(checked.is_ok(), is_in_force, "{named}");
        }
    }
}
