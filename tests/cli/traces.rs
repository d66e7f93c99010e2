//! Traces over OTLP: with a collector that reads what it is sent.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost_otlp::Message as _;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::oidc::now;
use crate::support::{Server, command, demo_copy, docket, run, text};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const ACTS: &str = "/v1/enrollments/exercise_strong_province/x22/acts";

struct Collector {
    runtime: Runtime,
    server: MockServer,
}

impl Collector {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            let taken = Mock::given(method("POST")).and(path("/v1/traces"));
            taken.respond_with(ResponseTemplate::new(200)).mount(&server).await;
            server
        });
        Self { runtime, server }
    }

    /// Everything that was sent: each span with the attributes of its resource.
    fn spans(&self) -> Vec<(Span, String)> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        let mut spans = Vec::new();
        for request in requests {
            let sent = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
            for of in sent.resource_spans {
                let resource = format!("{:?}", of.resource);
                let all = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(all.map(|span| (span, resource.clone())));
            }
        }
        spans
    }

    /// The spans of a trace, once one has this name.
    fn trace(&self, id: &str, awaited: &str) -> Vec<Span> {
        let until = Instant::now() + PATIENCE;
        loop {
            let spans = self.spans().into_iter().map(|(span, _)| span);
            let spans: Vec<_> = spans.filter(|span| hex(&span.trace_id) == id).collect();
            if spans.iter().any(|span| span.name == awaited) {
                return spans;
            }
            assert!(Instant::now() < until, "{:?}", self.spans());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn served(folder: &TempDir, endpoint: &str, more: &[(&str, &str)]) -> Server {
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path())];
    let mut command = command(&args);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).env("OTEL_BSP_SCHEDULE_DELAY", "50");
    Server::spawn(command.envs(more.iter().copied()))
}

/// Sends an act that is recorded once: what is answered.
fn apply(
    runtime: &Runtime,
    server: &Server,
    folder: &TempDir,
    traceparent: &str,
    key: &str,
) -> Value {
    let args = ["token", "--role", "province", "--office", "exercise-v", "--division", "x22"];
    let token = docket(&[&args[..], &["--data-dir", text(folder.path())]].concat()).done();
    let today = chrono::DateTime::from_timestamp(now() + 8 * 3600, 0).unwrap().date_naive();
    let body = json!({
        "act": "apply", "effective_on": today.to_string(), "category": "supporting", "rank": "pilot",
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(format!("{}{ACTS}", server.base)).bearer_auth(token.trim());
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let request = request.header("traceparent", traceparent).header("if-match", "*").json(&body);
    runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
}

#[test]
fn an_act_is_one_trace_from_the_request_to_the_flush_and_the_row() {
    let (collector, folder) = (Collector::start(), demo_copy());
    let service = [("OTEL_SERVICE_NAME", "docket-gd")];
    let server = served(&folder, &collector.server.uri(), &service);
    let (trace, client) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    // Whose client is not collected is not collected here.
    let quiet = format!("00-{}-{client}-00", "1".repeat(32));
    let refused = apply(&collector.runtime, &server, &folder, &quiet, "");
    assert_eq!(refused["code"], "IDEMPOTENCY_KEY_MISSING", "{refused}");
    // Without a trace of the client's: the problem names the one that is collected.
    let refused = apply(&collector.runtime, &server, &folder, "none", "");
    let of_problem = refused["trace_id"].as_str().unwrap();
    let name = "POST /v1/enrollments/{program}/{subject}/acts";
    let spans = collector.trace(of_problem, name);
    let said = format!("{:?}", spans[0].attributes);
    assert!(said.contains("idempotency-key-missing") && said.contains("IntValue(400)"), "{said}");
    let given = format!("00-{trace}-{client}-01");
    let recorded = apply(&collector.runtime, &server, &folder, &given, "traced");
    assert!(recorded["sequence"].is_string(), "{recorded}");
    let spans = collector.trace(trace, "project");
    let the = |name: &str| {
        let mut found = spans.iter().filter(|span| span.name == name);
        let one = found.next().unwrap_or_else(|| panic!("no {name}: {spans:?}"));
        assert!(found.next().is_none(), "several of {name}: {spans:?}");
        one
    };
    let (request, append) = (the(name), the("append"));
    assert_eq!((hex(&request.parent_span_id), request.kind), (client.to_owned(), 2));
    for (child, parent) in
        [("decide", request), ("append", request), ("flush", append), ("project", request)]
    {
        assert_eq!(hex(&the(child).parent_span_id), hex(&parent.span_id), "{child}");
        assert!(the(child).end_time_unix_nano >= the(child).start_time_unix_nano);
    }
    assert!(the("flush").end_time_unix_nano <= request.end_time_unix_nano, "before the answer");
    let (code, _) = server.stop("TERM");
    assert_eq!(code, 0);
    let all = collector.spans();
    assert!(!all.iter().any(|(span, _)| hex(&span.trace_id) == "1".repeat(32)));
    for (span, resource) in all {
        assert!(
            resource.contains("docket-gd") && resource.contains("service.version"),
            "{resource}"
        );
        let said = format!("{span:?}");
        for kept_back in ["x22", "exercise-v", "127.0.0.1", "supporting", "eyJ", "traced"] {
            assert!(!said.contains(kept_back), "{said} says {kept_back}");
        }
    }
}

#[test]
fn a_collector_that_is_dead_or_does_not_answer_holds_nothing_up() {
    // Connections wait there, and nothing answers them.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hanging.local_addr().unwrap());
    let (folder, runtime) = (demo_copy(), Runtime::new().unwrap());
    let server = served(&folder, &endpoint, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]);
    let given = format!("00-{}-{}-01", "2".repeat(32), "3".repeat(16));
    let recorded = apply(&runtime, &server, &folder, &given, "held-up");
    assert!(recorded["sequence"].is_string(), "{recorded}");
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("the collector of traces takes none").count(), 1, "{said}");
}

#[test]
fn a_variable_that_is_not_taken_ends_the_start_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command(&["serve", "--data-dir", text(folder.path())]);
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    run(serve.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"))
        .refused(2, &["OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "http/protobuf"]);
}
