//! A small world to project: a log, registered subjects, and acts decided as a client's would be.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use docket::app::measure_files::{Checked, check_files};
use docket::codec::{
    encode_event, encode_own, encode_quota, encode_subject, indicator_stream, parse_act_request,
    quota_stream, record_stream, subject_stream,
};
use docket::domain::act::{Act, ActRequest, Common};
use docket::domain::calendar::Calendars;
use docket::domain::date::{CivilDate, Day, Timestamp};
use docket::domain::decide::{Actor, Context};
use docket::domain::duty::lapses;
use docket::domain::event::{ApprovalAbandoned, Event, EventMeta, MeasureSucceeded, Recorded};
use docket::domain::history::History;
use docket::domain::history_decide::decide_on;
use docket::domain::ids::{EventRef, Id, Office, ProgramId, SubjectId, Text};
use docket::domain::indicator::Observation;
use docket::domain::logbook::LogCreated;
use docket::domain::measure::{Edition, Program, Versions};
use docket::domain::measure_file::FILES;
use docket::domain::quota::QuotaEvent;
use docket::domain::refusal::Refusal;
use docket::domain::subject::{
    Registration, Renaming, Replacement, Subject, SubjectCorrected, SubjectCorrection, SubjectEvent,
};
use docket::log::{EventLog, NewEvent, StreamName};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// What the binary brings along, checked once.
static BROUGHT: LazyLock<Checked<'static>> = LazyLock::new(|| check_files(FILES, None));

/// The log, and what the acts were decided on.
pub struct World {
    pub log: Arc<dyn EventLog>,
    pub runtime: Runtime,
    pub histories: BTreeMap<String, History>,
    programs: Vec<Program>,
    versions: BTreeMap<String, Versions>,
    subjects: BTreeMap<String, Subject>,
    revisions: BTreeMap<String, u64>,
    /// When the next event is recorded, in microseconds UTC.
    pub now_us: i64,
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Only the national office has a name here.
fn office_name(office: Office) -> Text {
    let (en, zh) = match office {
        Office::NationalOffice => ("SIPO", "国家知识产权局"),
        _ => ("", ""),
    };
    Text { en: en.to_owned(), zh: zh.to_owned() }
}

fn versions(program: &Program) -> Versions {
    let measures = BROUGHT.measures.iter().map(|(_, measure)| measure);
    let of = measures.filter(|measure| measure.program == *program.governed_as());
    let editions =
        of.map(|measure| Arc::new(Edition { measure: measure.clone(), digest: "0".repeat(64) }));
    Versions::new(editions.collect())
}

impl World {
    /// A world around a log that is empty; its first event is `LogCreated`.
    pub fn around(log: Arc<dyn EventLog>, runtime: Runtime) -> Self {
        let programs = BROUGHT.programs.programs.clone();
        let versions =
            programs.iter().map(|program| (program.id.to_string(), versions(program))).collect();
        let mut world = Self {
            log,
            runtime,
            histories: BTreeMap::new(),
            programs,
            versions,
            subjects: BTreeMap::new(),
            revisions: BTreeMap::new(),
            now_us: Timestamp::parse_rfc3339("2030-01-01T00:00:00Z").unwrap().micros(),
        };
        let meta = world.own_meta("2030-01-01", false);
        let created = LogCreated {
            log_id: Uuid::from_u128(7),
            origin: "docket/test".to_owned(),
            public_key: String::new(),
        };
        let event = encode_own(&created, &meta, Uuid::from_u128(1)).unwrap();
        world.append("log", event);
        world
    }

    pub fn versions(&self, program: &str) -> &Versions {
        &self.versions[program]
    }

    pub fn subject(&self, id: &str) -> &Subject {
        &self.subjects[id]
    }

    pub fn history(&self, stream: &str) -> &History {
        &self.histories[stream]
    }

    fn own_meta(&self, effective_on: &str, exercise: bool) -> EventMeta {
        EventMeta {
            effective_on: CivilDate::parse(effective_on).unwrap(),
            ..EventMeta::own(Timestamp::from_micros(self.now_us), exercise)
        }
    }

    /// Appends an event as it is; returns its revision and sequence.
    pub fn append(&mut self, stream: &str, event: NewEvent) -> (u64, u64) {
        let name = StreamName::parse(stream).unwrap();
        let expected = self.revisions.get(stream).copied().into();
        let appended =
            self.runtime.block_on(self.log.append(&name, expected, vec![event])).unwrap();
        self.revisions.insert(stream.to_owned(), appended.revision);
        self.now_us += 1_000_000;
        (appended.revision, appended.sequence.unwrap())
    }

    /// Appends bytes of a type that nobody knows, and returns the sequence.
    pub fn append_unknown(&mut self, stream: &str, event_type: &str) -> u64 {
        let meta = self.own_meta("2016", false);
        let reservation =
            EventRef { stream: stream.to_owned(), revision: 0, id: Uuid::from_u128(98) };
        let known = Event::ApprovalAbandoned(ApprovalAbandoned { reservation });
        let mut event = encode_event(&known, &meta, Uuid::from_u128(99)).unwrap();
        event.event_type = event_type.to_owned();
        self.append(stream, event).1
    }

    pub fn register(&mut self, id: &str, kind: &str, province: &str, name: (&str, &str)) {
        let invented = id.starts_with("inv");
        let code = id.bytes().all(|byte| byte.is_ascii_digit()).then(|| Id::from(id));
        let registration = Registration {
            id: SubjectId::parse(id).unwrap(),
            kind: Id::from(kind),
            name: Text { en: name.0.to_owned(), zh: name.1.to_owned() },
            code,
            code_revision: None,
            province: Some(SubjectId::parse(province).unwrap()),
            responsible_office: Some(Text {
                en: "IP Office".to_owned(),
                zh: "知识产权局".to_owned(),
            }),
            zones: vec![],
            invented,
            source: "test".to_owned(),
            effective_on: CivilDate::parse("2012").unwrap(),
        };
        let subject = Subject::registered(registration.clone());
        let stream = subject_stream(subject.id());
        self.subjects.insert(id.to_owned(), subject);
        let meta = self.own_meta("2012", invented);
        let event = SubjectEvent::Registered(registration);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, stream.as_bytes());
        self.append(&stream, encode_subject(&event, &meta, id).unwrap());
    }

    pub fn rename(&mut self, id: &str, on: &str, name: (&str, &str)) {
        let meta = self.own_meta(on, false);
        let renaming = Renaming {
            name: Text { en: name.0.to_owned(), zh: name.1.to_owned() },
            responsible_office: None,
            source: "test".to_owned(),
            effective_on: CivilDate::parse(on).unwrap(),
        };
        let stream = format!("subject-{id}");
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}{on}").as_bytes());
        let event = SubjectEvent::Renamed(renaming);
        self.append(&stream, encode_subject(&event, &meta, id).unwrap());
    }

    /// The registration of futian was of another province, its new name another one: what was meant is
    /// recorded, and the second correction taken back.
    pub fn correct_subjects(&mut self) {
        let mut registration = self.subjects["futian"].registration.clone();
        registration.province = Some(SubjectId::parse("320000").unwrap());
        registration.name.en = "Futian District".to_owned();
        self.correct_subject("futian", 0, Some(Replacement::Registration(registration)));
        let renaming = Renaming {
            name: Text { en: "Newest Futian".to_owned(), zh: "最新福田".to_owned() },
            responsible_office: Some(Text { en: "New Office".to_owned(), zh: "新局".to_owned() }),
            source: "test".to_owned(),
            effective_on: CivilDate::parse("2019-05-01").unwrap(),
        };
        self.correct_subject("futian", 1, Some(Replacement::Renaming(renaming)));
        self.correct_subject("futian", 3, None);
    }

    fn correct_subject(&mut self, id: &str, revision: u64, replacement: Option<Replacement>) {
        let stream = format!("subject-{id}");
        let name = StreamName::parse(&stream).unwrap();
        let page = self.runtime.block_on(self.log.read_stream(&name, revision, 1)).unwrap();
        let corrects = docket::codec::reference(&page.events[0]);
        let mut meta = self.own_meta("2021", false);
        meta.corrects = corrects.to_string().into();
        let reason = "a test".to_owned();
        let correction = SubjectCorrection { corrects, reason, replacement };
        let event =
            SubjectEvent::Corrected(Box::new(SubjectCorrected { correction, unsettles: vec![] }));
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}{}", self.now_us).as_bytes());
        self.append(&stream, encode_subject(&event, &meta, id).unwrap());
    }

    pub fn quota(&mut self, program: &str, category: &str, event: &QuotaEvent) -> u64 {
        let program = ProgramId::parse(program).unwrap();
        let stream = quota_stream(&program, category);
        let meta = self.own_meta("2016", program.as_str().starts_with("exercise"));
        let id = Uuid::from_u128(u128::try_from(self.now_us).unwrap());
        self.append(&stream, encode_quota(event, &meta, id).unwrap()).0
    }

    /// A figure of a division.
    #[allow(dead_code, reason = "each test binary uses its part")]
    pub fn figure(&mut self, division: &str, figure: &Observation) -> u64 {
        let stream = indicator_stream(&SubjectId::parse(division).unwrap());
        let meta = self.own_meta("2018", division.starts_with("inv"));
        let id = Uuid::from_u128(u128::try_from(self.now_us).unwrap());
        self.append(&stream, encode_own(figure, &meta, id).unwrap()).0
    }

    /// Docket's own event in an enrollment.
    pub fn abandon(&mut self, stream: &str) {
        let reservation = EventRef { stream: "quota-x.y".to_owned(), revision: 0, id: Uuid::nil() };
        let meta = self.own_meta("2016-01-01", stream.contains("exercise"));
        self.record(stream, Event::ApprovalAbandoned(ApprovalAbandoned { reservation }), meta);
    }

    /// Records what lapsed in an enrollment by a day, as the clerk does; how much.
    pub fn silence(&mut self, stream: &str, on: &str) -> usize {
        let found = lapses(&self.histories[stream], &Calendars::default(), day(on));
        for lapse in &found {
            let on = lapse.lapsed_on().to_string();
            let meta = self.own_meta(&on, stream.contains("exercise"));
            self.record(stream, Event::ObligationLapsed(Box::new(lapse.clone())), meta);
        }
        found.len()
    }

    fn record(&mut self, stream: &str, event: Event, meta: EventMeta) -> EventRef {
        let revision = self.revisions.get(stream).map_or(0, |revision| revision + 1);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}@{revision}").as_bytes());
        let new = encode_event(&event, &meta, id).unwrap();
        let (revision, sequence) = self.append(stream, new);
        let recorded = Recorded { revision, sequence: Some(sequence), id, event, meta };
        let reference = recorded.reference(stream);
        let history =
            self.histories.entry(stream.to_owned()).or_insert_with(|| History::new(stream));
        history.push(recorded);
        reference
    }

    /// Does an act that must be allowed.
    pub fn act(&mut self, program: &str, subject: &str, office: Office, body: &str) -> EventRef {
        self.try_act(program, subject, office, body)
            .unwrap_or_else(|refusal| panic!("{body}: {}", refusal.detail.en))
    }

    /// Does an act for a program as a whole that must be allowed.
    pub fn act_for(&mut self, program: &str, office: Office, body: &str) -> EventRef {
        let of = self.programs.iter().find(|p| p.id.as_str() == program).unwrap();
        let (subject, versions) = (Subject::of_program(of), self.versions[program].of_whole());
        self.judged(program, (&subject, &versions), office, body)
            .unwrap_or_else(|refusal| panic!("{body}: {}", refusal.detail.en))
    }

    pub fn try_act(
        &mut self,
        program: &str,
        subject: &str,
        office: Office,
        body: &str,
    ) -> Result<EventRef, Refusal> {
        let subject = self.subjects[subject].clone();
        let versions = self.versions[program].clone();
        self.judged(program, (&subject, &versions), office, body)
    }

    fn judged(
        &mut self,
        program: &str,
        (subject, versions): (&Subject, &Versions),
        office: Office,
        body: &str,
    ) -> Result<EventRef, Refusal> {
        let request = with_a_letter(body);
        let stream = record_stream(&ProgramId::parse(program).unwrap(), subject);
        let history = self.histories.get(&stream).cloned().unwrap_or_else(|| History::new(&stream));
        let province = subject.registration.province.as_ref().map(ToString::to_string);
        let actor = Actor {
            office,
            office_id: office.as_str().to_owned(),
            divisions: province.into_iter().chain([subject.id().to_string()]).collect(),
        };
        let now = Timestamp::from_micros(self.now_us);
        let ctx = Context {
            program: self.programs.iter().find(|p| p.id.as_str() == program).unwrap(),
            versions,
            subject,
            stream: &stream,
            actor: &actor,
            now,
            mending: None,
            standing_in: &|_| None,
            met_for_whole: &|_| None,
            enrolled: &|_| None,
        };
        let decision = decide_on(&ctx, &history, &request)?;
        let grounds: Vec<EventRef> = decision
            .grounds
            .iter()
            .filter_map(|revision| history.at(*revision))
            .map(|event| event.reference(&stream))
            .chain(decision.rests_on.iter().cloned())
            .collect();
        let meta = EventMeta {
            office_name: office_name(decision.office).into(),
            principal: "test".into(),
            rests_on: EventRef::write_list(&grounds).into(),
            corrects: request.act.corrects().map(ToString::to_string).unwrap_or_default().into(),
            ..decision.meta(&actor, &request.common, now, ctx.program.is_exercise())
        };
        let founding = self.record(&stream, Event::Acted(decision.fact), meta);
        if let Some(follows) = decision.follows {
            self.succeeds(&founding, follows);
        }
        Ok(founding)
    }

    /// What a later version lays on the standing that was founded, as `app` appends it (C18).
    fn succeeds(&mut self, founding: &EventRef, follows: MeasureSucceeded) {
        let act = self.histories[&founding.stream].at(founding.revision).unwrap();
        let follows = follows.founded(act);
        let meta = follows.meta(founding, Timestamp::from_micros(self.now_us), act.meta.exercise);
        self.record(&founding.stream, Event::MeasureSucceeded(Box::new(follows)), meta);
    }
}

fn cite(common: &mut Common, document: &str) {
    common.document.get_or_insert_with(|| serde_json::from_str(document).unwrap());
}

fn with_a_letter(body: &str) -> ActRequest {
    let mut request =
        parse_act_request(body.as_bytes()).unwrap_or_else(|e| panic!("{body}: {e:?}"));
    // Most acts are recorded later than they were done, so they cite a document.
    let document = r#"{ "title": "a letter", "number": "7", "issuing_office": "an office" }"#;
    cite(&mut request.common, document);
    if let Act::Correct(correction) = &mut request.act
        && let Some(replacement) = &mut correction.replacement
    {
        cite(&mut replacement.common, document);
    }
    request
}
