//! The examples of the pages about the interface: each is run as it stands on the page that a server
//! gives, by a shell with curl, and answered as the page says.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Server, command, demo_copy, text};

/// Operations whose examples show a form and are not to be run as they stand: they decide about a person,
/// or correct, cancel or send again something that a server need not have.
const NOT_RUN: &[&str] = &[
    "cancel_operation",
    "correct_indicator",
    "correct_subject",
    "erase_person",
    "get_data_subject",
    "lift_hold",
    "open_persons",
    "place_hold",
    "redeliver_webhook",
    "replay_webhook",
];

/// Has curl tell the status of each answer on standard error.
const TELLS: &str = "curl() { command curl -w '%{stderr}STATUS %{http_code}\\n' \"$@\"; }\n";

/// The public address of the server of these tests, of which the pages speak.
const PUBLIC: &str = "http://docket.example";

/// A command of a page.
struct Block {
    operation: String,
    attributes: String,
    command: String,
}

/// The value of an attribute.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    attributes.split(&format!("{name}=\"")).nth(1)?.split('"').next()
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The commands of a page, each with the operation under which it stands.
fn blocks(page: &str) -> Vec<Block> {
    let mut operation = String::new();
    let mut blocks = Vec::new();
    for part in page.split('<') {
        let heading = part.starts_with("h2 ") || part.starts_with("h3 ");
        if let (true, Some(id)) = (heading, attribute(part, "id")) {
            operation = id.to_owned();
        }
        if let Some(rest) = part.strip_prefix("pre") {
            let attributes = rest.split('>').next().unwrap().to_owned();
            blocks.push(Block { operation: operation.clone(), attributes, command: String::new() });
        }
        if let (Some(command), Some(block)) = (part.strip_prefix("code>"), blocks.last_mut())
            && block.command.is_empty()
        {
            block.command = unescaped(command);
        }
    }
    blocks
}

/// What a script came to: the status of its last answer, and what it wrote.
fn ran(script: &str, folder: &Path) -> (String, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_docket")).parent().unwrap().to_owned();
    let path = format!("{}:{}", text(&binary), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", script]).env("PATH", path).current_dir(folder);
    let output = shell.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{told}");
    let status = told.lines().rev().find_map(|line| line.strip_prefix("STATUS "));
    (status.unwrap_or_default().to_owned(), String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn page(server: &Server, end: &str, language: &str) -> String {
    let address = format!("{}/docs{end}?lang={language}", server.base);
    let reply = reqwest::get(address).await.unwrap();
    assert_eq!(reply.status(), 200, "{end}");
    reply.text().await.unwrap()
}

/// The resources, as the first page names them.
fn ends(first: &str) -> BTreeSet<String> {
    let linked = first.split("href=\"/docs").skip(1).map(|rest| rest.split(['?', '"', '#']).next());
    linked.flatten().map(str::to_owned).collect()
}

/// The same members at every level; what is null or cut short stands for anything.
fn assert_like(shown: &Value, given: &Value) {
    if let (Value::Object(shown), Value::Object(given)) = (shown, given) {
        assert_eq!(shown.keys().collect::<Vec<_>>(), given.keys().collect::<Vec<_>>());
        shown.iter().for_each(|(name, value)| assert_like(value, &given[name]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_runs_as_it_stands() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = demo_copy();
    let address = format!("server.public_url={PUBLIC}");
    let contact = "server.security_contact=mailto:security@docket.example";
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path()), "--set"];
    let more = [&address, "--set", contact];
    let server = Server::spawn(command(&[&args[..], &more].concat()).env("LC_ALL", "C"));
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut ran_so_far, mut not_run) = (BTreeSet::new(), BTreeSet::new());
    let first = page(&server, "", "en").await;
    for end in ends(&first) {
        let english = page(&server, &end, "en").await;
        let chinese = page(&server, &end, "zh-CN").await;
        let blocks = blocks(&english);
        assert_eq!(
            blocks.len(),
            self::blocks(&chinese).len(),
            "{end}: both languages show the same"
        );
        let mut before = TELLS.to_owned();
        let mut answer = Value::Null;
        for block in blocks {
            let has = |name| attribute(&block.attributes, name);
            if has("data-tokens").is_some() {
                before += &block.command.replace("/srv/docket", text(folder.path()));
                before += "\n";
            } else if has("data-set-up").is_some() {
                assert!(block.command.contains(&format!("DOCKET_SERVER={PUBLIC}")), "{end}");
                before += &block.command.replace(PUBLIC, &server.base);
                before += "\n";
            } else if let Some(expected) = has("data-status") {
                let script = format!("{before}{}", block.command);
                let (status, wrote) = ran(&script, elsewhere.path());
                assert_eq!(status, expected, "{end}: {}\n{wrote}", block.command);
                let members =
                    has("data-members").unwrap().split(' ').filter(|name| !name.is_empty());
                answer = serde_json::from_str(&wrote).unwrap_or(Value::Null);
                for member in members {
                    assert!(answer.get(member).is_some(), "{end}: {}: {member}", block.operation);
                }
                ran_so_far.insert(block.operation);
            } else if has("data-answer").is_some() {
                assert_like(&serde_json::from_str(&block.command).unwrap(), &answer);
                assert_eq!(answer["state"], "VALIDATED");
            } else {
                not_run.insert(block.operation);
            }
        }
    }
    assert_eq!(not_run.iter().map(String::as_str).collect::<Vec<_>>(), NOT_RUN);
    assert!(ran_so_far.len() > 70, "{}", ran_so_far.len());
    server.stop("TERM");
}
