//! What is limited or stopped: recording, what goes out, and who was refused for it.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::gauge::ConstGauge;

use super::{counted, one};
use crate::api::asking::state::ApiState;

/// The figures of one instant.
#[derive(Debug)]
pub struct Bounds {
    stopped: bool,
    streams: u64,
    bytes: u64,
    refused: Vec<(&'static str, u64)>,
}

impl Bounds {
    /// Those of now; asks nothing that could hang.
    pub fn of(state: &ApiState) -> Self {
        Self {
            stopped: state.app.log().recording().stopped().is_some(),
            streams: state.outgoing.streams(),
            bytes: state.outgoing.bytes(),
            refused: state.outgoing.refused(),
        }
    }

    /// Writes them.
    ///
    /// # Errors
    /// None that is known.
    pub fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "1 once nothing is recorded until somebody acts; reads go on.";
        let stopped = ConstGauge::new(i64::from(self.stopped));
        one(encoder, "docket_recording_stopped", help, &stopped)?;
        let help = "Feeds, exports and documents that are going out.";
        one(encoder, "docket_streams_open", help, &ConstGauge::new(self.streams))?;
        let help = "Bytes of answers that wait for their clients to take them.";
        one(encoder, "docket_answers_waiting_bytes", help, &ConstGauge::new(self.bytes))?;
        let help = "Requests refused or left for a limit of this server, by limit.";
        counted(encoder, ("docket_limits_met", help), "limit", &self.refused)
    }
}
