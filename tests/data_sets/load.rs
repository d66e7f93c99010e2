//! The loader against a server that keeps to the interface and to nothing else: keys, revisions,
//! preconditions, digests. Which acts are allowed is not its matter; it refuses what it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use docket::app::documents::Digest;
use docket::cli::demo::data::DataSet;
use docket::cli::demo::{Summary, load};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

#[derive(Default)]
struct Kept {
    requests: usize,
    /// Answers by path and key.
    answers: BTreeMap<(String, String), Value>,
    /// The next revision by path.
    next: BTreeMap<String, u64>,
    bodies: BTreeMap<String, Value>,
    tokens: Vec<String>,
}

#[derive(Clone, Default)]
struct Fake {
    kept: Arc<Mutex<Kept>>,
    refuses: BTreeMap<String, String>,
}

fn problem(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "code": code, "status": status, "detail": format!("told to: {code}") });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Respond for Fake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut kept = self.kept.lock().unwrap();
        kept.requests += 1;
        let header = |name: &str| request.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        let path = request.url.path().to_owned();
        let token = header("authorization").unwrap();
        if !kept.tokens.contains(&token) {
            kept.tokens.push(token);
        }
        if path == "/v1/documents" {
            assert_eq!(header("content-type").unwrap(), "text/plain");
            let digest = Digest::of(&request.body).to_string();
            return ResponseTemplate::new(201).set_body_json(json!({ "digest": digest }));
        }
        let key = header("idempotency-key").unwrap();
        let key = key.trim_matches('"').to_owned();
        if let Some(answer) = kept.answers.get(&(path.clone(), key.clone())) {
            return ResponseTemplate::new(201).set_body_json(answer);
        }
        let next = kept.next.get(&path).copied().unwrap_or(0);
        if path.ends_with("/acts") {
            let met = match (header("if-match").as_deref(), header("if-none-match").as_deref()) {
                (None, Some("*")) if next > 0 => return problem(409, "ENROLLMENT_EXISTS"),
                (None, Some("*")) => true,
                (Some("*"), None) => next > 0,
                (Some(tag), None) => tag == format!("\"{}\"", next - 1),
                _ => false,
            };
            if !met {
                return problem(412, "REVISION_CONFLICT");
            }
        }
        if let Some(code) = self.refuses.get(&key) {
            return problem(409, &code.to_uppercase().replace('-', "_"));
        }
        let stream = path.trim_start_matches("/v1/enrollments/").trim_end_matches("/acts");
        let stream = stream.replace('/', "-");
        let id = uuid::Uuid::new_v5(&uuid::Uuid::nil(), format!("{stream}@{next}").as_bytes());
        let reference = format!("{stream}@{next}#{id}");
        let answer = json!({ "reference": reference, "events": [{ "reference": reference }] });
        kept.next.insert(path.clone(), next + 1);
        kept.bodies.insert(key.clone(), serde_json::from_slice(&request.body).unwrap());
        kept.answers.insert((path, key), answer.clone());
        ResponseTemplate::new(201).set_body_json(answer)
    }
}

async fn serve(fake: &Fake) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(fake.clone()).mount(&server).await;
    server
}

fn refusing(set: &DataSet) -> Fake {
    let expected = set.steps.iter().filter_map(|step| Some((&step.key, step.expect.as_ref()?)));
    let refuses = expected.map(|(key, code)| (key.clone(), code.clone())).collect();
    Fake { refuses, ..Fake::default() }
}

async fn run(server: &MockServer, set: &DataSet) -> anyhow::Result<Summary> {
    let tokens =
        |role: &str, office: &str, divisions: &[String]| format!("{role}.{office}.{divisions:?}");
    sendable(load(&server.uri(), &tokens, set, &mut |_, _| {})).await
}

/// A server that fills itself runs the loader as a task of its own.
fn sendable<T: Send>(loading: T) -> T {
    loading
}

#[tokio::test]
async fn a_set_is_loaded_once_however_often_it_is_sent() {
    let set = DataSet::exercise().unwrap();
    let fake = refusing(&set);
    let server = serve(&fake).await;
    let first = run(&server, &set).await.unwrap();
    let refused = fake.refuses.len();
    assert_eq!((first.refused, first.passed_over), (refused, 0));
    assert_eq!((first.subjects, first.renamings), (58, 2));
    let total = first.subjects + first.renamings + first.documents + first.acts + first.refused;
    assert_eq!(total + first.figures, set.steps.len());
    let recorded = fake.kept.lock().unwrap().answers.len();

    let second = run(&server, &set).await.unwrap();
    assert_eq!(second, Summary { refused: 0, passed_over: refused, ..first });
    let kept = fake.kept.lock().unwrap();
    assert_eq!((kept.answers.len(), kept.requests), (recorded, 2 * set.steps.len()));
    assert_eq!(kept.tokens, ["Bearer registrar.registrar.[]"]);
}

#[tokio::test]
async fn a_correction_names_the_event_that_the_server_gave() {
    let set = DataSet::exercise().unwrap();
    let fake = refusing(&set);
    run(&serve(&fake).await, &set).await.unwrap();
    let kept = fake.kept.lock().unwrap();
    let path = "/v1/enrollments/exercise_strong_province/x04/acts".to_owned();
    let event = |key: &str| kept.answers[&(path.clone(), key.to_owned())]["events"][0].clone();
    let corrects = |key: &str| kept.bodies[key]["corrects"].clone();
    assert_eq!(corrects("x04-correct-1"), event("x04-approve")["reference"]);
    assert_eq!(corrects("x04-correct-2"), event("x04-correct-1")["reference"]);
    assert!(kept.bodies["x04-correct-1"].get("corrects_step").is_none());
}

#[tokio::test]
async fn an_answer_that_is_not_expected_names_step_status_and_detail() {
    let set = DataSet::real().unwrap();
    let fake = Fake {
        refuses: BTreeMap::from([("real-pp-02".to_owned(), "role-forbidden".to_owned())]),
        ..Fake::default()
    };
    let error = format!("{:#}", run(&serve(&fake).await, &set).await.unwrap_err());
    for part in ["data set real, step real-pp-02", "409", "ROLE_FORBIDDEN", "told to"] {
        assert!(error.contains(part), "{error}");
    }

    let set = DataSet::exercise().unwrap();
    let mut fake = refusing(&set);
    fake.refuses.remove("x06-approve");
    let error = format!("{:#}", run(&serve(&fake).await, &set).await.unwrap_err());
    let expected = "step x06-approve: was to be refused with quota-exhausted";
    assert!(error.contains(expected) && error.contains("201"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_so() {
    let set = DataSet::real().unwrap();
    let tokens = |_: &str, _: &str, _: &[String]| String::new();
    let loaded = load("http://127.0.0.1:1", &tokens, &set, &mut |_, _| {}).await;
    let error = format!("{:#}", loaded.unwrap_err());
    assert!(error.contains("POST http://127.0.0.1:1/v1/subjects"), "{error}");
}

/// A file that a person edits: what is wrong is said with file, step and member.
#[test]
fn a_data_file_that_is_wrong_is_refused_with_its_step() {
    let wrong =
        |text: &str| format!("{:#}", DataSet::read("test", &[("t.toml", text)]).unwrap_err());
    let act = "[[step]]\nkey = \"k\"\nprogram = \"p\"\nsubject = \"s\"\nact = \"note\"\n";
    for (text, parts) in [
        ("[[step]]\nact = \"note\"", vec!["t.toml", "a step has a key"]),
        ("steps = 1", vec!["t.toml", "unknown field `steps`"]),
        (&format!("{act}\n{act}"), vec!["step \"k\"", "used by an earlier step"]),
        (&act.replace("subject = \"s\"\n", ""), vec!["names its subject", "for_the_program"]),
        (&act.replace("program = \"p\"\n", ""), vec!["names a program"]),
        (&format!("{act}corrects_step = \"x\""), vec!["corrects_step", "no earlier step"]),
        (&format!("{act}document = {{ upload = \"x\" }}"), vec!["uploaded by no earlier step"]),
        (&format!("{act}by = \"province\""), vec!["`archive`"]),
        ("[[step]]\nkey = \"k\"\nsubject = \"s\"", vec!["neither an act"]),
        (
            "[[step]]\nkey = \"k\"\nupload = { name = \"n\", text = \"t\" }\nnote = 1",
            vec!["unknown members: note"],
        ),
    ] {
        let error = wrong(text);
        for part in parts {
            assert!(error.contains(part), "{text}\n{error}");
        }
    }
}
