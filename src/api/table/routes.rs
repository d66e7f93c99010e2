//! Everything that is answered, one row each: the one table that drives routing, the refusal of
//! unknown parameters, who may read and write, and the OpenAPI document.

use super::answers::{
    ACT, ASKING, CORRECTING, EXPORTING, IMPORTING, LIST, OPENING, PERSONAL, RECORDING, WEBHOOK,
    WEBHOOKS,
};
use super::route::{
    Body, CORRECTORS, CUSTODIAN, HOLDERS, IMPORTERS, OPERATOR, OVERSEERS, PUBLIC, READERS,
    REGISTRAR, Route, Shape, act, delete, get, patch, post,
};
use crate::api::asking::answer::List;
use crate::api::asking::page::Page;
use crate::api::asking::requests::MAX_ROWS;
use crate::api::asking::times::TIMES;
use crate::api::resources::{
    about, act_schema, act_view, acts, changes, cohorts, compared, course, documents, events,
    evidence, exceptions, exports, health, imports, indicators, ledger, lists, obligations,
    permitted, persons, plan_versions, programs, quotas, revisions, scoreboard, status, subjects,
    timeline, trail, webhooks, well_known, whole,
};
use crate::domain::indicator::{Observation, ObservationCorrected};
use crate::domain::logbook::CalendarAdopted;
use crate::domain::person::{HoldPlaced, PersonErased};
use crate::domain::subject::{Registration, Renaming, SubjectCorrection};
use crate::views::brief::EventBrief;
use crate::views::headers::{
    CLAIMED_DIGEST, CONTENT_DISPOSITION, ETAG, IDEMPOTENCY_KEY, LAST_EVENT_ID, LAST_SEQUENCE, LINK,
    LOCATION, PREFER, PREFERENCE_APPLIED, REPR_DIGEST, RETRY_AFTER,
};
use crate::views::media::{HTML, JSON, LINKSET, NDJSON, OCTETS, SVG, TEXT, ZIP};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Doc};
use crate::views::standing::Status;

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

/// Requests are counted by their row.
const _: () = assert!(ROUTES.len() <= MAX_ROWS);

const DIGEST: &[Parameter] = &[Parameter::new(
    "digest",
    Kind::Digest,
    "The SHA-256 that the sender claims, in hexadecimal.",
    "发送方声明的 SHA-256（十六进制）。",
)];
/// What a question to the tables can ask for.
const WAITING: &[Parameter] = &[PREFER];
/// What every recording of an event but an act carries.
const KEYED: &[Parameter] = &[IDEMPOTENCY_KEY];
/// What a page of a list comes with.
const PAGED: &[Parameter] = &[ETAG, LINK];

/// JSON of a form of its own.
const fn any_object() -> Shape {
    Shape::Json(|_| schemars::json_schema!({ "type": "object" }))
}

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("/v1/programs", "list_programs", "The programs", "项目",
        json!(List<programs::ProgramView>), to!(programs::list_programs)),
    get("/v1/programs/{program}", "get_program", "A program", "某一项目",
        json!(programs::ProgramView), to!(programs::get_program)),
    get("/v1/programs/{program}/measures", "list_measures", "The versions of its measure",
        "办法的各个版本", json!(List<programs::MeasureView>), to!(programs::list_measures)),
    get("/v1/programs/{program}/measures/{version}", "get_measure",
        "A version of the measure as data, article by article", "办法某一版本的逐条数据",
        json!(programs::MeasureView), to!(programs::get_measure)).query(compared::ONE),
    get("/v1/programs/{program}/measures/{version}/graph", "draw_measure", "Its phases and acts as a picture", "阶段与行为图",
        Shape::Other, to!(compared::draw_measure)).gives(&[SVG]).query(compared::ONE),
    get("/v1/programs/{program}/measures/{version}/diff/{other}", "compare_measures",
        "What changed from one version or edition of the measure to another", "办法两个版本或文件版次之间的差异",
        json!(compared::Comparison), to!(compared::compare_measures)).query(compared::BOTH),
    get("/v1/programs/{program}/measures/{version}/judged-otherwise/{other}", "list_judged_otherwise",
        "Decisions on record that another version or edition would have judged otherwise in its place",
        "若以另一版本或文件版次取代该版本，结论将有不同的在案决定",
        json!(compared::JudgedOtherwise), to!(compared::list_judged_otherwise)).query(compared::TRIED),
    get("/v1/programs/{program}/quotas", "get_quotas", "Places taken, free and over, on any day",
        "任一日的名额占用", json!(quotas::Quotas), to!(quotas::get_quotas)).query(quotas::QUOTAS),
    get("/v1/programs/{program}/scoreboard", "get_scoreboard",
        "Places, targets, and how many stand in each phase and zone, on any day",
        "任一日的名额、目标以及各阶段、各区域的数量", json!(scoreboard::Scoreboard), to!(scoreboard::get_scoreboard))
        .gives(scoreboard::FORMS)
        .query(scoreboard::SCOREBOARD).takes(WAITING).or(LIST),
    get("/v1/programs/{program}/course", "get_course",
        "On which days it changed how many stand where, and how many do from then on",
        "各状态数量的变更日及此后的数量", json!(course::Course), to!(course::get_course))
        .query(course::COURSE).takes(WAITING).or(LIST),
    get("/v1/programs/{program}/cohorts", "list_cohorts",
        "What became of those who were decided in one round or batch", "同一年度或同一批次者其后的情况",
        json!(cohorts::Cohorts), to!(cohorts::list_cohorts)).gives(cohorts::FORMS).query(cohorts::COHORTS).takes(WAITING).or(LIST),
    get("/v1/programs/{program}/acts", "list_program_acts", "The acts for the program as a whole",
        "就项目整体作出的行为", json!(List<EventBrief>), to!(whole::list_program_acts)).query(TIMES),
    act("/v1/programs/{program}/acts", "record_program_act",
        "Records an act for the program as a whole", "就项目整体提交行为",
        (Body::Json(act_schema::act_schema), json!(act_view::Recording)), to!(whole::record_program_act)).or(ACT),
    get("/v1/programs/{program}/acts/{act}", "get_program_act", "Such an act on record", "就项目整体作出的某一行为",
        json!(act_view::ActView), to!(whole::get_program_act)).query(TIMES),
    get("/v1/programs/{program}/permitted-acts", "list_program_permitted_acts",
        "What this caller may do now for the program as a whole", "本调用者目前可就项目整体作出的行为",
        json!(permitted::PermittedActs), to!(whole::list_program_permitted_acts)).query(TIMES),
    get("/v1/programs/{program}/audit-trail", "get_program_audit_trail",
        "What was done for the program as a whole, in sentences", "就项目整体所作行为（逐句）",
        json!(trail::AuditTrailView), to!(whole::get_program_audit_trail)).query(TIMES),
    get("/v1/programs/{program}/obligations", "list_program_obligations",
        "What is owed for the program as a whole", "就项目整体应履行的义务",
        json!(obligations::ObligationsOfOne), to!(whole::list_program_obligations)).query(TIMES),

    get("/v1/subjects", "list_subjects", "The subjects", "主体",
        json!(Page<subjects::SubjectItem>), to!(subjects::list_subjects))
        .query(subjects::SUBJECTS).takes(WAITING).sends(PAGED).or(LIST),
    get("/v1/subjects/{subject}", "get_subject", "A subject with its names", "主体及其历史名称",
        json!(subjects::SubjectView), to!(subjects::get_subject)),
    post("/v1/subjects", "register_subject", "Registers a subject", "登记主体",
        body!(Registration), json!(subjects::WrittenView), to!(subjects::register_subject))
        .to(REGISTRAR).takes(KEYED).or(RECORDING),
    post("/v1/subjects/{subject}/renamings", "rename_subject", "Records another name", "登记更名",
        body!(Renaming), json!(subjects::WrittenView), to!(subjects::rename_subject))
        .to(REGISTRAR).takes(KEYED).or(RECORDING),
    post("/v1/subjects/{subject}/corrections", "correct_subject",
        "Corrects a registration, a renaming or a correction of one", "更正登记、更名或其更正",
        body!(SubjectCorrection), json!(subjects::WrittenView), to!(subjects::correct_subject))
        .to(CORRECTORS).takes(KEYED).or(CORRECTING),
    get("/v1/calendars", "list_calendars", "The calendars in force", "现行日历",
        json!(List<subjects::CalendarView>), to!(subjects::list_calendars)),
    get("/v1/calendars/{year}", "get_calendar", "A year's calendar", "某年日历",
        json!(subjects::CalendarView), to!(subjects::get_calendar)),
    post("/v1/calendars", "adopt_calendar", "Adopts a year's calendar", "采用某年日历",
        body!(CalendarAdopted), json!(subjects::WrittenView), to!(subjects::adopt_calendar))
        .to(REGISTRAR).takes(KEYED).or(RECORDING),

    get("/v1/indicators/{division}/observations", "list_observations",
        "The figures of a division, as known at any time, beside its targets", "某区域的指标数据（可按任一时刻已知内容查询）及目标",
        json!(indicators::Indicators), to!(indicators::list_observations)).query(indicators::OBSERVATIONS),
    post("/v1/indicators/{division}/observations", "record_indicator", "Records a figure", "登记指标数据",
        body!(Observation), json!(subjects::WrittenView), to!(indicators::record_indicator))
        .to(REGISTRAR).takes(KEYED).or(CORRECTING),
    post("/v1/indicators/{division}/corrections", "correct_indicator",
        "Corrects a figure, as its source revises it", "更正指标数据（来源修订）",
        body!(ObservationCorrected), json!(subjects::WrittenView), to!(indicators::correct_indicator))
        .to(CORRECTORS).takes(KEYED).or(CORRECTING),

    get("/v1/enrollments", "list_enrollments", "The enrollments, as they stand on a day", "各项目记录在某日的状态",
        json!(Page<lists::EnrollmentItem>), to!(lists::list_enrollments)).query(lists::ENROLLMENTS).takes(WAITING).sends(PAGED).or(LIST),
    get("/v1/enrollments/{program}/{subject}", "get_enrollment", "Where an enrollment stands", "当前状态",
        json!(Status), to!(status::get_enrollment)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/acts", "list_acts", "The acts on record", "已入档的行为",
        json!(List<EventBrief>), to!(acts::list_acts)).query(TIMES),
    act("/v1/enrollments/{program}/{subject}/acts", "record_act", "Records an act", "提交行为",
        (Body::Json(act_schema::act_schema), json!(act_view::Recording)), to!(acts::record_act)).or(ACT),
    get("/v1/enrollments/{program}/{subject}/acts/{act}", "get_act", "An act on record", "某一行为",
        json!(act_view::ActView), to!(acts::get_act)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/permitted-acts", "list_permitted_acts",
        "What this caller may do now, and why not the rest", "本调用者目前可作的行为及其余不可的理由",
        json!(permitted::PermittedActs), to!(permitted::list_permitted_acts)).query(TIMES),

    get("/v1/enrollments/{program}/{subject}/audit-trail", "get_audit_trail",
        "How it got there, in sentences", "来龙去脉（逐句）",
        json!(trail::AuditTrailView), to!(trail::get_audit_trail)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/timeline", "get_timeline",
        "Its phases on the national stages, plan beside actual", "各阶段时间线：计划与实际",
        json!(timeline::TimelineView), to!(timeline::get_timeline)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/obligations", "list_enrollment_obligations",
        "What is due in it", "应履行的义务",
        json!(obligations::ObligationsOfOne), to!(obligations::list_enrollment_obligations)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/plan-versions", "list_plan_versions",
        "The versions of its plan", "建设方案的各个版本",
        json!(List<plan_versions::PlanVersionItem>), to!(plan_versions::list_plan_versions)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/plan-versions/{version}", "get_plan_version",
        "A version of its plan, compared with another", "建设方案的某一版本及其与另一版本的比较",
        json!(plan_versions::PlanVersionView), to!(plan_versions::get_plan_version))
        .query(plan_versions::PLAN_VERSION),
    get("/v1/enrollments/{program}/{subject}/evidence", "get_evidence",
        "Its evidence bundle, which is verified offline (BagIt in a zip archive)", "可离线验证的证据包（zip 归档的 BagIt）",
        Shape::Other, to!(evidence::get_evidence)).gives(&[ZIP]).query(evidence::EVIDENCE)
        .sends(&[CONTENT_DISPOSITION]).or(&[Code::DocumentsUnavailable, Code::DocumentDamaged]),
    post("/v1/enrollments/{program}/{subject}/evidence", "create_evidence",
        "Has its evidence bundle made: answered at once, made after, for who asked", "请求生成证据包：立即答复，随后生成，仅供请求者取用",
        Body::None, json!(imports::OperationView), to!(evidence::create_evidence))
        .to(READERS).answers(202).query(evidence::EVIDENCE).takes(KEYED).sends(&[LOCATION, RETRY_AFTER]).or(ASKING),
    get("/v1/enrollments/{program}/{subject}/evidence/absence", "get_absence",
        "The proof that no act of a kind is on record, as a bundle", "没有某类行为记录的证明（证据包）",
        Shape::Other, to!(evidence::get_absence)).gives(&[ZIP]).query(evidence::ABSENCE)
        .sends(&[CONTENT_DISPOSITION])
        .or(&[Code::DocumentsUnavailable, Code::DocumentDamaged, Code::PayloadTooLarge]),
    post("/v1/enrollments/{program}/{subject}/evidence/absence", "create_absence",
        "Has the proof made that no act of a kind is on record", "请求生成没有某类行为记录的证明",
        Body::None, json!(imports::OperationView), to!(evidence::create_absence))
        .to(READERS).answers(202).query(evidence::ABSENCE).takes(KEYED).sends(&[LOCATION, RETRY_AFTER]).or(ASKING),
    get("/v1/enrollments/{program}/{subject}/revisions", "list_revisions", "Its revisions", "各修订号",
        json!(List<revisions::RevisionItem>), to!(revisions::list_revisions)).query(TIMES),
    get("/v1/enrollments/{program}/{subject}/revisions/{revision}", "get_revision",
        "The state at a revision", "某一修订号的状态",
        json!(revisions::RevisionView), to!(revisions::get_revision)),
    get("/v1/obligations", "list_obligations", "What is due across programs, on a day", "各项目在某日应履行的义务",
        json!(Page<obligations::ObligationItem>), to!(obligations::list_obligations))
        .gives(obligations::FORMS).query(obligations::OBLIGATIONS).takes(WAITING).sends(PAGED)
        .or(LIST),
    get("/v1/obligations/totals", "get_obligation_totals",
        "Obligations added up by office, province and year: in time, late by how many days, open, overdue",
        "按机关、省份和年份汇总的义务：按期、逾期及天数、未履行",
        json!(obligations::Totals), to!(obligations::get_obligation_totals)).gives(obligations::TOTALS_FORMS)
        .query(obligations::TOTALS).takes(WAITING).or(LIST),
    get("/v1/moves", "list_moves",
        "What waits at which office, dated or not: decisions and steps, then obligations",
        "各机关的待办事项（不论有无期限）：先列待决事项，后列义务",
        json!(Page<obligations::Move>), to!(obligations::list_moves)).gives(obligations::MOVES_FORMS)
        .query(obligations::MOVES).takes(WAITING).sends(PAGED).or(LIST),
    get("/v1/changes", "list_changes",
        "What the record answers otherwise than at an earlier instant, for which days and by which event",
        "与较早时刻相比，记录的回答有何不同：涉及哪些日期、因何事件",
        json!(changes::ChangesPage), to!(changes::list_changes)).query(changes::CHANGES).or(LIST),
    get("/v1/exceptions", "list_exceptions",
        "The register of exceptions: departures from the rule, and what rests on less than it",
        "例外登记簿：与规定不符之处，以及依据不足之处",
        json!(exceptions::ExceptionsPage), to!(exceptions::list_exceptions))
        .query(exceptions::EXCEPTIONS).takes(WAITING).or(LIST),

    get("/v1/events", "list_events",
        "The log: page by page, line by line, as CloudEvents, or as a stream of server-sent events",
        "日志：分页、逐行、CloudEvents 或服务器推送的事件流",
        json!(events::EventPage<'static>), to!(events::list_events))
        .gives(events::FEED).goes_on_by("after").query(events::EVENTS).takes(&[LAST_EVENT_ID, PREFER])
        .sends(&[ETAG, LINK, LAST_SEQUENCE, PREFERENCE_APPLIED]).or(LIST),
    get("/v1/events/totals", "get_event_totals", "Events counted by what they say", "按其所载内容统计的事件",
        json!(events::EventTotals), to!(events::get_event_totals)).query(events::TOTALS).takes(WAITING).or(LIST),
    get("/v1/events/archive/{page}", "get_archive_page",
        "256 events of the log that never change, to be kept for ever", "日志中固定不变的 256 个事件，可永久缓存",
        json!(events::ArchivePage<'static>), to!(events::get_archive_page)).gives(events::ARCHIVE)
        .sends(&[ETAG, LINK, LAST_SEQUENCE]),
    get("/v1/events/{event}", "get_event", "An event by its sequence or id", "某一事件",
        json!(events::EventView<'static>), to!(events::get_event)),

    get("/v1/events/{event}/openings", "list_sealed_persons",
        "Whom an event names, and whether the caller may open what is sealed of them", "某一事件载明的个人，以及调用者可否查看其封存信息",
        json!(persons::SealedView), to!(persons::list_sealed_persons)).sends(&[]),
    post("/v1/events/{event}/openings", "open_persons",
        "Opens what an event has sealed of persons; each opening is recorded", "查看某一事件封存的个人信息（每次查看均予登记）",
        body!(persons::OpeningRequest), json!(persons::OpeningView), to!(persons::open_persons))
        .to(READERS).sends(&[]).or(OPENING),
    get("/v1/data-subjects/{data_subject}", "get_data_subject",
        "What is decided of a person's data: legal holds, erasure", "某一信息主体的个人信息所受的保全与删除",
        json!(persons::DataSubjectView), to!(persons::get_data_subject))
        .to(OVERSEERS).sends(&[]).or(&[Code::PersonKeysUnavailable]),
    post("/v1/holds", "place_hold", "Places a legal hold: the data of a person can't be erased", "对某人的个人信息依法予以保全，使其不得删除",
        body!(HoldPlaced), json!(subjects::WrittenView), to!(persons::place_hold))
        .to(HOLDERS).takes(KEYED).or(PERSONAL),
    post("/v1/holds/{hold}/releases", "lift_hold", "Lifts a legal hold that another person placed", "解除他人所设的保全",
        body!(persons::ReleaseRequest), json!(subjects::WrittenView), to!(persons::lift_hold))
        .to(HOLDERS).takes(KEYED).or(PERSONAL),
    post("/v1/erasures", "erase_person", "Erases the data of a person for good, by destroying their key", "销毁密钥，永久删除某人的个人信息",
        body!(PersonErased), json!(subjects::WrittenView), to!(persons::erase_person))
        .to(CUSTODIAN).takes(KEYED).or(PERSONAL),

    get("/v1/log/checkpoint", "get_checkpoint", "The newest signed checkpoint of the log (c2sp.org/tlog-checkpoint)",
        "日志的最新签名检查点（c2sp.org/tlog-checkpoint）",
        Shape::Other, to!(ledger::get_checkpoint)).gives(&[TEXT]).query(ledger::CHECKPOINT).sends(&[])
        .to(PUBLIC),
    get("/v1/log/tile/entries/{tile}", "get_tile_entries",
        "The entries that were hashed for 256 events (c2sp.org/tlog-tiles)", "256 个事件的被哈希条目（c2sp.org/tlog-tiles）",
        Shape::Other, to!(ledger::get_tile_entries)).gives(&[OCTETS]).sends(&[]),
    get("/v1/log/tile/{level}/{tile}", "get_tile", "A tile of the log's Merkle tree (c2sp.org/tlog-tiles)",
        "日志默克尔树的一个切片（c2sp.org/tlog-tiles）",
        Shape::Other, to!(ledger::get_tile)).gives(&[OCTETS]).sends(&[]).to(PUBLIC),
    get("/v1/log/proofs/inclusion/{event}", "get_inclusion_proof",
        "What proves that an event is in the log (c2sp.org/tlog-proof)", "某一事件在日志中的证明（c2sp.org/tlog-proof）",
        json!(ledger::InclusionProof), to!(ledger::get_inclusion_proof)).gives(ledger::PROOF).sends(&[]),
    get("/v1/log/proofs/consistency", "get_consistency_proof",
        "What proves that an earlier tree is the beginning of a later one", "较早的树为较晚的树之开头的证明",
        json!(ledger::ConsistencyProof), to!(ledger::get_consistency_proof)).query(ledger::BETWEEN).to(PUBLIC),
    get("/v1/log/keys", "list_log_keys", "The keys that sign checkpoints", "签署检查点的密钥",
        json!(List<ledger::LogKey>), to!(ledger::list_log_keys)).to(PUBLIC),

    get("/v1/exports/{table}", "get_export",
        "A reporting table as CSV or Parquet, as of a sequence", "截至某一序号的报表（CSV 或 Parquet）",
        Shape::Other, to!(exports::get_export))
        .gives(exports::FORMS).query(exports::EXPORT).takes(WAITING)
        .sends(&[ETAG, CONTENT_DISPOSITION]).or(EXPORTING),

    get("/v1/imports", "list_imports", "The imports, the newest first", "导入（新的在前）",
        json!(List<imports::OperationView>), to!(imports::list_imports)).to(IMPORTERS).sends(&[]),
    post("/v1/imports", "create_import",
        "Imports a file of acts, attestations, notes, subjects and figures: answered at once, done after", "导入文件（行为、佐证、备注、主体、指标数据）：立即答复，随后执行",
        Body::File(imports::FORMS), json!(imports::OperationView), to!(imports::create_import))
        .to(REGISTRAR).answers(202).query(imports::IMPORT).takes(&[IDEMPOTENCY_KEY, imports::HANDLING])
        .sends(&[LOCATION, RETRY_AFTER, PREFERENCE_APPLIED]).or(IMPORTING),
    get("/v1/operations/{operation}", "get_operation",
        "How far an import or a bundle is, and what it came to", "导入或证据包的进度与结果",
        json!(imports::OperationView), to!(imports::get_operation))
        .takes(WAITING).sends(&[RETRY_AFTER, PREFERENCE_APPLIED]),
    get("/v1/operations/{operation}/report", "get_operation_report",
        "What became of every line of an import, or what is wrong with it and where", "导入各行的处理结果，或错误之处与原因",
        Shape::Other, to!(imports::get_operation_report))
        .gives(&[NDJSON]).to(IMPORTERS).sends(&[CONTENT_DISPOSITION]).or(&[Code::OperationState]),
    get("/v1/operations/{operation}/result", "get_operation_result",
        "The bundle that was made, for who asked for it, for a day (the newest 100, of 2 GiB together)", "所生成的证据包：仅供请求者，保存一天（最新 100 个，合计 2 GiB）",
        Shape::Other, to!(imports::get_operation_result))
        .gives(&[ZIP]).sends(&[CONTENT_DISPOSITION]).or(&[Code::OperationState]),
    post("/v1/operations/{operation}/cancellations", "cancel_operation",
        "Cancels an import before anything of it is recorded, or the making of a bundle", "在记录任何内容之前取消导入，或取消证据包的生成",
        Body::None, json!(imports::OperationView), to!(imports::cancel_operation))
        .to(READERS).answers(202).sends(&[RETRY_AFTER]).or(&[Code::OperationState]),

    post("/v1/documents", "upload_document", "Keeps a document", "上传文件",
        Body::Bytes, json!(documents::DocumentView), to!(documents::upload_document))
        .query(DIGEST).takes(&[CLAIMED_DIGEST]).sends(&[LOCATION, REPR_DIGEST])
        .or(&[Code::DigestMismatch, Code::EventStoreUnavailable, Code::DocumentsUnavailable]),
    get("/v1/documents/{digest}", "get_document", "A document", "下载文件",
        Shape::Bytes, to!(documents::get_document))
        .sends(&[ETAG, CONTENT_DISPOSITION, REPR_DIGEST])
        .or(&[Code::DocumentsUnavailable, Code::DocumentDamaged]),

    get("/v1/webhook-endpoints", "list_webhook_endpoints", "The webhook endpoints", "Webhook 端点",
        json!(List<webhooks::EndpointView>), to!(webhooks::list_webhook_endpoints)).to(OPERATOR).or(WEBHOOKS),
    post("/v1/webhook-endpoints", "create_webhook_endpoint",
        "Makes a webhook endpoint; its secret is shown this once", "新建 Webhook 端点；密钥仅显示这一次",
        body!(webhooks::EndpointRequest), json!(webhooks::RevealedView), to!(webhooks::create_webhook_endpoint))
        .to(OPERATOR).or(WEBHOOK),
    get("/v1/webhook-endpoints/{endpoint}", "get_webhook_endpoint", "A webhook endpoint", "某一 Webhook 端点",
        json!(webhooks::EndpointView), to!(webhooks::get_webhook_endpoint)).to(OPERATOR).or(WEBHOOKS),
    patch("/v1/webhook-endpoints/{endpoint}", "update_webhook_endpoint",
        "Changes, disables or enables a webhook endpoint", "修改、停用或启用 Webhook 端点",
        body!(webhooks::EndpointChanges), json!(webhooks::EndpointView), to!(webhooks::update_webhook_endpoint)).or(WEBHOOK),
    delete("/v1/webhook-endpoints/{endpoint}", "delete_webhook_endpoint",
        "Removes a webhook endpoint", "删除 Webhook 端点", to!(webhooks::delete_webhook_endpoint))
        .or(WEBHOOKS),
    post("/v1/webhook-endpoints/{endpoint}/secrets", "rotate_webhook_secret",
        "Gives a webhook endpoint new keys; for a while the old ones sign too", "更换密钥；旧密钥在一段时间内继续签名",
        body!(webhooks::RotationRequest), json!(webhooks::RevealedView), to!(webhooks::rotate_webhook_secret))
        .to(OPERATOR).or(WEBHOOK),
    get("/v1/webhook-endpoints/{endpoint}/deliveries", "list_webhook_deliveries",
        "Its deliveries, the newest event first", "其推送记录（新事件在前）",
        json!(webhooks::DeliveryPage), to!(webhooks::list_webhook_deliveries))
        .to(OPERATOR).query(webhooks::DELIVERIES).sends(PAGED)
        .or(&[Code::CursorInvalid, Code::WebhooksUnavailable]),
    post("/v1/webhook-endpoints/{endpoint}/deliveries/{sequence}/redeliveries", "redeliver_webhook",
        "Delivers an event again, now", "立即重新推送某一事件",
        Body::None, json!(webhooks::DeliveryView), to!(webhooks::redeliver_webhook))
        .to(OPERATOR).sends(&[]).or(WEBHOOKS),
    post("/v1/webhook-endpoints/{endpoint}/replays", "replay_webhook",
        "Delivers everything from an event on again", "从某一事件起全部重新推送",
        body!(webhooks::ReplayRequest), json!(webhooks::ReplayView), to!(webhooks::replay_webhook))
        .to(OPERATOR).sends(&[]).or(WEBHOOK),

    get("/schemas/events/{schema}", "get_event_schema", "The schema of a version of an event type", "事件类型某一版本的数据结构",
        any_object(), to!(events::get_event_schema)).to(PUBLIC),
    get("/openapi.json", "get_openapi", "This interface as OpenAPI 3.1", "本接口的 OpenAPI 3.1 文档",
        any_object(), to!(about::get_openapi)).to(PUBLIC),
    get("/docs", "get_docs", "The first hour with this interface, as a page", "本接口的入门页",
        Shape::Other, to!(about::get_docs)).gives(&[HTML]).query(about::PAGE).sends(&[]).to(PUBLIC),
    get("/docs/{resource}", "get_docs_page", "A page for each resource, and for what they share",
        "各资源及其共有内容的说明页",
        Shape::Other, to!(about::get_docs_page)).gives(&[HTML]).query(about::PAGE).sends(&[]).to(PUBLIC),
    get("/problems/{name}", "get_problem", "What a problem means, and what helps", "某一问题的说明与处理办法",
        json!(Doc), to!(about::get_problem)).gives(&[HTML, JSON]).query(about::PAGE).to(PUBLIC),

    get("/.well-known/api-catalog", "get_api_catalog", "Where this interface is described", "本接口的目录",
        any_object(), to!(well_known::get_api_catalog)).gives(&[LINKSET]).sends(&[LINK]).to(PUBLIC),
    get("/.well-known/oauth-protected-resource", "get_protected_resource", "Which access tokens are taken, and who issues them",
        "所接受的访问令牌及其签发方",
        json!(well_known::ProtectedResource), to!(well_known::get_protected_resource)).to(PUBLIC),
    get("/.well-known/security.txt", "get_security_txt", "Where a weakness is reported", "安全问题的报告方式",
        Shape::Other, to!(well_known::get_security_txt)).gives(&[TEXT]).sends(&[]).to(PUBLIC),

    get("/health/live", "get_live", "Whether the process lives", "进程是否存活",
        json!(health::Health), to!(health::get_live)).sends(&[]).to(PUBLIC),
    get("/health/startup", "get_startup", "Whether it has started", "是否已启动",
        json!(health::Health), to!(health::get_startup)).sends(&[]).to(PUBLIC),
    get("/health/ready", "get_ready", "Whether it can serve", "是否可以提供服务",
        json!(health::Health), to!(health::get_ready)).sends(&[]).also(&[503]).to(PUBLIC),
];
