//! A start read every enrollment of the programs with quotas, one after the other: 13 µs for each event of
//! the log. It reads as much of a long log as of a short one.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/breaking_log.rs"]
mod breaking_log;

use std::sync::Arc;

use app::World;
use breaking_log::BreakingLog;
use docket::log::{EventLog, Expected, NewEvent, StreamName};
use uuid::Uuid;

const PROGRAM: &str = "exercise_strong_province";

/// So many enrollments more, each with the events of x01.
async fn grow(log: &BreakingLog, enrollments: std::ops::Range<usize>) {
    let like = StreamName::parse(&format!("{PROGRAM}-x01")).unwrap();
    let like = log.read_stream(&like, 0, 100).await.unwrap().events;
    for number in enrollments {
        let stream = StreamName::parse(&format!("{PROGRAM}-y{number}")).unwrap();
        let events = like.iter().map(|event| NewEvent {
            event_id: Uuid::from_u128((number as u128) << 32 | u128::from(event.revision)),
            event_type: event.event_type.to_string(),
            recorded_at_us: event.recorded_at_us,
            data: event.data.clone(),
            metadata: event.metadata.clone(),
        });
        log.append(&stream, Expected::NoStream, events.collect()).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_reads_as_much_of_a_long_log_as_of_a_short_one() {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    world.applicant("x01", "leading").await;
    grow(&log, 0..1_500).await;
    log.taken();
    let world = world.again(log.clone()).await;
    let short = log.taken();
    grow(&log, 1_500..5_000).await;
    log.taken();
    let world = world.again(log.clone()).await;
    let long = log.taken();
    assert_eq!(short, long, "reads and events");
    assert!(long.1 < 4_000, "{long:?}");

    // What is older is looked at behind the start.
    let recovered = world.app.places().recover_places().await.unwrap();
    assert_eq!(recovered.unreadable, 0);
    assert!(log.taken().0 > 5_000);
}
