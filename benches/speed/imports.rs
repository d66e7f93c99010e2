//! A file of lines imported: all of them tried by the rules of any act, then recorded.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use docket::app::clock::FixedClock;
use docket::domain::date::Timestamp;
use docket::import::{BadLine, Import, Step, Watch, open};
use docket::log::SqliteLog;
use serde_json::json;

use crate::bare;
use crate::generate::{self, caller, number};
use crate::life::Who;
use crate::measure::{Cpu, flush, heading, line, thousands};

struct Nobody;

impl Watch for Nobody {
    fn progress(&self, _step: Step, _done: u64, _total: u64) {}

    fn is_bad(&self, bad: &BadLine) {
        println!("{bad:?}");
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

/// So many areas, and lines for each in turn: evidence once, notes after that.
fn write_lines(path: &Path, areas: usize, lines: usize) -> anyhow::Result<u64> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let subject = |id: &str, kind: &str, province: Option<&str>| {
        json!({"register": {"id": id, "kind": kind, "name": {"en": id, "zh": id}, "province": province,
            "invented": true, "source": "invented for a benchmark", "effective_on": "2010-01-01"}})
    };
    writeln!(file, "{}", subject("bench_home", "province", None))?;
    for area in 0..areas {
        let id = format!("bench_{area:06}");
        writeln!(file, "{}", subject(&id, "cluster_area", Some("bench_home")))?;
    }
    for number in 0..lines {
        let (area, turn) = (format!("bench_{:06}", number % areas), number / areas);
        let act = match turn {
            0 => json!({"act": "attest_standing", "effective_on": "2014-09",
                "stands_at": "under_construction", "confidence": "attested", "source": "newspaper"}),
            turn => json!({"act": "note", "effective_on": "2015-03",
                "text": format!("Seen at work (invented), for the {turn}th time.")}),
        };
        let mut line = act;
        line["program"] = json!("exercise_cluster_area");
        line["subject"] = json!(area);
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    Ok(1 + (areas + lines) as u64)
}

pub async fn imports(data: &Path) -> anyhow::Result<()> {
    heading("A file of lines imported into an empty log");
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let (areas, acts) = (number("BENCH_AREAS", 5_000)?, number("BENCH_LINES", 100_000)?);
    let scratch = data.join("import");
    std::fs::create_dir_all(scratch.join("documents"))?;
    let file = scratch.join("lines.ndjson");
    let lines = write_lines(&file, areas, acts)?;
    let path = scratch.join("log.sqlite");
    bare::remove(&path)?;
    let log = Arc::new(SqliteLog::open_writer(&path)?);
    let clock = Arc::new(FixedClock::at(Timestamp::parse_rfc3339("2026-11-30T10:00:00+08:00")?));
    let app = generate::open(log.clone(), &scratch.join("documents"), clock, 64 << 20).await?;
    for (name, only_tries) in
        [("tried alone", true), ("tried and recorded", false), ("again", false)]
    {
        let (before, began) = (Cpu::own(), Instant::now());
        let import = Import {
            app: &app,
            caller: caller(Who::Registrar, 0),
            scratch: &scratch,
            lenient: false,
            only_tries,
            watch: &Nobody,
        };
        let outcome = import.run(open(&file)?).await?;
        let rate = lines as f64 / began.elapsed().as_secs_f64();
        let cpu = Cpu::own().since(before);
        let us = (cpu.user_s + cpu.system_s) * 1e6 / lines as f64;
        anyhow::ensure!(outcome.bad_lines == 0, "{outcome:?}");
        let note = format!("{} lines, {us:.1} µs of this process a line", thousands(lines as f64));
        line(name, rate, "lines/s", &note);
    }
    drop(app);
    log.close().await;
    Ok(std::fs::remove_dir_all(&scratch)?)
}
