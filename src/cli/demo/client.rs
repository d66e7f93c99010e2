//! A plain client of the REST interface: one connection kept open, a token per recorder.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::StatusCode;
use serde_json::Value;

use super::Tokens;
use super::data::Recorder;

/// Longer than any answer takes; without it a server that hangs would hang the client.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) struct Client<'a> {
    http: reqwest::Client,
    base_url: String,
    tokens: &'a Tokens<'a>,
    made: Mutex<BTreeMap<Recorder, String>>,
}

/// A request to be sent.
pub(super) struct Sent<'a> {
    pub path: &'a str,
    pub media_type: &'a str,
    pub body: Vec<u8>,
    pub key: Option<&'a str>,
    pub precondition: Option<(&'static str, String)>,
}

impl<'a> Sent<'a> {
    pub fn json(path: &'a str, body: Vec<u8>) -> Self {
        Self { path, media_type: "application/json", body, key: None, precondition: None }
    }
}

/// What the server answered.
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    /// The body of an answer that says it was done, now or before.
    pub fn accepted(&self) -> Result<&Value> {
        match self.status {
            StatusCode::OK | StatusCode::CREATED => Ok(&self.body),
            _ => bail!("the answer is {self}"),
        }
    }

    /// The problem's code, in the form of the data sets: `quota-exhausted`.
    pub fn code(&self) -> Option<String> {
        let code = self.body.get("code")?.as_str()?;
        Some(code.to_ascii_lowercase().replace('_', "-"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = |name| self.body.get(name).and_then(Value::as_str);
        write!(f, "{}", self.status)?;
        match (member("code"), member("detail")) {
            (Some(code), Some(detail)) => write!(f, " {code}: {detail}")?,
            _ => write!(f, " {}", self.body)?,
        }
        match self.body.get("errors") {
            Some(errors) => write!(f, " {errors}"),
            None => Ok(()),
        }
    }
}

impl<'a> Client<'a> {
    pub fn new(base_url: &str, tokens: &'a Tokens<'a>) -> Result<Self> {
        // An error means that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base_url, tokens, made: Mutex::default() })
    }

    pub async fn send(&self, recorder: &Recorder, sent: Sent<'_>) -> Result<Answer> {
        let url = format!("{}{}", self.base_url, sent.path);
        let mut request = self
            .http
            .post(&url)
            .bearer_auth(self.token(recorder))
            .header("Content-Type", sent.media_type)
            .header("Accept-Language", "en")
            .body(sent.body);
        if let Some(key) = sent.key {
            request = request.header("Idempotency-Key", format!("\"{key}\""));
        }
        if let Some((name, value)) = sent.precondition {
            request = request.header(name, value);
        }
        let answer = request.send().await.with_context(|| format!("POST {url}"))?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| format!("POST {url}"))?;
        // What is no JSON, such as a proxy's page, is still worth showing.
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    fn token(&self, recorder: &Recorder) -> String {
        let mut made = self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        made.entry(recorder.clone())
            .or_insert_with(|| (self.tokens)(&recorder.role, &recorder.office, &recorder.divisions))
            .clone()
    }
}
