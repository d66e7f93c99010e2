//! The form of a body, before anything is made of it: JSON, no member twice, and no more members,
//! items and values than any request needs. The text is read once and nothing of it is kept, so that
//! a body can't take more memory than its own bytes.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::RequestError;
use super::members::{escape, shown};
use crate::domain::refusal::field;

/// How many members an object may have, and how many items a list.
const MAX_ITEMS: usize = 1000;
/// How many values a body may have in all: many lists of many lists are a document, too.
const MAX_VALUES: usize = 16 * 1024;

/// Checks that a text is JSON, that no object in it has a member twice (which of the two counts would
/// depend on the reader), and that no object, no list, and not the whole is too large.
///
/// # Errors
/// [`RequestError::Malformed`]; [`RequestError::Invalid`] with what is too large, at which reading
/// ended.
pub fn check_json(text: &str) -> Result<(), RequestError> {
    let mut seen = Seen { values: 0, many: None };
    let mut from = serde_json::Deserializer::from_str(text);
    let read = Form(&mut seen).deserialize(&mut from).and_then(|()| from.end());
    let Err(error) = read else { return Ok(()) };
    if let Some(many) = seen.many {
        return Err(RequestError::Invalid(vec![many.told()]));
    }
    Err(RequestError::Malformed(match error.is_data() {
        true => format!("the body is ambiguous: {error}"),
        false => format!("the body is not JSON: {error}"),
    }))
}

/// What was seen of a text.
struct Seen {
    values: usize,
    many: Option<Many>,
}

/// What has too much in it: which limit, and the way to it from the inside.
struct Many {
    what: (&'static str, &'static str),
    limit: usize,
    way: Vec<String>,
}

impl Many {
    fn told(&self) -> crate::domain::refusal::FieldError {
        let pointer: String = self.way.iter().rev().map(|part| format!("/{part}")).collect();
        let ((en, zh), limit) = (self.what, self.limit);
        field(
            shown(&pointer),
            format!("it has more than {limit} {en}, of {limit} at most"),
            format!("超过 {limit} {zh}（上限为 {limit}）"),
        )
    }
}

impl Seen {
    fn count<E: Error>(&mut self, items: usize) -> Result<(), E> {
        self.values += 1;
        let (what, limit) = match (items > MAX_ITEMS, self.values > MAX_VALUES) {
            (true, _) => (("items", "项"), MAX_ITEMS),
            (false, true) => (("values in all", "个值"), MAX_VALUES),
            (false, false) => return Ok(()),
        };
        self.many = Some(Many { what, limit, way: Vec::new() });
        Err(E::custom("too many"))
    }

    /// Says where it was, on the way out of what is too large.
    fn within<T, E>(&mut self, read: Result<T, E>, part: impl FnOnce() -> String) -> Result<T, E> {
        if let (Err(_), Some(many)) = (&read, &mut self.many) {
            many.way.push(part());
        }
        read
    }
}

/// Any JSON of the form.
struct Form<'a>(&'a mut Seen);

impl<'de> DeserializeSeed<'de> for Form<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Form<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            self.0.count(names.len() + 1)?;
            let read = map.next_value_seed(Form(self.0));
            self.0.within(read, || escape(&name))?;
            if names.contains(&name) {
                let name = shown(&name);
                return Err(A::Error::custom(format!("the member `{name}` is there twice")));
            }
            names.insert(name);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0;
        loop {
            let read = items.next_element_seed(Form(self.0));
            if self.0.within(read, || count.to_string())?.is_none() {
                return Ok(());
            }
            count += 1;
            self.0.count(count)?;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(text: &str) -> (String, String) {
        match check_json(text) {
            Err(RequestError::Invalid(errors)) => {
                (errors[0].pointer.clone(), errors[0].detail.en.clone())
            }
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
            assert_eq!(check_json(&text), Ok(()));
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
    }
}
