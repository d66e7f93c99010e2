//! The members of metadata: one flat JSON object with string values, scanned once. A member is handed
//! out as it is escaped there, to be copied into other JSON, or as its text: a part of the whole
//! where nothing in it is escaped.
//!
//! What must hold: what is handed out is the inside of a JSON string, in UTF-8 and without raw control
//! characters, or the bytes are refused. What the members mean is not looked at here.

use std::sync::Arc;

use crate::domain::shared_str::SharedStr;

macro_rules! members {
    ($($member:ident = $name:literal,)*) => {
        /// A member, in the order in which they are written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Member { $(
            #[doc = concat!("`", $name, "`.")]
            $member,
        )* }

        const ALL: &[Member] = &[$(Member::$member),*];
        const NAMES: [&str; ALL.len()] = [$($name),*];
    };
}

members! {
    SchemaVersion = "schema_version",
    Office = "office",
    OfficeId = "office_id",
    OfficeNameEn = "office_name_en",
    OfficeNameZh = "office_name_zh",
    Divisions = "divisions",
    Principal = "principal",
    Role = "role",
    EffectiveOn = "effective_on",
    DecidedOn = "decided_on",
    ReceivedOn = "received_on",
    RecordedAt = "recorded_at",
    Measure = "measure",
    MeasureAlso = "measure_also",
    Edition = "edition",
    Article = "article",
    RestsOn = "rests_on",
    Corrects = "corrects",
    Provenance = "provenance",
    Exercise = "exercise",
    Archive = "archive",
    Key = "key",
    Fingerprint = "fingerprint",
    Correlation = "correlation",
    Causation = "causation",
    Trace = "trace",
    Persons = "persons",
}

impl Member {
    /// The name.
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

/// Why bytes are no metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no flat JSON object of strings, each member once, at byte {at}")]
pub struct NotFlat {
    at: usize,
}

/// The inside of a string in the text.
#[derive(Debug, Clone, Copy)]
struct Inside {
    from: usize,
    to: usize,
    is_escaped: bool,
}

/// The members that metadata have. Empty values count as absent.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    at: [Option<Inside>; ALL.len()],
}

impl<'a> Members<'a> {
    /// Scans metadata.
    ///
    /// # Errors
    /// [`NotFlat`], with where.
    pub fn read(metadata: &'a [u8]) -> Result<Self, NotFlat> {
        let text =
            std::str::from_utf8(metadata).map_err(|error| NotFlat { at: error.valid_up_to() })?;
        let mut scan = Scan { text, at: 0 };
        let mut members = Self { text, at: [None; ALL.len()] };
        match members.scan(&mut scan) {
            Some(()) => Ok(members),
            None => Err(NotFlat { at: scan.at }),
        }
    }

    fn scan(&mut self, scan: &mut Scan<'a>) -> Option<()> {
        let (mut expected, mut seen) = (0, [false; ALL.len()]);
        scan.token(b'{')?;
        if scan.token(b'}').is_some() {
            return scan.end();
        }
        loop {
            let name = scan.string()?;
            let member = match name.is_escaped {
                false => find(&self.text[name.from..name.to], expected),
                true => find(&unescaped(self.text, name).ok()?, expected),
            };
            scan.token(b':')?;
            let value = scan.string()?;
            if let Some(member) = member {
                if std::mem::replace(&mut seen[member], true) {
                    return None;
                }
                self.at[member] = Some(value).filter(|value| value.from < value.to);
                expected = member + 1;
            }
            if scan.token(b',').is_none() {
                scan.token(b'}')?;
                return scan.end();
            }
        }
    }

    /// The whole.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// A member as it is escaped, between the quotation marks.
    pub fn escaped(&self, member: Member) -> Option<&'a str> {
        self.at[member as usize].map(|inside| &self.text[inside.from..inside.to])
    }

    /// A member as its text: a part of `whole`, which is a copy of the text, where it can be.
    ///
    /// # Errors
    /// An escape that is no character.
    pub fn value(
        &self,
        member: Member,
        whole: &Arc<str>,
    ) -> Result<Option<SharedStr>, serde_json::Error> {
        let Some(inside) = self.at[member as usize] else { return Ok(None) };
        Ok(Some(match inside.is_escaped {
            false => SharedStr::part(whole, inside.from..inside.to),
            true => unescaped(self.text, inside)?.into(),
        }))
    }

    /// Writes members in the order given. Those that are empty are left out.
    ///
    /// # Errors
    /// As the serializer's.
    pub fn write(members: &[(Member, &str)]) -> Result<Vec<u8>, serde_json::Error> {
        let mut out = Vec::with_capacity(1024);
        for (member, value) in members.iter().filter(|(_, value)| !value.is_empty()) {
            out.push(if out.is_empty() { b'{' } else { b',' });
            serde_json::to_writer(&mut out, member.name())?;
            out.push(b':');
            serde_json::to_writer(&mut out, value)?;
        }
        out.push(b'}');
        Ok(out)
    }
}

/// Which member a name is. Members mostly come in the order in which they are written.
fn find(name: &str, expected: usize) -> Option<usize> {
    let is = |member: &usize| NAMES[*member] == name;
    (expected..ALL.len()).find(is).or_else(|| (0..expected.min(ALL.len())).find(is))
}

fn unescaped(text: &str, inside: Inside) -> Result<String, serde_json::Error> {
    serde_json::from_str(&text[inside.from - 1..=inside.to])
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
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

    fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// The inside of a string.
    fn string(&mut self) -> Option<Inside> {
        self.token(b'"')?;
        let bytes = self.text.as_bytes();
        let (from, mut is_escaped) = (self.at, false);
        loop {
            self.at += plain(&bytes[self.at..])?;
            match bytes[self.at] {
                b'"' => {
                    let to = self.at;
                    self.at += 1;
                    return Some(Inside { from, to, is_escaped });
                }
                b'\\' => {
                    self.at += escape(bytes.get(self.at + 1..)?)?;
                    is_escaped = true;
                }
                _ => return None,
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

/// Where the first quotation mark, backslash or control character stands. Eight bytes at a time:
/// a byte less than another borrows from its highest bit, as in Mycroft's search for a zero byte.
#[inline]
fn plain(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let found = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if found != 0 {
            return Some(index * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    let at = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')?;
    Some(eights.len() * 8 + at)
}

#[cfg(test)]
#[path = "flat/tests.rs"]
mod tests;
