//! Replays a data set through `decide_on` without a server: the measures as adopted, the subjects
//! as registered, the places of the quotas, one history per enrollment.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use docket::app::measure_files::{Checked, check_files};
use docket::cli::demo::data::{ActStep, DataSet, Step, What};
use docket::codec::{
    RequestBody, decode_enrollment, encode_event, enrollment_stream, program_stream,
};
use docket::domain::act::{ActRequest, Common};
use docket::domain::date::{Day, Timestamp};
use docket::domain::decide::{Actor, Context, Decision, OtherStanding};
use docket::domain::event::{Event, EventMeta, MeasureSucceeded, Recorded};
use docket::domain::history::History;
use docket::domain::history_decide::{decide_on, fold_day_of_new};
use docket::domain::ids::{EventRef, Id, Office, ProgramId, Text};
use docket::domain::measure::{Edition, Program, Versions};
use docket::domain::measure_file::FILES;
use docket::domain::quota::{PlacesRestated, Quota, QuotaEvent, places_of};
use docket::domain::refusal::{Called, Reason, Refusal};
use docket::domain::state::State;
use docket::domain::subject::{Subject, SubjectContent};
use docket::log::{RecordedEvent, StreamName};
use uuid::Uuid;

/// What the binary brings along, checked once.
static BROUGHT: LazyLock<Checked<'static>> = LazyLock::new(|| check_files(FILES, None));

/// An act that was accepted, with the state that it met.
pub struct Accepted {
    pub key: String,
    pub program: ProgramId,
    pub stream: String,
    pub before: State,
    pub request: ActRequest,
    pub decision: Decision,
}

/// What was recorded so far.
pub struct Replay {
    pub now: Timestamp,
    pub programs: BTreeMap<ProgramId, Program>,
    pub versions: BTreeMap<ProgramId, Versions>,
    pub subjects: BTreeMap<String, Subject>,
    pub histories: BTreeMap<String, History>,
    pub quotas: BTreeMap<(ProgramId, Id), Quota>,
    pub documents: BTreeMap<String, String>,
    pub references: BTreeMap<String, EventRef>,
    pub accepted: Vec<Accepted>,
    pub refused: Vec<(String, String, Refusal)>,
}

impl Replay {
    /// Replays a whole set and panics with the first step that is not taken as it says.
    pub fn of(set: &DataSet) -> Self {
        let mut replay = Self::empty();
        for step in &set.steps {
            replay.step(step);
        }
        replay
    }

    fn empty() -> Self {
        let programs = &BROUGHT.programs.programs;
        let versions = |program: &Program| {
            let measures = BROUGHT.measures.iter().map(|(_, measure)| measure);
            let of = measures.filter(|measure| measure.program == *program.governed_as());
            let editions = of.map(|measure| {
                Arc::new(Edition { measure: measure.clone(), digest: "0".repeat(64) })
            });
            Versions::new(editions.collect())
        };
        let versions = programs.iter().map(|p| (p.id.clone(), versions(p))).collect();
        Self {
            now: "2026-11-22T12:00:00+08:00".parse().unwrap(),
            programs: programs.iter().map(|p| (p.id.clone(), p.clone())).collect(),
            versions,
            subjects: BTreeMap::new(),
            histories: BTreeMap::new(),
            quotas: BTreeMap::new(),
            documents: BTreeMap::new(),
            references: BTreeMap::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        let key = &step.key;
        match &step.what {
            What::Register(registration) => {
                let subject = Subject::registered((**registration).clone());
                let before = self.subjects.insert(registration.id.to_string(), subject);
                assert!(before.is_none(), "{key}: {} is registered already", registration.id);
            }
            What::Rename { subject, renaming } => {
                let renamed = self.subjects.get_mut(subject.as_str());
                let renamed = renamed.unwrap_or_else(|| panic!("{key}: {subject} is unknown"));
                renamed.takes_in(SubjectContent::Renaming(renaming));
                renamed.revision += 1;
            }
            What::Upload(upload) => {
                self.documents.insert(upload.digest.clone(), upload.name.clone());
            }
            // Of divisions, not of enrollments: `figures.rs`.
            What::Figure(_) => {}
            What::Act(act) => match (self.act(step, act), &step.expect) {
                (Ok(()), None) => {}
                (Ok(()), Some(code)) => panic!("{key} was to be refused with {code}"),
                (Err(refusal), Some(code)) => {
                    assert_eq!(code_of(&refusal), code, "{key}: {refusal}");
                    let stream = act.stream();
                    self.refused.push((key.clone(), stream, refusal));
                }
                (Err(refusal), None) => panic!("{key} was refused: {refusal}"),
            },
        }
    }

    fn act(&mut self, step: &Step, act: &ActStep) -> Result<(), Refusal> {
        let key = &step.key;
        let body = act.body(|step| self.references.get(step).cloned()).unwrap();
        let request = RequestBody::read(body.to_string().as_bytes())
            .and_then(RequestBody::act_naming)
            .map(|(request, _)| request)
            .unwrap_or_else(|error| panic!("{key}: {error:?}"));
        self.check_documents(key, &request);
        let program = &self.programs[&act.program];
        let whole = Subject::of_program(program);
        let subject = act.subject.as_ref().map_or(&whole, |id| {
            let subject = self.subjects.get(id.as_str());
            subject.unwrap_or_else(|| panic!("{key}: {id} is not registered"))
        });
        let stream = act.stream();
        let versions = &self.versions[&act.program];
        let versions = if act.subject.is_none() { versions.of_whole() } else { versions.clone() };
        let actor = Actor {
            office: Office::parse(&step.recorder.role).unwrap(),
            office_id: step.recorder.office.clone(),
            divisions: step.recorder.divisions.clone(),
        };
        let day = request.common.effective_on.latest();
        let standing_in = |program: &ProgramId| {
            let history = self.histories.get(&enrollment_stream(program, subject.id()))?;
            let state = history.state_at(day);
            let by = history.at(state.node_by?)?.reference(history.stream());
            Some(OtherStanding { phase: Id::from(state.phase()?), by })
        };
        let ctx = Context {
            program,
            versions: &versions,
            subject,
            stream: &stream,
            actor: &actor,
            now: self.now,
            standing_in: &standing_in,
            met_for_whole: &|obligation| {
                let history = self.histories.get(&program_stream(&act.program))?;
                let by = history.state_at(day).met(obligation)?.by;
                Some(history.at(by)?.reference(history.stream()))
            },
            enrolled: &|subject| {
                let history = self.histories.get(&enrollment_stream(&act.program, subject))?;
                Some(history.at(history.state_at(day).node_by?)?.reference(history.stream()))
            },
            mending: None,
        };
        let mut history =
            self.histories.get(&stream).cloned().unwrap_or_else(|| History::new(stream.clone()));
        let decision = decide_on(&ctx, &history, &request)?;
        let from = fold_day_of_new(&ctx, &history, &request, &decision);
        self.check_place(&act.program, (&history, from), &request, &decision)?;
        let before = history.state_at(day);
        let recorded = recorded(self.now, &actor, program, &history, &request, &decision);
        let again = decide_again(&ctx, &history, &recorded)?;
        assert_eq!(again, decision, "{key} is decided again from the log as it was");
        self.references.insert(key.clone(), recorded.reference(&stream));
        let follows = decision.follows.as_ref().map(|it| succeeded(&recorded, &stream, it));
        history.push(recorded);
        follows.into_iter().for_each(|event| history.push(event));
        self.restate(&act.program, &history);
        self.histories.insert(stream.clone(), history);
        let (key, program) = (key.clone(), act.program.clone());
        self.accepted.push(Accepted { key, program, stream, before, request, decision });
        Ok(())
    }

    fn check_documents(&self, key: &str, request: &ActRequest) {
        let materials = request.common.materials.iter().map(|material| &material.digest);
        let document = request.common.document.iter().filter_map(|d| d.digest.as_ref());
        for digest in materials.chain(document) {
            let uploaded = self.documents.contains_key(digest.as_str());
            assert!(uploaded, "{key} cites {digest} before it is uploaded");
        }
    }

    fn check_place(
        &self,
        program: &ProgramId,
        (history, from): (&History, Day),
        request: &ActRequest,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        let Some(wanted) = &decision.place else { return Ok(()) };
        let quota = self.quotas.get(&(program.clone(), wanted.category.clone()));
        let full =
            quota.and_then(|quota| quota.full_from(wanted.quota.limit, from, history.stream()));
        match full {
            Some((on, taken)) if request.common.over_limit.is_none() || !wanted.quota.soft => {
                let reason = Reason::QuotaExhausted {
                    category: Called::new(&wanted.category, no_place()),
                    limit: wanted.quota.limit,
                    taken,
                    on,
                    override_possible: wanted.quota.soft,
                };
                Err(Refusal::new(request.act.kind(), reason, no_place()))
            }
            _ => Ok(()),
        }
    }

    fn restate(&mut self, program: &ProgramId, history: &History) {
        let cites = history.events().last().unwrap().reference(history.stream());
        let mut places = places_of(history);
        let before = self.quotas.iter().filter(|((of, _), quota)| {
            of == program && quota.enrollments().contains(history.stream())
        });
        for (_, category) in before.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            places.entry(category).or_default();
        }
        for (category, spans) in places {
            let quota = self.quotas.entry((program.clone(), category.clone())).or_default();
            let stream = format!("quota-{program}.{category}");
            let revision = quota.revision().map_or(0, |revision| revision + 1);
            let enrollment = history.stream().to_owned();
            let restated = PlacesRestated { enrollment, cites: cites.clone(), spans };
            let reference = EventRef { stream, revision, id: Uuid::nil() };
            quota.evolve(QuotaEvent::PlacesRestated(restated), reference);
        }
    }
}

/// What was recorded, read from its bytes and decided again by what they say alone: of who acted, and
/// of what was asked for.
fn decide_again(
    ctx: &Context<'_>,
    history: &History,
    recorded: &Recorded,
) -> Result<Decision, Refusal> {
    let new = encode_event(&recorded.event, &recorded.meta, recorded.id).unwrap();
    let stored = RecordedEvent {
        sequence: 0,
        stream: StreamName::parse(history.stream()).unwrap(),
        revision: recorded.revision,
        event_id: new.event_id,
        event_type: new.event_type.as_str().into(),
        recorded_at_us: new.recorded_at_us,
        data: new.data,
        metadata: new.metadata,
    };
    let Recorded { event, meta, .. } = decode_enrollment(&stored).unwrap();
    let fact = event.fact().unwrap();
    let actor = Actor {
        office: if meta.archive { Office::Registrar } else { meta.office },
        office_id: meta.office_id.to_string(),
        divisions: meta.divisions.split_ascii_whitespace().map(str::to_owned).collect(),
    };
    // What founds a standing of evidence lets the record begin where the evidence let it.
    let kept_since = fact.effects.opens_record.clone().filter(|_| history.events().is_empty());
    let common = Common {
        effective_on: meta.effective_on,
        decided_on: meta.decided_on,
        received_on: meta.received_on,
        document: fact.document.clone(),
        materials: fact.materials.clone(),
        archive: fact.archive.clone(),
        over_limit: fact.over_limit.clone(),
        kept_since: kept_since.filter(|_| actor.office == Office::Registrar),
    };
    let act = fact.act.read().unwrap().clone();
    decide_on(&Context { actor: &actor, ..*ctx }, history, &ActRequest { act, common })
}

fn recorded(
    now: Timestamp,
    actor: &Actor,
    program: &Program,
    history: &History,
    request: &ActRequest,
    decision: &Decision,
) -> Recorded {
    let revision = history.revision().map_or(0, |revision| revision + 1);
    let own = decision.grounds.iter().filter_map(|revision| history.at(*revision));
    let mut rests_on: Vec<_> = own.map(|event| event.reference(history.stream())).collect();
    rests_on.extend(decision.rests_on.iter().cloned());
    let meta = EventMeta {
        rests_on: EventRef::write_list(&rests_on).into(),
        corrects: request.act.corrects().map(ToString::to_string).unwrap_or_default().into(),
        ..decision.meta(actor, &request.common, now, program.is_exercise())
    };
    let id = Uuid::new_v5(&Uuid::nil(), format!("{}@{revision}", history.stream()).as_bytes());
    let event = Event::Acted(decision.fact.clone());
    Recorded { revision, sequence: None, id, event, meta }
}

/// What a later version lays on the standing that was founded, in the same append (C18).
fn succeeded(founding: &Recorded, stream: &str, follows: &MeasureSucceeded) -> Recorded {
    let follows = follows.clone().founded(founding);
    let EventMeta { recorded_at, exercise, .. } = founding.meta;
    let meta = follows.meta(&founding.reference(stream), recorded_at, exercise);
    let (revision, id) = (founding.revision + 1, Uuid::new_v5(&founding.id, b"succeeded"));
    let event = Event::MeasureSucceeded(Box::new(follows));
    Recorded { revision, sequence: None, id, event, meta }
}

impl Replay {
    /// The program of a stream, and whom it is about: a subject, or the program as a whole.
    pub fn of_stream(&self, stream: &str) -> (ProgramId, Subject) {
        let (first, rest) = stream.split_once('-').unwrap();
        if first == "program" {
            let program = ProgramId::parse(rest).unwrap();
            let whole = Subject::of_program(&self.programs[&program]);
            return (program, whole);
        }
        (ProgramId::parse(first).unwrap(), self.subjects[rest].clone())
    }
}

fn no_place() -> Text {
    Text { en: "no place is left".to_owned(), zh: "名额已满".to_owned() }
}

/// The problem's code over HTTP.
pub fn code_of(refusal: &Refusal) -> &'static str {
    match &*refusal.reason {
        Reason::NotPermitted { .. } => "act-not-permitted",
        Reason::OfficeForbidden { .. } => "role-forbidden",
        Reason::JurisdictionForbidden { .. } => "jurisdiction-forbidden",
        Reason::RequirementNotMet { .. } => "requirement-not-met",
        Reason::MaterialMissing { .. } => "material-missing",
        Reason::IneligibleSubject { .. } => "ineligible-subject",
        Reason::NotInForce { .. } => "measure-not-in-force",
        Reason::RuleUnknown => "rule-unknown",
        Reason::DateConflict { .. } => "effective-date-conflict",
        Reason::WouldUnsettle { .. } => "would-unsettle",
        Reason::AlreadyDecided { .. } => "already-decided",
        Reason::NotInForceVersion { .. } => "not-version-in-force",
        Reason::QuotaExhausted { .. } => "quota-exhausted",
        Reason::Invalid { .. } => "validation-error",
    }
}
