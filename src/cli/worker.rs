//! `docket worker`.

use std::time::{Duration, Instant};

use super::config::{Config, ConfigArgs};
use super::exit::Exit;
use super::grace::end_within;
use super::masked::masked;
use super::node::{open_read_models, runner_options, wait_for_log};
use super::patience::Patience;
use super::private;
use super::signals::Signals;
use super::stores::Access;
use super::{telemetry, webhooks};
use crate::projection::Runner;
use crate::webhooks::Worker as Deliveries;

/// Fill the read models in a process of its own, beside the one that serves.
///
/// Several workers may run over the same read models, on one machine or many: one of them writes, the
/// others wait and take over within seconds when it is killed, stopped or cut off. A worker that was
/// stopped for longer than its lease and wakes changes nothing. The log is only read, so a server
/// (with projections.run=false it leaves the read models to workers) may be running on it. Where the read
/// models are in PostgreSQL, servers and workers also deliver to the webhook endpoints, one of them at a
/// time, as the servers are configured.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket serve --data-dir /srv/docket --set projections.run=false
  docket worker --data-dir /srv/docket
  docket worker --data-dir /srv/docket --set projections.lease_ms=2000

While the server of the log or the database of the read models does not answer, the start waits for it
(store.wait_s).

Exit codes: 0 stopped by a signal, 2 configuration, 5 no such log, 1 anything else")]
pub struct WorkerArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way of starting; later failures are logged and tried again.
pub async fn run(args: &WorkerArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&args.config, std::env::vars())?;
    let traces = telemetry::install(config.telemetry.log_format)?;
    let mut signals = Signals::take()?;
    let mut patience = Patience::new(config.store.wait_s, &mut signals);
    let copies = open_read_models(&config, &mut patience).await?;
    let log = wait_for_log(&config, Access::Read, &mut patience).await?;
    private::tell_of_open(&config);
    let mut options = runner_options(&config);
    options.writes = true;
    let holder = options.holder.clone();
    let runtime = tokio::runtime::Handle::current();
    let runner = Runner::start(log.clone(), copies.clone(), options, runtime)?;
    tracing::info!(holder, log = %masked(&config.store.log), "filling read models");
    let mut deliveries = None;
    let name = tokio::select! {
        name = signals.next() => name,
        webhooks = webhooks::beside(&config, &log) => {
            deliveries = webhooks?.map(Deliveries::start);
            signals.next().await
        }
    };
    tracing::info!(signal = name, "stopping after the batch at work");
    let grace = Duration::from_secs(config.server.shutdown_grace_s);
    end_within(grace)?;
    copies.end_by(Instant::now() + grace / 2);
    if let Some(deliveries) = deliveries {
        deliveries.stop().await;
    }
    runner.stop().await;
    log.close().await;
    traces.end().await;
    Ok(Exit::Done)
}
