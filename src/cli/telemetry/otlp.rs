//! Spans over OTLP, as the standard variables of OpenTelemetry say (`OTEL_EXPORTER_OTLP_ENDPOINT` …).
//!
//! What must hold: nothing waits for a collector. Spans wait in a queue of bounded length, on a thread of
//! their own, and are let go where it is full or the collector does not answer; that is said once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::{Layer, Registry, filter};

use super::Wrong;
use crate::trace::TARGET;

/// How long what waits may take to go out at the end.
const AT_THE_END: Duration = Duration::from_secs(3);
/// How long a collector may take, where no variable says.
const TIMEOUT: Duration = Duration::from_secs(10);
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// What collects spans, if anything does.
pub struct Traces(Option<SdkTracerProvider>);

/// A layer of the subscriber.
type Spans = Box<dyn Layer<Registry> + Send + Sync>;

impl Traces {
    /// Collects as the variables say; nothing where none names a collector. To be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// A variable with a value that this program does not take.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<(Self, Option<Spans>), Wrong> {
        let said = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let of_traces = |name: &str| {
            let own = format!("OTEL_EXPORTER_OTLP_TRACES_{name}");
            let general = format!("OTEL_EXPORTER_OTLP_{name}");
            said(&own)
                .map(|value| (own, value))
                .or_else(|| Some((general.clone(), said(&general)?)))
        };
        let is_off = said("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"));
        if is_off || of_traces("ENDPOINT").is_none() {
            return Ok((Self(None), None));
        }
        match said("OTEL_TRACES_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok((Self(None), None)),
            Some(other) => return Err(Wrong::value("OTEL_TRACES_EXPORTER", other, "otlp or none")),
        }
        if let Some((name, protocol)) = of_traces("PROTOCOL")
            && protocol != "http/protobuf"
        {
            let taken = "http/protobuf, at most collectors on port 4318";
            return Err(Wrong::value(&name, &protocol, taken));
        }
        if let Some(sampler) = said("OTEL_TRACES_SAMPLER") {
            check_sampler(&sampler, said("OTEL_TRACES_SAMPLER_ARG").as_deref())?;
        }
        let timeout = match of_traces("TIMEOUT") {
            None => TIMEOUT,
            Some((name, text)) => {
                let wrong = |_| Wrong::value(&name, &text, "milliseconds");
                Duration::from_millis(text.parse().map_err(wrong)?)
            }
        };
        let service = said("OTEL_SERVICE_NAME").unwrap_or_else(|| "docket".to_owned());
        let provider = provider(service, timeout).map_err(|error| Wrong(error.to_string()))?;
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("docket"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter::filter_fn(|metadata| metadata.target() == TARGET));
        Ok((Self(Some(provider)), Some(spans.boxed())))
    }

    /// Sends what waits, and collects no more.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(AT_THE_END));
        if let Ok(Err(error)) = ended.await {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn check_sampler(sampler: &str, argument: Option<&str>) -> Result<(), Wrong> {
    if !SAMPLERS.contains(&sampler) {
        return Err(Wrong::value("OTEL_TRACES_SAMPLER", sampler, &SAMPLERS.join(", ")));
    }
    let ratio = argument.map(|text| (text, text.parse::<f64>()));
    match ratio {
        Some((text, ratio)) if !ratio.as_ref().is_ok_and(|ratio| (0.0..=1.0).contains(ratio)) => {
            Err(Wrong::value("OTEL_TRACES_SAMPLER_ARG", text, "a ratio from 0 to 1"))
        }
        _ => Ok(()),
    }
}

fn provider(service: String, timeout: Duration) -> anyhow::Result<SdkTracerProvider> {
    let http = reqwest::Client::builder().timeout(timeout).build()?;
    let (runtime, is_away) = (Handle::current(), Arc::default());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_timeout(timeout)
        .with_http_client(Collector { http, runtime, is_away })
        .build()?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name(service).with_attribute(version).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Where spans go. The thread that sends them is none of the runtime's.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    is_away: Arc<AtomicBool>,
}

type Answered<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Collector {
    fn send_bytes<'life, 'answer>(&'life self, request: Request<Bytes>) -> Answered<'answer>
    where
        'life: 'answer,
        Self: 'answer,
    {
        let (http, is_away) = (self.http.clone(), self.is_away.clone());
        let sending = self.runtime.spawn(async move {
            let sent = send(&http, request).await;
            match &sent {
                Ok(_) => is_away.store(false, Ordering::Relaxed),
                Err(error) if !is_away.swap(true, Ordering::Relaxed) => {
                    tracing::warn!(%error, "the collector of traces takes none; spans are let go");
                }
                Err(_) => {}
            }
            sent
        });
        Box::pin(async move { sending.await? })
    }
}

async fn send(
    http: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let answer = http.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    let answer = answer.error_for_status().map_err(reqwest::Error::without_url)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(reqwest::Error::without_url)?;
    Ok(Response::builder().status(status).body(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_variable_that_is_not_taken_is_named_and_nothing_is_collected_unasked() {
        let of = |pairs: &'static [(&str, &str)]| {
            let variable = move |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Traces::of(variable).map(|(traces, _)| traces.0.is_some()).map_err(|wrong| wrong.0)
        };
        const AT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        assert_eq!(of(&[]), Ok(false));
        assert_eq!(of(&[("OTEL_SERVICE_NAME", "x")]), Ok(false));
        assert_eq!(of(&[AT, ("OTEL_SDK_DISABLED", "true")]), Ok(false));
        assert_eq!(of(&[AT, ("OTEL_TRACES_EXPORTER", "none")]), Ok(false));
        for (pairs, says) in [
            (&[AT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")][..], "OTEL_EXPORTER_OTLP_PROTOCOL"),
            (&[AT, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")], "http/protobuf"),
            (&[AT, ("OTEL_TRACES_SAMPLER", "sometimes")], "parentbased_traceidratio"),
            (
                &[AT, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")],
                "0 to 1",
            ),
            (&[AT, ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")], "milliseconds"),
            (&[AT, ("OTEL_TRACES_EXPORTER", "zipkin")], "otlp or none"),
        ] {
            let wrong = of(pairs).unwrap_err();
            assert!(wrong.contains(says), "{wrong} lacks {says}");
        }
    }
}
