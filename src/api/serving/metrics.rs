//! What the server says of itself to Prometheus, on a listener of its own.
//!
//! What must hold: no subject, user or stream in a label, and only labels of a closed set; counting
//! costs a request a few additions, and no lock or text; what the log and the read models know is
//! asked of them when it is asked for here, so it can't drift from what they say.

mod limits;
mod listen;
mod overdue;
mod requests;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use crate::api::asking::requests::Series;
use crate::api::asking::state::ApiState;
use crate::log::EventLog;
use crate::projection::{Status, all};
use limits::Bounds;
use overdue::Overdue;

pub use listen::{ServedMetrics, serve_metrics};

/// The source revision that this was built from, where the build says it.
const REVISION: &str = match option_env!("DOCKET_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// How long each thing that is asked may take: a scrape is answered although a store hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// How deliveries of webhooks ended, by outcome.
pub type Deliveries = Box<dyn Fn() -> Vec<(&'static str, u64)> + Send + Sync>;

/// Everything that is shown.
pub struct Exposition {
    state: Arc<ApiState>,
    /// Each read model with the version of what its rows say.
    models: Vec<(&'static str, String)>,
    deliveries: Option<Deliveries>,
    overdue: Overdue,
}

/// The form of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus text format 0.0.4.
    Prometheus,
}

impl Form {
    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

impl Exposition {
    /// What a server says.
    pub fn new(state: Arc<ApiState>) -> Self {
        let models = all().into_iter().map(|model| (model.name(), model.version().to_string()));
        let models = models.collect();
        Self { state, models, deliveries: None, overdue: Overdue::default() }
    }

    /// The same with webhooks.
    pub fn with_deliveries(self, deliveries: Deliveries) -> Self {
        Self { deliveries: Some(deliveries), ..self }
    }

    /// Everything as of now.
    ///
    /// # Errors
    /// None that is known: a text can always be written to.
    pub async fn text(&self, form: Form) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.figures().await));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(match form {
            Form::OpenMetrics => text,
            Form::Prometheus => text::to_prometheus(&text),
        })
    }

    async fn figures(&self) -> Figures {
        let app = &self.state.app;
        let head = timeout(PATIENCE, app.log().head()).await;
        let head = head.ok().and_then(Result::ok).flatten();
        let status = self.state.models_status.borrow().clone();
        let counters = app.counters();
        let now_us = app.clock().now().micros();
        let lag_us = timeout(PATIENCE, lag_us(&**app.log(), &status, head, now_us)).await;
        let overdue = timeout(PATIENCE, self.overdue.counts(&self.state)).await;
        Figures {
            appended: counters.appended().collect(),
            conflicts: counters.conflicts(),
            replays: counters.replays(),
            refused: self.state.requests.refused(),
            deliveries: self.deliveries.as_ref().map(|deliveries| deliveries()),
            overdue: overdue.ok().flatten(),
            bounds: Bounds::of(&self.state),
            requests: self.state.requests.series(),
            models: self.models.clone(),
            head,
            damages: app.log().integrity().damages().len() as u64,
            is_checked: app.log().integrity().is_whole(),
            lag_us: lag_us.ok(),
            status,
            certificate: self
                .state
                .tls
                .as_deref()
                .map(|tls| (tls.not_after_unix_s(), tls.trouble().is_some())),
        }
    }
}

/// How long the first event that is not in the rows has been waiting, in microseconds; 0 where all
/// are in. What can't be read then is as old as what is shown.
async fn lag_us(log: &dyn EventLog, status: &Status, head: Option<u64>, now_us: i64) -> i64 {
    if head.is_none_or(|head| status.has(head)) {
        return 0;
    }
    let page = log.read_all(status.position, 1).await.ok();
    let waiting = page.and_then(|page| Some(page.events.first()?.recorded_at_us));
    let since_us = waiting.or(status.known_at_us);
    since_us.map_or(0, |since_us| (now_us - since_us).max(0))
}

/// The figures of one instant.
#[derive(Debug)]
struct Figures {
    appended: Vec<(&'static str, u64)>,
    conflicts: u64,
    replays: u64,
    refused: Vec<(&'static str, u64)>,
    deliveries: Option<Vec<(&'static str, u64)>>,
    overdue: Option<Vec<(String, String, u64)>>,
    bounds: Bounds,
    requests: Vec<Series>,
    models: Vec<(&'static str, String)>,
    head: Option<u64>,
    damages: u64,
    is_checked: bool,
    /// None where the log does not answer.
    lag_us: Option<i64>,
    status: Status,
    /// Until when the certificate of the listener is good, and whether newer files could not be used.
    certificate: Option<(i64, bool)>,
}

/// A family of one unlabelled series.
fn one<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> fmt::Result {
    let family = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
    metric.encode(family)
}

/// A counter for each value of a label.
fn counted(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    label: &str,
    counts: &[(&'static str, u64)],
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, count) in counts {
        let labels = [(label, *value)];
        ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn seconds(micros: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit into 53 bits")]
    let micros = micros as f64;
    micros / 1e6
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_build(&mut encoder)?;
        self.encode_acts(&mut encoder)?;
        self.encode_models(&mut encoder)?;
        self.encode_record(&mut encoder)?;
        self.encode_certificate(&mut encoder)?;
        self.bounds.encode(&mut encoder)?;
        requests::encode(&mut encoder, &self.requests)
    }
}

impl Figures {
    fn encode_build(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "What is running.";
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("revision", REVISION)];
        let mut family =
            encoder.encode_descriptor("docket_build_info", help, None, MetricType::Gauge)?;
        ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)
    }

    fn encode_acts(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let appended = ("docket_events_appended", "Events that this process appended.");
        counted(encoder, appended, "type", &self.appended)?;
        let help = "Appends that found the stream at another revision.";
        one(encoder, "docket_append_conflicts", help, &ConstCounter::new(self.conflicts))?;
        let refused = ("docket_acts_refused", "Acts that were not recorded, by problem.");
        counted(encoder, refused, "problem", &self.refused)?;
        let help = "Requests answered from the event that their first try wrote.";
        one(encoder, "docket_idempotent_replays", help, &ConstCounter::new(self.replays))?;
        let help = "Attempts to deliver to webhooks, by outcome.";
        match &self.deliveries {
            Some(counts) => {
                counted(encoder, ("docket_webhook_deliveries", help), "outcome", counts)
            }
            None => Ok(()),
        }
    }

    fn encode_models(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        if let Some(head) = self.head {
            let help = "The sequence of the log's newest event.";
            one(encoder, "docket_log_sequence", help, &ConstGauge::new(head))?;
        }
        let help = "What is damaged in the log, as far as it was looked at since the start.";
        one(encoder, "docket_log_damages", help, &ConstGauge::new(self.damages))?;
        let help = "1 once the whole log was looked at since the start.";
        let is_checked = ConstGauge::new(i64::from(self.is_checked));
        one(encoder, "docket_log_checked", help, &is_checked)?;
        let status = &self.status;
        if let Some(position) = status.position {
            let help = "The sequence of the newest event whose rows are in.";
            let name = "docket_projection_sequence";
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (model, version) in &self.models {
                let labels = [("projection", *model), ("version", version.as_str())];
                ConstGauge::new(position).encode(family.encode_family(&labels)?)?;
            }
        }
        let next = status.position.map_or(0, |position| position + 1);
        let behind = self.head.map_or(0, |head| (head + 1).saturating_sub(next));
        let help = "Events of the log that are not in the read models.";
        one(encoder, "docket_projection_lag_events", help, &ConstGauge::new(behind))?;
        let help = "How long the first event that is not in the read models has been waiting.";
        if let Some(lag_us) = self.lag_us {
            let lag = ConstGauge::new(seconds(lag_us));
            one(encoder, "docket_projection_lag_seconds", help, &lag)?;
        }
        if let Some(known_at_us) = status.known_at_us {
            let help = "When the newest event in the read models was recorded.";
            let name = "docket_projection_last_event_recorded_timestamp_seconds";
            one(encoder, name, help, &ConstGauge::new(seconds(known_at_us)))?;
        }
        let help = "How often the read models could not go on.";
        let failures = ConstCounter::new(status.failures);
        one(encoder, "docket_projection_failures", help, &failures)?;
        let help = "1 while the read models can't go on, whether or not it is tried again.";
        let stopped = ConstGauge::new(i64::from(status.failed.is_some()));
        one(encoder, "docket_projection_stopped", help, &stopped)
    }

    fn encode_certificate(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some((not_after_unix_s, is_stale)) = self.certificate else { return Ok(()) };
        let help = "Until when the certificate of the listener is good.";
        let until = ConstGauge::new(not_after_unix_s);
        one(encoder, "docket_tls_certificate_expires_timestamp_seconds", help, &until)?;
        let help = "1 while the certificate's files hold what can't be used.";
        let stale = ConstGauge::new(i64::from(is_stale));
        one(encoder, "docket_tls_certificate_stale", help, &stale)
    }

    fn encode_record(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some(overdue) = &self.overdue else { return Ok(()) };
        let help = "Duties of real programs that are overdue today; counted every five minutes.";
        let name = "docket_obligations_overdue";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (program, kind, count) in overdue {
            let labels = [("program", program.as_str()), ("kind", kind.as_str())];
            ConstGauge::new(*count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
