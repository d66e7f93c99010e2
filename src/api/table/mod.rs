//! The table of everything that is answered, and what a row of it says.

mod codes;
pub(super) mod parts;
pub(super) mod route;
pub(super) mod routes;
