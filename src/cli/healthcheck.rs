//! `docket healthcheck`: asks a server whether it is ready, for containers that have no other client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

use super::client::{causes, http};
use super::config::{Config, ConfigArgs};
use super::exit::{Exit, failure};
use super::masked::masked_text;
use super::output::{Format, Page, print, print_line};
use super::tls::scheme;

/// Ask a server whether it is ready.
///
/// Asks /health/ready at the address that the configuration names and prints what it answers. Made
/// for the health check of a container: it needs no other program and no token.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Example:
  docket healthcheck --url http://127.0.0.1:8080

Exit codes: 0 ready, 2 usage, 8 not ready or not to be reached")]
pub struct HealthcheckArgs {
    /// Configuration file [default: docket.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "DOCKET_CONFIG")]
    config: Option<std::path::PathBuf>,
    /// The server [default: that of the configured address]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    timeout_s: u64,
    /// The form of the result: what the server answers, or lines
    #[arg(long, value_enum, default_value_t = Format::Json)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// A server that is not ready, or can't be reached.
pub async fn run(args: &HealthcheckArgs) -> anyhow::Result<Exit> {
    // No certificate names a loopback address, and nobody stands between.
    let mut any_certificate = false;
    let base = match &args.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let config = ConfigArgs { config: args.config.clone(), ..ConfigArgs::default() };
            let (config, _) = Config::load(&config, std::env::vars())?;
            any_certificate = reachable(config.server.listen).ip().is_loopback();
            format!("{}://{}", scheme(&config), reachable(config.server.listen))
        }
    };
    let http = http()?
        .timeout(Duration::from_secs(args.timeout_s))
        .no_proxy()
        .tls_danger_accept_invalid_certs(any_certificate)
        .build()?;
    let url = format!("{base}/health/ready");
    let shown = masked_text(&url);
    let unreachable = |error: reqwest::Error| {
        failure(Exit::Unavailable, format!("{shown} does not answer: {}", causes(&error)))
    };
    let answer = http.get(&url).send().await.map_err(unreachable)?;
    let status = answer.status();
    let text = answer.text().await.map_err(unreachable)?;
    match args.output {
        Format::Json => print_line(text.trim_end())?,
        Format::Table => print(&page(&text))?,
    }
    if status.is_success() {
        return Ok(Exit::Done);
    }
    Err(failure(Exit::Unavailable, format!("{shown} answers {status}: the server is not ready")))
}

/// The answer's members as lines; what is no answer of ours stays as it is.
fn page(text: &str) -> Page {
    let mut page = Page::default();
    let Ok(Value::Object(members)) = serde_json::from_str(text) else {
        page.line(text.trim_end());
        return page;
    };
    let said = |value: &Value| match &value["status"] {
        Value::String(status) => status.clone(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    };
    let members: Vec<_> =
        members.iter().map(|(name, value)| (name.as_str(), said(value))).collect();
    page.fields(&members);
    page
}

/// Where a server that listens on every address of its machine is reached from it.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
