//! Texts that are cheap to keep: a part of a longer text that several values share.
//!
//! An event read from the log has a dozen texts; taken as parts of the event's own bytes they cost
//! one allocation together. Deliberately not here: parts of anything larger than one event, since
//! the smallest part keeps the whole in memory.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A text, or a part of one that others share. Compares, prints and serializes as its text.
#[derive(Clone, Default)]
pub struct SharedStr {
    /// Absent where the text is empty.
    whole: Option<Arc<str>>,
    from: u32,
    /// `u32::MAX` means up to the end.
    to: u32,
}

impl SharedStr {
    /// A part of a text; a copy where the part lies beyond 4 GiB. Empty where there is no such part.
    pub fn part(whole: &Arc<str>, range: Range<usize>) -> Self {
        let text = whole.get(range.clone()).unwrap_or_default();
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            _ if text.is_empty() => Self::default(),
            (Ok(from), Ok(to)) if to < u32::MAX => {
                Self { whole: Some(Arc::clone(whole)), from, to }
            }
            _ => Self::from(text),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let Some(whole) = &self.whole else { return "" };
        match self.to {
            u32::MAX => whole,
            to => whole.get(self.from as usize..to as usize).unwrap_or_default(),
        }
    }
}

impl Deref for SharedStr {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for SharedStr {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for SharedStr {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::default(),
            _ => Self { whole: Some(text.into()), from: 0, to: u32::MAX },
        }
    }
}

impl From<String> for SharedStr {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for SharedStr {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<SharedStr> for String {
    fn from(text: SharedStr) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq for SharedStr {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for SharedStr {}

impl PartialEq<str> for SharedStr {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SharedStr {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for SharedStr {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<SharedStr> for str {
    fn eq(&self, other: &SharedStr) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<SharedStr> for String {
    fn eq(&self, other: &SharedStr) -> bool {
        self == other.as_str()
    }
}

impl std::hash::Hash for SharedStr {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for SharedStr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_its_text_and_nothing_else() {
        let whole: Arc<str> = "广东 and more".into();
        assert_eq!(SharedStr::part(&whole, 0..6), "广东");
        assert_eq!(SharedStr::part(&whole, 7..10), SharedStr::from("and"));
        assert_eq!(SharedStr::part(&whole, 7..10).to_string(), "and");
        assert_eq!(format!("{:?}", SharedStr::part(&whole, 7..10)), "\"and\"");
    }

    #[test]
    fn what_is_no_part_is_empty() {
        let whole: Arc<str> = "广东".into();
        for range in [0..0, 1..3, 3..9, 7..8] {
            assert_eq!(SharedStr::part(&whole, range), SharedStr::default());
        }
        assert_eq!(SharedStr::from(""), SharedStr::default());
        assert!(SharedStr::default().is_empty());
    }
}
