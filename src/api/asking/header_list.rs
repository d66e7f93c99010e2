//! Headers that are lists, read in one place for all of them (RFC 9110, 5.3, 5.6.1, 12.4.2 and
//! 13.1; RFC 7240).
//!
//! What must hold: several lines mean the same as one with commas; spaces around separators and
//! empty elements mean nothing; a comma or semicolon within quotation marks separates nothing; names
//! are the same in either case.

use actix_web::http::header::{AsHeaderName, HeaderMap};

/// A list, over all its lines.
pub struct HeaderList(String);

/// What a list of entity tags says.
#[derive(Debug, PartialEq, Eq)]
pub enum Tags<'a> {
    /// `*`: whatever there is.
    Any,
    /// These.
    These(Vec<Tag<'a>>),
}

/// An entity tag.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Whether it is weak.
    pub weak: bool,
    /// What stands between the quotation marks.
    pub opaque: &'a str,
}

/// An element with a weight: a media or language range, mostly.
#[derive(Debug, PartialEq)]
pub struct Weighted<'a> {
    /// The range, without its parameters.
    pub range: &'a str,
    /// From 0, which excludes, to 1; 1 unless told, 0 where it is no weight.
    pub weight: f32,
}

/// What a backslash within quotation marks is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// It takes the next character as it is.
    Escapes,
    /// A character as any other: entity tags know no escapes.
    Plain,
}

impl HeaderList {
    /// The list in these headers; absent where no line is of this name.
    pub fn of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Self> {
        let lines: Vec<_> =
            headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        (!lines.is_empty()).then(|| Self(lines.join(",")))
    }

    /// The whole, as one line.
    pub fn text(&self) -> &str {
        self.0.trim()
    }

    /// The elements, each with whatever parameters it has.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        split(&self.0, ',', Backslash::Escapes).filter(|element| !element.is_empty())
    }

    /// The elements with their weights.
    pub fn weighted(&self) -> impl Iterator<Item = Weighted<'_>> {
        self.elements().map(|element| {
            let mut parts = split(element, ';', Backslash::Escapes);
            let range = parts.next().unwrap_or_default();
            let weight = parts.filter_map(named).find(|(name, _)| name.eq_ignore_ascii_case("q"));
            Weighted { range, weight: weight.map_or(1.0, |(_, text)| weight_of(text)) }
        })
    }

    /// The entity tags; nothing where it is no list of such.
    pub fn tags(&self) -> Option<Tags<'_>> {
        let elements = split(&self.0, ',', Backslash::Plain);
        let elements: Vec<&str> = elements.filter(|element| !element.is_empty()).collect();
        match elements.as_slice() {
            [] => None,
            ["*"] => Some(Tags::Any),
            tags => tags.iter().map(|tag| Tag::read(tag)).collect::<Option<_>>().map(Tags::These),
        }
    }

    /// The value of a member `name=value`, the first of its name counting (RFC 7240, 2).
    pub fn member(&self, name: &str) -> Option<&str> {
        let mut members =
            self.elements().filter_map(|element| split(element, ';', Backslash::Escapes).next());
        members.find_map(|member| {
            let (known, value) = named(member).unwrap_or((member, ""));
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl<'a> Tag<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (weak, quoted) = match text.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        (!opaque.contains('"')).then_some(Self { weak, opaque })
    }
}

/// `name=value`, the value without its quotation marks.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some((name.trim(), unquoted.unwrap_or(value)))
}

fn weight_of(text: &str) -> f32 {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number { text.parse::<f32>().map_or(0.0, |weight| weight.min(1.0)) } else { 0.0 }
}

/// The parts between separators that stand outside of quotation marks, without spaces around.
fn split(text: &str, separator: char, backslash: Backslash) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |c: char| {
        if escaped {
            escaped = false;
        } else if quoted && c == '\\' && backslash == Backslash::Escapes {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        } else {
            return c == separator && !quoted;
        }
        false
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn list(lines: &[&str]) -> HeaderList {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(HeaderName::from_static("x-list"), value);
        }
        HeaderList::of(&headers, "X-List").unwrap()
    }

    #[test]
    fn lines_are_one_list() {
        let whole = list(&["a;x=\"1,2\" , b", "", ",, c"]);
        assert_eq!(whole.elements().collect::<Vec<_>>(), ["a;x=\"1,2\"", "b", "c"]);
        assert!(HeaderList::of(&HeaderMap::new(), "x-list").is_none());
    }

    #[test]
    fn weights_are_read_in_either_case() {
        let weights = |line| list(&[line]).weighted().map(|w| w.weight).collect::<Vec<_>>();
        assert_eq!(weights("a, b;q=0.5, c ; Q = .2 , d;x=\"y;q=0.1\""), [1.0, 0.5, 0.2, 1.0]);
        assert_eq!(
            weights("a;q=2, b;q=abc, c;q=+1, d;q=-1, e;q=, f;q=1e9"),
            [1., 0., 0., 0., 0., 0.]
        );
        assert_eq!(weights("a;q=NaN, b;q=inf, c;level=1;q=0"), [0., 0., 0.]);
    }

    #[test]
    fn lists_of_tags_are_read_whole_or_not_at_all() {
        let strong = |opaque| Tag { weak: false, opaque };
        assert_eq!(list(&["\"1.a\""]).tags(), Some(Tags::These(vec![strong("1.a")])));
        let both = Tags::These(vec![Tag { weak: true, opaque: "1" }, strong("2,\\")]);
        assert_eq!(list(&["W/\"1\" , ", " \"2,\\\""]).tags(), Some(both));
        assert_eq!(list(&[" * "]).tags(), Some(Tags::Any));
        for bad in ["", "1", "\"1", "\"1\" \"2\"", "w/\"1\"", "\"1\" x", "*, \"1\"", "\""] {
            assert_eq!(list(&[bad]).tags(), None, "{bad}");
        }
    }

    #[test]
    fn preferences_are_read_as_they_are_written() {
        for written in [
            "wait=5",
            "Wait=5",
            "WAIT = \"5\" ; x=y",
            "a, wait=5, wait=6",
            "b=\"x, wait=1\", wait=5",
        ] {
            assert_eq!(list(&[written]).member("wait"), Some("5"), "{written}");
        }
        assert_eq!(list(&["respond-async", "wait=5"]).member("wait"), Some("5"));
        assert_eq!(list(&["wait"]).member("wait"), Some(""));
        for none in ["", "awaits=5", "return=minimal; wait=5"] {
            assert_eq!(list(&[none]).member("wait"), None, "{none}");
        }
    }
}
