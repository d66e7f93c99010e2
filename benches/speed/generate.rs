//! A synthetic log: so many events of so many enrollments in the exercise of cluster areas, each
//! one taken through the application itself, day by day as the days of their lives come. Kept on
//! disk from one run to the next.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use docket::app::clock::{Clock, FixedClock};
use docket::app::documents::{DocumentStore, FolderStore, put};
use docket::app::{ActCall, App, Caller, Parts, Precondition, start};
use docket::codec::parse_act_request;
use docket::domain::date::{Day, Timestamp};
use docket::domain::decide::Actor;
use docket::domain::ids::{EventRef, Office, SubjectId};
use docket::domain::measure_file::FILES;
use docket::log::{EventLog, SqliteLog};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

use crate::life::{Who, life};

/// The program.
pub const PROGRAM: &str = "exercise_cluster_area";
/// Invented provinces.
const PROVINCES: usize = 31;
/// Acts under way at once while the log is made.
const AT_ONCE: usize = 512;
/// Another form of the log gets another folder.
const FORM: u32 = 1;

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub enrollments: usize,
    pub acts_each: usize,
}

impl Size {
    /// From `BENCH_EVENTS` and `BENCH_ENROLLMENTS`; a million over 20,000 without them.
    pub fn from_env() -> anyhow::Result<Self> {
        let events = number("BENCH_EVENTS", 1_000_000)?;
        let enrollments = number("BENCH_ENROLLMENTS", 20_000)?.clamp(1, events);
        Ok(Self { enrollments, acts_each: events / enrollments })
    }

    /// How many events the lives have.
    pub fn events(self) -> usize {
        self.enrollments * self.acts_each
    }
}

/// A number out of the environment.
pub fn number(name: &str, default: usize) -> anyhow::Result<usize> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name}={text:?} is not a number")),
        Err(_) => Ok(default),
    }
}

/// The folder of a made log.
#[derive(Debug, Clone)]
pub struct Made {
    pub folder: PathBuf,
}

impl Made {
    pub fn log(&self) -> PathBuf {
        self.folder.join("log.sqlite")
    }

    pub fn documents(&self) -> PathBuf {
        self.folder.join("documents")
    }
}

/// An area's id.
pub fn area_id(area: usize) -> String {
    format!("bench_{area:06}")
}

fn province_id(province: usize) -> String {
    format!("bench_province_{province:02}")
}

/// Whoever acts for an area.
pub fn caller(who: Who, area: usize) -> Caller {
    let province = province_id(area % PROVINCES);
    let (office, office_id, divisions) = match who {
        Who::Area => (Office::LocalGovernment, area_id(area), vec![area_id(area)]),
        Who::Department => (Office::ProvincialDepartment, province.clone(), vec![province]),
        Who::National => (Office::NationalOffice, "national".to_owned(), vec![]),
        Who::Registrar => (Office::Registrar, "registrar".to_owned(), vec![]),
    };
    Caller {
        principal: format!("https://docket.example|{office_id}"),
        role: office.as_str().to_owned(),
        actor: Some(Actor { office, office_id, divisions }),
    }
}

/// Opens an application over a log.
pub async fn open(
    log: Arc<dyn EventLog>,
    documents: &Path,
    clock: Arc<dyn Clock>,
    cache_bytes: usize,
) -> anyhow::Result<Arc<App>> {
    let documents: Arc<dyn DocumentStore> = Arc::new(FolderStore::open(documents)?);
    let app = start(Parts {
        log,
        documents,
        clock,
        files: FILES,
        new_log_id: uuid::Uuid::from_u128(0x00d0_c4e7),
        origin: None,
        public_key: "a benchmark signs nothing".to_owned(),
        cache_bytes,
    })
    .await?;
    Ok(Arc::new(app))
}

/// The log of this size; made if it is not there yet.
pub async fn made(data: &Path, size: Size) -> anyhow::Result<Made> {
    let name = format!("log-v{FORM}-{}x{}", size.enrollments, size.acts_each);
    let made = Made { folder: data.join(&name) };
    if made.folder.is_dir() {
        return Ok(made);
    }
    let unfinished = data.join(format!("{name}.unfinished"));
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::create_dir_all(unfinished.join("documents"))?;
    let began = std::time::Instant::now();
    println!("making a log of {} events over {} enrollments", size.events(), size.enrollments);
    make(&Made { folder: unfinished.clone() }, size).await?;
    let seconds = began.elapsed().as_secs_f64();
    println!("made in {seconds:.0} s: {:.0} acts/s", size.events() as f64 / seconds);
    std::fs::rename(unfinished, &made.folder)?;
    Ok(made)
}

/// An act of a life, with its body as text: a million of them wait at once.
struct Due {
    area: usize,
    index: usize,
    on: Day,
    who: Who,
    body: String,
    corrects: bool,
}

async fn make(made: &Made, size: Size) -> anyhow::Result<()> {
    let clock = Arc::new(FixedClock::at(evening(Day::parse("2014-09-01")?)));
    let log = Arc::new(SqliteLog::open_writer(made.log())?);
    let app = open(log.clone(), &made.documents(), clock.clone(), 512 << 20).await?;
    let file = futures_util::stream::iter([Ok::<_, std::convert::Infallible>("invented")]);
    let digest = put(&**app.documents(), file, None, 1 << 20).await?.digest.to_string();
    register(&app, size.enrollments).await?;

    let mut days: BTreeMap<Day, Vec<Due>> = BTreeMap::new();
    for area in 0..size.enrollments {
        for (index, planned) in life(area, size.acts_each, &digest).into_iter().enumerate() {
            let (on, who, corrects) = (planned.on, planned.who, planned.corrects);
            let body = planned.body.to_string();
            days.entry(on).or_default().push(Due { area, index, on, who, body, corrects });
        }
    }
    let inspections: Arc<Mutex<HashMap<usize, EventRef>>> = Arc::default();
    for (day, acts) in days {
        clock.set(evening(day));
        take_through(&app, &inspections, acts).await?;
    }
    drop(app);
    log.close().await;
    Ok(())
}

fn evening(day: Day) -> Timestamp {
    Timestamp::from_micros(Timestamp::start_of_civil_day(day).micros() + 18 * 3_600_000_000)
}

async fn register(app: &Arc<App>, areas: usize) -> anyhow::Result<()> {
    let registrar = caller(Who::Registrar, 0);
    let provinces = (0..PROVINCES).map(|number| {
        let id = province_id(number);
        json!({"id": id, "kind": "province", "name": {"en": format!("Invented province {number}"), "zh": format!("虚构省{number}")}, "invented": true, "source": "invented for a benchmark", "effective_on": "2010-01-01"})
    });
    let areas = (0..areas).map(|area| {
        json!({"id": area_id(area), "kind": "cluster_area", "name": {"en": format!("Invented area {area}"), "zh": format!("虚构集聚区{area}")}, "province": province_id(area % PROVINCES), "responsible_office": {"en": format!("Management committee of invented area {area}"), "zh": format!("虚构集聚区{area}管委会")}, "invented": true, "source": "invented for a benchmark", "effective_on": "2010-01-01"})
    });
    for bodies in [provinces.collect::<Vec<_>>(), areas.collect()] {
        futures_util::stream::iter(bodies)
            .map(|body| async {
                let key = format!("register {}", body["id"]);
                let registration = serde_json::from_value(body)?;
                app.registrar().register_subject(&registrar, registration, &key).await?;
                anyhow::Ok(())
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
    }
    Ok(())
}

/// The acts of one day, at once; a life has one act a day at most, or waits for the one before.
async fn take_through(
    app: &Arc<App>,
    inspections: &Arc<Mutex<HashMap<usize, EventRef>>>,
    mut acts: Vec<Due>,
) -> anyhow::Result<()> {
    let rest = acts.split_off(acts.len() / 2);
    let tasks = [acts, rest].map(|acts| {
        let (app, inspections) = (app.clone(), inspections.clone());
        tokio::spawn(async move {
            futures_util::stream::iter(acts)
                .map(|due| {
                    let (app, inspections) = (app.clone(), inspections.clone());
                    async move { act(&app, &inspections, due).await }
                })
                .buffer_unordered(AT_ONCE / 2)
                .try_collect::<Vec<()>>()
                .await
        })
    });
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn act(
    app: &App,
    inspections: &Mutex<HashMap<usize, EventRef>>,
    due: Due,
) -> anyhow::Result<()> {
    let Due { area, index, on, who, mut body, corrects } = due;
    if corrects {
        let known = inspections.lock().unwrap_or_else(PoisonError::into_inner).get(&area).cloned();
        let corrected = known.context("no inspection to correct")?;
        body = correction(&body, &corrected, on)?;
    }
    let call = ActCall {
        persons: Vec::new(),
        program: PROGRAM.to_owned(),
        subject: Some(SubjectId::parse(&area_id(area))?),
        request: parse_act_request(body.as_bytes()).with_context(|| body.clone())?,
        key: format!("{area}-{index}"),
        precondition: Precondition::Any,
        trace: None,
        validate_only: false,
    };
    let answer = app.act(&caller(who, area), &call).await;
    let answer = answer.with_context(|| format!("area {area}, act {index}: {body}"))?;
    if answer.recorded.event.event_type() == "Inspected" {
        let reference = answer.recorded.reference(&answer.stream);
        inspections.lock().unwrap_or_else(PoisonError::into_inner).insert(area, reference);
    }
    Ok(())
}

fn correction(body: &str, corrected: &EventRef, on: Day) -> anyhow::Result<String> {
    let mut body: serde_json::Value = serde_json::from_str(body)?;
    body["corrects"] = json!(corrected.to_string());
    let findings = "As the minutes of the inspection say: two findings, both mended.";
    body["replacement"] = json!({
        "act": {"act": "inspect", "content": {"findings": findings}},
        "common": {"effective_on": on.plus_days(-40).to_string()},
    });
    Ok(body.to_string())
}
