//! The command line.

pub mod config;
pub mod demo;
pub mod exit;
pub mod measures;
pub mod node;
pub mod telemetry;
pub mod token;
