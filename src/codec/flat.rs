//! Stored metadata read without decoding it: the members of one flat JSON object with string
//! values, each still as it is escaped there, so that it can be copied into other JSON as it is.
//!
//! What must hold: what is handed out is the inside of a JSON string, in UTF-8 and without raw
//! control characters, or the bytes are refused. What the members mean is not looked at here.

/// Members of metadata, as escaped in their JSON, between the quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flattened<'a> {
    /// `schema_version`.
    pub schema_version: Option<&'a str>,
    /// `effective_on`.
    pub effective_on: Option<&'a str>,
    /// `principal`.
    pub principal: Option<&'a str>,
    /// `role`.
    pub role: Option<&'a str>,
    /// `office_id`.
    pub office_id: Option<&'a str>,
    /// `measure`.
    pub measure: Option<&'a str>,
    /// `article`.
    pub article: Option<&'a str>,
    /// `corrects`.
    pub corrects: Option<&'a str>,
    /// `correlation`.
    pub correlation: Option<&'a str>,
    /// `causation`.
    pub causation: Option<&'a str>,
    /// `trace`.
    pub trace: Option<&'a str>,
    /// `exercise`.
    pub exercise: Option<&'a str>,
}

impl<'a> Flattened<'a> {
    /// Scans metadata; nothing if it is not one flat object of strings. Empty values count as
    /// absent.
    pub fn scan(metadata: &'a [u8]) -> Option<Self> {
        let mut scan = Scan { text: std::str::from_utf8(metadata).ok()?, at: 0 };
        let mut found = Self::default();
        scan.token(b'{')?;
        if scan.token(b'}').is_some() {
            return scan.at_end().then_some(found);
        }
        loop {
            let name = scan.string()?;
            scan.token(b':')?;
            let value = scan.string()?;
            if let Some(member) = found.member(name) {
                *member = (!value.is_empty()).then_some(value);
            }
            if scan.token(b',').is_none() {
                scan.token(b'}')?;
                return scan.at_end().then_some(found);
            }
        }
    }

    fn member(&mut self, name: &str) -> Option<&mut Option<&'a str>> {
        Some(match name {
            "schema_version" => &mut self.schema_version,
            "effective_on" => &mut self.effective_on,
            "principal" => &mut self.principal,
            "role" => &mut self.role,
            "office_id" => &mut self.office_id,
            "measure" => &mut self.measure,
            "article" => &mut self.article,
            "corrects" => &mut self.corrects,
            "correlation" => &mut self.correlation,
            "causation" => &mut self.causation,
            "trace" => &mut self.trace,
            "exercise" => &mut self.exercise,
            _ => return None,
        })
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn token(&mut self, token: u8) -> Option<()> {
        self.space();
        if self.text.as_bytes().get(self.at) != Some(&token) {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn at_end(&mut self) -> bool {
        self.space();
        self.at == self.text.len()
    }

    /// The inside of a string.
    fn string(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let bytes = self.text.as_bytes();
        let from = self.at;
        loop {
            match bytes.get(self.at)? {
                b'"' => {
                    let inside = &self.text[from..self.at];
                    self.at += 1;
                    return Some(inside);
                }
                b'\\' => self.at += escape(bytes.get(self.at + 1..)?)?,
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }
}

/// How long an escape is, of which these bytes follow the backslash.
fn escape(after: &[u8]) -> Option<usize> {
    match after.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' if after.get(1..5)?.iter().all(u8::is_ascii_hexdigit) => Some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_as_they_are_escaped() {
        let metadata =
            r#" { "effective_on" : "2016-01-05","x":"y","article":"第\"9\"条\n","measure":"" } "#;
        let found = Flattened::scan(metadata.as_bytes()).unwrap();
        assert_eq!(found.effective_on, Some("2016-01-05"));
        assert_eq!(found.article, Some(r#"第\"9\"条\n"#));
        assert_eq!((found.measure, found.role), (None, None));
        assert_eq!(Flattened::scan(b"{}"), Some(Flattened::default()));
    }

    #[test]
    fn what_is_no_flat_object_of_strings_is_refused() {
        for bad in [
            "",
            "[]",
            "{",
            "{\"a\":1}",
            "{\"a\":\"b\"",
            "{\"a\":\"b\",}",
            "{\"a\":{}}",
            "{\"a\":\"b\nc\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"b\"} x",
        ] {
            assert_eq!(Flattened::scan(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Flattened::scan(b"{\"a\":\"\xff\"}"), None);
    }
}
