//! The form of a body, read in one pass: JSON, no member twice, no more members, items, values and
//! levels than any request needs, no text that says nothing or is longer than any act needs (what is
//! long is a document, cited by its digest). Whole numbers lose their point: in JSON Schema `2023.0` is
//! an integer as `2023` is, and the published schemas say `integer`.
//!
//! What must hold: reading ends where it is too much, so that a body can't take more memory than a few
//! times its own bytes.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::RequestError;
use super::members::{Errors, MAX_ERRORS, escape, shown};
use crate::domain::ids::Text;
use crate::domain::refusal::{FieldError, form_error};
use crate::domain::text::{BLANK, says_something};

/// How many members an object may have, and how many items a list.
const MAX_ITEMS: usize = 1000;
/// How many values a body may have in all: many lists of many lists are a document, too.
const MAX_VALUES: usize = 16 * 1024;
/// How deep a body may be nested.
const MAX_DEPTH: usize = 16;
/// How long a text in a body may be, in bytes of UTF-8.
const MAX_TEXT_BYTES: usize = 32 * 1024;
/// Up to here every whole number that is written with a point is read as itself (RFC 8259, 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// Reads a body, with what is wrong with its texts.
///
/// # Errors
/// [`RequestError::Malformed`]; [`RequestError::Invalid`] with what is too large, at which reading
/// ended.
pub fn read(body: &[u8]) -> Result<(Value, Errors), RequestError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        RequestError::Malformed(Text {
            en: format!("the body is not UTF-8: byte {at} begins no character"),
            zh: format!("请求体不是 UTF-8 编码：第 {at} 字节处不是字符"),
        })
    })?;
    let mut seen = Seen::default();
    let mut from = serde_json::Deserializer::from_str(text);
    let read = Form(&mut seen).deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    match (read, seen.ended) {
        (Ok(value), _) => {
            let mut errors = Errors::default();
            seen.found.iter().for_each(|found| errors.push(found.told()));
            Ok((value, errors))
        }
        (Err(_), Some(End::TooDeep)) => Err(RequestError::Malformed(Text {
            en: format!("the body is nested deeper than {MAX_DEPTH} levels"),
            zh: format!("请求体嵌套超过 {MAX_DEPTH} 层"),
        })),
        (Err(_), Some(End::TooMany)) => {
            let last = seen.found.last().map(Found::told);
            Err(RequestError::Invalid(last.into_iter().collect()))
        }
        (Err(error), None) => {
            let (line, column) = (error.line(), error.column());
            Err(RequestError::Malformed(match error.is_data() {
                true => Text {
                    en: format!("the body is ambiguous: {error}"),
                    zh: format!("请求体有歧义（第 {line} 行第 {column} 列）"),
                },
                false => Text {
                    en: format!("the body is not JSON: {error}"),
                    zh: format!("请求体不是合法的 JSON（第 {line} 行第 {column} 列）"),
                },
            }))
        }
    }
}

/// Why reading ended before the end.
enum End {
    TooDeep,
    TooMany,
}

/// What is wrong with a value.
enum Wrong {
    Blank,
    Long(usize),
    Many(&'static str, &'static str, usize),
}

/// Something wrong, and the way to it from the inside.
struct Found {
    wrong: Wrong,
    way: Vec<String>,
}

impl Found {
    fn told(&self) -> FieldError {
        let pointer: String = self.way.iter().rev().map(|part| format!("/{part}")).collect();
        let pointer = shown(&pointer);
        match self.wrong {
            Wrong::Blank => form_error(pointer, BLANK.en, BLANK.zh),
            Wrong::Long(bytes) => {
                let sizes = format!("{bytes} > {MAX_TEXT_BYTES}");
                form_error(
                    pointer,
                    format!("the text is too long ({sizes} bytes): upload it and cite its digest"),
                    format!("文本过长（{sizes} 字节）：请作为文件上传并引用其摘要"),
                )
            }
            Wrong::Many(en, zh, limit) => form_error(
                pointer,
                format!("it has more than {limit} {en}, of {limit} at most"),
                format!("超过 {limit} {zh}（上限为 {limit}）"),
            ),
        }
    }
}

/// What was seen of a text.
#[derive(Default)]
struct Seen {
    values: usize,
    depth: usize,
    found: Vec<Found>,
    ended: Option<End>,
}

impl Seen {
    fn count<E: Error>(&mut self, items: usize) -> Result<(), E> {
        self.values += 1;
        let wrong = match (items > MAX_ITEMS, self.values > MAX_VALUES) {
            (true, _) => Wrong::Many("items", "项", MAX_ITEMS),
            (false, true) => Wrong::Many("values in all", "个值", MAX_VALUES),
            (false, false) => return Ok(()),
        };
        self.found.push(Found { wrong, way: Vec::new() });
        self.ended = Some(End::TooMany);
        Err(E::custom("too many"))
    }

    fn look_at(&mut self, text: &str) {
        let wrong = match text.len() > MAX_TEXT_BYTES {
            true => Wrong::Long(text.len()),
            false if says_something(text) => return,
            false => Wrong::Blank,
        };
        if self.found.len() < MAX_ERRORS {
            self.found.push(Found { wrong, way: Vec::new() });
        }
    }

    /// Reads what stands within, and says of all that was found in it where it was.
    fn within<T, E>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
        part: impl Fn() -> String,
    ) -> Result<T, E> {
        let before = self.found.len();
        let read = read(self);
        self.found[before..].iter_mut().for_each(|found| found.way.push(part()));
        read
    }

    fn deeper<T, E: Error>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.depth == MAX_DEPTH {
            self.ended = Some(End::TooDeep);
            return Err(E::custom("too deep"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }
}

/// Any JSON of the form.
struct Form<'a>(&'a mut Seen);

impl<'de> DeserializeSeed<'de> for Form<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Form<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.0.deeper(|seen| {
            let mut members = Map::new();
            while let Some(name) = map.next_key::<String>()? {
                seen.count(members.len() + 1)?;
                let value =
                    seen.within(|seen| map.next_value_seed(Form(seen)), || escape(&name))?;
                if members.contains_key(&name) {
                    let name = shown(&name);
                    return Err(A::Error::custom(format!("the member `{name}` is there twice")));
                }
                members.insert(name, value);
            }
            Ok(Value::Object(members))
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.deeper(|seen| {
            let mut list = Vec::new();
            loop {
                let at = list.len();
                let item =
                    seen.within(|seen| items.next_element_seed(Form(seen)), || at.to_string())?;
                let Some(item) = item else { return Ok(Value::Array(list)) };
                list.push(item);
                seen.count(list.len())?;
            }
        })
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let is_whole = value.fract() == 0.0 && value.abs() <= LARGEST;
        Ok(if is_whole { (value as i64).into() } else { value.into() })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.0.look_at(text);
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        self.0.look_at(&text);
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(errors: &[FieldError]) -> Vec<(String, String)> {
        errors.iter().map(|error| (error.pointer.clone(), error.detail.en.clone())).collect()
    }

    fn invalid(text: &str) -> (String, String) {
        match read(text.as_bytes()) {
            Err(RequestError::Invalid(errors)) => told(&errors).remove(0),
            other => panic!("{other:?}"),
        }
    }

    fn object(members: usize) -> String {
        let members: Vec<String> = (0..members).map(|n| format!("\"m{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn members_and_items_count_at_every_level() {
        let list = |items: usize| format!("[{}]", vec!["0"; items].join(","));
        for text in [object(1000), list(1000), format!("{{\"a\":[{}]}}", object(1000))] {
            let (value, _) = read(text.as_bytes()).unwrap();
            assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
        }
        let items = "it has more than 1000 items, of 1000 at most".to_owned();
        assert_eq!(invalid(&object(1001)), (String::new(), items.clone()));
        assert_eq!(invalid(&list(340_000)), (String::new(), items.clone()));
        let nested = format!("{{\"x\":{{\"a/b\":[1,{}]}}}}", object(1001));
        assert_eq!(invalid(&nested), ("/x/a~1b/1".to_owned(), items.clone()));
        let nested = format!("{{\"x\":[{},1]}}", list(1001));
        assert_eq!(invalid(&nested), ("/x/0".to_owned(), items));
    }

    #[test]
    fn many_lists_of_many_lists_are_too_many_values() {
        let lists = vec![format!("[{}]", vec!["0"; 500].join(",")); 100].join(",");
        let (at, said) = invalid(&format!("{{\"x\":[{lists}]}}"));
        assert_eq!(said, "it has more than 16384 values in all, of 16384 at most");
        assert_eq!(at, "/x/32");
    }

    #[test]
    fn reading_ends_where_it_is_too_much() {
        let text = format!("[{} this is no JSON", "0,".repeat(2000));
        assert_eq!(invalid(&text).0, "");
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(deep(16).as_bytes()).is_ok());
        for text in [deep(17), "[".repeat(50_000)] {
            let said = read(text.as_bytes()).unwrap_err().to_string();
            assert_eq!(said, "the body is nested deeper than 16 levels");
        }
    }

    #[test]
    fn texts_that_say_nothing_or_too_much_are_found_where_they_stand() {
        let long = "x".repeat(MAX_TEXT_BYTES + 1);
        let text = format!("{{\"a\":[\"x\",\" \"],\"b\":{{\"c/d\":\"\"}},\"e\":\"{long}\"}}");
        let (_, errors) = read(text.as_bytes()).unwrap();
        let RequestError::Invalid(errors) = errors.or::<()>(None).unwrap_err() else { panic!() };
        let told = told(&errors);
        assert_eq!(told[0], ("/a/1".to_owned(), "say it in words; this is blank".to_owned()));
        assert_eq!(told[1].0, "/b/c~1d");
        assert_eq!(told[2].0, "/e");
        assert!(told[2].1.contains("too long"));
        assert_eq!(errors[0].detail.zh, "须以文字说明，不得留空");
    }

    #[test]
    fn only_what_is_whole_loses_its_point() {
        for (given, expected) in [
            ("[2023.0,{\"a\":2.023e3}]", "[2023,{\"a\":2023}]"),
            ("[-0.0,-31.0,9007199254740991.0]", "[0,-31,9007199254740991]"),
            ("[2023.5,1e300,9007199254740993.0]", "[2023.5,1e300,9007199254740992.0]"),
            ("[18446744073709551615,\"2023.0\"]", "[18446744073709551615,\"2023.0\"]"),
        ] {
            let (value, _) = read(given.as_bytes()).unwrap();
            assert_eq!(value, serde_json::from_str::<Value>(expected).unwrap(), "{given}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_json_is_malformed() {
        let said = |text: &[u8]| read(text).unwrap_err().to_string();
        assert!(said(b"{\"a\":1,\"a\":1}").contains("the member `a` is there twice"));
        assert!(said(b"{\"a\":1,}").starts_with("the body is not JSON"));
        assert!(said(b"{} {}").starts_with("the body is not JSON"));
        assert_eq!(said(b"{\"\xff"), "the body is not UTF-8: byte 2 begins no character");
    }
}
