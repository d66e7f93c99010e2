//! Everything that is answered, one row each: the one table that drives routing, the refusal of
//! unknown parameters, who may read and write, and the OpenAPI document.

use super::act_view::{ActView, Recording};
use super::answer::List;
use super::brief::EventBrief;
use super::documents::DocumentView;
use super::health::Health;
use super::permitted::PermittedActs;
use super::problem::Code;
use super::reading::TIMES;
use super::route::{Body, PUBLIC, Parameter, REGISTRAR, Route, Shape, get, post};
use super::status::Status;
use super::subjects::{CalendarView, SubjectView, WrittenView};
use super::{acts, documents, health, permitted, status, subjects};
use crate::domain::logbook::CalendarAdopted;
use crate::domain::subject::{Registration, Renaming};

/// The schema of a type, for the table.
macro_rules! json {
    ($type:ty) => {
        Shape::Json(|generator| generator.subschema_for::<$type>())
    };
}

/// The schema of a body, for the table.
macro_rules! body {
    ($type:ty) => {
        Body::Json(|generator| generator.subschema_for::<$type>())
    };
}

/// A handler, for the table.
macro_rules! to {
    ($($handler:ident)::+) => {
        |call| Box::pin($($handler)::+(call))
    };
}

const DIGEST: &[Parameter] = &[Parameter {
    name: "digest",
    en: "The SHA-256 that the sender claims, in hexadecimal.",
    zh: "发送方声明的 SHA-256（十六进制）。",
}];
const VALIDATE_ONLY: &[Parameter] = &[Parameter {
    name: "validate_only",
    en: "`true`: the same verdict, and nothing is recorded.",
    zh: "true：给出同样的判断，但不作记录。",
}];

/// What every recording of an event can be answered with.
const RECORDING: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::ValidationError,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogIntegrityFailure,
    Code::SubjectExists,
];
/// What an act can be answered with.
const ACT: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::PreconditionRequired,
    Code::RevisionConflict,
    Code::EnrollmentExists,
    Code::ValidationError,
    Code::ActNotPermitted,
    Code::QuotaExhausted,
    Code::RequirementNotMet,
    Code::MaterialMissing,
    Code::DocumentMissing,
    Code::IneligibleSubject,
    Code::MeasureNotInForce,
    Code::RuleUnknown,
    Code::EffectiveDateConflict,
    Code::WouldUnsettle,
    Code::AlreadyDecided,
    Code::JurisdictionForbidden,
    Code::ClockUnreliable,
    Code::OutcomeUnknown,
    Code::EventStoreUnavailable,
    Code::LogIntegrityFailure,
];

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("/v1/subjects/{subject}", "get_subject", "A subject with its names", "主体及其历史名称",
        json!(SubjectView), to!(subjects::get_subject)),
    post("/v1/subjects", "register_subject", "Registers a subject", "登记主体",
        body!(Registration), json!(WrittenView), to!(subjects::register_subject))
        .to(REGISTRAR).or(RECORDING),
    post("/v1/subjects/{subject}/renamings", "rename_subject", "Records another name", "登记更名",
        body!(Renaming), json!(WrittenView), to!(subjects::rename_subject))
        .to(REGISTRAR).or(RECORDING),
    get("/v1/calendars", "list_calendars", "The calendars in force", "现行日历",
        json!(List<CalendarView>), to!(subjects::list_calendars)),
    get("/v1/calendars/{year}", "get_calendar", "A year's calendar", "某年日历",
        json!(CalendarView), to!(subjects::get_calendar)),
    post("/v1/calendars", "adopt_calendar", "Adopts a year's calendar", "采用某年日历",
        body!(CalendarAdopted), json!(WrittenView), to!(subjects::adopt_calendar))
        .to(REGISTRAR).or(RECORDING),

    get("/v1/enrollments/{program}/{subject}", "get_enrollment", "Where an enrollment stands", "当前状态",
        json!(Status), to!(status::get_enrollment)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/acts", "list_acts", "The acts on record", "已入档的行为",
        json!(List<EventBrief>), to!(acts::list_acts)).query(TIMES),
    post("/v1/enrollments/{program}/{subject}/acts", "record_act", "Records an act", "提交行为",
        Body::Json(super::openapi::act_schema), json!(Recording), to!(acts::record_act))
        .query(VALIDATE_ONLY).or(ACT),
    get("/v1/enrollments/{program}/{subject}/acts/{act}", "get_act", "An act on record", "某一行为",
        json!(ActView), to!(acts::get_act)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/permitted-acts", "list_permitted_acts",
        "What this caller may do now, and why not the rest", "本调用者目前可作的行为及其余不可的理由",
        json!(PermittedActs), to!(permitted::list_permitted_acts)).query(TIMES),

    post("/v1/documents", "upload_document", "Keeps a document", "上传文件",
        Body::Bytes, json!(DocumentView), to!(documents::upload_document))
        .query(DIGEST).or(&[Code::DigestMismatch, Code::EventStoreUnavailable]),
    get("/v1/documents/{digest}", "get_document", "A document", "下载文件",
        Shape::Other("application/octet-stream"), to!(documents::get_document)),

    get("/health/live", "get_live", "Whether the process lives", "进程是否存活",
        json!(Health), to!(health::get_live)).to(PUBLIC),
    get("/health/startup", "get_startup", "Whether it has started", "是否已启动",
        json!(Health), to!(health::get_startup)).to(PUBLIC),
    get("/health/ready", "get_ready", "Whether it can serve", "是否可以提供服务",
        json!(Health), to!(health::get_ready)).to(PUBLIC),
];
