//! `docket serve`.

use super::config::{Config, ConfigArgs};
use super::exit::Exit;
use super::masked::masked;
use super::output::tell;
use super::private;
use super::running;
use super::signals::Signals;
use super::telemetry;
use super::tls::scheme;

/// Serve the REST interface over a log, with its read models.
///
/// Opens the log (makes it on the first start), follows it with the read models, and serves the REST
/// interface until SIGTERM or SIGINT; then running requests are finished and everything is closed.
/// One process at a time can serve a log in a file, any number one in a KurrentDB; commands that read
/// work beside it. There is no mode without authentication: `docket token` issues tokens.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket serve --data-dir /srv/docket
  DOCKET_SERVER__LISTEN=0.0.0.0:8080 docket serve --set server.public_url=https://docket.example

  docket serve --log kurrentdb://node1:2113,node2:2113 --read-model postgres://db.example/docket

While a store does not answer, the start waits for it (store.wait_s): /health/live answers then, and
/health/ready says what is waited for.

Every key: docket config print --origins

Exit codes: 0 stopped by a signal, 2 configuration, 4 the log is open elsewhere or the address in use,
or the log moved away, 6 the server does not let the account in, 7 the log is damaged, another or none of
Docket's, 8 no room on the disk, or no server answers, 1 anything else")]
pub struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way of serving.
pub async fn run(args: &ServeArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&args.config, std::env::vars())?;
    let traces = telemetry::install(config.telemetry.log_format)?;
    // Before anything is opened: a signal during the start must not leave it half done.
    let mut signals = Signals::take()?;
    let served = serve(&config, &mut signals).await;
    traces.end().await;
    served.map(|()| Exit::Done)
}

async fn serve(config: &Config, signals: &mut Signals) -> anyhow::Result<()> {
    let mut running = running::start(config, signals).await?;
    running.start_clerk(config);
    let log_id = running.app().log_id();
    tracing::info!(address = %running.address(), log = %masked(&config.store.log), %log_id, "serving");
    if let Some(address) = running.metrics_address() {
        tell(&format!("docket shows its metrics at http://{address}/metrics"));
    }
    let (scheme, address) = (scheme(config), running.address());
    tell(&format!("docket serves {scheme}://{address} (documentation at /docs)"));
    private::tell_of_open(config);
    running.until(signals).await
}
