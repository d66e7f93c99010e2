//! `docket erase` and `docket hold`: what is decided of the data of persons, through a server or over a folder
//! that none serves.

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::AskArgs;
use super::client::{Answer, Client, ServerArgs, segment};
use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::import::is_in_use;
use super::node;
use super::output::{Format, Page, print, print_json};
use super::patience::Patience;
use super::served;
use super::signals::Signals;
use super::token::new_id;
use crate::api::auth::Role;
use crate::app::persons::Persons;
use crate::app::{ActError, Caller, Written};
use crate::domain::ids::{Language, digits};
use crate::domain::person::{DataSubject, Ground, HoldPlaced, PersonErased};
use crate::domain::text::NonBlank;

/// Erase the data of a person for good, by destroying the key with which they are sealed.
///
/// Records the legal ground first, then destroys the key: afterwards nothing that names the person can be
/// read, in the log, in exports, bundles and copies of them made before, while every proof verifies as before.
/// Refused while a legal hold stands. What it can't reach are copies of the key store itself: its backups, and
/// with PostgreSQL its archive and replicas (docs/personal-data.md).
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket erase p-7f3a --ground consent_withdrawn --statement 'letter 12 of 2026' --as custodian-2 --data-dir /srv/docket
  docket erase p-7f3a --ground retention_over --statement 'schedule 3' --server https://docket.example --token-file custodian.token

Exit codes: 0 erased, 2 usage, 4 under a legal hold, or erased already, 5 no act names this data subject,
6 the token is not a custodian's, 8 unavailable (run it again: it finishes what was begun)")]
pub struct EraseArgs {
    /// The person, by the opaque id that the recording office gave
    #[arg(value_name = "DATA_SUBJECT", value_parser = DataSubject::parse)]
    data_subject: DataSubject,
    /// The legal ground (PIPL, Art. 47): purpose_achieved, retention_over, consent_withdrawn, unlawful, or
    /// other_law, which the statement names
    #[arg(long, value_name = "GROUND", value_parser = ground)]
    ground: Ground,
    /// What it is decided on: the request, its number, the provision
    #[arg(long, value_name = "TEXT", value_parser = words)]
    statement: NonBlank,
    #[command(flatten)]
    by: ByArgs,
}

/// Place, lift and show legal holds, under which the data of a person can't be erased.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket hold place p-7f3a --reason 'case 17 of the court' --as custodian-1 --data-dir /srv/docket
  docket hold lift p-7f3a@0 --reason 'the case is over' --as custodian-2 --data-dir /srv/docket
  docket hold show p-7f3a --data-dir /srv/docket

Exit codes: 0 done, 2 usage, 4 lifted or erased already, 5 no such hold or data subject, 6 the token may not, or
the hold is one's own: another person lifts it, 8 unavailable (try again)")]
pub struct HoldArgs {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// Place a hold
    Place {
        /// The person, by the opaque id that the recording office gave
        #[arg(value_name = "DATA_SUBJECT", value_parser = DataSubject::parse)]
        data_subject: DataSubject,
        /// Why, and on whose order
        #[arg(long, value_name = "TEXT", value_parser = words)]
        reason: NonBlank,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Lift a hold that another person placed
    Lift {
        /// The hold: data subject and revision, as `hold show` names it
        #[arg(value_name = "HOLD", value_parser = hold)]
        hold: (DataSubject, u64),
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = words)]
        reason: NonBlank,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Show the holds on the data of a person, and whether they were erased
    Show {
        /// The person, by the opaque id that the recording office gave
        #[arg(value_name = "DATA_SUBJECT", value_parser = DataSubject::parse)]
        data_subject: DataSubject,
        #[command(flatten)]
        ask: AskArgs,
    },
}

/// Who decides, and where.
#[derive(Debug, clap::Args)]
struct ByArgs {
    /// The id of who decides, of whom it is recorded; through a server that of the token
    #[arg(long = "as", value_name = "ID", conflicts_with = "server")]
    who: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

fn words(text: &str) -> Result<NonBlank, &'static str> {
    NonBlank::parse(text).ok_or("say it in words; this is blank")
}

fn ground(name: &str) -> Result<Ground, String> {
    let found = Ground::ALL.into_iter().find(|ground| ground.as_str() == name);
    let known = || Ground::ALL.map(Ground::as_str).join(", ");
    found.ok_or_else(|| format!("a ground is one of {}", known()))
}

fn hold(name: &str) -> Result<(DataSubject, u64), String> {
    let parts = name.rsplit_once('@');
    let parts = parts.and_then(|(of, at)| Some((DataSubject::parse(of).ok()?, digits(at)?)));
    parts.ok_or_else(|| format!("{name:?} is no hold, such as p-7f3a@0"))
}

/// What is decided.
enum Decision {
    Erase(PersonErased),
    Place(HoldPlaced),
    Lift((DataSubject, u64), NonBlank),
}

impl Decision {
    async fn over(self, persons: &Persons, caller: &Caller) -> Result<Written, ActError> {
        let key = new_id().to_string();
        match self {
            Self::Erase(erased) => persons.erase(caller, erased, &key).await,
            Self::Place(placed) => persons.place_hold(caller, placed, &key).await,
            Self::Lift((of, at), reason) => {
                persons.lift_hold(caller, (&of, at), reason, &key).await
            }
        }
    }

    async fn through(&self, client: &Client) -> anyhow::Result<Value> {
        let (path, body) = match self {
            Self::Erase(erased) => ("/v1/erasures".to_owned(), json!(erased)),
            Self::Place(placed) => ("/v1/holds".to_owned(), json!(placed)),
            Self::Lift((of, at), reason) => {
                let hold = segment(&format!("{of}@{at}"))?;
                (format!("/v1/holds/{hold}/releases"), json!({ "reason": reason }))
            }
        };
        let request = client.request(Method::POST, &path, &[])?;
        let request = request.header("idempotency-key", new_id().to_string()).json(&body);
        Ok(client.send(request).await?.body)
    }
}

/// Runs `docket erase`.
///
/// # Errors
/// What keeps it from being erased.
pub async fn erase(args: EraseArgs) -> anyhow::Result<Exit> {
    let EraseArgs { data_subject, ground, statement, by } = args;
    let said = format!("the personal data of {data_subject} are erased");
    let erased = PersonErased { data_subject, ground, statement };
    decide(by, Decision::Erase(erased), &said).await
}

/// Runs `docket hold`.
///
/// # Errors
/// What keeps it from being placed, lifted or shown.
pub async fn run_hold(args: HoldArgs) -> anyhow::Result<Exit> {
    match args.command {
        HoldCommand::Place { data_subject, reason, by } => {
            let said = format!("a legal hold on the personal data of {data_subject} is placed");
            let placed = HoldPlaced { data_subject, reason };
            decide(by, Decision::Place(placed), &said).await
        }
        HoldCommand::Lift { hold, reason, by } => {
            let said = format!("the legal hold {}@{} is lifted", hold.0, hold.1);
            decide(by, Decision::Lift(hold, reason), &said).await
        }
        HoldCommand::Show { data_subject, ask } => {
            let asker = ask.open(false).await?;
            let path = format!("/v1/data-subjects/{data_subject}");
            let answer = asker.get(&path, &[]).await;
            asker.close().await?;
            show(&answer?, ask.output)
        }
    }
}

async fn decide(by: ByArgs, decision: Decision, said: &str) -> anyhow::Result<Exit> {
    let recorded = match by.server.client(by.place.data_dir.is_some(), Some(Language::En.tag()))? {
        Some(_) if by.who.is_some() => {
            return Err(failure(Exit::Usage, "through a server (DOCKET_SERVER) it is the token's"));
        }
        Some(client) => decision.through(&client).await?,
        None => {
            let who = by.who.as_deref().ok_or_else(|| {
                failure(Exit::Usage, "--as <ID> says who decides, of whom it is recorded")
            })?;
            let (config, _) = Config::load(&ConfigArgs::from(by.place), std::env::vars())?;
            in_folder(&config, who, decision).await?
        }
    };
    let reference = recorded["reference"].as_str().unwrap_or_default();
    if by.output == Format::Json {
        print_json(&recorded)?;
    } else {
        let mut page = Page::default();
        page.fields(&[("done", said.to_owned()), ("on record", reference.to_owned())]);
        print(&page)?;
    }
    Ok(Exit::Done)
}

/// Decides over the log of a configuration, or where that is served through its server.
async fn in_folder(config: &Config, who: &str, decision: Decision) -> anyhow::Result<Value> {
    let mut signals = Signals::take()?;
    let opened = node::open(config, &mut Patience::new(config.store.wait_s, &mut signals)).await;
    drop(signals);
    let node = match opened {
        Ok(node) => node,
        Err(error) if is_in_use(&error) => {
            return match served::client(config, Role::Custodian, who).await? {
                Some(client) => decision.through(&client).await,
                None => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    // The same as a token of this id says.
    let caller = Caller {
        principal: format!("{}|{who}", config.auth.issuer),
        role: Role::Custodian.as_str().to_owned(),
        actor: None,
    };
    let written = decision.over(node.app.persons(), &caller).await;
    node.clock.abort();
    node.log.close().await;
    let Written { stream, revision, id, .. } = written?;
    Ok(json!({ "id": id, "reference": format!("{stream}@{revision}#{id}"), "revision": revision }))
}

fn show(answer: &Answer, output: Format) -> anyhow::Result<Exit> {
    if output == Format::Json {
        print_json(&answer.body)?;
        return Ok(Exit::Done);
    }
    let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    let hand = |hand: &Value| {
        let (by, at) = (text(hand, "principal"), text(hand, "recorded_at"));
        format!("{by}, {at}: {}", text(hand, "reason"))
    };
    let state = text(&answer.body, "state");
    let mut page = Page::default();
    page.fields(&[(answer.say("state", "状态"), state)]);
    for hold in answer.body["holds"].as_array().into_iter().flatten() {
        let mut fields = vec![
            (answer.say("hold", "保全"), text(hold, "hold")),
            (answer.say("placed", "设置"), hand(&hold["placed"])),
        ];
        if hold["lifted"].is_object() {
            fields.push((answer.say("lifted", "解除"), hand(&hold["lifted"])));
        }
        page.fields(&fields);
    }
    let erasure = &answer.body["erasure"];
    if erasure.is_object() {
        page.fields(&[
            (answer.say("ground", "依据"), text(erasure, "ground_label")),
            (answer.say("erased", "删除"), hand(&erasure["erased"])),
        ]);
    }
    print(&page)?;
    Ok(Exit::Done)
}
