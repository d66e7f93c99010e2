//! Reads the part of YAML in which the compose files are written: block mappings and lists, lists in
//! brackets, plain and quoted scalars, anchors on mappings, `*alias` and `<<: *alias`. Whatever else
//! YAML has is an error here, so that nothing is taken for something it isn't.

use std::collections::HashMap;

use serde_json::{Map, Value};

struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
    anchors: HashMap<String, Value>,
}

/// The document; scalars are texts, an absent value is null.
///
/// # Errors
/// The line and what is wrong with it.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let content = without_comment(line);
        let indent = content.len() - content.trim_start().len();
        if content.contains('\t') {
            return Err(format!("line {number}: a tab"));
        }
        if !content.trim().is_empty() {
            lines.push(Line { number, indent, text: content.trim() });
        }
    }
    let mut reader = Reader { lines, at: 0, anchors: HashMap::new() };
    let value = reader.block(0)?;
    match reader.lines.get(reader.at) {
        None => Ok(value),
        Some(line) => Err(format!("line {}: indented unlike what it belongs to", line.number)),
    }
}

/// A `#` begins a comment at the start of a line or after a space, outside quotation marks.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if before == ' ' => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

impl Reader<'_> {
    /// A mapping or list whose lines are indented by exactly `indent`.
    fn block(&mut self, indent: usize) -> Result<Value, String> {
        let is_list = self.lines.get(self.at).is_some_and(|line| line.text.starts_with("- "));
        if is_list { self.list(indent) } else { self.mapping(indent) }
    }

    fn list(&mut self, indent: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        while let Some(line) = self.lines.get(self.at).filter(|line| line.indent == indent) {
            let Some(item) = line.text.strip_prefix("- ") else {
                return Err(format!("line {}: no item of the list", line.number));
            };
            if key_of(item).is_some() {
                // A mapping in an item: its first key stands two columns further in.
                let (number, text) = (line.number, item);
                self.lines[self.at] = Line { number, indent: indent + 2, text };
                items.push(self.mapping(indent + 2)?);
            } else {
                items.push(scalar(item, line.number)?);
                self.at += 1;
            }
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize) -> Result<Value, String> {
        let mut map = Map::new();
        let mut merged = Map::new();
        while let Some(line) = self.lines.get(self.at).filter(|line| line.indent == indent) {
            let number = line.number;
            let Some((key, rest)) = key_of(line.text) else {
                return Err(format!("line {number}: no `key: value`"));
            };
            self.at += 1;
            let value = self.value(indent, rest, number)?;
            match (key, value) {
                ("<<", Value::Object(shared)) => merged.extend(shared),
                (key, value) => {
                    if map.insert(key.to_owned(), value).is_some() {
                        return Err(format!("line {number}: {key} stands there twice"));
                    }
                }
            }
        }
        merged.extend(map);
        Ok(Value::Object(merged))
    }

    /// What stands after a key, on its line or indented below it.
    fn value(&mut self, indent: usize, rest: &str, number: usize) -> Result<Value, String> {
        if let Some(name) = rest.strip_prefix('*') {
            let known = self.anchors.get(name).cloned();
            return known.ok_or_else(|| format!("line {number}: no anchor {name}"));
        }
        let anchor = rest.strip_prefix('&');
        if !rest.is_empty() && anchor.is_none() {
            return scalar(rest, number);
        }
        let value = match self.lines.get(self.at).map(|line| line.indent) {
            Some(inner) if inner > indent => self.block(inner)?,
            _ => Value::Null,
        };
        if let Some(name) = anchor {
            self.anchors.insert(name.to_owned(), value.clone());
        }
        Ok(value)
    }
}

/// `key: value` or `key:`.
fn key_of(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-<.".contains(c);
    (!key.is_empty() && key.chars().all(plain)).then_some((key, rest.trim()))
}

fn scalar(text: &str, number: usize) -> Result<Value, String> {
    if let Some(inner) = text.strip_prefix('[') {
        let Some(inner) = inner.strip_suffix(']') else {
            return Err(format!("line {number}: a list in brackets ends on its line"));
        };
        return items(inner).into_iter().map(|item| scalar(item, number)).collect();
    }
    let quoted = |quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if quoted('"') || quoted('\'') {
        return Ok(Value::String(text[1..text.len() - 1].to_owned()));
    }
    if text.starts_with(['{', '|', '>', '&', '*', '!', '%', '@', '`', '"', '\'']) {
        return Err(format!("line {number}: {text:?} is not of the part of YAML used here"));
    }
    Ok(match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    })
}

/// The items between brackets; a comma in quotation marks separates nothing.
fn items(inner: &str) -> Vec<&str> {
    let (mut items, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in inner.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                items.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(inner[start..].trim());
    items.retain(|item| !item.is_empty());
    items
}

#[test]
fn what_is_written_is_read_and_the_rest_is_refused() {
    let text = "a: &a # comment\n  b: \"1, #2\"\n  c: [x, \"y, z\"]\nd:\n  <<: *a\n  c: true\n  e:\n\
                f:\n  - g: http://h:1\n    i: '2'\n  - j\n";
    let expected = serde_json::json!({
        "a": {"b": "1, #2", "c": ["x", "y, z"]},
        "d": {"b": "1, #2", "c": true, "e": null},
        "f": [{"g": "http://h:1", "i": "2"}, "j"],
    });
    assert_eq!(parse(text), Ok(expected));
    for bad in ["a: |\n  b\n", "a:\n\tb: c\n", "a: 1\na: 2\n", "a: *b\n", "a: {b: c}\n", "a: [b\n"]
    {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
    assert!(parse("a: 1\n   b: 2\n").is_err());
}
