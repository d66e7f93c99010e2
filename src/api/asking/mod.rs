//! What a request is and what it asks: who calls, about which day and how much of the log, under which
//! conditions, and how an answer is put together. Whatever answers stands above.

pub mod auth;

pub(super) mod answer;
pub(super) mod body;
pub(super) mod call;
pub(super) mod counted;
pub(super) mod cursor;
pub(super) mod etag;
pub(super) mod header_list;
pub(super) mod language;
pub(super) mod named;
pub(super) mod negotiate;
pub(super) mod opening;
pub(super) mod outgoing;
pub(super) mod page;
pub(super) mod reader;
pub(super) mod reading;
pub(super) mod render;
pub(super) mod requests;
pub(super) mod state;
pub(super) mod tables;
pub(super) mod tabular;
pub(super) mod tail;
pub(super) mod times;
pub(super) mod tls;
