//! The members of metadata as parts of one text.
//!
//! What must hold: whatever the quick scan reads it reads as `serde_json` does, and everything it
//! is not sure of (escapes, spaces, values that are no text, a member twice, what is malformed) it
//! leaves to `serde_json`, which also says what is wrong. Metadata written here needs no more than
//! the scan, unless a text in it has a quotation mark or a backslash.

use std::borrow::Cow;
use std::sync::Arc;

use super::Flat;
use crate::domain::shared_str::SharedStr;

macro_rules! members {
    ($($member:ident = $name:literal,)*) => {
        /// A member, in the order in which they are written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Member { $($member),* }

        const NAMES: &[&str] = &[$($name),*];
        const COUNT: usize = NAMES.len();
    };
}

members! {
    SchemaVersion = "schema_version",
    Office = "office",
    OfficeId = "office_id",
    OfficeNameEn = "office_name_en",
    OfficeNameZh = "office_name_zh",
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
}

/// Where each member stands in the text.
#[derive(Debug, Clone)]
pub struct Members {
    whole: Arc<str>,
    at: Places,
}

type Places = [Option<(u32, u32)>; COUNT];

impl Members {
    /// Reads metadata.
    ///
    /// # Errors
    /// As `serde_json` words them.
    pub fn read(metadata: &[u8]) -> Result<Self, serde_json::Error> {
        match Self::scan(metadata) {
            Some(members) => Ok(members),
            None => serde_json::from_slice(metadata).map(Self::of_flat),
        }
    }

    /// A member as text; empty where it is not there.
    pub fn text(&self, member: Member) -> &str {
        self.optional(member).unwrap_or_default()
    }

    /// A member as text, if it is there.
    pub fn optional(&self, member: Member) -> Option<&str> {
        let (from, to) = self.at[member as usize]?;
        self.whole.get(from as usize..to as usize)
    }

    /// A member to be kept; empty where it is not there.
    pub fn shared(&self, member: Member) -> SharedStr {
        self.optional_shared(member).unwrap_or_default()
    }

    /// A member to be kept, if it is there.
    pub fn optional_shared(&self, member: Member) -> Option<SharedStr> {
        let (from, to) = self.at[member as usize]?;
        Some(SharedStr::part(&self.whole, from as usize..to as usize))
    }

    /// What needs no more than finding the quotation marks; `None` for everything else.
    fn scan(metadata: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(metadata).ok()?;
        let mut at: Places = [None; COUNT];
        let mut expected = 0;
        let mut next = after(metadata, 0, b'{')?;
        loop {
            let (name, value, end) = pair(metadata, next)?;
            let name = text.get(name.0..name.1)?;
            if let Some(member) = find(name, expected) {
                let place = (u32::try_from(value.0).ok()?, u32::try_from(value.1).ok()?);
                if at[member].replace(place).is_some() {
                    return None;
                }
                expected = member + 1;
            }
            match metadata.get(end)? {
                b',' => next = end + 1,
                b'}' if end + 1 == metadata.len() => break,
                _ => return None,
            }
        }
        for required in [Member::SchemaVersion, Member::EffectiveOn, Member::RecordedAt] {
            at[required as usize]?;
        }
        Some(Self { whole: text.into(), at })
    }

    /// The texts behind one another.
    fn of_flat(flat: Flat<'_>) -> Self {
        let values = [
            Some(flat.schema_version),
            Some(flat.office),
            Some(flat.office_id),
            Some(flat.office_name_en),
            Some(flat.office_name_zh),
            Some(flat.principal),
            Some(flat.role),
            Some(flat.effective_on),
            flat.decided_on,
            flat.received_on,
            Some(flat.recorded_at),
            flat.measure,
            flat.measure_also,
            flat.edition,
            flat.article,
            flat.rests_on,
            flat.corrects,
            Some(flat.provenance),
            flat.exercise,
            flat.archive,
            flat.key,
            flat.fingerprint,
            flat.correlation,
            flat.causation,
            flat.trace,
        ];
        let mut whole = String::new();
        let at = values.map(|value: Option<Cow<'_, str>>| {
            let from = u32::try_from(whole.len()).ok()?;
            whole.push_str(&value?);
            Some((from, u32::try_from(whole.len()).ok()?))
        });
        Self { whole: whole.into(), at }
    }
}

/// Which member a name is. Members mostly come in the order in which they are written.
fn find(name: &str, expected: usize) -> Option<usize> {
    let is = |member: &usize| NAMES[*member] == name;
    (expected..COUNT).find(is).or_else(|| (0..expected.min(COUNT)).find(is))
}

type Range = (usize, usize);

/// `"name":"value"`, and where it ends.
fn pair(bytes: &[u8], at: usize) -> Option<(Range, Range, usize)> {
    let (name, end) = quoted(bytes, at)?;
    let (value, end) = quoted(bytes, after(bytes, end, b':')?)?;
    Some((name, value, end))
}

fn after(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (*bytes.get(at)? == byte).then_some(at + 1)
}

/// A text between quotation marks without escapes and control characters, and where it ends.
#[inline]
fn quoted(bytes: &[u8], at: usize) -> Option<(Range, usize)> {
    let from = after(bytes, at, b'"')?;
    let to = from + plain(&bytes[from..])?;
    (bytes[to] == b'"').then_some(((from, to), to + 1))
}

/// Where the first quotation mark, backslash or control character stands. Eight bytes at a time:
/// a byte less than another borrows from its highest bit, as in Mycroft's search for a zero byte.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_serde(metadata: &[u8]) -> Result<Members, String> {
        let flat =
            serde_json::from_slice::<Flat<'_>>(metadata).map_err(|error| error.to_string())?;
        Ok(Members::of_flat(flat))
    }

    fn values(members: &Members) -> Vec<Option<&str>> {
        let range = |(from, to): (u32, u32)| &members.whole[from as usize..to as usize];
        members.at.map(|place| place.map(range)).to_vec()
    }

    /// Members without a value are read as empty where they may not be absent.
    const NEVER_ABSENT: [Member; 6] = [
        Member::Office,
        Member::OfficeId,
        Member::OfficeNameEn,
        Member::OfficeNameZh,
        Member::Principal,
        Member::Role,
    ];

    fn assert_alike(metadata: &[u8]) {
        let scanned = Members::scan(metadata);
        let read = Members::read(metadata).map_err(|error| error.to_string());
        let wanted = by_serde(metadata);
        match (&wanted, &scanned) {
            (Ok(wanted), Some(scanned)) => {
                let (mut wanted, scanned) = (values(wanted), values(scanned));
                for member in NEVER_ABSENT.into_iter().chain([Member::Provenance]) {
                    if scanned[member as usize].is_none() && wanted[member as usize] == Some("") {
                        wanted[member as usize] = None;
                    }
                }
                assert_eq!(wanted, scanned);
            }
            (Err(error), Some(_)) => panic!("scanned, but serde_json says {error}"),
            (Ok(_) | Err(_), None) => {}
        }
        assert_eq!(read.is_ok(), wanted.is_ok());
        assert_eq!(read.err(), wanted.err());
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => "[a-z0-9:|/@# .-]{0,40}",
            2 => "\\PC{0,12}",
            1 => any::<String>(),
            1 => Just("国知发管字〔2015〕59号".to_owned()),
        ]
    }

    /// A value as JSON: mostly a text, sometimes with every character escaped, or none.
    fn written() -> impl Strategy<Value = String> {
        prop_oneof![
            12 => value().prop_map(|text| serde_json::to_string(&text).unwrap()),
            1 => value().prop_map(|text| {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            }),
            1 => prop_oneof![Just("null"), Just("1"), Just("true"), Just("{\"a\":[1]}"), Just("\"\\ud800\"")]
                .prop_map(str::to_owned),
        ]
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            20 => (0..COUNT).prop_map(|member| NAMES[member].to_owned()),
            1 => "[a-z_]{0,12}",
            1 => Just("off\\u0069ce".to_owned()),
        ]
    }

    fn object() -> impl Strategy<Value = String> {
        let required = Just(["schema_version", "effective_on", "recorded_at"]);
        let more = prop::collection::vec((name(), written()), 0..12);
        (required, prop::collection::vec(written(), 3), more, any::<prop::sample::Index>(), 0..8u8)
            .prop_map(|(required, values, mut more, cut, spaces)| {
                let at = cut.index(more.len() + 1);
                let required = required.map(str::to_owned).into_iter().zip(values);
                more.splice(at..at, required);
                let mut seen = std::collections::BTreeSet::new();
                if spaces != 1 {
                    more.retain(|(name, _)| seen.insert(name.clone()));
                }
                let colon = if spaces == 0 { " : " } else { ":" };
                let members = more.iter().map(|(name, value)| format!("\"{name}\"{colon}{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_scan_reads_as_serde_json_does(object in object()) {
            assert_alike(object.as_bytes());
        }

        #[test]
        fn what_is_malformed_is_refused_alike(
            object in object(),
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            cut in any::<Option<prop::sample::Index>>(),
        ) {
            let mut bytes = object.into_bytes();
            for (place, byte) in places {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            assert_alike(&bytes);
        }
    }

    #[test]
    fn each_member_is_read_by_its_own_name() {
        let object: Vec<String> =
            NAMES.iter().map(|name| format!("\"{name}\":\"value of {name}\"")).collect();
        for order in [object.clone(), object.into_iter().rev().collect()] {
            let text = format!("{{{}}}", order.join(","));
            let scanned = Members::scan(text.as_bytes()).expect("it needs no more than the scan");
            let wanted: Vec<String> = NAMES.iter().map(|name| format!("value of {name}")).collect();
            assert_eq!(
                values(&scanned),
                wanted.iter().map(|w| Some(w.as_str())).collect::<Vec<_>>()
            );
            assert_alike(text.as_bytes());
        }
    }
}
