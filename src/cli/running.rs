//! A server that runs: log, read models, REST interface, and what mends itself in the background.
//! What `serve` and `demo` have in common.
//!
//! What must hold: stopping lets running requests finish, then stops the read models after a batch,
//! and deliveries, signs the last checkpoint, then closes the log, in that order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::Config;
use super::grace::{end_within, for_requests};
use super::node::{self, Node, open_read_models, runner_options};
use super::patience::Patience;
use super::provider;
use super::served;
use super::signals::Signals;
use super::stores::{check_addresses, witnesses};
use super::tls;
use super::token::{now_unix_s, sixteen, token_key};
use super::webhooks;
use crate::api::auth::{Authenticator, LocalVerifier, TokenKey, Verifier};
use crate::api::metrics::{Exposition, ServedMetrics, serve_metrics};
use crate::api::{
    ApiSettings, ApiState, EventNames, ProblemSettings, Served, Starting, Tls, bind, keep_at_hand,
    serve_on,
};
use crate::app::{App, Clerk, Following, UNDER_WAY_US};
use crate::console::Console;
use crate::import::operations::Operations;
use crate::ledger::Keeping;
use crate::log::EventLog;
use crate::projection::{Copies, ReadModels, Runner, Status};
use crate::webhooks::{Webhooks, Worker};

/// How often reservations are looked at that no approval followed.
const RECOVERY_EVERY: Duration = Duration::from_secs(30);
/// Memory for verified tokens.
const TOKEN_CACHE_BYTES: usize = 4 * 1024 * 1024;
/// How long a client may take to send a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that runs.
pub struct Running {
    /// The key that signs its tokens.
    pub key: TokenKey,
    /// Who may sign in by a link.
    pub console: Console,
    behind: Behind,
    served: Served,
    metrics: Option<ServedMetrics>,
}

/// A node without what was taken out of it to run.
struct Kept {
    app: Arc<App>,
    log: Arc<dyn EventLog>,
    clock: JoinHandle<()>,
}

/// What runs behind the REST interface.
struct Behind {
    node: Kept,
    copies: Arc<dyn Copies>,
    grace: Duration,
    runner: Runner,
    recovery: JoinHandle<()>,
    /// What counts for pages before they are asked for.
    at_hand: JoinHandle<()>,
    deliveries: Option<Worker>,
    clerk: Option<JoinHandle<()>>,
    operations: Option<Arc<Operations>>,
    /// Says where it is served, for commands over the same folder.
    note: served::Note,
    /// What hears of other nodes' events, where there are others.
    following: Option<Following>,
    /// What keeps the ledger up with the log.
    ledger: Option<Keeping>,
    /// Looks at the certificate's files.
    certificate: Option<JoinHandle<()>>,
    /// The provider whose tokens are taken.
    provider: Option<provider::Kept>,
}

/// Opens the log and serves it. Stores that do not answer yet are waited for; probes are answered
/// meanwhile, and a signal ends the wait.
///
/// # Errors
/// What stands in the way.
pub async fn start(config: &Config, signals: &mut Signals) -> anyhow::Result<Running> {
    check_addresses(config)?;
    let key = token_key(&config.auth.token_key)?;
    webhooks::check(config)?;
    let tls = tls::configured(config)?;
    let starting = starting(config, tls.as_ref())?;
    let mut patience = Patience::new(config.store.wait_s, signals).telling(starting);
    // Before the log is opened: a signal during the wait leaves nothing half done.
    let copies = open_read_models(config, &mut patience).await?;
    let Node { app, log, clock, ledger } = node::open(config, &mut patience).await?;
    let shown = ledger.ledger.clone();
    let following = Following::start(&app);
    let runner = Runner::start(
        app.log().clone(),
        copies.clone(),
        runner_options(config),
        tokio::runtime::Handle::current(),
    )?;
    let webhooks = webhooks::open(config, &app).await?;
    let provider = provider::configured(config)?.map(provider::Configured::keep).transpose()?;
    let verifier = verifier(config, provider.as_ref())?;
    let state = api_state(app.clone(), verifier, config, copies.clone(), runner.status())
        .with_ledger(shown);
    let operations = operations(config, &app);
    let state = with(state, webhooks.as_ref(), operations.as_ref());
    let console = console(config, provider.as_ref());
    let state = Arc::new(state.with_pages(console.pages()).with_tls(tls.clone()));
    let mut exposition = Exposition::new(state.clone());
    if let Some(counted) = webhooks.clone() {
        let counts = move || counted.counters().by_outcome().to_vec();
        exposition = exposition.with_deliveries(Box::new(counts));
    }
    let bound = match patience.into_told() {
        Some(starting) => starting.over().await?,
        None => bind(config.server.listen)?,
    };
    let at_hand = tokio::spawn(keep_at_hand(state.clone()));
    let served = serve_on(bound, state)?;
    let note = served::Note::write(config, served.address);
    log.check_behind();
    let metrics = config.server.metrics_listen.map(|listen| serve_metrics(listen, exposition));
    let metrics = metrics.transpose()?;
    let recovery = tokio::spawn(recover(app.clone()));
    let deliveries = webhooks.map(Worker::start);
    let grace = Duration::from_secs(config.server.shutdown_grace_s);
    let kept = Kept { app, log, clock };
    let ledger = ledger.keep(witnesses(config)?);
    let behind = Behind {
        node: kept,
        copies,
        grace,
        runner,
        recovery,
        at_hand,
        deliveries,
        clerk: None,
        operations,
        note,
        following,
        ledger,
        certificate: tls.as_ref().map(Tls::keep),
        provider,
    };
    Ok(Running { key, console, behind, served, metrics })
}

/// What answers until there is what to serve.
fn starting(config: &Config, tls: Option<&Arc<Tls>>) -> anyhow::Result<Starting> {
    let problems = ProblemSettings {
        public_url: config.server.public_url.clone(),
        default_language: config.i18n.default_language,
    };
    let tls = tls.map(Tls::config).transpose()?;
    Ok(Starting::answer(bind(config.server.listen)?, problems, tls)?)
}

/// Takes Docket's own tokens, and those of a provider where there is one.
fn verifier(
    config: &Config,
    provider: Option<&provider::Kept>,
) -> anyhow::Result<Arc<dyn Verifier>> {
    let (issuer, audience) = (&config.auth.issuer, &config.auth.audience);
    let own = LocalVerifier::watching(&config.auth.token_key, issuer, audience)?
        .taking_at_most(config.auth.max_token_ttl_s);
    Ok(match provider {
        Some(provider) => provider.verifier(own),
        None => Arc::new(own),
    })
}

fn console(config: &Config, provider: Option<&provider::Kept>) -> Console {
    let sign_in = provider.and_then(|provider| provider.sign_in(config));
    Console::new(&config.server.public_url, config.i18n.default_language, sixteen, sign_in)
}

fn with(
    state: ApiState,
    webhooks: Option<&Arc<Webhooks>>,
    operations: Option<&Arc<Operations>>,
) -> ApiState {
    let state = match webhooks {
        Some(webhooks) => state.with_webhooks(webhooks.clone()),
        None => state,
    };
    match operations {
        Some(operations) => state.with_operations(operations.clone()),
        None => state,
    }
}

/// The operations of a node. Where their folder can't be used, on a full disk perhaps, none are taken; acts
/// and answers need none.
fn operations(config: &Config, app: &Arc<App>) -> Option<Arc<Operations>> {
    let folder = config.store.data_dir.join("operations");
    let started = Operations::start(app.clone(), &folder, config.server.max_import_bytes);
    if let Err(error) = &started {
        let folder = folder.display();
        tracing::error!(%error, %folder, "no imports and no other operations are taken: their folder can't be used");
    }
    started.ok()
}

/// The REST interface's part of a node, which accepts the tokens that `verifier` does.
pub fn api_state(
    app: Arc<App>,
    verifier: Arc<dyn Verifier>,
    config: &Config,
    copies: Arc<dyn Copies>,
    read_models: watch::Receiver<Status>,
) -> ApiState {
    let authenticator = Authenticator::new(verifier, now_unix_s, TOKEN_CACHE_BYTES);
    let settings = ApiSettings {
        public_url: config.server.public_url.clone(),
        authorization_server: provider::authorization_server(config),
        security_contact: config.server.security_contact.clone(),
        default_language: config.i18n.default_language,
        max_body_bytes: config.server.max_body_bytes as u64,
        max_document_bytes: config.server.max_document_bytes,
        shutdown_grace: for_requests(Duration::from_secs(config.server.shutdown_grace_s)),
        request_timeout: REQUEST_TIMEOUT,
        workers: config.server.workers,
        events: EventNames {
            type_prefix: config.events.type_prefix.clone(),
            source: config.events.source.clone(),
        },
        ..ApiSettings::default()
    };
    let models = ReadModels::of_runner(copies, read_models.clone());
    ApiState::new(app, models, read_models, authenticator, settings)
}

/// Mends what is left open: what is older than a start looks at, and for ever what comes to be so.
async fn recover(app: Arc<App>) {
    tokio::join!(recover_often(&app), recover_places(&app));
}

async fn recover_often(app: &App) {
    let mut every = tokio::time::interval(RECOVERY_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // The first tick is at once.
        every.tick().await;
        match app.mend(UNDER_WAY_US).await {
            Ok(recovered) if recovered.released + recovered.abandoned > 0 => {
                tracing::info!(?recovered, "released reservations that no approval followed");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "reservations can't be looked at; tried again"),
        }
    }
}

/// Looks at the places of every enrollment once; what it leaves out is among what is tried often.
async fn recover_places(app: &App) {
    loop {
        match app.places().recover_places().await {
            Ok(recovered) => {
                return tracing::info!(?recovered, "looked at the places of every enrollment");
            }
            Err(error) => tracing::warn!(%error, "places can't be looked at; tried again"),
        }
        tokio::time::sleep(RECOVERY_EVERY).await;
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.served.address
    }

    /// Sets the clerk to work, unless this node is configured to have none. Not a part of the start,
    /// so that who fills a log first is not told in between what is missing.
    pub fn start_clerk(&mut self, config: &Config) {
        if self.behind.clerk.is_some() || !config.clerk.enabled {
            return;
        }
        let interval = Duration::from_secs(config.clerk.interval_s);
        let quiet_us = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
        let clerk = Clerk::new(self.behind.node.app.clone(), quiet_us);
        self.behind.clerk = Some(tokio::spawn(clerk.keep(interval)));
    }

    /// Has a clerk look once at all that is on record, however new, unless this node is to have none:
    /// what follows from it is then on record too.
    ///
    /// # Errors
    /// When the clock is in doubt, and as the log's.
    pub async fn record_what_is_due(&self, config: &Config) -> anyhow::Result<()> {
        if config.clerk.enabled {
            let app = self.behind.node.app.clone();
            let day = app.clock().now().civil_day();
            Clerk::new(app, 0).run_once(day).await?;
        }
        Ok(())
    }

    /// Where the metrics are, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// The application.
    pub fn app(&self) -> &Arc<App> {
        &self.behind.node.app
    }

    /// Waits until the read models hold every event, or stopped before; `false` if they stopped.
    pub async fn read_models_at_head(&self) -> anyhow::Result<bool> {
        let Some(head) = self.behind.node.app.log().head().await? else { return Ok(true) };
        let mut status = self.behind.runner.status();
        let there = status
            .wait_for(|status| {
                status.has(head) || status.failed.as_ref().is_some_and(|failed| !failed.retrying)
            })
            .await
            .context("the read models stopped")?;
        Ok(there.has(head))
    }

    /// Serves until the signal, then stops in order.
    ///
    /// # Errors
    /// When the server stops by itself.
    pub async fn until(mut self, signals: &mut Signals) -> anyhow::Result<()> {
        let name = tokio::select! {
            name = signals.next() => name,
            ended = self.served.ended() => {
                self.behind.stop().await;
                return Err(ended.err().map_or_else(
                    || anyhow::anyhow!("the server stopped by itself"),
                    anyhow::Error::from,
                ));
            }
        };
        tracing::info!(signal = name, "stopping: running requests are finished first");
        end_within(self.behind.grace)?;
        self.stop().await
    }

    /// Stops in order.
    ///
    /// # Errors
    /// When the server had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        // What hangs there is given up in time for what comes after the requests.
        self.behind.copies.end_by(Instant::now() + self.behind.grace / 2);
        let served = self.served.stop().await;
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
        self.behind.stop().await;
        tracing::info!("stopped");
        Ok(served?)
    }
}

impl Behind {
    async fn stop(self) {
        drop(self.note);
        self.recovery.abort();
        self.at_hand.abort();
        self.node.clock.abort();
        for task in self.clerk.into_iter().chain(self.certificate) {
            task.abort();
        }
        drop((self.following, self.provider));
        if let Some(operations) = self.operations {
            operations.stop().await;
        }
        if let Some(deliveries) = self.deliveries {
            deliveries.stop().await;
        }
        self.runner.stop().await;
        if let Some(ledger) = self.ledger {
            ledger.stop().await;
        }
        self.node.log.close().await;
    }
}
