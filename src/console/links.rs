//! Addresses: both times and the language go with every link.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::ids::Language;

/// What stands in an address as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// What a page is about: the two times, and a language that was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// The day.
    pub as_of: Option<String>,
    /// How much of the log, by its sequence.
    pub at_sequence: Option<String>,
    /// How much of the log, by an instant.
    pub known_at: Option<String>,
    /// The language, if the address fixes it.
    pub language: Option<Language>,
}

impl Times {
    /// Whether both times are fixed: then the page never changes.
    pub fn are_fixed(&self) -> bool {
        self.as_of.is_some() && (self.at_sequence.is_some() || self.known_at.is_some())
    }

    /// Whether anything but now is looked at.
    pub fn are_past(&self) -> bool {
        self.as_of.is_some() || self.at_sequence.is_some() || self.known_at.is_some()
    }

    /// The parameters, as the interface takes them.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("as_of", &self.as_of),
            ("at_sequence", &self.at_sequence),
            ("known_at", &self.known_at),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// An address of a page, with more parameters of its own.
    pub fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let language = self.language.map(|language| ("lang", language.tag()));
        let pairs = self.pairs().into_iter().chain(language).chain(more.iter().copied());
        address(path, pairs)
    }
}

/// A path with a query; parameters without a value are left out.
pub fn address<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = path.to_owned();
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    for (index, (name, value)) in given.enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&encoded(value));
    }
    address
}

/// A part of an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
