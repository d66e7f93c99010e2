//! The one table of everything that can go wrong over HTTP: name, status, whether sending the same
//! again can help, extension members, and title and explanation in both languages.
//!
//! What must hold: a name, once published, keeps its meaning; `CODE` is always the name in upper
//! snake case, so the two cannot drift. Nothing else in the program knows a status or a title.

use crate::domain::ids::Language;
use actix_web::http::StatusCode;

/// One row of the table.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: &'static str,
    pub status: StatusCode,
    /// Seconds after which the same request may succeed unchanged; none if it never will.
    pub retry_after_s: Option<u32>,
    pub members: &'static [&'static str],
    pub title_en: &'static str,
    pub text_en: &'static str,
    pub title_zh: &'static str,
    pub text_zh: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident $name:literal $status:ident $(retry $after:literal)? [$($member:literal)*]
        en $title_en:literal $text_en:literal
        zh $title_zh:literal $text_zh:literal;)*) => {
        /// A kind of problem; its name, status and texts are in the table of this module.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title_en] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            pub(super) fn entry(self) -> &'static Entry {
                match self {
                    $(Code::$variant => {
                        const AFTER: &[u32] = &[$($after)?];
                        static ENTRY: Entry = Entry {
                            name: $name,
                            status: StatusCode::$status,
                            retry_after_s: AFTER.first().copied(),
                            members: &[$($member),*],
                            title_en: $title_en,
                            text_en: $text_en,
                            title_zh: $title_zh,
                            text_zh: $text_zh,
                        };
                        &ENTRY
                    })*
                }
            }
        }
    };
}

catalogue! {
    ValidationError "validation-error" UNPROCESSABLE_ENTITY ["errors" "article" "reading" "measure_version"]
        en "The request does not match its schema" "Each entry of `errors` points into the body by a JSON Pointer and says what would satisfy it."
        zh "请求不符合数据结构" "答复逐项指明有误的位置，并说明应当如何填写。";
    MalformedRequest "malformed-request" BAD_REQUEST ["errors"]
        en "The request cannot be read" "The body is not JSON or not UTF-8, is nested too deep, or a header or parameter has the wrong form."
        zh "无法解析请求" "请求体不是 JSON、不是 UTF-8、嵌套过深，或请求头、参数格式有误。";
    UnknownParameter "unknown-parameter" BAD_REQUEST ["parameter" "nearest"]
        en "The query parameter is unknown" "An ignored filter would give a wrong answer, so a parameter that this address does not know is refused."
        zh "未知的查询参数" "忽略筛选条件会得出错误的结果，因此拒绝本地址不认识的参数。";
    CursorInvalid "cursor-invalid" BAD_REQUEST ["parameter"]
        en "The cursor is not valid" "A cursor is taken unchanged from a `next` link, with the same filters. Start again without it."
        zh "游标无效" "游标须原样取自上一页给出的链接，且筛选条件不变。请去掉游标重新开始。";
    IdempotencyKeyMissing "idempotency-key-missing" BAD_REQUEST ["documentation"]
        en "The Idempotency-Key header is missing" "Every act needs one: at most 128 printable characters, new for each act, the same for a retry."
        zh "缺少幂等键请求头（Idempotency-Key）" "每个行为都须携带：不超过 128 个可打印字符，新行为用新键，重试用原键。";
    IdempotencyKeyReused "idempotency-key-reused" UNPROCESSABLE_ENTITY ["first_used_at"]
        en "The idempotency key was used for another act" "A key stands for one act for ever. Send this act under a new key."
        zh "幂等键已用于另一行为" "一个键永远只对应一个行为。请用新键提交本行为。";
    IdempotencyRequestInProgress "idempotency-request-in-progress" CONFLICT retry 1 ["retry_after"]
        en "An act with this key is being recorded" "Send the same request again after the stated time; it then gets the first answer."
        zh "同一幂等键的行为正在记录" "请在所示时间后重发同一请求，届时将得到首次的答复。";
    PreconditionRequired "precondition-required" PRECONDITION_REQUIRED ["current_etag"]
        en "The request must say which revision it rests on" "Send If-Match with the ETag that you saw, `If-Match: *` for whatever it is, or `If-None-Match: *` for the act that opens an enrollment."
        zh "请求须说明所依据的修订号" "请以 If-Match 请求头携带所见的实体标签；不论修订号时填 *；首次申报用 If-None-Match: *。";
    RevisionConflict "revision-conflict" PRECONDITION_FAILED ["expected_revision" "current_revision" "current_etag" "changes"]
        en "The enrollment has changed meanwhile" "Read `changes`, decide again, and send the act with the current ETag."
        zh "记录在此期间已变更" "请查看答复所列的变更，重新判断后以当前的实体标签提交。";
    EnrollmentExists "enrollment-exists" CONFLICT ["enrollment" "expected_revision" "current_revision" "current_etag" "changes"]
        en "The enrollment already exists" "The subject already takes part in this program. Act on the existing enrollment."
        zh "该项目记录已存在" "该主体已参加本项目，请对已有记录提交行为。";
    ActNotPermitted "act-not-permitted" CONFLICT ["act" "act_label" "phase" "phase_label" "allowed_from" "allowed_from_labels" "missing_conditions" "missing_condition_labels" "permitted_acts" "permitted_act_labels" "article" "reading" "measure_version"]
        en "The measure does not permit this act now" "`missing_conditions` says what would permit it, `permitted_acts` what is permitted now."
        zh "办法在当前状态下不允许该行为" "答复列出尚缺的条件和当前允许的行为。";
    QuotaExhausted "quota-exhausted" CONFLICT ["quota" "quota_label" "limit" "taken" "full_on" "override_possible" "article" "reading" "measure_version"]
        en "No place is left in this category" "If `override_possible` is true, the national office may exceed the limit with a recorded reason."
        zh "该类型名额已满" "原则性名额，国家知识产权局可书面说明理由后突破。";
    RequirementNotMet "requirement-not-met" UNPROCESSABLE_ENTITY ["requirement" "requirement_label" "required" "given" "article" "reading" "measure_version"]
        en "A requirement of the measure is not met" "The article asks for `required`; the act gives `given`."
        zh "未满足办法规定的条件" "答复列出条款的要求和所提交的内容。";
    MaterialMissing "material-missing" UNPROCESSABLE_ENTITY ["materials" "material_labels" "article" "reading" "measure_version"]
        en "Materials that the article requires are missing" "Upload each of `materials` and cite its digest in the act."
        zh "缺少条款要求的材料" "请上传所列的各项材料，并在行为中引用其摘要。";
    DocumentMissing "document-missing" UNPROCESSABLE_ENTITY ["digest" "pointer"]
        en "A cited document was never uploaded" "Upload the document first; an act may cite only what is safely stored."
        zh "所引用的文件尚未上传" "请先上传文件；行为只能引用已妥善保存的文件。";
    DigestMismatch "digest-mismatch" UNPROCESSABLE_ENTITY ["claimed" "computed"]
        en "The content does not have the claimed digest" "What arrived has the SHA-256 `computed`. Nothing was kept. Check the file and send it again."
        zh "内容与所声明的摘要不符" "收到内容的摘要与所声明的不同，未作保存。请核对文件后重新上传。";
    IneligibleSubject "ineligible-subject" UNPROCESSABLE_ENTITY ["allowed_kinds" "allowed_kind_labels" "article" "reading" "measure_version"]
        en "A subject of this kind may not take part" "The article admits only `allowed_kinds`."
        zh "该类主体不能参加本项目" "条款仅允许所列类别的主体参加。";
    SubjectExists "subject-exists" CONFLICT ["subject"]
        en "The subject is registered already" "A name that changed is recorded as a renaming."
        zh "该主体已登记" "名称变更请以更名登记。";
    WouldUnsettle "would-unsettle" CONFLICT ["article" "reading" "measure_version" "events"]
        en "The act would take the ground from a later event" "Only a correction, or a late entry by the national office or out of an archive, may do that. `events` are those that would lose their ground."
        zh "该行为将使后续记录失去依据" "只有更正，或国家知识产权局补记、登记员据档案补录，才可如此。答复列出将失去依据的记录。";
    MeasureNotInForce "measure-not-in-force" UNPROCESSABLE_ENTITY ["versions" "article" "reading" "measure_version"]
        en "No measure was in force on that day" "`versions` lists the measures known, with the days from and to which each was in force."
        zh "该日期没有有效的办法" "答复列出已知的办法及其施行日期。";
    RuleUnknown "rule-unknown" UNPROCESSABLE_ENTITY ["article" "reading" "measure_version"]
        en "What the measure says on this is not known" "This version of the measure is known only in part; such facts can be attested with their evidence."
        zh "办法的该项规定不详" "该版本办法仅部分可考；此类事实可据佐证材料补录。";
    EffectiveDateConflict "effective-date-conflict" CONFLICT ["conflicting_event" "article" "reading" "measure_version"]
        en "The effective date contradicts the record" "`conflicting_event` certainly comes later or earlier than this act can. Check the date, or correct that event."
        zh "生效日期与记录相矛盾" "该行为的日期与所列记录必然矛盾。请核对日期，或更正该记录。";
    AlreadyDecided "already-decided" CONFLICT ["act" "act_label" "decided_by" "in_force" "article" "reading" "measure_version"]
        en "This has already been decided" "The record holds the decision. To change it, correct the event."
        zh "该事项已作出决定" "记录中已有决定。如需变更，请更正该记录。";
    JurisdictionForbidden "jurisdiction-forbidden" FORBIDDEN ["division_code" "article" "reading" "measure_version"]
        en "The subject is outside your jurisdiction" "The office in charge of the subject must act."
        zh "该主体不在您的管辖范围内" "须由主管该主体的机关提交。";
    RoleForbidden "role-forbidden" FORBIDDEN ["required_roles" "required_role_labels" "article" "reading" "measure_version"]
        en "Your role may not do this" "The article gives it to `required_roles`."
        zh "您的角色无权进行该操作" "条款规定由所列机关进行。";
    SelfApprovalForbidden "self-approval-forbidden" FORBIDDEN ["hold"]
        en "Another person must do this" "Who placed a legal hold can't lift it: ask somebody else who may."
        zh "须由他人进行" "设置保全措施的人不能自行解除，须由其他有权的人解除。";
    UnderLegalHold "under-legal-hold" CONFLICT ["data_subject" "holds"]
        en "The personal data are under a legal hold" "Nothing was erased. Another person than who placed each of `holds` must lift it first."
        zh "个人信息处于依法保全之中" "未删除任何内容。答复所列的各项保全措施须先由设置人以外的人解除。";
    PersonErased "data-subject-erased" CONFLICT ["data_subject"]
        en "The personal data were erased" "Their key was destroyed for good: what was sealed with it can't be opened by anyone, and nothing more is sealed for this data subject. Proofs and standing are as before."
        zh "该个人信息已删除" "其密钥已永久销毁：已封存的内容无人能够开启，也不再为该信息主体封存新的内容。记录的证明和状态不受影响。";
    PersonKeysUnavailable "person-keys-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The keys of personal data cannot be used" "Acts that name no person go on. An erasure that was recorded is finished by sending it again under the same key, or by the next start."
        zh "无法使用个人信息密钥" "未载明个人的行为不受影响。已登记的删除，以同一幂等键重发，或在下次启动时完成。";
    InvalidToken "invalid-token" UNAUTHORIZED []
        en "A valid access token is needed" "Send `Authorization: Bearer <token>` with a token that was issued for this service and has not expired."
        zh "需要有效的访问令牌" "请以 Authorization: Bearer 携带为本服务签发且未过期的令牌。";
    NotFound "not-found" NOT_FOUND []
        en "Nothing is found here" "The address or an id in it is unknown, or you may not know of it."
        zh "未找到" "地址或其中的标识不存在，或您无权知悉。";
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED []
        en "The address does not take this method" "The Allow header lists the methods that it takes."
        zh "该地址不支持此方法" "Allow 响应头列出所支持的方法。";
    ProjectionBehind "projection-behind" SERVICE_UNAVAILABLE retry 1 ["projection" "sequence" "required_sequence"]
        en "The list has not read that far yet" "The read model is still before `required_sequence`. Try again after the stated time."
        zh "列表尚未读到所要求的位置" "查询表尚未读到所要求的序号，请在所示时间后重试。";
    ProjectionRebuilding "projection-rebuilding" SERVICE_UNAVAILABLE retry 10 ["progress"]
        en "The list is being built" "The read model has no copy to serve yet. Try again after the stated time."
        zh "列表正在构建" "查询表尚无可用副本，请在所示时间后重试。";
    ProjectionFailed "projection-failed" SERVICE_UNAVAILABLE retry 60 ["projection" "sequence" "required_sequence"]
        en "The list has stopped" "The read model met an event that it could not take and stopped there. The record itself is intact; an operator must act."
        zh "列表已停止更新" "查询表遇到无法处理的事件而停止。记录本身完好，须由运维人员处理。";
    ReadModelsUnavailable "read-models-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The lists cannot be reached" "The database of the read models does not answer, or refuses, for now. Acts and single enrollments go on. Send the same request again after the stated time."
        zh "暂时无法访问列表" "查询表所在数据库目前没有响应或拒绝访问；行为登记和单个项目记录的查询不受影响。请在所示时间后重发同一请求。";
    IdentityProviderUnavailable "identity-provider-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The token's issuer does not answer" "Its keys were never read by this server, so the token can't be judged. Docket's own tokens go on."
        zh "身份提供方暂无响应" "本服务器尚未取得其公钥，无法核验该令牌；本系统自行签发的令牌不受影响。";
    Starting "starting" SERVICE_UNAVAILABLE retry 5 []
        en "The server is starting" "It waits for a store that it needs, or opens the record; `/health/ready` says what it waits for. Send the same request again after the stated time."
        zh "服务器正在启动" "服务器正在等待所需的存储或打开记录，详见 /health/ready。请在所示时间后重发同一请求。";
    EventStoreUnavailable "event-store-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The record cannot be reached" "Nothing was written. Send the same request again after the stated time."
        zh "暂时无法访问记录" "未写入任何内容，请在所示时间后重发同一请求。";
    LogMoving "log-moving" SERVICE_UNAVAILABLE retry 5 []
        en "The record is being moved" "Recording pauses for a moment while the log moves to another store; reading goes on. Nothing was written. Send the same request again after the stated time."
        zh "记录正在迁移" "日志迁移期间暂停记录，查询不受影响。未写入任何内容，请在所示时间后重发同一请求。";
    RecordingStopped "recording-stopped" SERVICE_UNAVAILABLE ["reason" "log_sequence" "known_sequence"]
        en "Recording has stopped" "Nothing was written, and nothing is until an operator has acted on `reason`; reading goes on. Where the log is shorter than what is known outside it, `log_sequence` is its last event and `known_sequence` the one that is known."
        zh "已停止记录" "未写入任何内容；在运维人员按所示原因处理之前不再记录，查询不受影响。如日志短于其外部已知的位置，答复列出日志末尾与已知位置的序号。";
    DocumentsUnavailable "documents-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The documents cannot be reached" "Nothing was recorded, since an act may cite only what is safely stored, and that cannot be seen now; acts that cite no document go on. Send the same request again after the stated time."
        zh "暂时无法访问文件库" "行为只能引用已妥善保存的文件，而目前无法核实，故未作记录；不引用文件的行为不受影响。请在所示时间后重发同一请求。";
    DocumentDamaged "document-damaged" INTERNAL_SERVER_ERROR ["digest"]
        en "The document is damaged" "What is kept under its digest was changed, cut or emptied, so it is neither given nor cited. Uploading the document again mends it."
        zh "文件已损坏" "所存内容已被改动、截断或清空，因此不予提供，也不能引用。重新上传该文件即可修复。";
    WebhooksUnavailable "webhooks-unavailable" SERVICE_UNAVAILABLE retry 5 []
        en "The webhook endpoints cannot be reached" "Their database is away or does not answer. Nothing is lost: deliveries go on where they stopped. Send the same request again after the stated time."
        zh "暂时无法访问 Webhook 端点" "其数据库无法访问或未答复。不会遗失任何推送，恢复后从停下处继续。请在所示时间后重发同一请求。";
    OperationFailed "operation-failed" UNPROCESSABLE_ENTITY ["line_errors"]
        en "The operation failed" "It stands in the operation, not in an answer: lines of the file are bad, so nothing was imported. `line_errors` is the report that names each with its column and reason."
        zh "操作失败" "见于操作的状态而非答复：文件中有错误行，因此未导入任何内容。逐行报告列明错误所在的行、列及原因。";
    OperationState "operation-state" CONFLICT ["state"]
        en "The operation is not where this can be done" "A report is there once the operation has ended; one that has ended, or records already, can't be cancelled. `state` says where it stands."
        zh "操作当前的状态不允许此项请求" "操作结束后才有报告；已结束或已开始记录的操作不能取消。答复列出操作的状态。";
    OutcomeUnknown "outcome-unknown" SERVICE_UNAVAILABLE retry 5 ["idempotency_key"]
        en "It is not known whether the act was recorded" "Send the same request again with the same key: it is recorded once, whichever is the case."
        zh "无法确定行为是否已记录" "请用同一幂等键重发同一请求：无论何种情况，只会记录一次。";
    LogIntegrityFailure "log-integrity-failure" INTERNAL_SERVER_ERROR []
        en "The record failed an integrity check" "What was asked for rests on a part of the record that cannot be read as it was written. Nothing was written; what does not need that part goes on. An operator must find the cause."
        zh "记录未通过完整性检查" "所请求的内容依据的部分记录无法按原样读取。未写入任何内容；不依赖该部分的请求不受影响。须由运维人员查明原因。";
    ClockUnreliable "clock-unreliable" SERVICE_UNAVAILABLE retry 30 []
        en "The server's clock cannot be trusted" "Nothing was written, because its time could be wrong. Recording goes on by itself once the clock is right and has stood still for half a minute."
        zh "服务器时钟不可靠" "因时间可能有误，未写入任何内容。时钟校准并稳定半分钟后自动恢复记录。";
    PayloadTooLarge "payload-too-large" PAYLOAD_TOO_LARGE ["limit_bytes"]
        en "The body is too large" "Send at most `limit_bytes` bytes."
        zh "请求体过大" "请求体不得超过所示的字节数。";
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE ["accept" "accept_encoding"]
        en "The body has a type or coding that is not taken here" "Send one of the types in `accept`, in a coding in `accept_encoding`."
        zh "不支持的请求体类型或编码" "请使用所列的类型和编码。";
    NotAcceptable "not-acceptable" NOT_ACCEPTABLE ["accept"]
        en "None of the accepted types can be given" "Ask for one of the types in `accept`."
        zh "无法提供所接受的类型" "请接受所列的类型之一。";
    RequestTimeout "request-timeout" REQUEST_TIMEOUT []
        en "The request came too slowly" "The body did not arrive in time. Nothing was recorded; send the request again."
        zh "请求传输过慢" "请求体未在规定时间内到达，未作任何记录，请重新发送。";
    UriTooLong "uri-too-long" URI_TOO_LONG []
        en "The address is too long" "Shorten the query."
        zh "地址过长" "请缩短查询参数。";
    HeadersTooLarge "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE []
        en "The headers are too large" "Send fewer or shorter headers."
        zh "请求头过大" "请减少或缩短请求头。";
    RateLimited "rate-limited" TOO_MANY_REQUESTS retry 5 ["violated_policies"]
        en "Too much is under way for you" "One principal has a share of what the server can do at once. `violated_policies` names the limit; end or read what is under way, then send the same request again after the stated time."
        zh "您的请求过多" "每一主体只占服务器并发能力的一份。答复指明所达到的上限；请先结束或读完正在进行的请求，并在所示时间后重发同一请求。";
    ServerBusy "server-busy" SERVICE_UNAVAILABLE retry 10 []
        en "The server is busy" "As many answers of this kind are under way as the server can give at once. Nothing was recorded. Send the same request again after the stated time."
        zh "服务器繁忙" "同类答复已达服务器的并发上限，未作任何记录。请在所示时间后重发同一请求。";
    InternalError "internal-error" INTERNAL_SERVER_ERROR []
        en "The server failed" "The cause was logged under `trace_id`; tell it to the operator. An act sent again with the same key is recorded once."
        zh "服务器内部错误" "原因已记入日志，请将追踪编号告知运维人员。用同一幂等键重发的行为只会记录一次。";
}

impl Code {
    /// The kebab-case name, the last part of the `type` URI.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The name in UPPER_SNAKE, as AIP-193 wants it.
    pub fn as_str(self) -> String {
        self.name().to_ascii_uppercase().replace('-', "_")
    }

    /// The status that answers with this code have.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// Whether the same request, sent again unchanged, may succeed.
    pub fn retryable(self) -> bool {
        self.entry().retry_after_s.is_some()
    }

    /// The title, fixed but for its language.
    pub fn title(self, language: Language) -> &'static str {
        let entry = self.entry();
        match language {
            Language::En => entry.title_en,
            Language::Zh => entry.title_zh,
        }
    }

    /// What the problem means and what would satisfy it.
    pub fn text(self, language: Language) -> &'static str {
        let entry = self.entry();
        match language {
            Language::En => entry.text_en,
            Language::Zh => entry.text_zh,
        }
    }

    /// The code for an error answer that was not made as a problem: a framework's own 404, 413 …
    pub fn of_status(status: StatusCode) -> Code {
        match status {
            StatusCode::UNAUTHORIZED => Code::InvalidToken,
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Code::NotAcceptable,
            StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
            StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
            StatusCode::URI_TOO_LONG => Code::UriTooLong,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Code::HeadersTooLarge,
            other if other.is_client_error() => Code::MalformedRequest,
            _ => Code::InternalError,
        }
    }
}

/// What a problem means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "ProblemMeaning")]
pub struct Doc {
    /// Its name, the last part of its `type`.
    pub name: &'static str,
    /// The same as `code` has it.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// Whether the same request can succeed later.
    pub retryable: bool,
    /// Extension members that an answer may carry, besides `code` and `trace_id`.
    pub members: &'static [&'static str],
    /// The title in English.
    pub title_en: &'static str,
    /// The title in Chinese.
    pub title_zh: &'static str,
    /// What it means, in English.
    pub text_en: &'static str,
    /// What it means, in Chinese.
    pub text_zh: &'static str,
}

/// The documentation of a problem.
pub fn documentation(code: Code) -> Doc {
    let entry = code.entry();
    Doc {
        name: entry.name,
        code: code.as_str(),
        status: entry.status.as_u16(),
        retryable: code.retryable(),
        members: entry.members,
        title_en: entry.title_en,
        title_zh: entry.title_zh,
        text_en: entry.text_en,
        text_zh: entry.text_zh,
    }
}
