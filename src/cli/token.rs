//! `docket token`: issues tokens from the local key, and revokes them.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::output::{Format, instant, print_json, print_line, tell};
use crate::api::auth::{Grant, KeyUse, Role, TokenKey, is_token_id, issue, revoke};
use crate::domain::date::Timestamp;
use crate::domain::text::says_something;

/// Issues a bearer token from the key of this data folder.
///
/// The token says who acts: a role, an office and the divisions or areas for which it acts. Whoever
/// holds it acts in that office's name until it expires, so hand it out as carefully as a seal. The
/// key is made when there is none; a server that runs over the same folder accepts the token at once,
/// and no longer once it is revoked by the id that is told with it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket token --data-dir demo-data --role provincial_department --office gd-ip --division 440000
  docket token --data-dir demo-data --revoke 7e57d004-2b97-4e7a-b45f-5387367791cd

To change the key without ending the tokens it signed, move token-key.pem to token-key.previous.pem:
the next token is signed with a new key, and both count until token-key.previous.pem is removed. A
server notices each of these within a second.

Exit codes: 0 done, 1 the key can't be read or made, 2 usage")]
pub struct TokenArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// national_office, provincial_department, province, local_government, registrar, auditor, operator
    /// or custodian
    #[arg(long, required_unless_present = "revoke")]
    role: Option<String>,
    /// The office's own id, such as cnipa or gd-ip-department
    #[arg(long, required_unless_present = "revoke")]
    office: Option<String>,
    /// A division or area for which it acts (440000, futian); repeat for several
    #[arg(long = "division", value_name = "ID")]
    divisions: Vec<String>,
    /// Who holds the token; an opaque id, no person's name [default: the office]
    #[arg(long)]
    subject: Option<String>,
    /// How long it lasts, in seconds
    #[arg(long, default_value_t = 8 * 3600, value_name = "SECONDS")]
    ttl_s: u32,
    /// Revoke the token with this id (its jti) instead of issuing one
    #[arg(long, value_name = "ID", conflicts_with_all = ["role", "office", "divisions", "subject", "ttl_s"])]
    revoke: Option<String>,
    /// The form of the result: the token alone, or with its id and how long it is good
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// The key that signs tokens, made on first use.
pub fn token_key(path: &Path) -> anyhow::Result<TokenKey> {
    key_for(KeyUse::Tokens, path)
}

/// The key for a use, made on first use.
pub fn key_for(what: KeyUse, path: &Path) -> anyhow::Result<TokenKey> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    Ok(TokenKey::open_or_create_for(what, path, &mut random())?)
}

/// A token of a role, an office and its divisions.
pub fn token(
    key: &TokenKey,
    config: &Config,
    role: Role,
    office: &str,
    subject: &str,
    divisions: &[String],
    ttl_s: u32,
) -> anyhow::Result<String> {
    let grant = Grant {
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
        sub: subject.to_owned(),
        role,
        office: office.to_owned(),
        divisions: divisions.to_vec(),
        jti: new_id().to_string(),
    };
    Ok(issue(key, &grant, now_unix_s(), ttl_s)?)
}

/// Runs the command.
///
/// # Errors
/// A role that is none, a missing division, a key that can't be read.
pub fn run(args: &TokenArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    if let Some(id) = &args.revoke {
        return run_revoke(&config, id, args.output);
    }
    let grant = grant(args, &config)?;
    let key = token_key(&config.auth.token_key)?;
    let now = now_unix_s();
    let token = issue(&key, &grant, now, args.ttl_s)?;
    let until = Timestamp::from_micros((now + i64::from(args.ttl_s)) * 1_000_000);
    if args.output == Format::Json {
        print_json(&json!({ "token": token, "id": grant.jti, "expires_at": until.to_rfc3339() }))?;
        return Ok(Exit::Done);
    }
    print_line(&token)?;
    tell(&format!("docket: the token's id is {}; it is good until {}", grant.jti, instant(until)));
    Ok(Exit::Done)
}

/// What the command line asks the token to say.
fn grant(args: &TokenArgs, config: &Config) -> anyhow::Result<Grant> {
    let usage = |text: String| failure(Exit::Usage, text);
    let (name, office) = (args.role.as_deref().unwrap_or_default(), args.office.as_deref());
    let role = Role::parse(name).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        usage(format!("{name:?} is no role; roles are {known}"))
    })?;
    let needs_division =
        matches!(role, Role::ProvincialDepartment | Role::Province | Role::LocalGovernment);
    if needs_division && args.divisions.is_empty() {
        let text = format!("a token of a {role} names its divisions or areas: --division 440000");
        return Err(usage(text));
    }
    let longest = config.auth.max_token_ttl_s;
    if !(1..=longest).contains(&args.ttl_s) {
        return Err(usage(format!("--ttl-s is 1 to {longest} seconds")));
    }
    let office = office.unwrap_or_default();
    let subject = args.subject.as_deref().unwrap_or(office);
    for (option, text) in [("--office", office), ("--subject", subject)] {
        if !says_something(text) {
            return Err(usage(format!("{option} is empty, or nobody can see it")));
        }
    }
    Ok(Grant {
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
        sub: subject.to_owned(),
        role,
        office: office.to_owned(),
        divisions: args.divisions.clone(),
        jti: new_id().to_string(),
    })
}

fn run_revoke(config: &Config, id: &str, output: Format) -> anyhow::Result<Exit> {
    if !is_token_id(id) {
        let text = "--revoke takes the id of a token, which `docket token` tells: its claim jti";
        return Err(failure(Exit::Usage, text));
    }
    let now = Timestamp::from_micros(now_unix_s() * 1_000_000).to_rfc3339();
    let file = revoke(&config.auth.token_key, id, &format!("revoked {now}"))
        .with_context(|| format!("can't revoke a token of {}", config.auth.token_key.display()))?;
    match output {
        Format::Json => print_json(&json!({ "revoked": id, "file": file.display().to_string() }))?,
        Format::Table => tell(&format!("docket: {id} is revoked, in {}", file.display())),
    }
    Ok(Exit::Done)
}

/// The process's source of randomness, for keys and ids.
#[expect(clippy::disallowed_methods, reason = "the edge: keys and ids come in here")]
pub fn random() -> impl rand::CryptoRng {
    rand::rng()
}

/// Bytes that nobody can guess.
pub fn sixteen() -> [u8; 16] {
    let mut bytes = [0; 16];
    rand::Rng::fill_bytes(&mut random(), &mut bytes);
    bytes
}

/// A random id.
#[expect(clippy::disallowed_methods, reason = "the edge: ids come in here")]
pub fn new_id() -> uuid::Uuid {
    uuid::Uuid::new_v4()
}

/// The present second, for tokens.
#[expect(clippy::disallowed_methods, reason = "the edge: the clock comes in here")]
pub fn now_unix_s() -> i64 {
    chrono::Utc::now().timestamp()
}
