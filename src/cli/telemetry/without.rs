//! No traces: this build has no exporter.

use tracing_subscriber::{Layer, Registry};

use super::Wrong;

/// Nothing collects.
pub struct Traces;

impl Traces {
    /// Refuses where a variable names a collector: nothing would reach it.
    ///
    /// # Errors
    /// A collector is named.
    pub fn of(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Option<Box<dyn Layer<Registry> + Send + Sync>>), Wrong> {
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                return Err(Wrong::value(
                    name,
                    &value,
                    "nothing: this build lacks the feature otlp",
                ));
            }
        }
        Ok((Self, None))
    }

    /// Nothing to end.
    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub async fn end(self) {}
}
