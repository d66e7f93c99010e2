//! The REST interface as this process asks it itself: what a page shows is an answer of the interface,
//! so the two can't disagree, and who may see what is decided in one place.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;

/// A request.
#[derive(Debug)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Headers by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty where it could not be read.
    pub body: Bytes,
}

impl Reply {
    /// The same as a file of this name for who reads in a browser.
    pub fn attached(self, name: &str) -> HttpResponse {
        let media = self.headers.get(header::CONTENT_TYPE).cloned();
        let media = media.unwrap_or(header::HeaderValue::from_static("text/plain; charset=utf-8"));
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, media))
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ))
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .body(self.body)
    }
}

type Ask = dyn Fn(Asked) -> LocalBoxFuture<'static, Reply>;
type Lets = dyn Fn(&str, &Method, &str) -> bool;

/// Asks the interface; one for each thread that serves.
pub struct Inside {
    ask: Box<Ask>,
    lets: Box<Lets>,
}

impl Inside {
    /// One that asks by `ask`; `lets` says whether the bearer of a token may use an address, as the table of
    /// routes writes it, by a method.
    pub fn new(
        ask: impl Fn(Asked) -> LocalBoxFuture<'static, Reply> + 'static,
        lets: impl Fn(&str, &Method, &str) -> bool + 'static,
    ) -> Self {
        Self { ask: Box::new(ask), lets: Box::new(lets) }
    }

    /// Whether the bearer of a token may use an address, as the table of routes writes it, by a method.
    pub fn lets(&self, token: &str, method: &Method, path: &str) -> bool {
        (self.lets)(token, method, path)
    }

    /// Asks.
    pub async fn ask(&self, asked: Asked) -> Reply {
        (self.ask)(asked).await
    }
}
