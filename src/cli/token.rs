//! `docket token`: issues tokens from the local key.

use std::path::Path;

use anyhow::Context as _;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::output::print;
use crate::api::auth::{Grant, Role, TokenKey, issue};

/// The longest that a token may be asked to last: 400 days.
const MAX_TTL_S: u32 = 400 * 24 * 3600;

/// Issues a bearer token from the key of this data folder.
///
/// The token says who acts: a role, an office and the divisions or areas for which it acts. Whoever
/// holds it acts in that office's name until it expires, so hand it out as carefully as a seal. The
/// key is made when there is none; a server that runs over the same folder accepts the token at once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Example:
  docket token --data-dir demo-data --role provincial_department --office gd-ip --division 440000

Exit codes: 0 done, 1 the key can't be read or made, 2 usage")]
pub struct TokenArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// national_office, provincial_department, province, local_government, registrar, auditor or operator
    #[arg(long)]
    role: String,
    /// The office's own id, such as cnipa or gd-ip-department
    #[arg(long)]
    office: String,
    /// A division or area for which it acts (440000, futian); repeat for several
    #[arg(long = "division", value_name = "ID")]
    divisions: Vec<String>,
    /// Who holds the token; an opaque id, no person's name [default: the office]
    #[arg(long)]
    subject: Option<String>,
    /// How long it lasts, in seconds
    #[arg(long, default_value_t = 8 * 3600, value_name = "SECONDS")]
    ttl_s: u32,
}

/// The key that signs tokens, made on first use.
pub fn token_key(path: &Path) -> anyhow::Result<TokenKey> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    Ok(TokenKey::open_or_create(path, &mut random())?)
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
    let role = Role::parse(&args.role).ok_or_else(|| {
        failure(
            Exit::Usage,
            format!(
                "{:?} is no role; roles are national_office, provincial_department, province, local_government, registrar, auditor, operator",
                args.role
            ),
        )
    })?;
    let needs_division =
        matches!(role, Role::ProvincialDepartment | Role::Province | Role::LocalGovernment);
    if needs_division && args.divisions.is_empty() {
        return Err(failure(
            Exit::Usage,
            format!("a token of a {} names its divisions or areas: --division 440000", args.role),
        ));
    }
    if !(1..=MAX_TTL_S).contains(&args.ttl_s) {
        return Err(failure(Exit::Usage, format!("--ttl-s is 1 to {MAX_TTL_S} seconds")));
    }
    let key = token_key(&config.auth.token_key)?;
    let subject = args.subject.as_deref().unwrap_or(&args.office);
    let token = token(&key, &config, role, &args.office, subject, &args.divisions, args.ttl_s)?;
    print(&format!("{token}\n"))?;
    Ok(Exit::Done)
}

/// The process's source of randomness, for keys and ids.
#[expect(clippy::disallowed_methods, reason = "the edge: keys and ids come in here")]
pub fn random() -> impl rand::CryptoRng {
    rand::rng()
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
