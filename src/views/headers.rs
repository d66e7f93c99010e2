//! The headers that mean something to who writes a client: those that requests carry, then those of
//! answers.

use super::parameter::{Kind, Parameter};

/// What `Cache-Control` says of what nobody may keep.
pub const NO_STORE: &str = "no-store";

/// The language of the answer.
pub const ACCEPT_LANGUAGE: Parameter = Parameter::new(
    "Accept-Language",
    Kind::Text,
    "The language of the answer: `zh-CN` or `en`.",
    "答复的语言：zh-CN 或 en。",
);
/// What makes a recording happen once.
pub const IDEMPOTENCY_KEY: Parameter = Parameter::new(
    "Idempotency-Key",
    Kind::Text,
    "One for each act, the same for a retry; at most 128 printable characters. Kept as long as the log.",
    "每个行为一个，重试时相同；至多 128 个可打印字符。与日志同期保存。",
)
.required();
/// The revision on which an act rests.
pub const IF_MATCH: Parameter = Parameter::new(
    "If-Match",
    Kind::Text,
    "The tag that was seen, or `*` for whatever it is. One of this and `If-None-Match` is needed.",
    "所见的实体标签；* 表示不限。与 If-None-Match 二者必有其一。",
);
/// That nothing is there yet.
pub const IF_NOTHING: Parameter = Parameter::new(
    "If-None-Match",
    Kind::Text,
    "`*` for the act that opens an enrollment.",
    "首次行为须为 *。",
);
/// That what is there is known.
pub const IF_NONE_MATCH: Parameter = Parameter::new(
    "If-None-Match",
    Kind::Text,
    "The tag that is kept: 304 where it still holds.",
    "所存的实体标签：仍有效时答复 304。",
);
/// Where a stream of events goes on.
pub const LAST_EVENT_ID: Parameter = Parameter::new(
    "Last-Event-ID",
    Kind::Text,
    "The sequence (or id) of the last event that was read.",
    "最后读到的事件的序号（或标识）。",
);
/// How long to wait.
pub const PREFER: Parameter = Parameter::new(
    "Prefer",
    Kind::Text,
    "`wait=<seconds>`: where what is asked for is not there yet, wait for it.",
    "wait=<秒>：所求内容尚不存在时等待。",
);
/// The digest that the sender claims of a document.
pub const CLAIMED_DIGEST: Parameter = Parameter::new(
    "Repr-Digest",
    Kind::Text,
    "The SHA-256 that the sender claims, `sha-256=:<base64>:` (RFC 9530).",
    "发送方声明的 SHA-256：sha-256=:<base64>:（RFC 9530）。",
);

/// What an answer depends on.
pub const ETAG: Parameter = Parameter::new(
    "ETag",
    Kind::Text,
    "What the answer depends on, for `If-None-Match`; of an enrollment also for `If-Match`.",
    "答复的实体标签，用于 If-None-Match；记录的实体标签亦用于 If-Match。",
);
/// Where what was made is.
pub const LOCATION: Parameter =
    Parameter::new("Location", Kind::Text, "The address of what was made.", "新建内容的地址。");
/// The pages beside this one.
pub const LINK: Parameter = Parameter::new(
    "Link",
    Kind::Text,
    "The next page, where there is one; of the feed also its archive (RFC 8288).",
    "下一页（如有）；日志还有其存档页（RFC 8288）。",
);
/// How far the log was looked at.
pub const LAST_SEQUENCE: Parameter = Parameter::new(
    "Docket-Last-Sequence",
    Kind::Sequence,
    "The sequence of the last event that was looked at, whether or not it is in the answer.",
    "最后查看的事件的序号，无论其是否在答复中。",
);
/// Which preference was followed.
pub const PREFERENCE_APPLIED: Parameter = Parameter::new(
    "Preference-Applied",
    Kind::Text,
    "What of `Prefer` was followed.",
    "所采用的 Prefer 内容。",
);
/// The digest of a document.
pub const REPR_DIGEST: Parameter = Parameter::new(
    "Repr-Digest",
    Kind::Text,
    "The SHA-256 of the document, `sha-256=:<base64>:` (RFC 9530).",
    "文件的 SHA-256：sha-256=:<base64>:（RFC 9530）。",
);
/// Under which name to keep it.
pub const CONTENT_DISPOSITION: Parameter = Parameter::new(
    "Content-Disposition",
    Kind::Text,
    "That it is to be kept as a file.",
    "表明宜保存为文件。",
);
/// When to try again.
pub const RETRY_AFTER: Parameter = Parameter::new(
    "Retry-After",
    Kind::Number(0),
    "After how many seconds the same request may succeed.",
    "多少秒后重试可能成功。",
);
/// How to authenticate.
pub const WWW_AUTHENTICATE: Parameter = Parameter::new(
    "WWW-Authenticate",
    Kind::Text,
    "The challenge (RFC 6750).",
    "身份验证质询（RFC 6750）。",
);
/// What an address takes.
pub const ALLOW: Parameter = Parameter::new(
    "Allow",
    Kind::Text,
    "The methods that the address takes.",
    "该地址支持的方法。",
);
