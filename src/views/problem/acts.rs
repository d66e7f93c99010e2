//! What a refusal or failure of the application is over HTTP. Exhaustive: a new reason must choose
//! its code here.

use serde_json::{Value, json};

use super::{Code, Problem};
use crate::app::ActError;
use crate::app::clock::ClockError;
use crate::codec::{MAX_ERRORS, RequestError};
use crate::domain::act::ActKind;
use crate::domain::event::Recorded;
use crate::domain::ids::{EventRef, Language};
use crate::domain::refusal::{Called, FieldError, Reason, Refusal, members_wrong};
use crate::domain::words;
use crate::log::{LogError, Stop};
use crate::views::sequence::sequence;

const ZH: Language = Language::Zh;

impl Problem {
    /// What an error of the application is; `language` is that of members in words.
    pub fn of_act(error: ActError, language: Language) -> Problem {
        let text = error.to_string();
        match error {
            ActError::Refused(refusal) => of_refusal(*refusal, language),
            ActError::Conflict { expected, actual, changes } => {
                of_conflict(expected, actual, &changes, language)
            }
            ActError::PreconditionRequired { .. } => Problem::new(Code::PreconditionRequired),
            ActError::KeyReused { first_used_at } => Problem::new(Code::IdempotencyKeyReused)
                .detail(text)
                .detail_zh(format!("该幂等键已于{first_used_at}用于另一行为"))
                .member("first_used_at", first_used_at.to_rfc3339()),
            ActError::NotFound { what, name } => Problem::new(Code::NotFound)
                .detail(text)
                .detail_zh(format!("没有{}“{name}”", what_zh(what))),
            ActError::Exists { name, .. } => Problem::new(Code::SubjectExists)
                .detail(text)
                .detail_zh(format!("主体“{name}”已登记"))
                .member("subject", name),
            ActError::DocumentMissing { pointer, digest } => Problem::new(Code::DocumentMissing)
                .detail(text)
                .detail_zh(format!("所引用的文件尚未上传（摘要{digest}）"))
                .member("digest", digest)
                .member("pointer", format!("#{pointer}")),
            ActError::Invalid(error) => of_fields(&[error], language),
            ActError::EventTooLarge { bytes, limit } => {
                let error = json!({ "pointer": "#", "detail": text, "code": "too_large" });
                Problem::new(Code::ValidationError)
                    .detail(text)
                    .detail_zh(format!(
                        "事件数据将有 {bytes} 字节，上限为 {limit}；其余内容请作为文件上传并引用其摘要"
                    ))
                    .member("errors", vec![error])
            }
            ActError::Forbidden { required, .. } => {
                let list: Vec<_> = required.iter().map(|role| words::role(role, ZH)).collect();
                let list = words::one_of(&list, ZH);
                Problem::role_forbidden(required)
                    .detail(text)
                    .detail_zh(format!("您的角色无权进行该操作，须由{list}进行"))
            }
            ActError::Clock(ClockError::Unconfirmed { ahead_us }) => {
                let days = ahead_us / 86_400_000_000;
                Problem::new(Code::RecordingStopped).detail(text).detail_zh(format!(
                    "系统时钟比本日志已知的最新时间超前 {days} 天；请校准时钟，或停机后以 docket log confirm-clock 确认时钟无误再启动"
                )).member("reason", "CLOCK_UNCONFIRMED")
            }
            ActError::Clock(_) => Problem::new(Code::ClockUnreliable).cause(text),
            ActError::Person(error) => Problem::from(error),
            ActError::Log(error) => Problem::from(error),
            ActError::Documents(error) => Problem::from(error),
            ActError::Codec(_) => Problem::new(Code::LogIntegrityFailure).cause(text),
            ActError::Busy { .. } | ActError::EditionUnread { .. } => {
                Problem::new(Code::EventStoreUnavailable).cause(text)
            }
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Problem {
        let text = error.to_string();
        match error {
            LogError::Unavailable(_) | LogError::Conflict { .. } => {
                Problem::new(Code::EventStoreUnavailable).cause(text)
            }
            LogError::Moving(_) => Problem::new(Code::LogMoving).cause(text),
            LogError::Stopped(why) => of_stop(&why),
            LogError::OutcomeUnknown(_) => Problem::new(Code::OutcomeUnknown).cause(text),
            LogError::Corrupt { .. } => Problem::new(Code::LogIntegrityFailure).cause(text),
            LogError::TooLarge { limit, .. } => {
                Problem::new(Code::PayloadTooLarge).detail(text).member("limit_bytes", limit as u64)
            }
            LogError::BeyondEnd { .. } => {
                Problem::new(Code::CursorInvalid).detail(text).member("parameter", "after")
            }
            LogError::Invalid(_) => Problem::internal(text),
        }
    }
}

/// Why nothing is recorded: a word for programs, a sentence with the remedy for people.
fn of_stop(why: &Stop) -> Problem {
    let (reason, zh) = match why {
        Stop::DiskFailed { .. } => (
            "DISK_FAILED",
            "日志所在磁盘写入失败；请修复磁盘后重新启动，启动时以磁盘上的实际内容为准".to_owned(),
        ),
        Stop::Replaced { .. } => (
            "LOG_REPLACED",
            "运行期间日志文件被移走、替换或截短；请放回原文件，或停机恢复副本后重新启动".to_owned(),
        ),
        Stop::Damaged { .. } => (
            "LOG_DAMAGED",
            "日志文件已损坏；请停机，以 docket store restore 恢复备份；若仅索引损坏，以 docket store copy 复制到新文件即可修复"
                .to_owned(),
        ),
        Stop::Shorter { head, known, .. } => (
            "LOG_SHORTER",
            format!(
                "日志{}，但其外部已知的位置为 {known}；请放回较长的日志，或以 docket log accept-loss 接受损失",
                head.map_or_else(|| "为空".to_owned(), |head| format!("止于 {head}"))
            ),
        ),
        Stop::Parted { sequence: at, .. } => (
            "LOG_PARTED",
            format!("日志在序号 {at} 处的记录与其外部已知的不同；请放回正确的日志，或确认无误后以 docket rebuild 重建查询表"),
        ),
        Stop::Forked { size, sequence } => (
            "LOG_FORKED",
            format!(
                "日志与已签名的检查点（共 {size} 个事件）不符{}；请以备份恢复正确的日志，差异见 docket verify",
                sequence.map_or_else(String::new, |at| format!("，首个不同的事件为 {at}"))
            ),
        ),
        Stop::Hole { stream, .. } => (
            "LOG_HOLE",
            format!("流 {stream} 的记录缺失；请予恢复，或以 docket log accept-loss 接受损失"),
        ),
    };
    let problem = Problem::new(Code::RecordingStopped)
        .detail(why.to_string())
        .detail_zh(zh)
        .member("reason", reason);
    match why.positions() {
        None => problem,
        Some((head, known)) => problem
            .member("log_sequence", head.map(sequence))
            .member("known_sequence", sequence(known)),
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Problem {
        match error {
            RequestError::Malformed(detail) => {
                Problem::new(Code::MalformedRequest).detail(detail.en).detail_zh(detail.zh)
            }
            RequestError::Invalid(errors) => of_fields(&errors, Language::En),
        }
    }
}

/// The members that are wrong, in one language; no more of them than one answer names.
pub fn of_fields(errors: &[FieldError], language: Language) -> Problem {
    let errors = &errors[..errors.len().min(MAX_ERRORS)];
    let text = members_wrong(errors);
    let listed = errors.iter().map(|error| {
        let detail = error.detail.get(language);
        let pointer = format!("#{}", error.pointer);
        let mut told = json!({ "pointer": pointer, "detail": detail, "code": "invalid" });
        if !error.accepted.is_empty() {
            let accepted: Vec<String> = error.accepted.iter().map(ToString::to_string).collect();
            told["accepted"] = json!(accepted);
        }
        told
    });
    let listed: Vec<Value> = listed.collect();
    Problem::new(Code::ValidationError).detail(text.en).detail_zh(text.zh).member("errors", listed)
}

fn what_zh(what: &str) -> &str {
    match what {
        "program" => "项目",
        "subject" => "主体",
        "enrollment" => "记录",
        "event" => "事件",
        other => other,
    }
}

fn of_conflict(
    expected: Option<u64>,
    actual: Option<u64>,
    changes: &[Recorded],
    language: Language,
) -> Problem {
    let changes: Vec<Value> = changes
        .iter()
        .map(|event| {
            json!({
                "event_id": event.id,
                "type": event.event.event_type(),
                "type_label": words::event(event.event.event_type(), language),
                "revision": event.revision,
                "sequence": event.sequence.map(sequence),
                "effective_on": event.meta.effective_on.as_str(),
                "recorded_at": event.meta.recorded_at.to_rfc3339(),
                "office": event.meta.office.as_str(),
                "office_label": words::office(event.meta.office, language),
            })
        })
        .collect();
    let problem = match (expected, actual) {
        (None, Some(_)) => Problem::new(Code::EnrollmentExists)
            .precondition_failed()
            .detail("the enrollment exists already; act on it with If-Match")
            .detail_zh("该项目记录已存在，请以 If-Match 对其提交行为"),
        (Some(_), None) => Problem::new(Code::RevisionConflict)
            .detail("nothing is on record yet; the act that opens an enrollment carries If-None-Match: *")
            .detail_zh("尚无记录；首次申报请携带 If-None-Match: *"),
        _ if expected == actual => Problem::new(Code::RevisionConflict)
            .detail("If-Match names the revision by a weak tag or by none; send `current_etag`, which is strong")
            .detail_zh("If-Match 中是弱标签或无修订号的标签；请改用答复所给的当前实体标签"),
        _ => Problem::new(Code::RevisionConflict),
    };
    problem
        .member("expected_revision", expected)
        .member("current_revision", actual)
        .member("changes", changes)
}

/// What a refusal of the domain is.
pub fn of_refusal(refusal: Refusal, language: Language) -> Problem {
    let mut problem = of_reason(*refusal.reason, refusal.act, language);
    if problem.code() != Code::ValidationError {
        problem = problem.detail(refusal.detail.en).detail_zh(refusal.detail.zh);
    }
    if let Some(article) = refusal.article {
        problem = problem.member("article", words::article(&article, language).into_owned());
    }
    if let Some(reading) = refusal.reading {
        problem = problem.label("reading", *reading);
    }
    if let Some(measure) = refusal.measure {
        problem = problem.member("measure_version", measure.as_str());
    }
    problem
}

fn of_reason(reason: Reason, act: ActKind, language: Language) -> Problem {
    let of_act = |code| {
        let label = words::both(|language| act.label().get(language).to_owned());
        Problem::new(code).member("act", act.as_str()).label("act_label", label)
    };
    match reason {
        Reason::NotPermitted { stands_at, allowed_from, missing } => {
            let problem = of_act(Code::ActNotPermitted)
                .member("phase", stands_at.as_ref().map(|at| at.id.as_str()));
            let problem = match stands_at {
                Some(at) => problem.label("phase_label", at.label),
                None => problem,
            };
            let problem = listed(problem, ("allowed_from", "allowed_from_labels"), allowed_from);
            listed(problem, ("missing_conditions", "missing_condition_labels"), missing)
        }
        Reason::OfficeForbidden { required } => {
            let required: Vec<&str> = required.iter().map(|office| office.as_str()).collect();
            Problem::role_forbidden(required)
        }
        Reason::JurisdictionForbidden { division } => {
            Problem::new(Code::JurisdictionForbidden).member("division_code", division)
        }
        Reason::RequirementNotMet { requirement, required, given } => {
            Problem::new(Code::RequirementNotMet)
                .member("requirement", requirement.id.as_str())
                .label("requirement_label", requirement.label)
                .label("required", required)
                .label("given", given)
        }
        Reason::MaterialMissing { materials } => {
            let names = ("materials", "material_labels");
            listed(Problem::new(Code::MaterialMissing), names, materials)
        }
        Reason::IneligibleSubject { allowed_kinds } => {
            let names = ("allowed_kinds", "allowed_kind_labels");
            listed(Problem::new(Code::IneligibleSubject), names, allowed_kinds)
        }
        Reason::NotInForce { versions } => {
            let versions = versions
                .iter()
                .map(|(version, from)| json!({ "version": version, "in_force_from": from }));
            Problem::new(Code::MeasureNotInForce).member("versions", versions.collect::<Vec<_>>())
        }
        Reason::RuleUnknown => Problem::new(Code::RuleUnknown),
        Reason::DateConflict { with } => Problem::new(Code::EffectiveDateConflict)
            .member("conflicting_event", with.map(|event| event.to_string())),
        Reason::WouldUnsettle { events } => {
            let events: Vec<String> = events.iter().map(EventRef::to_string).collect();
            Problem::new(Code::WouldUnsettle).member("events", events)
        }
        Reason::AlreadyDecided { by, .. } => {
            of_act(Code::AlreadyDecided).member("decided_by", by.map(|event| event.to_string()))
        }
        Reason::NotInForceVersion { in_force } => {
            of_act(Code::AlreadyDecided).member("in_force", in_force.map(|event| event.to_string()))
        }
        Reason::QuotaExhausted { category, limit, taken, on, override_possible } => {
            Problem::new(Code::QuotaExhausted)
                .member("quota", category.id.as_str())
                .label("quota_label", category.label)
                .member("limit", limit)
                .member("taken", taken)
                .member("full_on", on.to_string())
                .member("override_possible", override_possible)
        }
        Reason::Invalid { errors } => of_fields(&errors, language),
    }
}

/// The codes of a list, and beside them what they are called.
fn listed(problem: Problem, names: (&'static str, &'static str), list: Vec<Called>) -> Problem {
    let (ids, labels): (Vec<_>, Vec<_>) =
        list.into_iter().map(|one| (one.id.to_string(), one.label)).unzip();
    problem.member(names.0, ids).labels(names.1, labels)
}

impl Problem {
    /// That others may do this, by the names of their roles.
    pub fn role_forbidden(required: Vec<&str>) -> Problem {
        let label = |role: &&str| words::both(|language| words::role(role, language).to_owned());
        let labels = required.iter().map(label).collect();
        let problem = Problem::new(Code::RoleForbidden).member("required_roles", required);
        problem.labels("required_role_labels", labels)
    }
}
