//! How the language of an answer is chosen (RFC 9110, section 12.5.4).

use super::header_list::{HeaderList, Weighted};
use crate::domain::ids::Language;

/// The best language for `Accept-Language`; `default` where it names neither.
///
/// Of equal weights the earlier wins; `*` stands for what is not named, after what is, `default`
/// first.
pub fn negotiated(accept: Option<&HeaderList>, default: Language) -> Language {
    let Some(accept) = accept else { return default };
    let other = if default == Language::Zh { Language::En } else { Language::Zh };
    let mut best: Option<(f32, usize, Language)> = None;
    for language in [default, other] {
        let Some((weight, at)) = weight_in(language, accept) else { continue };
        let is_better =
            |(top, first, _): (f32, usize, Language)| weight > top || weight == top && at < first;
        if weight > 0.0 && best.is_none_or(is_better) {
            best = Some((weight, at, language));
        }
    }
    if let Some((_, _, language)) = best {
        return language;
    }
    // Neither is asked for: the one that is not excluded.
    let excluded = weight_in(default, accept).is_some_and(|(weight, _)| weight == 0.0);
    if excluded && weight_in(other, accept).is_none() { other } else { default }
}

/// How much it is liked, and where that is said. Its own tag excludes it though a variant
/// (`en-GB` for `en`) would do; else its best range counts, and `*` where none is of it.
fn weight_in(language: Language, accept: &HeaderList) -> Option<(f32, usize)> {
    let mut named: Option<(f32, usize)> = None;
    let mut rest = None;
    for (at, Weighted { range, weight }) in accept.weighted().enumerate() {
        if range == "*" {
            rest = rest.or(Some((weight, usize::MAX)));
        } else if Language::parse(range) == Some(language) {
            if range.eq_ignore_ascii_case(language.tag()) && weight == 0.0 {
                return Some((weight, at));
            }
            if named.is_none_or(|(top, _)| weight > top) {
                named = Some((weight, at));
            }
        }
    }
    named.or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderValue};

    #[test]
    fn chooses_by_weight_and_falls_back() {
        let (zh, en) = (Language::Zh, Language::En);
        for (accept, by_zh, by_en) in [
            ("", zh, en),
            ("en", en, en),
            ("en-GB, zh;q=0.8", en, en),
            ("en;q=0.5, zh-CN;q=0.9", zh, zh),
            ("zh-Hans-CN", zh, zh),
            ("zh;q=0, en;q=0.1", en, en),
            ("fr, de;q=0.5", zh, en),
            ("fr, *;q=0.5", zh, en),
            // What is no weight is none.
            ("EN;q=abc", zh, zh),
            ("zh;q=0", en, en),
            ("zh-CN;q=0", en, en),
            ("zh;q=0, *", en, en),
            ("*, zh;q=0", en, en),
            ("en;q=0, *;q=0.1", zh, zh),
            ("en;Q=0.1, zh;q=0.5", zh, zh),
            ("*;q=0.5, zh;q=0.1", en, en),
            ("zh-CN;q=0, zh, en;q=0.1", en, en),
            ("en-US;q=0, en-GB", en, en),
            ("en, *", en, en),
            ("*, en", en, en),
            ("zh;q=0, en;q=0", zh, en),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
            let accept = HeaderList::of(&headers, ACCEPT_LANGUAGE).unwrap();
            for (default, expected) in [(zh, by_zh), (en, by_en)] {
                let found = negotiated(Some(&accept), default);
                assert_eq!(found, expected, "{:?} by {default:?}", accept.text());
            }
        }
        assert_eq!(negotiated(None, en), en);
    }
}
