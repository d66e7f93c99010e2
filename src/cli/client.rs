//! A client of the REST interface that reads.

use std::time::Duration;

use anyhow::Context as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE};
use serde_json::Value;

use super::exit::{Exit, failure};
use super::masked::masked_text;

/// A list over a long log may take its time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// One server, and who asks it.
pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: String,
    language: Option<&'static str>,
}

/// What it answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The body.
    pub body: Value,
    /// Whether it is in English, rather than Chinese.
    pub is_english: bool,
}

impl Answer {
    /// Takes out the link to the next page.
    pub fn take_next(&mut self) -> Option<String> {
        match self.body.as_object_mut()?.remove("next")? {
            Value::String(link) => Some(link),
            _ => None,
        }
    }

    /// The word of the answer's language.
    pub fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        if self.is_english { en } else { zh }
    }
}

impl Client {
    /// A client of the server at an address.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(base: &str, bearer: String, language: Option<&'static str>) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base);
        if !url.is_ok_and(|url| ["http", "https"].contains(&url.scheme())) {
            return Err(failure(
                Exit::Usage,
                format!(
                    "{:?} is no server's address, such as http://127.0.0.1:8080",
                    masked_text(&base)
                ),
            ));
        }
        let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { http, base, bearer, language })
    }

    /// What stands at a path, which may be a link out of an answer.
    ///
    /// # Errors
    /// A server that can't be reached; a problem, with the exit code of its status.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        let response = self.send(path, query).await?;
        let status = response.status();
        let language = response.headers().get(CONTENT_LANGUAGE).cloned();
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        // What is no JSON, such as a proxy's page, is still worth showing.
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if !status.is_success() {
            return Err(problem(status, &body));
        }
        let is_english = language.is_some_and(|language| language.as_bytes().starts_with(b"en"));
        Ok(Answer { body, is_english })
    }

    /// The bytes at a path.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn bytes(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Vec<u8>> {
        let response = self.send(path, query).await?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if !status.is_success() {
            let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
            return Err(problem(
                status,
                &serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
            ));
        }
        Ok(bytes.into())
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        let why = causes(error);
        let text = format!("{} can't be reached: {why}", masked_text(&self.base));
        failure(Exit::Unavailable, text)
    }

    async fn send(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<reqwest::Response> {
        let url = format!("{}{}", self.base, below(path));
        let mut url = reqwest::Url::parse(&url)
            .with_context(|| format!("{:?} is no address", masked_text(&url)))?;
        if !query.is_empty() {
            let pairs = query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
            url.set_query(Some(&pairs.collect::<Vec<_>>().join("&")));
        }
        let mut request = self.http.get(url.clone()).bearer_auth(&self.bearer);
        if let Some(language) = self.language {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        request.send().await.map_err(|error| self.unreachable(&error))
    }
}

/// What only stands in an address as it is: letters, digits, `-`, `_`, `.`, `~` (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as a part of an address: percent-encoded, so that no other text is asked about.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A text as one segment of a path.
///
/// # Errors
/// What an address cannot hold there: nothing, and the two that mean a step in the path.
pub fn segment(text: &str) -> anyhow::Result<String> {
    if matches!(text, "" | "." | "..") {
        return Err(failure(
            Exit::Usage,
            format!(
                "{text:?} can't be asked about: no address can hold it; ids are letters, digits, _, - and dots within"
            ),
        ));
    }
    Ok(encoded(text))
}

/// Why a request got no answer: the last cause, which is the system's.
pub fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The part of a link below the server's address: the one that this client knows counts, and the
/// token goes nowhere else.
fn below(link: &str) -> &str {
    link.find("/v1/").map_or(link, |at| &link[at..])
}

fn problem(status: StatusCode, body: &Value) -> anyhow::Error {
    let exit = match status.as_u16() {
        400 => Exit::Usage,
        401 | 403 => Exit::Forbidden,
        404 | 410 => Exit::NotFound,
        409 | 412 => Exit::Conflict,
        422 => Exit::Refused,
        429 | 502..=504 => Exit::Unavailable,
        _ => Exit::Failed,
    };
    let member = |name: &str| body.get(name).and_then(Value::as_str);
    let message = match (member("title"), member("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(title), None) => title.to_owned(),
        _ => format!("the server answers {status}"),
    };
    failure(exit, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_is_what_was_written() {
        assert_eq!(segment("exercise/a b+é%").unwrap(), "exercise%2Fa%20b%2B%C3%A9%25");
        assert_eq!(segment("a-b_c.d").unwrap(), "a-b_c.d");
        assert_eq!(segment("%2e%2e").unwrap(), "%252e%252e");
        for none in ["", ".", ".."] {
            assert!(segment(none).is_err(), "{none}");
        }
    }
}
