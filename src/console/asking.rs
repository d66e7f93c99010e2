//! One request to a page: who reads, what is asked of the interface, and what stands in the way.

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, Route};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::links::{Times, address};
use super::session::token_of;
use super::{Settings, frame, see_other, sheet};
use crate::domain::ids::Language;
use crate::views::headers::NO_STORE;
use crate::views::inside::{Asked, Inside, Reply};
use crate::views::media::{JSON, OCTETS};

/// A request.
pub struct Page {
    /// The request.
    pub http: HttpRequest,
    /// The settings.
    pub settings: web::Data<Settings>,
    /// The parameters.
    pub query: Vec<(String, String)>,
    /// The times.
    pub times: Times,
    /// The language of the page.
    pub language: Language,
    /// How long it is good.
    pub keeps: Keeps,
    inside: web::Data<Inside>,
    token: Option<String>,
}

/// How long a page is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// For ever, where its times are fixed; it has a record sheet.
    AsFixed,
    /// As long as it is looked at: it says what holds now, whatever times its address names.
    Now,
    /// Nobody keeps it.
    Never,
}

/// Why there is no page.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in, or no longer.
    SignIn,
    /// What the interface says.
    Problem(StatusCode, Value),
}

/// A page, or why there is none.
pub type Made = Result<maud::Markup, Failure>;

impl Page {
    /// The request of a page.
    pub fn of(http: HttpRequest, settings: web::Data<Settings>, inside: web::Data<Inside>) -> Self {
        let query = pairs(http.query_string());
        let get = |name: &str| {
            let found = query.iter().find(|(known, value)| known == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let fixed = get("lang").and_then(|tag| Language::parse(&tag));
        let times = Times {
            as_of: get("as_of"),
            at_sequence: get("at_sequence"),
            known_at: get("known_at"),
            language: fixed,
        };
        let language = fixed.or_else(|| liked(&http)).unwrap_or(settings.default_language);
        let token = token_of(&http);
        Self { http, settings, query, times, language, keeps: Keeps::AsFixed, inside, token }
    }

    /// A parameter.
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A part of the path.
    pub fn path(&self, name: &str) -> String {
        let part = self.http.match_info().get(name).unwrap_or_default();
        percent_decode_str(part).decode_utf8_lossy().into_owned()
    }

    /// One of two texts, in the page's language.
    pub fn say<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        crate::domain::words::pick(self.language, en, zh)
    }

    /// The same with another token.
    pub fn signed(&self, token: &str) -> Self {
        Self {
            http: self.http.clone(),
            settings: self.settings.clone(),
            query: Vec::new(),
            times: Times::default(),
            language: self.language,
            keeps: self.keeps,
            inside: self.inside.clone(),
            token: Some(token.to_owned()),
        }
    }

    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the reader may read an address of the interface, as its table of routes writes it.
    pub fn may_read(&self, path: &str) -> bool {
        self.token.as_deref().is_some_and(|token| self.inside.lets(token, &Method::GET, path))
    }

    /// Whether the reader acts for an office.
    pub fn may_act(&self) -> bool {
        let acts = "/v1/enrollments/{program}/{subject}/acts";
        self.token.as_deref().is_some_and(|token| self.inside.lets(token, &Method::POST, acts))
    }

    /// What the interface answers, with the times of the page.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn get(&self, path: &str, more: &[(&str, &str)]) -> Result<Value, Failure> {
        let pairs = self.times.pairs().into_iter().chain(more.iter().copied());
        self.get_at(&address(path, pairs)).await
    }

    /// The same without the times.
    ///
    /// # Errors
    /// As [`Page::get`].
    pub async fn get_at(&self, target: &str) -> Result<Value, Failure> {
        let reply = self.asked(target, JSON).await?;
        Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
    }

    /// The answer itself, in this form.
    ///
    /// # Errors
    /// As [`Page::get`].
    pub async fn asked(&self, target: &str, accept: &str) -> Result<Reply, Failure> {
        let Some(token) = &self.token else { return Err(Failure::SignIn) };
        let headers = vec![
            ("authorization", format!("Bearer {token}")),
            ("accept", accept.to_owned()),
            ("accept-language", self.language.tag().to_owned()),
        ];
        let target = target.to_owned();
        let asked = Asked { method: Method::GET, target, headers, body: Bytes::new() };
        let reply = self.inside.ask(asked).await;
        match reply.status {
            status if status.is_success() => Ok(reply),
            StatusCode::UNAUTHORIZED => Err(Failure::SignIn),
            status => {
                let problem = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                Err(Failure::Problem(status, problem))
            }
        }
    }

    /// The reader's token; empty where nobody is signed in.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// What the interface answers to an act, on a revision: the status and the answer, also where it is a
    /// problem.
    ///
    /// # Errors
    /// When nobody is signed in any longer.
    pub async fn post(
        &self,
        target: &str,
        body: &Value,
        key: &str,
        revision: &str,
    ) -> Result<(StatusCode, Value), Failure> {
        let precondition = match revision {
            "" => ("if-none-match", "*".to_owned()),
            revision => ("if-match", format!("\"{revision}\"")),
        };
        let headers = vec![
            ("authorization", format!("Bearer {}", self.token())),
            ("accept", "application/json".to_owned()),
            ("accept-language", self.language.tag().to_owned()),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", key.to_owned()),
            precondition,
        ];
        let body = Bytes::from(body.to_string());
        self.told(Asked { method: Method::POST, target: target.to_owned(), headers, body }).await
    }

    /// What the interface answers to bytes.
    ///
    /// # Errors
    /// When nobody is signed in any longer.
    pub async fn send(&self, target: &str, body: Bytes) -> Result<(StatusCode, Value), Failure> {
        self.sent(target, OCTETS, body).await
    }

    /// What the interface answers to JSON that records something of its own.
    ///
    /// # Errors
    /// When nobody is signed in any longer.
    pub async fn tell(&self, target: &str, body: &Value) -> Result<(StatusCode, Value), Failure> {
        self.sent(target, JSON, Bytes::from(body.to_string())).await
    }

    async fn sent(
        &self,
        target: &str,
        media: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Value), Failure> {
        let headers = vec![
            ("authorization", format!("Bearer {}", self.token())),
            ("accept", JSON.to_owned()),
            ("accept-language", self.language.tag().to_owned()),
            ("content-type", media.to_owned()),
        ];
        self.told(Asked { method: Method::POST, target: target.to_owned(), headers, body }).await
    }

    async fn told(&self, asked: Asked) -> Result<(StatusCode, Value), Failure> {
        let reply = self.inside.ask(asked).await;
        match reply.status {
            StatusCode::UNAUTHORIZED => Err(Failure::SignIn),
            status => Ok((status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))),
        }
    }

    /// The answer to the request.
    pub async fn answer(self, made: Made) -> HttpResponse {
        let (status, body) = match made {
            Ok(body) => (StatusCode::OK, body),
            Err(Failure::SignIn) => {
                let here = self.http.uri().path_and_query().map_or("/console", |uri| uri.as_str());
                return see_other(&address("/console/login", [("next", here)]));
            }
            Err(Failure::Problem(status, problem)) => {
                let body = frame::problem(&self, &problem);
                (status, frame::whole(&self, frame::Head::default(), &body).await)
            }
        };
        let fixed =
            status == StatusCode::OK && self.times.are_fixed() && self.times.language.is_some();
        let cache = match self.keeps {
            // What was typed may name persons.
            _ if self.http.method() == Method::POST => NO_STORE,
            Keeps::Never => NO_STORE,
            Keeps::AsFixed if fixed => "private, max-age=31536000, immutable",
            Keeps::AsFixed | Keeps::Now => "private, no-cache",
        };
        html(status, self.language)
            .insert_header((header::CACHE_CONTROL, cache))
            .insert_header((header::VARY, "Accept-Language, Cookie"))
            .body(body.into_string())
    }
}

/// The route of a page, made by this.
pub fn shown(make: impl AsyncFn(&Page) -> Made + Copy + 'static) -> Route {
    web::get().to(move |http, settings, inside| async move {
        let page = Page::of(http, settings, inside);
        match sheet::elsewhere(&page).await {
            Ok(Some(elsewhere)) => elsewhere,
            Ok(None) => {
                let made = make(&page).await;
                page.answer(made).await
            }
            Err(failure) => page.answer(Err(failure)).await,
        }
    })
}

/// The route of a page that says what holds now, made by this.
pub fn now(make: impl AsyncFn(&Page) -> Made + Copy + 'static) -> Route {
    web::get().to(move |http, settings, inside| async move {
        let page = Page { keeps: Keeps::Now, ..Page::of(http, settings, inside) };
        let made = make(&page).await;
        page.answer(made).await
    })
}

/// A page's answer, with what it may load: the style and the scripts of this server, and nothing else.
pub fn html(status: StatusCode, language: Language) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ));
    response
}

/// The pairs of a query as a form sends them.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().trim().to_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let split = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    split.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// The language that a browser names first of those that there are.
fn liked(http: &HttpRequest) -> Option<Language> {
    let accept = http.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or(range).trim());
    ranges.into_iter().find_map(Language::parse)
}
