//! An import through a server: the file is sent, its work watched, its report read. What is shown is what
//! an import into a log without a server shows.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::fs::File;

use super::{ImportArgs, Shown};
use crate::cli::client::{Client, exit_by, segment};
use crate::cli::exit::{Exit, exit_of, failure};
use crate::cli::output::tell;
use crate::cli::temporary::TemporaryFolder;
use crate::cli::token::new_id;
use crate::import::{BadLine, Outcome, Step, Watch as _, pack};
use crate::views::media::{CSV, NDJSON, XLSX, ZIP};
use crate::views::problem::Code;

/// How long sending a file may take, and reading a report.
const TRANSFER: Duration = Duration::from_secs(3600);
/// How long an answer waits for the end, in seconds.
const WAIT: &str = "wait=1";
/// How often a server that went away is looked for again, once a second.
const LOOKS: u32 = 60;

/// Imports a file through a server.
///
/// # Errors
/// A server that can't be reached or refuses; an import that fails otherwise than by bad lines.
pub async fn run(
    args: &ImportArgs,
    file: &Path,
    client: &Client,
    watch: &Shown,
) -> anyhow::Result<Outcome> {
    watch.bar.set_message("sending");
    let at = send(args, file, client).await?;
    let ended = follow(client, &at, watch).await?;
    if let Some(report) = ended["report"].as_str() {
        let bad = ended["result"]["bad_lines"].as_u64().unwrap_or_default();
        if bad > 0 {
            read_report(client, report, watch).await?;
        }
    }
    match (ended["state"].as_str(), &ended["result"]) {
        (Some("CANCELLED"), _) => {
            Err(failure(Exit::Interrupted, "interrupted; nothing was imported"))
        }
        (_, result @ Value::Object(_)) => Ok(serde_json::from_value(result.clone())?),
        _ => Err(why(&ended["problem"])),
    }
}

/// Sends the file; where its operation is.
async fn send(args: &ImportArgs, file: &Path, client: &Client) -> anyhow::Result<String> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let (mut path, mut media) = match ending.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => (file.to_owned(), CSV),
        "xlsx" => (file.to_owned(), XLSX),
        _ => (file.to_owned(), NDJSON),
    };
    let packed = file.is_dir().then(|| TemporaryFolder::new(Path::new("."))).transpose()?;
    if let Some(packed) = &packed {
        (path, media) = (packed.path().join("packed.zip"), ZIP);
        let (from, to) = (file.to_owned(), path.clone());
        let packing = tokio::task::spawn_blocking(move || pack(&from, &to));
        packing.await?.with_context(|| format!("can't pack {}", file.display()))?;
    }
    let bytes = std::fs::metadata(&path).map(|data| data.len());
    let bytes = bytes.with_context(|| format!("can't read {}", path.display()))?;
    let body = File::open(&path).await.with_context(|| format!("can't read {}", path.display()))?;
    let only_tries = [("validate_only", args.dry_run.to_string())];
    let request = client.request(Method::POST, "/v1/imports", &only_tries)?;
    let handling = if args.lenient { "handling=lenient" } else { "handling=strict" };
    let request = request
        .header(CONTENT_TYPE, media)
        .header("content-length", bytes)
        // Each run is an import of its own; what is on record is found line by line.
        .header("idempotency-key", new_id().to_string())
        .header("prefer", handling)
        .timeout(TRANSFER)
        .body(body);
    let taken = client.send(request).await?.body;
    let id = taken["id"].as_str().context("the server names no operation")?;
    Ok(format!("/v1/operations/{}", segment(id)?))
}

/// Watches the work to its end, and cancels it on Ctrl-C; the operation as it ended.
async fn follow(client: &Client, at: &str, watch: &Shown) -> anyhow::Result<Value> {
    let (mut looks, mut is_cancelled) = (0, false);
    loop {
        let request = client.request(Method::GET, at, &[])?.header("prefer", WAIT);
        let operation = match client.send(request).await {
            Ok(answer) => answer.body,
            Err(error) if exit_of(&error) == Exit::Unavailable && looks < LOOKS => {
                looks += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            Err(error) => {
                return Err(error.context(format!("the import goes on as {at}; ask for that")));
            }
        };
        looks = 0;
        if operation["done"] == true {
            return Ok(operation);
        }
        let progress = &operation["progress"];
        let step = match progress["step"].as_str() {
            Some("RECORDING") => Step::Recording,
            _ => Step::Checking,
        };
        let count = |member: &str| progress[member].as_u64().unwrap_or_default();
        watch.progress(step, count("done"), count("total"));
        if watch.is_stopped() && !is_cancelled {
            is_cancelled = true;
            let request = client.request(Method::POST, &format!("{at}/cancellations"), &[])?;
            if client.send(request).await.is_err() {
                watch.bar.suspend(|| {
                    tell("docket: it is being recorded already, which goes on to its end");
                });
            }
        }
    }
}

/// Tells of the bad lines of a report.
async fn read_report(client: &Client, at: &str, watch: &Shown) -> anyhow::Result<()> {
    let request = client.request(Method::GET, at, &[])?.timeout(TRANSFER);
    let mut response = client.open(request).await?;
    let mut rest = Vec::new();
    while let Some(chunk) = response.chunk().await.context("the report broke off")? {
        rest.extend_from_slice(&chunk);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        for line in rest[..end].split(|byte| *byte == b'\n') {
            let line: Value = serde_json::from_slice(line).context("the report can't be read")?;
            if line["became"] == "BAD" {
                watch.is_bad(&serde_json::from_value::<BadLine>(line)?);
            }
        }
        rest.drain(..=end);
    }
    Ok(())
}

/// Why an operation failed, with the exit code of its problem.
fn why(problem: &Value) -> anyhow::Error {
    let code = problem["code"].as_str().unwrap_or_default();
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    let exit = known.map_or(Exit::Failed, |code| exit_by(code.status().as_u16()));
    failure(exit, problem["detail"].as_str().unwrap_or("the import failed"))
}
