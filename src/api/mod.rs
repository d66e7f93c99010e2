//! The HTTP edge: requests in, answers out. What an act may do is not decided here but in `app` and
//! `domain`; a list comes from the read models, one enrollment from the fold of its stream.
//!
//! [`routes`] is the table of everything that is answered; [`dispatch`] holds each request to its
//! row (sizes, token, content type, parameters, role) before the handler sees it, and before its
//! body is asked for.

pub mod auth;
pub mod problem;

mod act_view;
mod acts;
mod admission;
mod answer;
mod body;
mod brief;
mod call;
mod dispatch;
mod documents;
mod ends;
mod etag;
mod events;
mod expectation;
mod exports;
mod header_list;
mod health;
mod lists;
pub mod metrics;
mod named;
mod negotiate;
mod obligations;
mod openapi;
mod outgoing;
mod page;
mod pages;
mod permitted;
mod plan_versions;
mod programs;
mod quotas;
mod reading;
mod reference;
mod revisions;
mod route;
mod routes;
mod sequence;
mod serve;
mod serve_error;
mod starting;
mod state;
mod status;
mod subjects;
mod timeline;
mod times;
mod trail;
mod webhooks;
mod whole;
mod wire;

pub use openapi::openapi_json;
pub use outgoing::Limits;
pub use serve::{Served, serve, serve_on};
pub use serve_error::ServeError;
pub use starting::{Bound, Starting, Waiting, bind};
pub use state::{ApiSettings, ApiState, EventNames};
