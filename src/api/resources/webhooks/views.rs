//! What is said about webhook endpoints: the bodies taken and given, and how they are filled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::asking::call::Call;
use crate::domain::date::Timestamp;
use crate::domain::ids::Language;
use crate::domain::refusal::{FieldError, form_error};
use crate::views::sequence::a_sequence;
use crate::views::sequence::sequence;
use crate::webhooks::{Counts, Delivery, Disabled, DisabledReason, Endpoint, Replayed, StartAt};

/// The event with which to begin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Start {
    /// Its sequence.
    Number(u64),
    /// `now`, or the digits of a sequence.
    Text(String),
}

impl Start {
    /// Reads it; `pointer` is where it stood.
    ///
    /// # Errors
    /// When it is neither.
    pub fn read(self, pointer: &str) -> Result<StartAt, FieldError> {
        match self {
            Self::Number(sequence) => Ok(StartAt::Sequence(sequence)),
            Self::Text(text) if text == "now" => Ok(StartAt::Now),
            Self::Text(text) => a_sequence(&text).map(StartAt::Sequence).map_err(|_| {
                let text: String = text.chars().take(40).collect();
                form_error(
                    pointer,
                    format!("{text:?} is neither \"now\" nor a sequence"),
                    format!("{text:?} 既不是 \"now\" 也不是序号"),
                )
            }),
        }
    }
}

/// A webhook endpoint to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointRequest {
    /// Where deliveries go: https, a host that the internet can reach, no user and password.
    pub url: String,
    /// What it is for; at most 500 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// The programs whose events it gets; absent or empty: all, and what belongs to no program.
    #[serde(default)]
    pub programs: Option<Vec<String>>,
    /// The types of events it gets, as they stand in the log; absent or empty: all.
    #[serde(default)]
    pub types: Option<Vec<String>>,
    /// The event to begin with: a sequence, or `now` (the default) for the next one.
    #[serde(default)]
    pub from_sequence: Option<Start>,
}

/// What changes in a webhook endpoint; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointChanges {
    /// Where deliveries go.
    #[serde(default)]
    pub url: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The programs, from the next event on.
    #[serde(default)]
    pub programs: Option<Vec<String>>,
    /// The types, from the next event on.
    #[serde(default)]
    pub types: Option<Vec<String>>,
    /// `false` stops deliveries, `true` goes on with them where they stopped.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// A rotation of keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationRequest {
    /// How long the old keys sign beside the new ones, in seconds: a day unless told, 30 days at
    /// most, 0 for a secret that became known.
    #[serde(default)]
    pub overlap_s: Option<u64>,
}

/// A replay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The first event to be delivered again, by its sequence.
    pub from_sequence: Start,
}

/// Why a webhook endpoint gets nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DisabledView {
    /// `operator`, `gone` (the receiver answered 410) or `exhausted` (a delivery failed as often as
    /// it may).
    reason: &'static str,
    /// The same in words.
    detail: String,
    /// Since when, UTC.
    at: String,
    /// The delivery that did it.
    sequence: Option<String>,
}

/// A webhook endpoint, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndpointView {
    /// Its id.
    id: String,
    /// Where deliveries go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The programs whose events it gets; empty: all.
    pub programs: Vec<String>,
    /// The types of events it gets; empty: all.
    pub types: Vec<String>,
    /// Whether it gets anything.
    pub enabled: bool,
    /// Why not, if not.
    disabled: Option<DisabledView>,
    /// When it was made, UTC.
    created_at: String,
    /// The event that it looks at next; all before were looked at.
    next_sequence: String,
    /// Deliveries that wait for their turn or their next attempt.
    pending: u64,
    /// Deliveries that were given up; they are tried again when it is enabled.
    failed: u64,
    /// Nothing is sent before, as the receiver asked with Retry-After; UTC.
    paused_until: Option<String>,
    /// The keys that check `v1a` signatures (`whpk_…`), the newest first.
    public_keys: Vec<String>,
    /// Until when the keys from before the last rotation sign too, UTC.
    previous_keys_until: Option<String>,
}

/// A webhook endpoint with its secret, which is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevealedView {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// The secret that checks `v1` signatures (`whsec_…`). It can't be asked for again.
    pub secret: String,
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeliveryView {
    /// The event.
    sequence: String,
    /// Its id, which is the message's `webhook-id` in every attempt.
    id: String,
    /// Its type, as it stands in the log.
    #[serde(rename = "type")]
    event_type: String,
    /// `pending`, `delivered` or `failed`.
    state: &'static str,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next, unless an earlier event of its subject holds it back; UTC.
    next_attempt_at: Option<String>,
    /// When it was tried last, UTC.
    last_attempt_at: Option<String>,
    /// What the receiver answered then.
    last_status: Option<u16>,
    /// What went wrong then.
    last_error: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeliveryPage {
    /// The deliveries, the newest event first.
    pub items: Vec<DeliveryView>,
    /// The link to the next page; absent on the last one.
    pub next: Option<String>,
}

/// What a replay came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplayView {
    /// The first event that is delivered again.
    pub from_sequence: String,
    /// The event at which the endpoint stood before.
    position_before: String,
    /// Whether it gets anything; if not, the replay begins when it is enabled.
    pub enabled: bool,
}

fn instant(us: i64) -> String {
    Timestamp::from_micros(us).to_rfc3339()
}

fn disabled_view(disabled: Disabled, language: Language) -> DisabledView {
    let detail = match (disabled.reason, language) {
        (DisabledReason::Operator, Language::En) => "an operator disabled it",
        (DisabledReason::Operator, Language::Zh) => "由运维人员停用",
        (DisabledReason::Gone, Language::En) => "the receiver answered 410: it wants nothing more",
        (DisabledReason::Gone, Language::Zh) => "接收方答复 410，不再接收",
        (DisabledReason::Exhausted, Language::En) => {
            "a delivery failed as often as it may; see its last_error, then enable the endpoint"
        }
        (DisabledReason::Exhausted, Language::Zh) => {
            "某一推送的失败次数已达上限；请查看其最近一次错误，排除故障后启用"
        }
    };
    DisabledView {
        reason: disabled.reason.as_str(),
        detail: detail.to_owned(),
        at: instant(disabled.at_us),
        sequence: disabled.sequence.map(sequence),
    }
}

/// An endpoint, with how much waits at it.
pub fn endpoint_view(call: &Call, endpoint: Endpoint, counts: Counts) -> EndpointView {
    let now_us = call.state.app.clock().now().micros();
    EndpointView {
        id: endpoint.id.to_string(),
        enabled: endpoint.disabled.is_none(),
        disabled: endpoint.disabled.map(|disabled| disabled_view(disabled, call.language)),
        created_at: instant(endpoint.created_at_us),
        next_sequence: sequence(endpoint.next_sequence),
        pending: counts.pending,
        failed: counts.failed,
        paused_until: endpoint.paused_until_us.filter(|until| now_us < *until).map(instant),
        public_keys: endpoint.public_keys(now_us),
        previous_keys_until: endpoint
            .previous_until_us()
            .filter(|until| now_us < *until)
            .map(instant),
        url: endpoint.url,
        description: endpoint.description,
        programs: endpoint.programs,
        types: endpoint.types,
    }
}

/// A delivery.
pub fn delivery_view(delivery: Delivery) -> DeliveryView {
    DeliveryView {
        sequence: sequence(delivery.sequence),
        id: delivery.event_id.to_string(),
        event_type: delivery.event_type,
        state: delivery.state.as_str(),
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_us.map(instant),
        last_attempt_at: delivery.last_attempt_us.map(instant),
        last_status: delivery.last_status,
        last_error: delivery.last_error,
    }
}

/// A replay.
pub fn replay_view(replayed: &Replayed) -> ReplayView {
    ReplayView {
        from_sequence: sequence(replayed.endpoint.next_sequence),
        position_before: sequence(replayed.from_position),
        enabled: replayed.endpoint.disabled.is_none(),
    }
}
