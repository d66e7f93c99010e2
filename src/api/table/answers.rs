//! What else routes of a kind can be answered with, besides what any route can.

use crate::views::problem::Code;

/// What a list out of the read models can be answered with.
pub const LIST: &[Code] = &[
    Code::CursorInvalid,
    Code::ProjectionBehind,
    Code::ProjectionRebuilding,
    Code::ProjectionFailed,
    Code::ReadModelsUnavailable,
];
/// What a reporting table can be answered with.
pub const EXPORTING: &[Code] = &[
    Code::ProjectionBehind,
    Code::ProjectionRebuilding,
    Code::ProjectionFailed,
    Code::ReadModelsUnavailable,
];
/// What every recording of an event can be answered with.
pub const RECORDING: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::ValidationError,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogMoving,
    Code::RecordingStopped,
    Code::LogIntegrityFailure,
    Code::SubjectExists,
];
/// What a decision on the data of a person can be answered with.
pub const PERSONAL: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::ValidationError,
    Code::UnderLegalHold,
    Code::PersonErased,
    Code::SelfApprovalForbidden,
    Code::AlreadyDecided,
    Code::PersonKeysUnavailable,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogMoving,
    Code::RecordingStopped,
    Code::LogIntegrityFailure,
];
/// What the opening of personal data can be answered with.
pub const OPENING: &[Code] = &[
    Code::ValidationError,
    Code::PersonErased,
    Code::PersonKeysUnavailable,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogMoving,
    Code::RecordingStopped,
    Code::LogIntegrityFailure,
];
/// What an import can be answered with.
pub const IMPORTING: &[Code] =
    &[Code::IdempotencyKeyMissing, Code::IdempotencyKeyReused, Code::EventStoreUnavailable];
/// What the asking for a bundle can be answered with.
pub const ASKING: &[Code] = IMPORTING;
/// What a correction of a registration can be answered with.
pub const CORRECTING: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::ValidationError,
    Code::AlreadyDecided,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogMoving,
    Code::RecordingStopped,
    Code::LogIntegrityFailure,
];
/// What the making or changing of a webhook endpoint can be answered with.
pub const WEBHOOK: &[Code] = &[Code::ValidationError, Code::WebhooksUnavailable];
/// What any question about webhook endpoints can be answered with.
pub const WEBHOOKS: &[Code] = &[Code::WebhooksUnavailable];
/// What an act can be answered with.
pub const ACT: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::IdempotencyRequestInProgress,
    Code::PreconditionRequired,
    Code::RevisionConflict,
    Code::EnrollmentExists,
    Code::ValidationError,
    Code::ActNotPermitted,
    Code::QuotaExhausted,
    Code::RequirementNotMet,
    Code::MaterialMissing,
    Code::DocumentMissing,
    Code::DocumentsUnavailable,
    Code::DocumentDamaged,
    Code::IneligibleSubject,
    Code::MeasureNotInForce,
    Code::RuleUnknown,
    Code::EffectiveDateConflict,
    Code::WouldUnsettle,
    Code::AlreadyDecided,
    Code::JurisdictionForbidden,
    Code::PersonErased,
    Code::PersonKeysUnavailable,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogMoving,
    Code::RecordingStopped,
    Code::LogIntegrityFailure,
];
