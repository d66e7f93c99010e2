//! The parts by themselves: the log, deciding.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::codec::parse_act_request;
use docket::domain::act::ActRequest;
use docket::domain::decide::Context;
use docket::domain::history_decide::decide_at_end;
use docket::log::{EventLog, Expected, NewEvent, RecordedEvent, SqliteLog, StreamName};

use crate::bare;
use crate::generate::{Made, PROGRAM, area_id, caller};
use crate::life::Who;
use crate::measure::{Times, flush, heading, line};

/// How many appenders, acts or clients at once.
pub const AT_ONCE: [usize; 4] = [1, 16, 64, 256];

/// A request of usual size that an area that stands can meet any number of times.
pub fn usual_act(number: usize) -> String {
    format!(
        r#"{{"act":"inspect","effective_on":"2026-11-20","decided_on":"2026-11-19","document":{{"number":"演练发〔2026〕{number}号","title":"Minutes of the inspection (invented)","issuing_office":"National office of the exercise"}},"findings":"Inspected on site: the indicators of the plan are on their way; the funds of the year were paid; two findings on the reporting of agencies, both mended within the visit."}}"#
    )
}

/// Some thousand events as they stand in the log.
pub async fn sample(made: &Made) -> anyhow::Result<Vec<RecordedEvent>> {
    let log = SqliteLog::open_reader(made.log())?;
    let head = log.head().await?.unwrap_or(0);
    Ok(log.read_all(Some(head / 2), 4096).await?.events)
}

/// Events of the same content, to be appended elsewhere.
pub fn anew(sample: &[RecordedEvent]) -> Vec<NewEvent> {
    let event = |event: &RecordedEvent| NewEvent {
        event_id: event.event_id,
        event_type: event.event_type.to_string(),
        recorded_at_us: event.recorded_at_us,
        data: event.data.clone(),
        metadata: event.metadata.clone(),
    };
    sample.iter().map(event).collect()
}

/// Bare SQLite beside the log's own appends.
pub async fn appends(data: &Path, made: &Made, time: Duration) -> anyhow::Result<()> {
    let events = anew(&sample(made).await?);
    let bytes: usize = events.iter().map(|e| e.data.len() + e.metadata.len()).sum();
    heading(&format!("Durable appends, events of {} bytes", bytes / events.len()));
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let (rate, commits) = bare::group_commit(data, &events, time)?;
    let group = format!("SQLite alone, {} a commit", bare::GROUP);
    line(&group, rate, "events/s", &format!("{commits:.0} commits/s"));
    for at_once in AT_ONCE {
        let path = data.join("append.sqlite");
        bare::remove(&path)?;
        let log = Arc::new(SqliteLog::open_writer(&path)?);
        let (rate, mut times) = append(&log, "appender", &events, at_once, time).await?;
        let more = format!("{} ms (p50 / p99)", times.shown());
        line(&format!("log.append, {at_once} at once"), rate, "events/s", &more);
        log.close().await;
        bare::remove(&path)?;
    }
    Ok(())
}

/// Appends to a log, as many at once, each to a stream of its own.
pub async fn append<L: EventLog + 'static>(
    log: &Arc<L>,
    name: &str,
    events: &[NewEvent],
    at_once: usize,
    time: Duration,
) -> anyhow::Result<(f64, Times)> {
    let events: Arc<[NewEvent]> = events.into();
    let began = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|appender| {
            let (log, events) = (log.clone(), events.clone());
            let stream = StreamName::parse(&format!("{name}-{appender}"));
            tokio::spawn(async move {
                let mut times = Times::default();
                let stream = stream?;
                let mut expected = Expected::NoStream;
                while began.elapsed() < time {
                    let event = events[(appender * 61 + times.len()) % events.len()].clone();
                    let sent = Instant::now();
                    let appended = log.append(&stream, expected, vec![event]).await?;
                    times.add(sent.elapsed());
                    expected = Expected::Revision(appended.revision);
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut all = Times::default();
    for task in tasks {
        all.join(task.await??);
    }
    Ok((all.len() as f64 / began.elapsed().as_secs_f64(), all))
}

/// Parsing and deciding, on one thread, without log and cache.
pub async fn deciding(app: &docket::app::App, time: Duration) -> anyhow::Result<()> {
    heading("Deciding, one thread");
    let bodies: Vec<String> = (0..64).map(usual_act).collect();
    let mut parsed = 0usize;
    let began = Instant::now();
    while began.elapsed() < time {
        black_box(parse_act_request(bodies[parsed % 64].as_bytes())?);
        parsed += 1;
    }
    line("a request's body parsed", parsed as f64 / began.elapsed().as_secs_f64(), "acts/s", "");

    let requests: Vec<ActRequest> =
        bodies.iter().map(|body| parse_act_request(body.as_bytes())).collect::<Result<_, _>>()?;
    let subject = docket::domain::ids::SubjectId::parse(&area_id(0))?;
    let program = app.library().program(PROGRAM).ok_or_else(|| anyhow::anyhow!("no program"))?;
    let versions = app.library().versions(program);
    let registered = app.subject(&subject).await?;
    let stream = docket::codec::enrollment_stream(&program.id, &subject);
    let folded = app.enrollment(&stream).await?;
    let national = caller(Who::National, 0);
    let actor = national.actor.as_ref().ok_or_else(|| anyhow::anyhow!("no actor"))?;
    let context = Context {
        program,
        versions: &versions,
        subject: &registered,
        stream: &stream,
        actor,
        now: app.clock().now(),
        mending: None,
        standing_in: &|_| None,
        met_for_whole: &|_| None,
        enrolled: &|_| None,
    };
    let mut by_kind: HashMap<bool, usize> = HashMap::new();
    let began = Instant::now();
    let mut decided = 0usize;
    while began.elapsed() < time {
        let decision = decide_at_end(&context, &folded, &requests[decided % 64]);
        *by_kind.entry(matches!(decision, Some(Ok(_)))).or_default() += 1;
        black_box(decision);
        decided += 1;
    }
    anyhow::ensure!(!by_kind.contains_key(&false), "the usual act is refused");
    line("decide_at_end", decided as f64 / began.elapsed().as_secs_f64(), "acts/s", "");
    Ok(())
}
