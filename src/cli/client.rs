//! A client of the REST interface.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::exit::{Exit, failure};
use super::masked::masked_text;

/// A list over a long log may take its time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The variable that names what is shown to a server that asks its clients for a certificate: a PEM file with
/// the certificate, its chain and its key.
pub const CLIENT_CERT: &str = "DOCKET_CLIENT_CERT";

/// A client of HTTP, with the certificate of the environment if there is one.
///
/// # Errors
/// A file that can't be read, or lacks one of the two.
pub fn http() -> anyhow::Result<reqwest::ClientBuilder> {
    let builder = reqwest::Client::builder();
    let Some(path) = std::env::var(CLIENT_CERT).ok().filter(|path| !path.is_empty()) else {
        return Ok(builder);
    };
    let pem = std::fs::read(&path).with_context(|| format!("{CLIENT_CERT}: can't read {path}"))?;
    let identity = reqwest::Identity::from_pem(&pem).map_err(|error| {
        let expected = "expected a certificate, its chain and its key (PEM)";
        failure(Exit::Usage, format!("{CLIENT_CERT}: {path}: {expected}: {}", causes(&error)))
    })?;
    Ok(builder.identity(identity))
}

/// Which server, and by which token.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServerArgs {
    /// Ask this server (or DOCKET_SERVER) instead of a log; DOCKET_CLIENT_CERT names a PEM file with the certificate and key to show, where it asks for one
    #[arg(long, value_name = "URL", conflicts_with_all = ["data_dir", "set"])]
    server: Option<String>,
    /// The token for the server (better DOCKET_TOKEN, which no process list shows)
    #[arg(long, value_name = "TOKEN", requires = "server")]
    token: Option<String>,
    /// A file with the token for the server (or DOCKET_TOKEN_FILE)
    #[arg(long, value_name = "FILE", conflicts_with = "token", requires = "server")]
    token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// The client of the server that is named; where a log is named the environment names none.
    ///
    /// # Errors
    /// No token; an address that is none.
    pub fn client(
        &self,
        names_log: bool,
        language: Option<&'static str>,
    ) -> anyhow::Result<Option<Client>> {
        let server = self.server.clone().or_else(|| {
            std::env::var("DOCKET_SERVER").ok().filter(|url| !url.is_empty() && !names_log)
        });
        server.map(|server| Client::new(&server, self.bearer()?, language)).transpose()
    }

    fn bearer(&self) -> anyhow::Result<String> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = self.token_file.clone();
        let from_file = match (&file, variable("DOCKET_TOKEN")) {
            (None, Some(token)) => return Ok(token),
            (None, None) => variable("DOCKET_TOKEN_FILE").map(PathBuf::from),
            (Some(_), _) => file,
        };
        let path = from_file.ok_or_else(|| {
            failure(
                Exit::Usage,
                "the server asks for a token: DOCKET_TOKEN, --token-file or --token; `docket token` issues one",
            )
        })?;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("can't read the token file {}", path.display()))?;
        Ok(text.trim().to_owned())
    }
}

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
        Self::by(http()?, base, bearer, language)
    }

    fn by(
        http: reqwest::ClientBuilder,
        base: &str,
        bearer: String,
        language: Option<&'static str>,
    ) -> anyhow::Result<Self> {
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
        let http = http.timeout(TIMEOUT).build()?;
        Ok(Self { http, base, bearer, language })
    }

    /// A client of a server of this machine, by its loopback address: no certificate names that, and nobody
    /// stands between.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn of_this_machine(
        base: &str,
        bearer: String,
        language: Option<&'static str>,
    ) -> anyhow::Result<Self> {
        Self::by(http()?.tls_danger_accept_invalid_certs(true), base, bearer, language)
    }

    /// What stands at a path, which may be a link out of an answer.
    ///
    /// # Errors
    /// A server that can't be reached; a problem, with the exit code of its status.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path, query)?).await
    }

    /// The bytes at a path.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn bytes(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Vec<u8>> {
        let response = self.open(self.request(Method::GET, path, query)?).await?;
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        Ok(bytes.into())
    }

    /// A request for a path, which may be a link out of an answer.
    ///
    /// # Errors
    /// What is no address.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<RequestBuilder> {
        let url = format!("{}{}", self.base, below(path));
        let mut url = reqwest::Url::parse(&url)
            .with_context(|| format!("{:?} is no address", masked_text(&url)))?;
        if !query.is_empty() {
            let pairs = query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
            url.set_query(Some(&pairs.collect::<Vec<_>>().join("&")));
        }
        let mut request = self.http.request(method, url).bearer_auth(&self.bearer);
        if let Some(language) = self.language {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        Ok(request)
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        let (base, why) = (masked_text(&self.base), causes(error));
        failure(Exit::Unavailable, format!("{base} can't be reached: {why}"))
    }

    /// The answer to a request as it comes, if it is a success.
    ///
    /// # Errors
    /// A server that can't be reached; a problem, with the exit code of its status.
    pub async fn open(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(problem(status, &self.body(response).await?))
    }

    async fn body(&self, response: Response) -> anyhow::Result<Value> {
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        // What is no JSON, such as a proxy's page, is still worth showing.
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The whole answer to a request.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let response = self.open(request).await?;
        let language = response.headers().get(CONTENT_LANGUAGE).cloned();
        let body = self.body(response).await?;
        let is_english = language.is_some_and(|language| language.as_bytes().starts_with(b"en"));
        Ok(Answer { body, is_english })
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

/// What a command ends with whose question is answered with this status.
pub fn exit_by(status: u16) -> Exit {
    match status {
        400 => Exit::Usage,
        401 | 403 => Exit::Forbidden,
        404 | 410 => Exit::NotFound,
        409 | 412 => Exit::Conflict,
        422 => Exit::Refused,
        429 | 502..=504 => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn problem(status: StatusCode, body: &Value) -> anyhow::Error {
    let exit = exit_by(status.as_u16());
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
