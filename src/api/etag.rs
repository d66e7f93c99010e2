//! Entity tags: how they are written, and what a request says with them (RFC 9110, section 13).
//!
//! The tag of an enrollment is `"<revision>.<civil day>.json.<language>.<ground>"`. `If-Match`
//! compares the revision alone, since that is what an act rests on; `If-None-Match` the whole,
//! since that is what an answer depends on. `ground` counts what else it depends on: renamings of
//! the subject, calendars and editions adopted.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::problem::{Code, Language, Problem};
use crate::app::Precondition;
use crate::domain::date::Day;

/// The tag of an enrollment's answer; `none` in place of the revision where it has no events.
pub fn enrollment_tag(revision: Option<u64>, day: Day, language: Language, ground: u64) -> String {
    let revision = revision.map_or_else(|| "none".to_owned(), |revision| revision.to_string());
    format!("\"{revision}.{day}.json.{}.{ground}\"", language.tag())
}

/// What an act says of the revision.
///
/// # Errors
/// `malformed-request` when both headers are there, or what is there is no tag.
pub fn precondition(call: &Call) -> Result<Precondition, Problem> {
    let wrong =
        |detail: &str, zh: &str| Problem::new(Code::MalformedRequest).detail(detail).detail_zh(zh);
    let if_match = joined(&call.http, header::IF_MATCH);
    let if_none_match = joined(&call.http, header::IF_NONE_MATCH);
    match (if_match, if_none_match) {
        (Some(_), Some(_)) => Err(wrong(
            "send If-Match or If-None-Match, not both",
            "If-Match 与 If-None-Match 只能有一个",
        )),
        (None, None) => Ok(Precondition::Unstated),
        (None, Some(value)) if value.trim() == "*" => Ok(Precondition::NotExists),
        (None, Some(_)) => Err(wrong(
            "an act takes If-None-Match only as `*`: nothing is there yet",
            "提交行为时 If-None-Match 只能为 *（尚无记录）",
        )),
        (Some(value), None) if value.trim() == "*" => Ok(Precondition::Any),
        (Some(value), None) => {
            let tags = tags(&value).ok_or_else(|| {
                wrong(
                    "If-Match is no list of entity tags, such as \"17.2026-01-31.json.zh-CN.0\"",
                    "If-Match 不是实体标签，例如 \"17.2026-01-31.json.zh-CN.0\"",
                )
            })?;
            let revisions =
                tags.iter().filter(|(weak, _)| !weak).filter_map(|(_, tag)| revision_of(tag));
            Ok(revisions.max().map_or(Precondition::Never, Precondition::Revision))
        }
    }
}

fn joined(request: &HttpRequest, name: header::HeaderName) -> Option<String> {
    let values: Vec<&str> =
        request.headers().get_all(name).filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The tags of a list, each with whether it is weak; nothing if it is no such list.
fn tags(list: &str) -> Option<Vec<(bool, &str)>> {
    let mut found = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (weak, after) = match rest.strip_prefix("W/") {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let (tag, after) = after.strip_prefix('"')?.split_once('"')?;
        found.push((weak, tag));
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!found.is_empty()).then_some(found)
}

/// Whether `If-None-Match` names this tag (weak comparison), so that 304 is the answer.
pub fn unchanged(request: &HttpRequest, tag: &str) -> bool {
    let opaque = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    joined(request, header::IF_NONE_MATCH).is_some_and(|value| {
        value.trim() == "*"
            || tags(&value).is_some_and(|tags| tags.iter().any(|(_, known)| *known == opaque))
    })
}

/// Whether `If-None-Match` names a later revision of an enrollment than this.
pub fn names_after(request: &HttpRequest, revision: Option<u64>) -> bool {
    joined(request, header::IF_NONE_MATCH).is_some_and(|value| {
        let tags = tags(&value).unwrap_or_default();
        tags.iter().filter_map(|(_, tag)| revision_of(tag)).max() > revision
    })
}

/// The revision that the tag of an enrollment begins with.
fn revision_of(tag: &str) -> Option<u64> {
    tag.split('.').next()?.parse().ok()
}

/// 304 with the headers that the 200 would carry.
pub fn not_modified(tag: &str, language: Language) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, "Accept, Accept-Language, Authorization"))
        .finish()
}

/// The key of an act: quoted or bare, at most 128 printable characters.
///
/// # Errors
/// `idempotency-key-missing`, and `malformed-request` for one in another form.
pub fn idempotency_key(call: &Call) -> Result<String, Problem> {
    let mut values = call.http.headers().get_all("idempotency-key");
    let Some(value) = values.next() else {
        let at = format!("{}/problems/idempotency-key-missing", call.state.settings.public_url);
        return Err(Problem::new(Code::IdempotencyKeyMissing).member("documentation", at));
    };
    let wrong = || {
        Problem::new(Code::MalformedRequest)
            .detail("the Idempotency-Key is 1 to 128 printable ASCII characters, quoted or bare, and sent once")
            .detail_zh("Idempotency-Key 须为 1 至 128 个可打印 ASCII 字符，可加引号，且只能出现一次")
    };
    if values.next().is_some() {
        return Err(wrong());
    }
    let text = value.to_str().map_err(|_| wrong())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unquoted(rest).ok_or_else(wrong)?,
        None => text.to_owned(),
    };
    let printable = key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if key.is_empty() || key.len() > 128 || !printable {
        return Err(wrong());
    }
    Ok(key)
}

/// A structured-field string after its opening quote (RFC 8941): `\"` and `\\` are its escapes.
fn unquoted(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            other => key.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_read_whole_or_not_at_all() {
        assert_eq!(tags("\"1.a\""), Some(vec![(false, "1.a")]));
        assert_eq!(tags("W/\"1\" , \"2\""), Some(vec![(true, "1"), (false, "2")]));
        for bad in ["", "1", "\"1", "\"1\" \"2\"", "w/\"1\"", "\"1\" x"] {
            assert_eq!(tags(bad), None, "{bad}");
        }
    }

    #[test]
    fn quoted_keys_are_unquoted() {
        assert_eq!(unquoted("a\\\"b\""), Some("a\"b".to_owned()));
        for bad in ["a", "a\"b", "a\\x\""] {
            assert_eq!(unquoted(bad), None, "{bad}");
        }
    }
}
