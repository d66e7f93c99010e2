//! Configuration: default < `docket.toml` < environment < command line.
//!
//! What must hold: an unknown key is an error that names the nearest known one, wherever it stands; a
//! wrong value is an error that names its key and where it came from; nothing is read twice or later.
//! In the environment a key is `DOCKET_` and its name in capitals, `__` for the dot
//! (`DOCKET_SERVER__LISTEN`). A key that may carry a password can come from a file: `store.log_file`,
//! `DOCKET_STORE__LOG_FILE`. What a key is for stands in [`keys`].

pub mod command;
pub mod keys;
mod kind;
mod layers;

use crate::domain::ids::Language;
use layers::Layers;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the command line can say about the configuration.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigArgs {
    /// Configuration file [default: docket.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "DOCKET_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of log, read models, documents and keys (store.data_dir)
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// Address and port of the API (server.listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Address of the log (store.log)
    #[arg(long, value_name = "ADDRESS")]
    pub log: Option<String>,
    /// Address of the read models (store.read_model)
    #[arg(long, value_name = "ADDRESS")]
    pub read_model: Option<String>,
    /// Address of the documents (store.documents)
    #[arg(long, value_name = "ADDRESS")]
    pub documents: Option<String>,
    /// Any configuration key; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// What a command says about the configuration that needs only to know where things are.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PlaceArgs {
    /// Configuration file [default: docket.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "DOCKET_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of log, read models, documents and keys (store.data_dir)
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// Any configuration key; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl From<PlaceArgs> for ConfigArgs {
    fn from(PlaceArgs { config, data_dir, set }: PlaceArgs) -> Self {
        Self { config, data_dir, set, ..Self::default() }
    }
}

/// The whole configuration, checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub store: Store,
    pub auth: Auth,
    #[serde(default)]
    pub reporting: Reporting,
    pub projections: Projections,
    pub cache: Cache,
    pub clerk: Clerk,
    pub webhooks: Webhooks,
    pub i18n: I18n,
    pub events: Events,
    pub telemetry: Telemetry,
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub privacy: Privacy,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub public_url: String,
    pub max_body_bytes: usize,
    pub max_document_bytes: u64,
    pub max_import_bytes: u64,
    pub shutdown_grace_s: u64,
    pub workers: Option<usize>,
    pub security_contact: Option<String>,
    #[serde(default)]
    pub tls: Tls,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub client_ca: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub data_dir: PathBuf,
    pub log: String,
    pub read_model: String,
    pub documents: String,
    pub wait_s: u64,
    #[serde(default)]
    pub s3: S3,
    pub kurrentdb: Kurrentdb,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kurrentdb {
    pub prefix: String,
    pub user: Option<String>,
    pub password: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub issuer: String,
    pub audience: String,
    pub token_key: PathBuf,
    pub max_token_ttl_s: u32,
    pub oidc: Oidc,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub jwks_url: Option<String>,
    pub algorithms: String,
    pub leeway_s: u32,
    pub roles_claim: String,
    pub roles: Option<String>,
    pub required_acr: Option<String>,
    pub office_claim: String,
    pub divisions_claim: String,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    pub scopes: String,
    pub session_s: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporting {
    pub reader_role: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projections {
    pub batch_size: usize,
    pub run: bool,
    pub lease_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub enrollment_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clerk {
    pub enabled: bool,
    pub interval_s: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub allow_private_networks: bool,
    pub timeout_s: u64,
    pub max_attempts: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct I18n {
    pub default_language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    pub type_prefix: String,
    pub source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub origin: Option<String>,
    pub witnesses: Option<String>,
    pub timestamps: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    pub key_store: Option<String>,
}

/// The form of the lines on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// What is wrong with the configuration, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    CommandLine(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::CommandLine(flag) => write!(f, "command line {flag}"),
        }
    }
}

/// One key as it came out, for `docket config print --origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub key: &'static str,
    /// As TOML; passwords are masked.
    pub value: String,
    pub origin: Origin,
    pub help: &'static str,
}

/// Every key that has a value, in the order of [`keys::KEYS`].
pub type Origins = Vec<Effective>;

impl Config {
    /// Reads all sources; `environment` is the whole of it, names and values.
    ///
    /// # Errors
    /// [`ConfigError`], the first thing that is wrong.
    pub fn load(
        args: &ConfigArgs,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Config, Origins), ConfigError> {
        let mut layers = Layers::default();
        layers.add_file(args)?;
        layers.add_environment(environment)?;
        layers.add_command_line(args)?;
        layers.add_defaults();
        let config = layers.table().try_into::<Config>();
        let config = config.map_err(|e| ConfigError(e.message().to_owned()))?;
        Ok((config, layers.origins()))
    }
}

#[cfg(test)]
mod tests;
