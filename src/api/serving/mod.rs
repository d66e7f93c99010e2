//! Who reads the table of routes: what holds each request to its row and finds its handler, the
//! OpenAPI document and the pages made from it, the figures by route, and the listeners.

pub mod metrics;

pub(super) mod admission;
pub(super) mod compressed;
pub(super) mod dispatch;
pub(super) mod docs;
pub(super) mod expectation;
pub(super) mod inside;
pub(super) mod openapi;
pub(super) mod serve;
pub(super) mod serve_error;
pub(super) mod starting;
pub(super) mod wire;
