//! The console's pages at a log of that size: what a signed-in reader waits for, of other enrollments and
//! other days each time. The whole page is waited for, not its first byte.

use std::path::Path;

use docket::log::{EventLog as _, SqliteLog};

use crate::acts::copy;
use crate::generate::{Made, PROGRAM, Size, area_id};
use crate::lists::{Numbers, pages as asked};
use crate::measure::heading;
use crate::server::{Filling, Server, rebuild_apart};

/// Measures the pages.
pub async fn pages(data: &Path, made: &Made, size: Size) -> anyhow::Result<()> {
    let copied = copy(made, data, "pages")?;
    heading("Pages of the console");
    rebuild_apart(&copied)?;
    let log = SqliteLog::open_reader(copied.log())?;
    let head = log.head().await?.unwrap_or(0);
    log.close().await;
    let server = Server::start(&copied.folder, Filling::Here)?;
    let record = |numbers: &mut Numbers| {
        let area = numbers.below(size.enrollments as u64);
        format!("/console/{PROGRAM}/{}", area_id(area as usize))
    };
    let page = |name: &str, path: &dyn Fn(&mut Numbers) -> anyhow::Result<String>| {
        asked(&server, &format!("page: {name}"), path)
    };
    page("register", &|_| Ok(format!("/console/register/{PROGRAM}")))?;
    page("register, any day", &|numbers| {
        Ok(format!("/console/register/{PROGRAM}?as_of={}", numbers.day()?))
    })?;
    page("one record", &|numbers| Ok(record(numbers)))?;
    page("one record, any two times", &|numbers| {
        // Late enough that each is on record.
        let (day, known) = (numbers.day()?, head - numbers.below(head / 10));
        Ok(format!("{}?as_of={day}&at_sequence={known}", record(numbers)))
    })?;
    page("an act's form", &|numbers| Ok(format!("{}/acts/new", record(numbers))))?;
    page("whose move", &|_| Ok("/console/move?exercise=true".to_owned()))?;
    page("totals", &|_| Ok("/console/totals?exercise=true".to_owned()))?;
    page("exceptions", &|_| Ok("/console/exceptions?exercise=true".to_owned()))?;
    page("quotas", &|_| Ok(format!("/console/quotas/{PROGRAM}")))?;
    page("log", &|numbers| Ok(format!("/console/log?after={}", numbers.below(head))))?;
    page("an event", &|numbers| Ok(format!("/console/log/{}", numbers.below(head + 1))))?;
    page("measures", &|_| Ok("/console/measures".to_owned()))?;
    server.stop()?;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}
