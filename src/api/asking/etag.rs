//! Entity tags: how they are written, and what a request says with them (RFC 9110, section 13).
//!
//! The tag of an enrollment is `"<revision>.<civil day>.json.<language>.<ground>"`. `If-Match`
//! compares the revision alone, since that is what an act rests on; `If-None-Match` the whole,
//! since that is what an answer depends on. `ground` says what else it depends on: how many renamings
//! of the subject, calendars and editions there are, each for itself.

use std::collections::BTreeSet;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::header_list::{HeaderList, Tags};
use crate::app::Precondition;
use crate::domain::date::Day;
use crate::domain::ids::{Language, digits};
use crate::views::problem::{Code, Problem};

/// What an answer depends on besides its address.
pub const VARY: &str = "Accept, Accept-Language, Authorization";

/// The tag of an enrollment's answer; `none` in place of the revision where it has no events.
pub fn enrollment_tag(revision: Option<u64>, day: Day, language: Language, ground: &str) -> String {
    let revision = revision.map_or_else(|| "none".to_owned(), |revision| revision.to_string());
    format!("\"{revision}.{day}.json.{}.{ground}\"", language.tag())
}

/// Revisions that one `If-Match` may name.
const MAX_REVISIONS: usize = 16;

/// What an act says of the revision: one thing, or each of the revisions that `If-Match` lists, of which
/// any may be the present one; the newest first.
///
/// # Errors
/// `malformed-request` when both headers are there, or what is there is no tag.
pub fn preconditions(call: &Call) -> Result<Vec<Precondition>, Problem> {
    let wrong =
        |detail: &str, zh: &str| Problem::new(Code::MalformedRequest).detail(detail).detail_zh(zh);
    let headers = call.http.headers();
    let if_match = HeaderList::of(headers, header::IF_MATCH);
    let if_none_match = HeaderList::of(headers, header::IF_NONE_MATCH);
    match (if_match, if_none_match) {
        (Some(_), Some(_)) => Err(wrong(
            "send If-Match or If-None-Match, not both",
            "If-Match 与 If-None-Match 只能有一个",
        )),
        (None, None) => Ok(vec![Precondition::Unstated]),
        (None, Some(list)) if list.tags() == Some(Tags::Any) => Ok(vec![Precondition::NotExists]),
        (None, Some(_)) => Err(wrong(
            "an act takes If-None-Match only as `*`: nothing is there yet",
            "提交行为时 If-None-Match 只能为 *（尚无记录）",
        )),
        (Some(list), None) => match list.tags() {
            Some(Tags::Any) => Ok(vec![Precondition::Any]),
            Some(Tags::These(tags)) => {
                let strong = tags.iter().filter(|tag| !tag.weak);
                let revisions = strong.filter_map(|tag| revision_of(tag.opaque));
                // The newest first; who knows more of them than that knows none.
                let revisions: BTreeSet<u64> = revisions.collect();
                let newest = revisions.into_iter().rev().take(MAX_REVISIONS);
                let stated: Vec<_> = newest.map(Precondition::Revision).collect();
                Ok(if stated.is_empty() { vec![Precondition::Never] } else { stated })
            }
            None => Err(wrong(
                "If-Match is no list of entity tags, such as \"17.2026-01-31.json.zh-CN.0-1-5\"",
                "If-Match 不是实体标签，例如 \"17.2026-01-31.json.zh-CN.0-1-5\"",
            )),
        },
    }
}

fn named_tags(request: &HttpRequest) -> Option<HeaderList> {
    HeaderList::of(request.headers(), header::IF_NONE_MATCH)
}

/// Whether `If-None-Match` names this tag (weak comparison), so that 304 is the answer.
pub fn unchanged(request: &HttpRequest, tag: &str) -> bool {
    let known = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    named_tags(request).is_some_and(|list| match list.tags() {
        Some(Tags::Any) => true,
        Some(Tags::These(tags)) => tags.iter().any(|tag| tag.opaque == known),
        None => false,
    })
}

/// Whether `If-None-Match` names a later revision of an enrollment than this.
pub fn names_after(request: &HttpRequest, revision: Option<u64>) -> bool {
    named_tags(request).is_some_and(|list| match list.tags() {
        Some(Tags::These(tags)) => {
            tags.iter().filter_map(|tag| revision_of(tag.opaque)).max() > revision
        }
        Some(Tags::Any) | None => false,
    })
}

/// The revision that the tag of an enrollment begins with.
fn revision_of(tag: &str) -> Option<u64> {
    let text = tag.split('.').next()?;
    // As it is written in the tags given out, and not otherwise.
    digits(text).filter(|revision| revision.to_string() == text)
}

/// 304 with the headers that the 200 would carry.
pub fn not_modified(tag: &str, cache: &'static str, language: Option<Language>) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, VARY));
    if let Some(language) = language {
        response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
    }
    response.finish()
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
    fn a_revision_is_written_in_one_way() {
        assert_eq!(revision_of("17.2026-01-31.json.zh-CN.0-1-5"), Some(17));
        assert_eq!(revision_of("0"), Some(0));
        for other in ["+3", "03", "-1", " 3", "3 ", "", "x", "18446744073709551616"] {
            assert_eq!(revision_of(other), None, "{other}");
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
