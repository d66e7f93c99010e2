//! Traces of acts (OpenTelemetry): which spans there are, and whose children they are. An act is one trace:
//! the request, in it `decide`, `append` and in that `flush`; and, by the `traceparent` that its event
//! keeps, `project`, when its rows are committed, by whatever process and however much later.
//!
//! What must hold: a span says the method, the route and the kind of an act, and nothing that was recorded
//! or sent: no address, name, subject or token. Where nobody collects, a span costs a look at a flag. Who
//! collects is the business of `cli`.

use std::sync::OnceLock;

use tracing::Span;
use tracing::field::Empty;

/// What all spans go by; nothing else does.
pub const TARGET: &str = "docket::trace";
/// Rows of so many events in one batch have spans: who fills tables from a long log traces nothing.
const MAX_ROWS: usize = 256;

/// Since when events have spans for their rows, in microseconds; never, where nobody collects.
static SINCE_US: OnceLock<i64> = OnceLock::new();

/// From now on somebody collects.
pub fn collect_since(now_us: i64) {
    // A second call finds the first.
    let _ = SINCE_US.set(now_us);
}

/// The span of a request, under what its client traces.
pub fn request(method: &str, route: &str, traceparent: Option<&str>) -> Span {
    let span = tracing::debug_span!(
        target: TARGET,
        parent: None,
        "request",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        docket.problem = Empty,
    );
    under(&span, traceparent);
    span
}

/// The end of a request.
pub fn answered(span: &Span, status: u16, problem: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    // Whole numbers of OpenTelemetry have a sign.
    span.record("http.response.status_code", i64::from(status));
    if let Some(problem) = problem {
        span.record("docket.problem", problem);
    }
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a decision.
pub fn decide(act: &str) -> Span {
    tracing::debug_span!(target: TARGET, "decide", docket.act = act)
}

/// The span of an append, from the queue until it is durable.
pub fn append(events: usize) -> Span {
    tracing::debug_span!(target: TARGET, "append", docket.events = signed(events as u64))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The spans of one flush, under each append that it makes durable.
pub fn flush<'a>(appends: impl Iterator<Item = &'a Span>) -> Vec<Span> {
    let traced = appends.filter(|append| !append.is_disabled());
    traced.map(|append| tracing::debug_span!(target: TARGET, parent: append, "flush")).collect()
}

/// The spans of rows, under the requests that recorded their events: `traceparent`, `recorded_at` in
/// microseconds, and sequence of each.
pub fn project<'a>(events: impl Iterator<Item = (&'a str, i64, u64)>) -> Vec<Span> {
    let Some(since_us) = SINCE_US.get() else { return Vec::new() };
    let traced = events.filter(|(_, recorded_at_us, _)| recorded_at_us >= since_us);
    let span = |(traceparent, _, sequence): (&str, i64, u64)| {
        let span = tracing::debug_span!(
            target: TARGET,
            parent: None,
            "project",
            otel.kind = "consumer",
            docket.sequence = signed(sequence),
        );
        under(&span, Some(traceparent));
        span
    };
    traced.take(MAX_ROWS).map(span).collect()
}

#[cfg(feature = "otlp")]
fn under(span: &Span, traceparent: Option<&str>) {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    if span.is_disabled() {
        return;
    }
    if let Some(parent) = traceparent.and_then(parsed) {
        let context = opentelemetry::Context::new().with_remote_span_context(parent);
        // It fails where nobody collects.
        let _ = span.set_parent(context);
    }
}

#[cfg(not(feature = "otlp"))]
fn under(_: &Span, _: Option<&str>) {}

/// A `traceparent` of W3C Trace Context.
#[cfg(feature = "otlp")]
fn parsed(traceparent: &str) -> Option<opentelemetry::trace::SpanContext> {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    let mut fields = traceparent.trim().split('-').skip(1);
    let (trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?);
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// The `traceparent` of the span that one is in, where it is collected.
#[cfg(feature = "otlp")]
pub fn traceparent() -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    let span = Span::current();
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let of = context.span().span_context().clone();
    let is_collected = of.is_valid() && of.is_sampled();
    is_collected.then(|| format!("00-{}-{}-01", of.trace_id(), of.span_id()))
}

/// The `traceparent` of the span that one is in, where it is collected: never by this build.
#[cfg(not(feature = "otlp"))]
pub fn traceparent() -> Option<String> {
    None
}
