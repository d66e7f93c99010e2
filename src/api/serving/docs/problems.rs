//! The problems: what each means, where it comes from and what helps.

use maud::{Markup, html};

use super::causes::cause;
use super::prose::with_code;
use super::resource;
use crate::api::asking::reader::Reader;
use crate::views::problem::{Code, documentation};

/// All of them.
pub fn list(reader: &Reader) -> Markup {
    html! {
        h1 { (reader.say("Problems", "问题")) }
        p.lead { (reader.say(
            "An answer that is no success is a problem (RFC 9457, application/problem+json). Its type is the address of one of these pages, its code the same in capitals; detail says what is wrong this time, trace_id finds it in the server's log.",
            "凡非成功的答复均为问题（RFC 9457，application/problem+json）。其 type 即下列某页的地址，code 为同一名称的大写形式；detail 说明此次错在何处，trace_id 用于在服务器日志中查找。"
        )) }
        div.scroll tabindex="0" { table.fixed.slim {
            thead { tr {
                th.w2 scope="col" { (reader.say("Status", "状态码")) }
                th scope="col" { (reader.say("Name", "名称")) }
                th scope="col" { (reader.say("What it is", "说明")) }
                th.w2 scope="col" { (reader.say("The same again helps", "重发有用")) }
            } }
            @for code in Code::ALL { tr {
                td { (code.status().as_u16()) }
                td { a href=(reader.link(&format!("/problems/{}", code.name()))) { (code.name()) } }
                td { (code.title(reader.language)) }
                td { (yes_or_no(reader, *code)) }
            } }
        } }
    }
}

/// One of them.
pub fn page(reader: &Reader, code: Code) -> Markup {
    let doc = documentation(code);
    let (cause_en, cause_zh) = cause(code);
    let from: Vec<_> = resource::names()
        .into_iter()
        .flat_map(resource::routes_of)
        .filter(|route| route.problems.contains(&code))
        .collect();
    html! {
        h1 { (code.title(reader.language)) }
        p.lead { (with_code(code.text(reader.language), reader.language)) }
        h2 { (reader.say("The usual cause", "常见原因")) }
        p { (reader.say(cause_en, cause_zh)) }
        h2 { (reader.say("What helps", "处理办法")) }
        p { (remedy(reader, code)) }
        h2 { (reader.say("What the answer says", "答复的内容")) }
        div.scroll tabindex="0" { table.fixed.slim {
            tr { th scope="row" { code { "type" } } td { code { (reader.server) "/problems/" (doc.name) } } }
            tr { th scope="row" { code { "code" } } td { code { (doc.code) } } }
            tr { th scope="row" { code { "status" } } td { (doc.status) } }
            tr { th scope="row" { (reader.say("Further members", "其他成员")) } td {
                @if doc.members.is_empty() { "–" }
                @for member in doc.members { code { (member) } " " }
            } }
            tr { th scope="row" { (reader.say("Sending the same again helps", "重发同一请求有用")) } td { (yes_or_no(reader, code)) } }
        } }
        h2 { (reader.say("Where it comes from", "来源")) }
        @if from.is_empty() {
            p { (reader.say("Any address can answer with it.", "任何地址都可能如此答复。")) }
        } @else {
            ul { @for route in from { li {
                a href=(reader.link(&format!("/docs/{}#{}", resource_of(route.path), route.operation))) {
                    span.tag { (route.verb.as_str()) } " " code { (route.path) }
                }
            } } }
        }
    }
}

fn resource_of(path: &str) -> &str {
    path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next()).unwrap_or("server")
}

fn yes_or_no(reader: &Reader, code: Code) -> &'static str {
    match code.retryable() {
        true => reader.say("yes", "是"),
        false => reader.say("no", "否"),
    }
}

/// What to do: by whom it can be mended.
fn remedy(reader: &Reader, code: Code) -> &str {
    let status = code.status().as_u16();
    let (en, zh) = match (code, status) {
        (Code::DocumentDamaged, _) => (
            "Upload the same document again: that mends it. Whoever runs the server should find out what changed the file.",
            "重新上传同一文件即可修复；运维人员应查明文件被改动的原因。",
        ),
        (Code::OperationFailed, _) => (
            "Read the operation's report, mend the lines it names, and send the file again under a new key; or send it with Prefer: handling=lenient to import what is right.",
            "请阅读该操作的逐行报告，改正所列各行后以新的幂等键重新提交；或以 Prefer: handling=lenient 仅导入正确的部分。",
        ),
        (code, _) if code.retryable() => (
            "Send the same request again, unchanged and under the same key, after the seconds in Retry-After. What was recorded the first time is not recorded twice.",
            "请在 Retry-After 所示秒数之后，以同一幂等键原样重发同一请求；已记录的内容不会重复记录。",
        ),
        (_, 401) => (
            "Send a token that is good: `docket token` issues one on the server's machine. One that expired or was revoked does not come back.",
            "请使用有效的令牌：可在服务器上以 docket token 签发。已过期或已撤销的令牌不会恢复。",
        ),
        (_, 403) => (
            "Ask whoever may: the answer names the roles or the office. Another token of your own does not help where the law gives the act to somebody else.",
            "请由有权者办理：答复列明所需的角色或机关。法规赋予他人的行为，更换自己的令牌无济于事。",
        ),
        (_, 404..=406) => (
            "Compare the address with these pages and the ids with the lists that the server gives; ids are compared without case.",
            "请对照本说明核对地址，并以服务器给出的列表核对标识；标识不区分大小写。",
        ),
        (_, 500..) => (
            "Only who runs the server can mend it: tell them the trace_id, by which the server's log names the cause. Reading that does not need the part in question goes on.",
            "只有运维人员能够处理：请告知 trace_id，服务器日志据此载明原因。不涉及该部分的查询不受影响。",
        ),
        _ => (
            "The same request gets the same answer. The further members say what is wrong and what would satisfy it; change that, and send it as a new request under a new key.",
            "同一请求只会得到同样的答复。其他成员说明错在何处、如何满足；请改正后以新的幂等键作为新请求提交。",
        ),
    };
    reader.say(en, zh)
}
