//! The messages of batch appends (`streams.proto`).

use super::wire::{Id, ProposedEvent, StreamAt, StreamIdentifier, Success};

#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchAppendReq {
    #[prost(message, optional, tag = "1")]
    pub correlation_id: Option<Id>,
    #[prost(message, optional, tag = "2")]
    pub options: Option<StreamAt>,
    #[prost(message, repeated, tag = "3")]
    pub events: Vec<ProposedEvent>,
    #[prost(bool, tag = "4")]
    pub is_final: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchAppendResp {
    #[prost(message, optional, tag = "1")]
    pub correlation_id: Option<Id>,
    #[prost(oneof = "BatchResult", tags = "2, 3")]
    pub result: Option<BatchResult>,
    #[prost(message, optional, tag = "4")]
    pub stream: Option<StreamIdentifier>,
    #[prost(oneof = "BatchExpected", tags = "5, 6")]
    pub expected: Option<BatchExpected>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum BatchResult {
    #[prost(message, tag = "2")]
    Error(BatchError),
    #[prost(message, tag = "3")]
    Success(Success),
}

/// A `google.rpc.Status`, without its details, which the client drops.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchError {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, Copy, PartialEq, prost::Oneof)]
pub enum BatchExpected {
    #[prost(uint64, tag = "5")]
    Revision(u64),
    #[prost(message, tag = "6")]
    NoStream(()),
}
