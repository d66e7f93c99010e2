//! `App::act` in one process, on a durable log: everything but HTTP.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use docket::app::clock::SystemClock;
use docket::app::{ActCall, App, Precondition};
use docket::codec::parse_act_request;
use docket::domain::ids::SubjectId;
use docket::log::SqliteLog;

use crate::bare;
use crate::generate::{Made, PROGRAM, Size, area_id, caller, open};
use crate::life::{Who, stands};
use crate::measure::{Cpu, Times, flush, heading, line};
use crate::parts::{AT_ONCE, anew, deciding, sample, usual_act};

/// How many enrollments the acts go to: those that were asked for lately are in the cache.
pub const WARM: usize = 4_096;

/// The areas to which acts go: at most so many of those that stand.
pub fn areas(size: Size, at_most: usize) -> Vec<usize> {
    (0..size.enrollments).filter(|area| stands(*area)).take(at_most).collect()
}

/// As many of them as make equal shares: whoever acts then has areas of their own, as offices have.
pub fn own_areas(areas: &Arc<[usize]>, shares: usize) -> Arc<[usize]> {
    let equal = areas.len() - areas.len() % shares;
    if equal == 0 { areas.clone() } else { areas[..equal].into() }
}

/// A copy of the made log that may be changed.
pub fn copy(made: &Made, data: &Path, name: &str) -> anyhow::Result<Made> {
    let folder = data.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let copy = Made { folder };
    std::fs::create_dir_all(copy.documents())?;
    std::fs::copy(made.log(), copy.log())?;
    // Else what is measured waits for the copy: a flush takes along what waits to be written.
    std::fs::File::open(copy.log())?.sync_all()?;
    copy_folder(&made.documents(), &copy.documents())?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Acts per second by how many are under way.
pub async fn acts(data: &Path, made: &Made, size: Size, time: Duration) -> anyhow::Result<()> {
    let events = anew(&sample(made).await?);
    let copied = copy(made, data, "acts")?;
    let log = Arc::new(SqliteLog::open_writer(copied.log())?);
    let clock = Arc::new(SystemClock::default());
    let app = open(log.clone(), &copied.documents(), clock, 80 << 20).await?;
    deciding(&app, time).await?;

    heading("App::act in one process, durable");
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let (bare, _) = bare::group_commit(data, &events, time)?;
    line(&format!("SQLite alone, {} a commit", bare::GROUP), bare, "events/s", "");
    let areas: Arc<[usize]> = areas(size, WARM).into();
    for area in areas.iter() {
        let subject = SubjectId::parse(&area_id(*area))?;
        app.enrollment(&docket::codec::enrollment_stream(
            &docket::domain::ids::ProgramId::parse(PROGRAM)?,
            &subject,
        ))
        .await?;
        app.subject(&subject).await?;
    }
    let next = Arc::new(AtomicUsize::new(0));
    for at_once in AT_ONCE {
        let (before, began) = (Cpu::own(), Instant::now());
        let mut times = run(&app, &areas, &next, at_once, time).await?;
        let rate = times.len() as f64 / began.elapsed().as_secs_f64();
        let cpu = Cpu::own().since(before);
        let more = format!(
            "{} ms, {:.0}% of SQLite alone, cpu {} ({:.0} µs each)",
            times.shown(),
            100.0 * rate / bare,
            cpu.share(began.elapsed()),
            cpu.each_us(times.len())
        );
        line(&format!("App::act, {at_once} at once"), rate, "acts/s", &more);
    }
    drop(app);
    log.close().await;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

async fn run(
    app: &Arc<App>,
    areas: &Arc<[usize]>,
    next: &Arc<AtomicUsize>,
    at_once: usize,
    time: Duration,
) -> anyhow::Result<Times> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|turn| {
            let (app, next) = (app.clone(), next.clone());
            let areas = own_areas(areas, at_once);
            tokio::spawn(async move {
                let mut times = Times::default();
                let (national, mut turn) = (caller(Who::National, 0), turn);
                while began.elapsed() < time {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let area = areas[turn % areas.len()];
                    turn += at_once;
                    let sent = Instant::now();
                    let call = ActCall {
                        persons: Vec::new(),
                        program: PROGRAM.to_owned(),
                        subject: Some(SubjectId::parse(&area_id(area))?),
                        request: parse_act_request(usual_act(number).as_bytes())?,
                        key: format!("load-{number}"),
                        precondition: Precondition::Any,
                        trace: None,
                        validate_only: false,
                    };
                    app.act(&national, &call).await?;
                    times.add(sent.elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut all = Times::default();
    for task in tasks {
        all.join(task.await??);
    }
    Ok(all)
}
