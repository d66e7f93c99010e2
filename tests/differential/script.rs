//! What is asked, step by step: acts, registrations, retries, reads; each drawn from chance and from
//! where the record stands, which is read on one of the two nodes.

use std::collections::HashMap;
use std::sync::Arc;

use docket::api::auth::{Grant, Role, TokenKey, issue};
use docket::app::App;
use docket::domain::date::{Day, Timestamp};
use docket::domain::ids::Office;
use serde_json::{Value, json};

use super::asked::{Answer, Request};
use super::chance::Chance;
use super::life::{self, Ground};
use super::node::UNIX_NOW;

/// Long after everything that happens, so that no act lies ahead.
pub fn start_of_time() -> Timestamp {
    Timestamp::parse_rfc3339("2060-01-04T09:00:00+08:00").unwrap()
}

/// An enrollment that there may be.
#[derive(Debug, Clone)]
pub struct Place {
    pub program: &'static str,
    pub subject: String,
    pub province: String,
    is_area: bool,
}

impl Place {
    pub fn stream(&self) -> String {
        format!("{}-{}", self.program, self.subject)
    }

    fn path(&self) -> String {
        format!("/v1/enrollments/{}/{}", self.program, self.subject)
    }
}

pub struct Script {
    pub chance: Chance,
    /// How often each act was asked for.
    pub acts: usize,
    key: TokenKey,
    tokens: HashMap<String, String>,
    places: Vec<Place>,
    documents: Vec<String>,
    /// Acts asked for lately, for retries.
    earlier: Vec<Request>,
    /// Paths read lately, with the tags of their answers.
    tags: Vec<(String, String)>,
    steps: usize,
    now_us: i64,
}

impl Script {
    pub fn new(seed: u64, key: TokenKey) -> Self {
        Self {
            chance: Chance::of(seed),
            acts: 0,
            key,
            tokens: HashMap::new(),
            places: places(),
            documents: Vec::new(),
            earlier: Vec::new(),
            tags: Vec::new(),
            steps: 0,
            now_us: start_of_time().micros(),
        }
    }

    /// Time goes on, the same for both.
    pub fn next_instant(&mut self) -> Timestamp {
        let step_s = self.chance.weighted(&[(6, 7), (3, 3_600), (1, 86_400)]);
        self.now_us += step_s * 1_000_000 + 1;
        Timestamp::from_micros(self.now_us)
    }

    /// What a node needs before there can be acts.
    pub fn preparation(&mut self) -> Vec<Request> {
        let mut asked = Vec::new();
        for n in 0..6 {
            asked.push(self.upload(n));
        }
        let mut subjects: Vec<Place> = self.places.clone();
        subjects.sort_by(|a, b| (a.is_area, &a.subject).cmp(&(b.is_area, &b.subject)));
        subjects.dedup_by(|a, b| a.subject == b.subject);
        for place in subjects {
            let body = registration(&place);
            let mut request = self.of_registrar("/v1/subjects", &body);
            request.headers.push(("idempotency-key", format!("\"register-{}\"", place.subject)));
            asked.push(request);
        }
        asked
    }

    fn upload(&mut self, number: usize) -> Request {
        let token = self.token(Role::Registrar, "registrar", &[]);
        let body = format!("document {number}, 文件").into_bytes();
        let headers = vec![("content-type", "text/plain".to_owned())];
        let path = "/v1/documents".to_owned();
        Request { method: "POST", path, token: Some(token), headers, body: Some(body) }
    }

    fn of_registrar(&mut self, path: &str, body: &Value) -> Request {
        let token = self.token(Role::Registrar, "registrar", &[]);
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = Some(body.to_string().into_bytes());
        Request { method: "POST", path: path.to_owned(), token: Some(token), headers, body }
    }

    /// Notes what an answer says for later requests.
    pub fn saw(&mut self, request: &Request, answer: &Answer) {
        if request.path == "/v1/documents" && answer.status == 201 {
            self.documents.extend(answer.text("digest"));
        }
        if let (Some(tag), "GET") = (answer.header("etag"), request.method) {
            self.tags.truncate(15);
            self.tags.insert(0, (request.path.clone(), tag.to_owned()));
        }
    }

    /// The next request; what it rests on is read on this node.
    pub async fn next(&mut self, app: &App) -> Request {
        self.steps += 1;
        let mut request = match self.chance.below(100) {
            0 => self.upload_again(),
            1 => self.renaming(),
            2 => self.strange_registration(),
            3..18 => self.read(),
            _ => self.act(app).await,
        };
        let trace = format!("00-{:032x}-{:016x}-01", self.steps, self.steps);
        request.headers.push(("traceparent", trace));
        let language = *self.chance.pick(&["en", "zh-CN", "fr"]);
        request.headers.push(("accept-language", language.to_owned()));
        request
    }

    fn upload_again(&mut self) -> Request {
        let number = self.chance.below(40);
        self.upload(number)
    }

    fn renaming(&mut self) -> Request {
        let subject = self.chance.pick(&self.places).subject.clone();
        let on = Day::parse("2012-01-01").unwrap();
        let on = on.plus_days(self.chance.count(6000));
        let name = format!("{subject} {}", self.steps);
        let body = json!({
            "name": { "en": name, "zh": format!("新名 {}", self.steps) },
            "source": "a gazette", "effective_on": on.to_string(),
        });
        let mut request = self.of_registrar(&format!("/v1/subjects/{subject}/renamings"), &body);
        request.headers.push(("idempotency-key", format!("\"rename-{}\"", self.steps)));
        request
    }

    /// One that is there already, has no place, or lacks something.
    fn strange_registration(&mut self) -> Request {
        let place = self.chance.pick(&self.places).clone();
        let mut body = registration(&place);
        match self.chance.below(4) {
            0 => body["id"] = json!("999999"),
            1 => drop(body.as_object_mut().unwrap().remove("source")),
            2 => body["province"] = json!("nowhere"),
            _ => {}
        }
        let mut request = self.of_registrar("/v1/subjects", &body);
        let spent = self.chance.percent(50);
        let of = if spent { place.subject } else { self.steps.to_string() };
        request.headers.push(("idempotency-key", format!("\"register-{of}\"")));
        request
    }

    async fn act(&mut self, app: &App) -> Request {
        self.acts += 1;
        if !self.earlier.is_empty() && self.chance.percent(6) {
            return self.again();
        }
        let place = self.chance.pick(&self.places).clone();
        let stream = place.stream();
        let cached = app.enrollment(&stream).await.unwrap();
        let program = app.library().program(place.program).unwrap();
        let versions = app.library().versions(program);
        let day = cached.last_fold_day.unwrap_or_else(|| Day::parse("2016-01-01").unwrap());
        let edition = versions.in_force(day).or_else(|| versions.newest()).map(Arc::clone);
        let mut ground = Ground {
            is_area: place.is_area,
            is_exercise: program.is_exercise(),
            measure: edition.as_deref().map(|edition| &edition.measure),
            state: &cached.state,
            last_fold_day: cached.last_fold_day,
            history: None,
            documents: &self.documents,
        };
        let kind = life::kind(&ground, &mut self.chance);
        let history =
            if life::needs_history(kind) { app.history(&stream).await.ok() } else { None };
        ground.history = history.as_ref();
        let tried = life::act(&ground, kind, &mut self.chance);
        let token = self.token_of(tried.office, &place);
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.push(("idempotency-key", format!("\"act-{}\"", self.steps)));
        headers.extend(precondition(cached.revision, &mut self.chance));
        let mut path = format!("{}/acts", place.path());
        if self.chance.percent(3) {
            path.push_str("?validate_only=true");
        }
        let body = Some(tried.body.to_string().into_bytes());
        let request = Request { method: "POST", path, token: Some(token), headers, body };
        if self.earlier.len() == 64 {
            self.earlier.remove(0);
        }
        self.earlier.push(request.clone());
        request
    }

    /// An earlier act once more: the same, under a spent key, or without a key.
    fn again(&mut self) -> Request {
        let mut request = self.chance.pick(&self.earlier).clone();
        match self.chance.below(8) {
            0 => {
                let other = self.chance.pick(&self.earlier).clone();
                request.body = other.body;
            }
            1 => request.headers.retain(|(name, _)| *name != "idempotency-key"),
            2 => request.headers.retain(|(name, _)| !name.starts_with("if-")),
            3 => request.path.push_str("?validate_only=maybe"),
            _ => {}
        }
        request
    }

    fn read(&mut self) -> Request {
        if !self.tags.is_empty() && self.chance.percent(30) {
            let (path, _) = self.chance.pick(&self.tags).clone();
            return self.plain_read(path);
        }
        let place = self.chance.pick(&self.places).clone();
        let base = place.path();
        let number = self.chance.below(200);
        let mut path = match self.chance.below(14) {
            0..3 => base,
            3 => format!("{base}/acts"),
            4 => format!("{base}/audit-trail"),
            5 => format!("{base}/timeline"),
            6 => format!("{base}/obligations"),
            7 => format!("{base}/revisions"),
            8 => return self.plain_read(format!("{base}/revisions/{}", number / 8)),
            9 => return self.plain_read(format!("/v1/programs/{}/quotas", place.program)),
            10 => return self.plain_read(format!("/v1/subjects/{}", place.subject)),
            11 => {
                let after = self.chance.below(1 + self.acts / 3);
                return self.plain_read(format!("/v1/events?after={after}&limit=5"));
            }
            12 => return self.plain_read(format!("/v1/events/{number}")),
            _ => format!("{base}/permitted-acts"),
        };
        if self.chance.percent(40) {
            let day = Day::parse("2014-06-01").unwrap();
            let day = day.plus_days(self.chance.count(6000));
            path = format!("{path}?as_of={day}");
        }
        if self.chance.percent(20) {
            let back = self.chance.count(3_600_000) * 1_000_000;
            let then = Timestamp::from_micros((self.now_us - back).max(start_of_time().micros()));
            let sign = if path.contains('?') { '&' } else { '?' };
            path = format!("{path}{sign}known_at={}", then.to_string().replace('+', "%2B"));
        }
        self.plain_read(path)
    }

    fn plain_read(&mut self, path: String) -> Request {
        let token = match self.chance.below(10) {
            0 => None,
            1..4 => Some(self.token(Role::NationalOffice, "cnipa", &[])),
            _ => Some(self.token(Role::Auditor, "audit", &[])),
        };
        let known = self.tags.iter().find(|(known, _)| *known == path);
        let headers = known.map(|(_, tag)| ("if-none-match", tag.clone())).into_iter().collect();
        Request { method: "GET", path, token, headers, body: None }
    }

    fn token_of(&mut self, office: Office, place: &Place) -> String {
        match office {
            Office::ProvincialDepartment => {
                self.token(Role::ProvincialDepartment, "department", &[&place.province])
            }
            Office::Province => self.token(Role::Province, "government", &[&place.subject]),
            Office::LocalGovernment => {
                self.token(Role::LocalGovernment, "local", &[&place.subject])
            }
            Office::Registrar => self.token(Role::Registrar, "registrar", &[]),
            Office::NationalOffice | Office::Docket => {
                self.token(Role::NationalOffice, "cnipa", &[])
            }
        }
    }

    fn token(&mut self, role: Role, office: &str, divisions: &[&str]) -> String {
        let of = format!("{role}-{office}-{divisions:?}");
        let (key, jti) = (&self.key, self.tokens.len());
        let made = self.tokens.entry(of.clone()).or_insert_with(|| {
            let grant = Grant {
                issuer: "docket-test".to_owned(),
                audience: "docket".to_owned(),
                sub: of,
                role,
                office: office.to_owned(),
                divisions: divisions.iter().map(ToString::to_string).collect(),
                jti: jti.to_string(),
            };
            issue(key, &grant, UNIX_NOW, 3600).unwrap()
        });
        made.clone()
    }

    /// The lists out of the tables, once these have read everything.
    pub fn lists(&mut self) -> Vec<Request> {
        let mut paths = vec!["/v1/subjects?limit=1000".to_owned()];
        for exercise in ["true", "false"] {
            paths.push(format!("/v1/enrollments?exercise={exercise}&limit=1000"));
            paths.push(format!("/v1/obligations?exercise={exercise}&limit=1000&as_of=2019-03-01"));
            paths.push(format!("/v1/enrollments?exercise={exercise}&as_of=2018-06-30&limit=7"));
        }
        let token = self.token(Role::Auditor, "audit", &[]);
        let ask = |path| Request {
            method: "GET",
            path,
            token: Some(token.clone()),
            headers: Vec::new(),
            body: None,
        };
        paths.into_iter().map(ask).collect()
    }
}

fn precondition(revision: Option<u64>, chance: &mut Chance) -> Option<(&'static str, String)> {
    let tag = |revision: u64| format!("\"{revision}.2060-01-04.json.en.0\"");
    match (chance.below(30), revision) {
        (0, _) => None,
        (1, _) => Some(("if-none-match", "*".to_owned())),
        (2, _) => Some(("if-match", "W/\"3\"".to_owned())),
        (3 | 4, Some(now)) => Some(("if-match", tag(now.saturating_sub(1)))),
        (5, Some(now)) => Some(("if-match", tag(now + 1))),
        (6..18, Some(now)) => Some(("if-match", tag(now))),
        (_, Some(_)) => Some(("if-match", "*".to_owned())),
        (_, None) => Some(("if-none-match", "*".to_owned())),
    }
}

/// Exercises, where places get short, and real programs beside them.
fn places() -> Vec<Place> {
    let place = |program, subject: &str, province: &str, is_area| Place {
        program,
        subject: subject.to_owned(),
        province: province.to_owned(),
        is_area,
    };
    let mut places = Vec::new();
    for n in 1..=40 {
        let id = format!("x{n:02}");
        places.push(place("exercise_strong_province", &id, &id, false));
        let area = format!("y{n:02}");
        places.push(place("exercise_cluster_area", &area, &format!("x{n:02}"), true));
    }
    for id in ["110000", "310000", "320000", "370000", "440000", "510000"] {
        places.push(place("strong_province", id, id, false));
    }
    for (area, province) in [("futian", "440000"), ("haidian", "110000"), ("yangpu", "310000")] {
        places.push(place("cluster_area", area, province, true));
        places.push(place("high_quality_cluster_area", area, province, true));
    }
    places
}

fn registration(place: &Place) -> Value {
    let invented = place.program.starts_with("exercise_");
    json!({
        "id": place.subject, "kind": if place.is_area { "cluster_area" } else { "province" },
        "name": { "en": format!("Area {}", place.subject), "zh": format!("区 {}", place.subject) },
        "province": place.province, "invented": invented, "source": "invented for a test",
        "effective_on": "2010",
    })
}
