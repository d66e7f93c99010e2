//! The HTTP edge.

pub mod auth;
pub mod problem;
