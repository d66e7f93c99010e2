//! A story: acts applied to one enrollment by `decide_on`, with everything that must hold after
//! each of them checked on the way. No log, no clock, no runtime.
#![allow(dead_code, reason = "each suite uses the part that it needs")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic")]

use std::sync::{Arc, LazyLock};

use docket::app::measure_files::{Checked, check_files};
use docket::domain::act::{ActKind, ActRequest, COMMON_MEMBERS, RecordedAct};
use docket::domain::calendar::Calendars;
use docket::domain::date::{CivilDate, Day, Timestamp};
use docket::domain::decide::{Actor, Context, Decision, OtherStanding};
use docket::domain::duty::{DutyStatus, Waiting, items, waiting_for};
use docket::domain::enrollment::Enrollment;
use docket::domain::event::{
    Effects, Event, EventMeta, Fact, MeasureSucceeded, OfficeName, Recorded,
};
use docket::domain::history::History;
use docket::domain::history_decide::{decide_at_end, decide_on};
use docket::domain::ids::{EventRef, Id, Office, ProgramId, SubjectId, Text};
use docket::domain::measure::{Edition, Measure, Program, Versions};
use docket::domain::measure_file::FILES;
use docket::domain::refusal::Refusal;
use docket::domain::state::State;
use docket::domain::subject::{Registration, Subject};
use serde_json::{Value, json};

mod refused;
#[allow(unused_imports, reason = "each suite uses the part that it needs")]
pub use refused::{forbidden, invalid, missing, not_permitted};

pub const CLUSTER_2012: &str = include_str!("../../schemas/measures/cluster_area/2012-61.toml");
pub const CLUSTER_2014: &str = include_str!("../../schemas/measures/cluster_area/2014-40.toml");
pub const PROVINCE_2015: &str = include_str!("../../schemas/measures/strong_province/2015-59.toml");
pub const HIGH_QUALITY: &str =
    include_str!("../../schemas/measures/high_quality_cluster_area/2023-28.toml");

/// Acts that cite a source instead of a document.
const CITES_ITS_SOURCE: [&str; 4] = ["note", "attest_standing", "correct", "acknowledge_receipt"];

/// What the binary brings along, checked once.
static BROUGHT: LazyLock<Checked<'static>> = LazyLock::new(|| check_files(FILES, None));

pub fn measure(text: &str) -> Measure {
    toml::from_str(text).expect("a measure")
}

pub fn versions(measures: Vec<Measure>) -> Versions {
    let edition = |measure: Measure| {
        let digest = format!("digest of {}", measure.version);
        Arc::new(Edition { measure, digest })
    };
    Versions::new(measures.into_iter().map(edition).collect())
}

pub fn program(id: &str) -> Program {
    BROUGHT.programs.program(id).expect("a program").clone()
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

pub fn id(text: &str) -> Id {
    Id::from(text)
}

pub fn ids(list: &[&str]) -> Vec<Id> {
    list.iter().map(|text| Id::from(*text)).collect()
}

/// An act as a client writes it: the members common to all acts beside those of its content.
pub fn act(name: &str, effective_on: &str, body: Value) -> ActRequest {
    let Value::Object(body) = body else { panic!("a body is an object") };
    let (mut common, content): (serde_json::Map<_, _>, serde_json::Map<_, _>) =
        body.into_iter().partition(|(member, _)| COMMON_MEMBERS.contains(&member.as_str()));
    common.insert("effective_on".to_owned(), json!(effective_on));
    let act = ActKind::parse(name).expect("an act").read_content(Value::Object(content));
    let common = serde_json::from_value(Value::Object(common)).expect("common members");
    ActRequest { act: act.unwrap_or_else(|error| panic!("{name}: {error}")), common }
}

/// One enrollment, its record, and the day on which people act.
#[derive(Clone)]
pub struct Story {
    pub program: Program,
    pub versions: Versions,
    pub subject: Subject,
    pub history: History,
    pub enrollment: Enrollment,
    pub state: State,
    pub now: Timestamp,
    pub elsewhere: Option<(ProgramId, OtherStanding)>,
    pub calendars: Calendars,
}

impl Story {
    pub fn new(program_id: &str, versions: Versions, subject: &str, kind: &str) -> Self {
        let program = program(program_id);
        let registration = Registration {
            id: SubjectId::parse(subject).unwrap(),
            kind: id(kind),
            name: Text { en: subject.to_owned(), zh: subject.to_owned() },
            code: None,
            code_revision: None,
            province: (kind == "cluster_area").then(|| SubjectId::parse("440000").unwrap()),
            responsible_office: None,
            zones: vec![],
            invented: program.is_exercise(),
            source: "a test".to_owned(),
            effective_on: date("2000-01-01"),
        };
        Self {
            history: History::new(format!("{program_id}-{subject}")),
            program,
            versions,
            subject: Subject::registered(registration),
            enrollment: Enrollment::default(),
            state: State::default(),
            now: Timestamp::MIN,
            elsewhere: None,
            calendars: Calendars::default(),
        }
    }

    pub fn area() -> Self {
        let versions = versions(vec![measure(CLUSTER_2012), measure(CLUSTER_2014)]);
        Self::new("cluster_area", versions, "futian", "cluster_area")
    }

    pub fn province() -> Self {
        let versions = versions(vec![measure(PROVINCE_2015)]);
        Self::new("strong_province", versions, "440000", "province")
    }

    /// Whoever acts as this office for this subject.
    pub fn actor(&self, office: Office) -> Actor {
        let registration = &self.subject.registration;
        let division = match office {
            Office::ProvincialDepartment => registration.province.as_ref(),
            Office::Province | Office::LocalGovernment => Some(&registration.id),
            Office::NationalOffice | Office::Registrar | Office::Docket => None,
        };
        let divisions = division.map(ToString::to_string).into_iter().collect();
        Actor { office, office_id: format!("the {}", office.as_str()), divisions }
    }

    /// Moves the clock to ten in the morning of a day in China.
    pub fn today(&mut self, text: &str) -> &mut Self {
        self.now = Timestamp::parse_rfc3339(&format!("{text}T10:00:00+08:00")).unwrap();
        self
    }

    /// Decides without recording, and without moving the clock.
    pub fn decide_as(&self, actor: &Actor, request: &ActRequest) -> Result<Decision, Refusal> {
        let elsewhere = |program: &ProgramId| {
            let (known, standing) = self.elsewhere.as_ref()?;
            (known == program).then(|| standing.clone())
        };
        let context = Context {
            program: &self.program,
            versions: &self.versions,
            subject: &self.subject,
            stream: self.history.stream(),
            actor,
            now: self.now,
            mending: None,
            met_for_whole: &|_| None,
            enrolled: &|_| None,
            standing_in: &elsewhere,
        };
        let decided = decide_on(&context, &self.history, request);
        let at_end = decide_at_end(&context, &self.enrollment, request);
        if let Some(at_end) = at_end {
            assert_eq!(at_end, decided, "the fast path decides as the whole history does");
        }
        decided
    }

    pub fn decide(&self, office: Office, request: &ActRequest) -> Result<Decision, Refusal> {
        self.decide_as(&self.actor(office), request)
    }

    /// Acts and records; an act that counts from a day ahead of the clock waits for that day.
    pub fn does(&mut self, office: Office, name: &str, effective_on: &str, body: Value) -> u64 {
        let request = act(name, effective_on, body);
        let latest = request.common.effective_on.latest();
        if self.now.civil_day() < latest {
            self.today(&latest.to_string());
        }
        let request = self.documented(request);
        self.records(office, &request).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// What the act is refused for, the clock standing on its last day or later.
    pub fn refuses(&self, office: Office, name: &str, effective_on: &str, body: Value) -> Refusal {
        let request = act(name, effective_on, body);
        let mut then = self.clone();
        let latest = request.common.effective_on.latest();
        if then.now.civil_day() < latest {
            then.today(&latest.to_string());
        }
        match then.decide(office, &then.documented(request)) {
            Ok(decision) => panic!("{name} was allowed: {decision:?}"),
            Err(refusal) => {
                assert!(!refusal.detail.en.is_empty() && !refusal.detail.zh.is_empty());
                assert!(refusal.article.as_deref().is_some_and(|said| !said.is_empty()), "G5");
                refusal
            }
        }
    }

    /// What is recorded later than it counts cites a document (G2); stories about other rules leave
    /// it to this.
    fn documented(&self, mut request: ActRequest) -> ActRequest {
        let common = &mut request.common;
        let mut dates = [Some(common.effective_on), common.decided_on].into_iter().flatten();
        let dated_back = dates.any(|on| on.latest() < self.now.civil_day());
        let kind = request.act.kind();
        if dated_back && common.document.is_none() && !CITES_ITS_SOURCE.contains(&kind.as_str()) {
            common.document = serde_json::from_value(json!({ "title": "On file" })).unwrap();
        }
        request
    }

    /// Decides now, and records what was decided.
    pub fn records(&mut self, office: Office, request: &ActRequest) -> Result<u64, Refusal> {
        let actor = self.actor(office);
        let mut decision = self.decide_as(&actor, request)?;
        let follows = decision.follows.take();
        let meta = self.meta(&actor, request, &decision);
        let revision = self.history.events().len() as u64;
        let event = Recorded {
            revision,
            sequence: Some(revision + 10),
            id: uuid::Uuid::from_u128(0xd0c_0000 + u128::from(revision)),
            event: Event::Acted(decision.fact),
            meta,
        };
        survives_writing(event.event.fact().unwrap());
        self.push(event);
        if let Some(follows) = follows {
            self.succeeds(revision, follows);
        }
        let end = self.history.state_at(Day::MAX);
        assert_eq!(self.state, end, "the state at the end of time is the state");
        Ok(revision)
    }

    /// Docket's own event that follows an act which founds a standing before a later version's day.
    fn succeeds(&mut self, founding: u64, follows: MeasureSucceeded) {
        let act = self.event(founding);
        let follows = follows.founded(act);
        let (at, exercise) = (act.meta.recorded_at, act.meta.exercise);
        let meta = follows.meta(&self.reference(founding), at, exercise);
        let revision = founding + 1;
        self.push(Recorded {
            revision,
            sequence: Some(revision + 10),
            id: uuid::Uuid::from_u128(0x5ccd_0000 + u128::from(revision)),
            event: Event::MeasureSucceeded(Box::new(follows)),
            meta,
        });
    }

    /// Takes an event into the record, by the fold that goes on where it can.
    pub fn push(&mut self, event: Recorded) {
        let taken = self.enrollment.push(&event);
        self.history.push(event);
        let refolded = Enrollment::of(&self.history);
        if taken {
            assert_eq!(self.enrollment, refolded, "an incremental fold equals a refold");
        }
        self.enrollment = refolded;
        self.state = self.enrollment.state.clone();
    }

    /// The office's own id where it is known, else its kind and division (G2).
    fn office_id(&self, actor: &Actor, request: &ActRequest) -> String {
        let Some(archive) = &request.common.archive else { return actor.office_id.clone() };
        let known = archive.office_id.as_ref().map(ToString::to_string);
        known.unwrap_or_else(|| self.subject.registration.office_id(archive.office))
    }

    fn meta(&self, actor: &Actor, request: &ActRequest, decision: &Decision) -> EventMeta {
        let own = decision.grounds.iter().map(|ground| self.reference(*ground));
        let rests_on: Vec<_> = own.chain(decision.rests_on.clone()).collect();
        EventMeta {
            office_id: self.office_id(actor, request).as_str().into(),
            office_name: OfficeName { en: "office".into(), zh: "机关".into() },
            principal: "tests".into(),
            rests_on: EventRef::write_list(&rests_on).into(),
            corrects: request.act.corrects().map(ToString::to_string).unwrap_or_default().into(),
            ..decision.meta(actor, &request.common, self.now, self.program.is_exercise())
        }
    }

    pub fn reference(&self, revision: u64) -> EventRef {
        self.history.at(revision).expect("an event").reference(self.history.stream())
    }

    pub fn event(&self, revision: u64) -> &Recorded {
        self.history.at(revision).expect("an event")
    }

    pub fn fact(&self, revision: u64) -> &Fact {
        self.event(revision).event.fact().expect("an act")
    }

    pub fn effects(&self, revision: u64) -> &Effects {
        &self.fact(revision).effects
    }

    pub fn on(&self, text: &str) -> State {
        self.history.state_at(day(text))
    }

    /// Where the enrollment stands as of a day, as now known; empty for nowhere.
    pub fn stands(&self, text: &str) -> String {
        self.on(text).node.map(|node| node.to_string()).unwrap_or_default()
    }

    /// Obligation, year of the due date (0: once), status as of a day.
    pub fn duties(&self, text: &str) -> Vec<(String, i32, DutyStatus)> {
        let state = self.on(text);
        let found = items(&state, day(text), &self.calendars);
        let entry = |item: &docket::domain::duty::DueItem<'_>| {
            (item.duty.obligation.to_string(), item.due_year.unwrap_or(0), item.status)
        };
        found.iter().map(entry).collect()
    }

    pub fn duty(&self, obligation: &str, year: i32, text: &str) -> Option<DutyStatus> {
        let found = self.duties(text);
        found.iter().find(|(id, y, _)| id == obligation && *y == year).map(|(_, _, s)| *s)
    }

    pub fn waiting(&self, text: &str) -> Vec<Waiting> {
        let day = day(text);
        let edition = self.versions.in_force(day).expect("a version in force");
        waiting_for(&self.history.state_at(day), &edition.measure, day)
    }

    /// Whose move it is as of a day, and which.
    pub fn moves(&self, text: &str) -> Vec<(Office, ActKind)> {
        self.waiting(text).into_iter().map(|waiting| (waiting.office, waiting.act)).collect()
    }
}

/// What is decided can be written and read again without loss.
fn survives_writing(fact: &Fact) {
    let written = serde_json::to_string(&fact.effects).expect("effects are written");
    let read: Effects = serde_json::from_str(&written).expect("effects are read");
    assert_eq!(read, fact.effects);
    let content = serde_json::to_string(&fact.act).expect("content is written");
    assert_eq!(RecordedAct::written(fact.act.kind(), &content), fact.act);
    for finding in &fact.findings {
        let written = serde_json::to_value(finding).expect("a finding is written");
        assert_eq!(
            &serde_json::from_value::<docket::domain::event::Finding>(written).unwrap(),
            finding
        );
    }
    if let Some(mended) = &fact.mended {
        survives_writing(&mended.fact);
    }
}
