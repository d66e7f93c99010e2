//! One event that can't be read kept the node from starting: a quota, a subject, a calendar, a measure, an
//! enrollment with garbage in it. What needs it answers that the log is damaged; everything else goes on.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/tamper.rs"]
mod tamper;

use std::path::Path;
use std::sync::Arc;

use app::{World, caller, national, registrar};
use docket::app::{ActError, Clerk};
use docket::domain::date::Day;
use docket::domain::ids::Office::{LocalGovernment, Province, ProvincialDepartment};
use docket::domain::ids::SubjectId;
use docket::log::{EventLog, LogError, SqliteLog, Stop, StreamName};
use rusqlite::Connection;
use serde_json::json;
use tamper::tamper;

const PROGRAM: &str = "exercise_strong_province";
const AREAS: &str = "exercise_cluster_area";

/// The event of a stream at a revision gets this in the place of a column.
fn garbage(path: &Path, stream: &str, revision: u64, column: &str, value: &str) {
    tamper(
        path,
        &format!(
            "UPDATE event SET {column} = {value} WHERE revision = {revision}
             AND stream = (SELECT key FROM stream WHERE name = '{stream}')"
        ),
    );
}

struct Place {
    folder: tempfile::TempDir,
    world: World,
    log: Arc<SqliteLog>,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap());
        let world = World::over(log.clone()).await;
        Self { folder, world, log }
    }

    /// Stops, changes the file, and starts again.
    async fn again(self, change: impl FnOnce(&Path)) -> Self {
        let path = self.folder.path().join("log.sqlite");
        self.log.close().await;
        change(&path);
        let log = Arc::new(SqliteLog::open_writer(&path).unwrap());
        let world = self.world.again(log.clone()).await;
        Self { folder: self.folder, world, log }
    }
}

#[track_caller]
fn is_unreadable<T>(result: Result<T, ActError>) {
    match result {
        Ok(_) => panic!("it could be read"),
        Err(error) => assert!(error.is_unreadable(), "{error}"),
    }
}

/// Each way in which a row can be no event, in an enrollment: as data, as metadata, as a row.
#[tokio::test]
async fn an_enrollment_that_can_not_be_read_keeps_back_itself_alone() {
    for (column, value) in [
        ("data", "'no json'"),
        ("data", "'{}'"),
        ("metadata", "x'ff00ff'"),
        ("type", "'NobodyKnows'"),
        ("event_id", "x'00'"),
        ("recorded_at", "-9223372036854775808"),
    ] {
        let place = Place::new().await;
        for id in ["x01", "x02"] {
            place.world.applicant(id, "leading").await;
            place.world.approve(id, "approve").await.unwrap();
        }
        let stream = format!("{PROGRAM}-x01");
        let place = place.again(|path| garbage(path, &stream, 1, column, value)).await;
        let world = &place.world;
        assert_eq!(place.log.recording().stopped(), None, "{column} {value}");
        if column != "recorded_at" {
            is_unreadable(world.app.history(&stream).await);
            is_unreadable(world.approve("x01", "another").await);
        }
        // The other, and new ones.
        world.app.history(&format!("{PROGRAM}-x02")).await.unwrap();
        world.applicant("x03", "leading").await;
        world.approve("x03", "approve").await.unwrap();
        assert_eq!(
            world.taken("leading", "2016-03-01").await,
            3,
            "a place is taken until it is known"
        );
        world.app.places().recover(0).await.unwrap();
        world.app.places().recover_places().await.unwrap();
        place.log.close().await;
    }
}

#[tokio::test]
async fn a_quota_that_can_not_be_read_keeps_back_its_category_alone() {
    let place = Place::new().await;
    for (id, category) in [("x01", "leading"), ("x02", "supporting")] {
        place.world.applicant(id, category).await;
        place.world.approve(id, "approve").await.unwrap();
    }
    let stream = format!("quota-{PROGRAM}.leading");
    let place = place.again(|path| garbage(path, &stream, 0, "data", "'[]'")).await;
    let world = &place.world;
    world.applicant("x03", "leading").await;
    is_unreadable(world.approve("x03", "approve").await);
    world.applicant("x04", "supporting").await;
    world.approve("x04", "approve").await.unwrap();
    // What frees a place elsewhere is entered all the same.
    let evaluate = json!({"act": "evaluate", "effective_on": "2020-05-01", "result": "failed", "findings": "…"});
    world.act(&national(), (PROGRAM, "x02"), "evaluate", evaluate).await.unwrap();
    let exit = json!({"act": "declare_exit", "effective_on": "2020-07-01", "reason": "…"});
    world.act(&caller(Province, "x02", &["x02"]), (PROGRAM, "x02"), "exit", exit).await.unwrap();
    let recovered = world.app.places().recover(0).await.unwrap();
    assert!(recovered.unreadable > 0, "{recovered:?}");
    let program = world.app.library().program(PROGRAM).unwrap();
    is_unreadable(world.app.places().quotas(program).await);
    let text = "SELECT count(*) FROM event WHERE type = 'PlacesRestated' AND data LIKE '%-x02%'";
    let path = place.folder.path().join("log.sqlite");
    let restated: i64 =
        Connection::open(path).unwrap().query_row(text, [], |row| row.get(0)).unwrap();
    assert_eq!(restated, 1);
    place.log.close().await;
}

#[tokio::test]
async fn a_subject_that_can_not_be_read_keeps_back_itself_alone() {
    let place = Place::new().await;
    for id in ["x01", "x02"] {
        place.world.applicant(id, "leading").await;
    }
    let place = place.again(|path| garbage(path, "subject-x01", 0, "metadata", "'?'")).await;
    is_unreadable(place.world.app.subject(&SubjectId::parse("x01").unwrap()).await);
    is_unreadable(place.world.approve("x01", "approve").await);
    place.world.approve("x02", "approve").await.unwrap();
    place.log.close().await;
}

#[tokio::test]
async fn a_measure_that_can_not_be_read_keeps_back_its_program_alone() {
    for value in ["'?'", "x'80'"] {
        let place = Place::new().await;
        place.world.applicant("x01", "leading").await;
        let before = adopted(&place.log).await;
        let broken = |path: &Path| garbage(path, "measure-strong_province", 0, "data", value);
        let place = place.again(broken).await;
        let error = place.world.approve("x01", "approve").await.unwrap_err();
        assert!(
            error.is_unreadable() || matches!(error, ActError::EditionUnread { .. }),
            "{error}"
        );
        place.world.app.history(&format!("{PROGRAM}-x01")).await.unwrap();
        // Under another program.
        approved_area(&place.world).await;
        // Nothing was adopted in the place of what can't be read.
        assert_eq!(adopted(&place.log).await, before);
        place.log.close().await;
    }
}

async fn adopted(log: &SqliteLog) -> usize {
    let name = StreamName::parse("measure-strong_province").unwrap();
    log.read_stream(&name, 0, 100).await.unwrap().events.len()
}

/// An area of 2014 whose plan is due on 12 January 2015.
async fn approved_area(world: &World) {
    world.register("x44", "province", None).await;
    world.register("area_one", "cluster_area", Some("x44")).await;
    let digest = world.upload("a document").await;
    let material = |kind: &str| json!({ "kind": kind, "name": "x", "media_type": "text/plain", "digest": digest });
    let materials = ["application", "initial_work_plan", "commitment"].map(material);
    let services = ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"];
    let apply = json!({"act": "apply", "effective_on": "2014-10-08", "applicant_kind": "hi_tech_zone",
        "requirements": {"management": "yes", "demand": "yes", "agencies": 31, "services": services},
        "materials": materials});
    let recommend = json!({"act": "recommend", "effective_on": "2014-10-10", "opinion": "yes",
        "materials": [material("letter_of_recommendation")]});
    let approve = json!({"act": "approve", "effective_on": "2014-10-12"});
    let local = caller(LocalGovernment, "local", &["area_one"]);
    let department = caller(ProvincialDepartment, "department", &["x44"]);
    for (who, key, body) in
        [(&local, "1", apply), (&department, "2", recommend), (&national(), "3", approve)]
    {
        world.act(who, (AREAS, "area_one"), key, body).await.unwrap();
    }
}

#[tokio::test]
async fn by_a_calendar_that_can_not_be_read_nothing_lapses() {
    let place = Place::new().await;
    approved_area(&place.world).await;
    let calendar = json!({"year": 2015, "rest_days": ["2015-02-02"], "working_weekends": [], "source": "a test"});
    let calendar = serde_json::from_value(calendar).unwrap();
    place.world.app.registrar().adopt_calendar(&registrar(), calendar, "k").await.unwrap();
    let place = place.again(|path| garbage(path, "calendar-2015", 0, "data", "'?'")).await;
    let calendars = place.world.app.library().calendars(None);
    assert!(calendars.of_year(2015).is_none());
    let mut clerk = Clerk::new(place.world.app.clone(), 0);
    let round = clerk.run_once(Day::parse("2026-11-22").unwrap()).await.unwrap();
    assert_eq!((round.lapsed, round.unreadable), (0, 1));
    // Acts go on, and so does what another calendar is for.
    place.world.applicant("x01", "leading").await;
    place.world.approve("x01", "approve").await.unwrap();
    place.log.close().await;
}

/// The clerk passed no row that it could not read, so nothing behind one ever lapsed.
#[tokio::test]
async fn the_clerk_goes_on_behind_a_row_that_is_no_event() {
    let place = Place::new().await;
    place.world.applicant("x01", "leading").await;
    approved_area(&place.world).await;
    let stream = format!("{PROGRAM}-x01");
    let place = place.again(|path| garbage(path, &stream, 0, "event_id", "x'00'")).await;
    let mut clerk = Clerk::new(place.world.app.clone(), 0);
    let round = clerk.run_once(Day::parse("2026-11-22").unwrap()).await.unwrap();
    assert!(round.lapsed > 0, "{round:?}");
    place.log.close().await;
}

/// The log's first event says which log it is. Where its own id proves what is left of it, or its metadata
/// alone is damaged, all goes on.
#[tokio::test]
async fn a_first_event_that_can_not_be_read_keeps_back_nothing_while_the_log_has_its_name() {
    let broken = "CAST(replace(CAST(data AS TEXT), 'origin', 'Origin') AS TEXT)";
    for (column, value) in [("data", broken), ("metadata", "'?'"), ("type", "'NobodyKnows'")] {
        let place = Place::new().await;
        place.world.applicant("x01", "leading").await;
        let (log_id, before) = (place.world.app.log_id(), adopted(&place.log).await);
        let place = place.again(|path| garbage(path, "log", 0, column, value)).await;
        assert_eq!(place.world.app.log_id(), log_id, "{column}");
        assert_eq!(place.log.recording().stopped(), None, "{column}");
        place.world.app.history(&format!("{PROGRAM}-x01")).await.unwrap();
        place.world.approve("x01", "approve").await.unwrap();
        place.world.applicant("x02", "leading").await;
        assert_eq!(adopted(&place.log).await, before);
        place.log.close().await;
    }
}

/// Where nothing proves it, what can be read is served, and nothing is recorded under another name.
#[tokio::test]
async fn a_log_without_a_name_is_read_and_not_written_on() {
    for (column, value) in [("data", "'?'"), ("data", "x'80'"), ("event_id", "x'00'")] {
        let place = Place::new().await;
        place.world.applicant("x01", "leading").await;
        let place = place.again(|path| garbage(path, "log", 0, column, value)).await;
        let head = place.log.head().await.unwrap();
        let history = place.world.app.history(&format!("{PROGRAM}-x01")).await.unwrap();
        assert_eq!(history.events().len(), 1);
        place.world.app.subject(&SubjectId::parse("x01").unwrap()).await.unwrap();
        match place.world.approve("x01", "approve").await.unwrap_err() {
            ActError::Log(LogError::Stopped(why @ Stop::Damaged { .. })) => {
                let text = why.to_string();
                assert!(text.contains("event 0, LogCreated") && text.contains("restore"), "{text}");
            }
            error => panic!("{error}"),
        }
        assert_eq!(place.log.head().await.unwrap(), head, "{column} {value}");
        place.log.close().await;
    }
}
