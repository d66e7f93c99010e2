//! Which form of an answer a request wants (RFC 9110, 12.5.1).

use actix_web::http::header::{self, HeaderMap};

use super::header_list::HeaderList;
use crate::views::problem::{Code, Problem};

/// The media type given that a request likes best; of equals the first given, and of a request that
/// does not say, too. Nothing where it takes none of them.
pub fn accepted(headers: &HeaderMap, given: &'static [&'static str]) -> Option<&'static str> {
    let accept = HeaderList::of(headers, header::ACCEPT);
    let Some(accept) = accept.filter(|accept| accept.elements().next().is_some()) else {
        return given.first().copied();
    };
    let mut best: Option<(f32, &'static str)> = None;
    for media in given {
        let weight = weight_of(&accept, media);
        if weight > 0.0 && best.is_none_or(|(top, _)| weight > top) {
            best = Some((weight, media));
        }
    }
    best.map(|(_, media)| media)
}

/// The weight of the sharpest range that a media type falls under.
fn weight_of(accept: &HeaderList, media: &str) -> f32 {
    let kind = media.split('/').next().unwrap_or_default();
    let ranges = accept.weighted().filter_map(|weighted| {
        let range = weighted.range;
        let sharpness = match range {
            _ if range.eq_ignore_ascii_case(media) => 3,
            _ if range.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(kind)) => 2,
            // Some clients leave out the second half.
            "*/*" | "*" => 1,
            _ => return None,
        };
        Some((sharpness, weighted.weight))
    });
    let by_sharpness =
        |one: &(u8, f32), other: &(u8, f32)| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1));
    ranges.max_by(by_sharpness).map_or(0.0, |(_, weight)| weight)
}

/// 406 only where the caller takes nothing that there is.
///
/// # Errors
/// `not-acceptable`.
pub fn check_accept(given: &'static [&'static str], headers: &HeaderMap) -> Result<(), Problem> {
    if given.is_empty() || accepted(headers, given).is_some() {
        return Ok(());
    }
    let list = given.join(", ");
    let accept = HeaderList::of(headers, header::ACCEPT);
    let accept = accept.as_ref().map_or("", HeaderList::text);
    Err(Problem::new(Code::NotAcceptable)
        .detail(format!("this address gives {list}, and {accept:?} takes none of it"))
        .detail_zh(format!("此地址提供 {list}，而 {accept:?} 均不接受"))
        .member("accept", given.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    const GIVEN: &[&str] = &["application/json", "text/csv"];

    fn best(lines: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT, HeaderValue::from_str(line).unwrap());
        }
        accepted(&headers, GIVEN)
    }

    #[test]
    fn the_sharpest_range_counts_and_the_best_weight_wins() {
        let (json, csv) = (Some("application/json"), Some("text/csv"));
        for (lines, expected) in [
            (&[][..], json),
            (&[""], json),
            (&["text/csv"], csv),
            (&["text/html", "text/csv"], csv),
            (&["TEXT/CSV;Q=0.9, application/json;q=0.8"], csv),
            (&["text/csv ; header=\"a,b;q=0\" ; q=0.9", "*/*;q=0.1"], csv),
            (&["application/json;q=0, */*"], csv),
            (&["application/*;q=0", "*;q=.2"], csv),
            (&["text/*, application/json;q=0.5"], csv),
            (&["*/*"], json),
            (&["text/html"], None),
            (&["*/*;q=0"], None),
            (&["text/csv;q=abc"], None),
        ] {
            assert_eq!(best(lines), expected, "{lines:?}");
        }
    }
}
