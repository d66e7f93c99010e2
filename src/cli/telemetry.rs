//! Log lines on stderr: for people, or one JSON object a line.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::config::LogFormat;

/// Installs the subscriber; a second call does nothing. `RUST_LOG` chooses what is shown.
pub fn install(format: LogFormat) {
    // Its lines say how many threads it starts and stops.
    install_from(format, "info,actix_server=warn");
}

/// As [`install`], but only warnings are shown unless `RUST_LOG` says otherwise.
pub fn install_quiet(format: LogFormat) {
    install_from(format, "warn");
}

fn install_from(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let filter = without_client(filter);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_ansi(std::io::stderr().is_terminal() && !super::output::refuses_colour())
        .with_writer(std::io::stderr);
    let installed = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if let Err(error) = installed {
        tracing::debug!(%error, "log lines go to the subscriber installed before");
    }
}

/// Without the lines of the KurrentDB client, hundreds in an outage, of which there is one of ours; but
/// where `RUST_LOG` names it.
fn without_client(filter: EnvFilter) -> EnvFilter {
    if filter.to_string().split(',').any(|directive| directive.starts_with("kurrentdb")) {
        return filter;
    }
    match "kurrentdb=off".parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}
