//! The REST interface as this process asks it itself: what a page shows is an answer of the interface,
//! so the two can't disagree, and who may see what is decided in one place.

use actix_web::http::header::HeaderMap;
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

/// Asks the interface; one for each thread that serves.
pub struct Inside(Box<dyn Fn(Asked) -> LocalBoxFuture<'static, Reply>>);

impl Inside {
    /// One that asks by this.
    pub fn new(ask: impl Fn(Asked) -> LocalBoxFuture<'static, Reply> + 'static) -> Self {
        Self(Box::new(ask))
    }

    /// Asks.
    pub async fn ask(&self, asked: Asked) -> Reply {
        (self.0)(asked).await
    }
}
