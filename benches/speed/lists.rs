//! Lists about two times: pages of 1,000 on random days, as known now and as known up to a random
//! event; out of the tables, and over HTTP.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use docket::domain::date::Day;
use docket::domain::ids::ProgramId;
use docket::projection::current_status::{EnrollmentCursor, EnrollmentFilter};
use docket::projection::obligations::{ObligationCursor, ObligationFilter};
use docket::projection::{At, DatabaseError, ReadModels, Tables};

use crate::acts::copy;
use crate::client::Connection;
use crate::generate::{Made, PROGRAM};
use crate::measure::{Times, heading, line};
use crate::server::{Filling, Server, copies, rebuild_apart};
use crate::whole::usual_request;

/// Questions of each kind.
const QUESTIONS: usize = 200;
/// Acts, each before a question.
const AFTER_ACTS: usize = 40;
/// Rows of a page.
const ROWS: usize = 1000;
/// Provinces from which a page may begin and still be full.
const BEGINNINGS: u64 = 28;

/// Numbers that look random and are the same in each run.
pub struct Numbers(u64);

impl Numbers {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    pub fn day(&mut self) -> anyhow::Result<Day> {
        let first = Day::parse("2014-10-01").map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(first.plus_days(i64::try_from(self.below(12 * 365))?))
    }
}

/// Measures the lists.
pub fn lists(data: &Path, made: &Made) -> anyhow::Result<()> {
    let copied = copy(made, data, "lists")?;
    heading("Lists about two times");
    rebuild_apart(&copied)?;
    let models = ReadModels::of_copies(Arc::new(copies(&copied)));
    let head = models.read_now(|_| Ok(()))?.position.unwrap_or(0);
    let program = ProgramId::parse(PROGRAM)?;
    let enrollments = EnrollmentFilter {
        exercise: true,
        program: Some(program.clone()),
        ..EnrollmentFilter::default()
    };
    let obligations =
        ObligationFilter { exercise: true, program: Some(program), ..ObligationFilter::default() };
    for known in [None, Some(head)] {
        let name = if known.is_some() { "as_of and known" } else { "as_of" };
        asked(&models, &format!("tables: enrollments, {name}"), known, |tables, at, key| {
            let after = EnrollmentCursor {
                program: PROGRAM.to_owned(),
                order_key: key,
                subject: String::new(),
            };
            Ok(black_box(tables.list_enrollments(&enrollments, at, Some(&after), ROWS)?).len())
        })?;
        asked(&models, &format!("tables: obligations, {name}"), known, |tables, at, key| {
            let after = ObligationCursor {
                program: PROGRAM.to_owned(),
                order_key: key,
                subject: String::new(),
                opened_by: 0,
                obligation: String::new(),
            };
            Ok(black_box(tables.list_obligations(&obligations, at, Some(&after), ROWS)?).len())
        })?;
    }
    drop(models);
    let server = Server::start(&copied.folder, Filling::Here)?;
    for known in [None, Some(head)] {
        let name = if known.is_some() { "as_of and at_sequence" } else { "as_of" };
        over_http(&server, &format!("HTTP: enrollments, {name}"), known)?;
    }
    registers(&server, head)?;
    after_acts(&server)?;
    server.stop()?;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

/// The auditor's first questions: what is listed, on a page of 50.
fn registers(server: &Server, head: u64) -> anyhow::Result<()> {
    let since = head.saturating_sub(1000);
    for (name, path) in [
        ("exceptions", "/v1/exceptions?exercise=true".to_owned()),
        (
            "exceptions of a kind",
            "/v1/exceptions?exercise=true&kind=override,correction".to_owned(),
        ),
        ("exceptions of a subject", "/v1/exceptions?exercise=true&subject=bench_000007".to_owned()),
        (
            "exceptions of a province",
            "/v1/exceptions?exercise=true&province=bench_province_07".to_owned(),
        ),
        (
            "exceptions of an office in a year",
            "/v1/exceptions?exercise=true&office=national_office&from=2016-01-01&until=2016-12-31"
                .to_owned(),
        ),
        ("what was late", "/v1/exceptions?exercise=true&kind=late_filing".to_owned()),
        ("due from an office", "/v1/obligations?exercise=true&owes=national_office".to_owned()),
        ("moves", "/v1/moves?exercise=true".to_owned()),
        ("moves of an office", "/v1/moves?exercise=true&office=national_office".to_owned()),
        ("scoreboard", format!("/v1/programs/{PROGRAM}/scoreboard")),
        ("cohorts", format!("/v1/programs/{PROGRAM}/cohorts")),
        ("totals", "/v1/obligations/totals?exercise=true".to_owned()),
        ("places", format!("/v1/programs/{PROGRAM}/quotas")),
        ("changes in 1,000 events", format!("/v1/changes?exercise=true&since_sequence={since}")),
    ] {
        pages(server, &format!("HTTP: {name}"), |_| Ok(path.clone()))?;
    }
    // Of another day each time: nothing that was counted before helps.
    pages(server, "HTTP: scoreboard of any day", |numbers| {
        Ok(format!("/v1/programs/{PROGRAM}/scoreboard?as_of={}", numbers.day()?))
    })?;
    Ok(())
}

/// The first question after an act, once the tables have it.
fn after_acts(server: &Server) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address)?;
    let (host, token) = (server.address.to_string(), &server.token);
    let get = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nPrefer: wait=10\r\n\r\n"
        )
    };
    let mut number = 0;
    for (name, path) in [
        ("exceptions", "/v1/exceptions?exercise=true".to_owned()),
        ("moves", "/v1/moves?exercise=true".to_owned()),
        ("scoreboard", format!("/v1/programs/{PROGRAM}/scoreboard")),
        ("cohorts", format!("/v1/programs/{PROGRAM}/cohorts")),
        ("totals", "/v1/obligations/totals?exercise=true".to_owned()),
    ] {
        let (mut times, began) = (Times::default(), Instant::now());
        for _ in 0..AFTER_ACTS {
            number += 1;
            let act = usual_request("lists", number, number * 37, &host, token);
            let (status, _) = connection.ask(act.as_bytes())?;
            ensure!(status == 201, "{status}: {}", String::from_utf8_lossy(connection.body()));
            let body: serde_json::Value = serde_json::from_slice(connection.body())?;
            let sequence = body["sequence"].as_str().context("an act without a sequence")?;
            let there = get(&format!("/v1/subjects?limit=1&exercise=true&min_sequence={sequence}"));
            let (status, _) = connection.ask(there.as_bytes())?;
            ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(connection.body()));
            let sent = Instant::now();
            let (status, _) = connection.ask(get(&path).as_bytes())?;
            times.add(sent.elapsed());
            ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(connection.body()));
        }
        let rate = AFTER_ACTS as f64 / began.elapsed().as_secs_f64();
        let said = format!("{} ms (p50 / p99)", times.shown());
        line(&format!("HTTP: {name} after an act"), rate, "acts and questions/s", &said);
    }
    Ok(())
}

fn asked(
    models: &ReadModels,
    name: &str,
    head: Option<u64>,
    ask: impl Fn(&Tables<'_>, At, String) -> Result<usize, DatabaseError>,
) -> anyhow::Result<()> {
    let (mut numbers, mut times, mut rows) = (Numbers(0x9e37_79b9_7f4a_7c15), Times::default(), 0);
    let began = Instant::now();
    for _ in 0..QUESTIONS {
        let known = head.map(|head| numbers.below(head + 1));
        let at = At { day: numbers.day()?, known };
        let key = format!("bench_province_{:02}", numbers.below(BEGINNINGS));
        let sent = Instant::now();
        rows += models.read_now(|tables| ask(tables, at, key.clone()))?.value;
        times.add(sent.elapsed());
    }
    shown(name, began, times, &format!(", {} rows on average", rows / QUESTIONS));
    Ok(())
}

fn over_http(server: &Server, name: &str, head: Option<u64>) -> anyhow::Result<()> {
    pages(server, name, |numbers| {
        let known = head.map(|head| format!("&at_sequence={}", numbers.below(head + 1)));
        let (day, known) = (numbers.day()?, known.unwrap_or_default());
        Ok(format!("/v1/enrollments?program={PROGRAM}&limit={ROWS}&as_of={day}{known}"))
    })
}

/// Asks for as many, signed in.
pub fn pages(
    server: &Server,
    name: &str,
    path: impl Fn(&mut Numbers) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let (mut numbers, mut times, mut bytes) = (Numbers(0x9e37_79b9_7f4a_7c15), Times::default(), 0);
    let (mut connection, token) = (Connection::open(server.address)?, &server.token);
    let began = Instant::now();
    for _ in 0..QUESTIONS {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nCookie: docket={token}\r\n\r\n",
            path(&mut numbers)?,
            server.address,
        );
        let sent = Instant::now();
        let (status, length) = connection.ask(request.as_bytes())?;
        times.add(sent.elapsed());
        ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(connection.body()));
        bytes += length;
    }
    shown(name, began, times, &format!(", {} KiB on average", bytes / QUESTIONS / 1024));
    Ok(())
}

fn shown(name: &str, began: Instant, mut times: Times, more: &str) {
    let rate = QUESTIONS as f64 / began.elapsed().as_secs_f64();
    line(name, rate, "pages/s", &format!("{} ms (p50 / p99){more}", times.shown()));
}
