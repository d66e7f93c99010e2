//! Log lines on stderr: for people, or one JSON object a line.
//!
//! What must hold: one event is one line, whatever texts it carries, and none of them acts on a
//! terminal. So there are no colours: nothing would tell ours from those in a text.

use std::io::{self, Write};

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(not(feature = "otlp"))]
mod without;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::config::LogFormat;
use super::exit::{Exit, failure};
use super::output::{json, plain};
use super::token::now_unix_s;
use crate::trace;
#[cfg(feature = "otlp")]
pub use otlp::Traces;
#[cfg(not(feature = "otlp"))]
pub use without::Traces;

/// Installs the subscriber, with what collects spans where the variables of OpenTelemetry name a collector;
/// a second call does nothing. `RUST_LOG` chooses which lines are shown. To be called within a tokio runtime.
///
/// # Errors
/// A variable with a value that this program does not take.
pub fn install(format: LogFormat) -> anyhow::Result<Traces> {
    let traces = Traces::of(|name| std::env::var(name).ok());
    let (traces, spans) = traces.map_err(|wrong| failure(Exit::Usage, wrong.0))?;
    // Its lines say how many threads it starts and stops.
    install_from(format, "info,actix_server=warn", spans);
    Ok(traces)
}

/// As [`install`], but only warnings are shown unless `RUST_LOG` says otherwise, and nothing is traced.
pub fn install_quiet(format: LogFormat) {
    install_from(format, "warn", None);
}

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

fn install_from(format: LogFormat, level: &str, spans: Option<AnyLayer>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let filter = without_others(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(FmtSpan::NONE)
        .with_ansi(false)
        .with_writer(Lines(format));
    let lines: AnyLayer = match format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let is_collected = spans.is_some();
    let layers: Vec<AnyLayer> = std::iter::once(lines).chain(spans).collect();
    match tracing_subscriber::registry().with(layers).try_init() {
        Ok(()) if is_collected => trace::collect_since(now_unix_s() * 1_000_000),
        Ok(()) => {}
        Err(error) => {
            tracing::debug!(%error, "log lines go to the subscriber installed before");
        }
    }
}

/// What is wrong with a variable, and what would be right.
#[derive(Debug)]
pub struct Wrong(String);

impl Wrong {
    fn value(name: &str, value: &str, taken: &str) -> Self {
        Self(format!("{name}={value} (environment): expected {taken}"))
    }
}

/// What others log at a level that is not ours, with what is said instead: of the KurrentDB client, hundreds
/// of lines in an outage, there is one of ours; of HTTP, an ERROR for each request that is none, its client
/// is told, and an answer that breaks off is logged by what made it.
const OTHERS: [(&str, &str); 2] =
    [("kurrentdb", "kurrentdb=off"), ("actix_http", "actix_http::h1=off")];

/// Without those lines, but where `RUST_LOG` names whose they are.
fn without_others(mut filter: EnvFilter) -> EnvFilter {
    for (whose, off) in OTHERS {
        let is_named = filter.to_string().split(',').any(|said| said.starts_with(whose));
        if let (false, Ok(off)) = (is_named, off.parse()) {
            filter = filter.add_directive(off);
        }
    }
    filter
}

/// Writes events, each of which comes whole in one call.
#[derive(Clone, Copy)]
struct Lines(LogFormat);

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(line(self.0, event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn line(format: LogFormat, event: &[u8]) -> String {
    let event = String::from_utf8_lossy(event);
    let text = event.strip_suffix('\n').unwrap_or(&event);
    let mut line = match format {
        LogFormat::Text => plain(text),
        LogFormat::Json => json(text),
    };
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_log_is_shown_where_it_is_asked_for() {
        let shown = |asked: &str| {
            let filter = without_others(EnvFilter::new(asked)).to_string();
            filter.split(',').map(ToOwned::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let quiet = shown("info");
        assert!(
            quiet.contains("actix_http::h1=off") && quiet.contains("kurrentdb=off"),
            "{quiet:?}"
        );
        let asked = shown("info,actix_http=debug");
        assert!(
            !asked.contains("actix_http::h1=off") && asked.contains("kurrentdb=off"),
            "{asked:?}"
        );
    }

    #[test]
    fn an_event_is_one_line_and_does_not_act() {
        let forged = "WARN x\n2026 ERROR y\u{1b}[2J\u{202e}\n";
        let shown = line(LogFormat::Text, forged.as_bytes());
        assert_eq!(shown, "WARN x\\n2026 ERROR y\\u{1b}[2J\\u{202e}\n");
        let shown = line(LogFormat::Json, "{\"reason\":\"a\u{202e}\u{9b}b\"}\n".as_bytes());
        assert_eq!(shown, "{\"reason\":\"a\\u202e\\u009bb\"}\n");
    }
}
