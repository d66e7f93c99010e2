//! The HTTP edge: requests in, answers out. What an act may do is not decided here but in `app` and
//! `domain`; a list comes from the read models, one enrollment from the fold of its stream.
//!
//! Floor by floor, each using only itself and those below: `asking` (a request and what it asks),
//! `resources` (a file for each), `table` (everything that is answered, one row each), `serving` (who
//! reads the table: each request is held to its row before its handler sees it, and before its body is
//! asked for; OpenAPI, pages and figures are made from the rows). Below all of them stands
//! [`crate::views`].

mod asking;
mod resources;
mod serving;
mod table;

pub use asking::auth;
pub use asking::outgoing::Limits;
pub use asking::render::ProblemSettings;
pub use asking::state::{ApiSettings, ApiState, EventNames};
pub use asking::tls::{Tls, TlsError, TlsFiles};
pub use resources::at_hand::keep_at_hand;
pub use resources::boards::{BOARDS, Board};
pub use serving::metrics;
pub use serving::openapi::openapi_json;
pub use serving::serve::{Served, serve, serve_on};
pub use serving::serve_error::ServeError;
pub use serving::starting::{Bound, Starting, Waiting, bind};
