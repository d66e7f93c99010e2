//! Addresses: both times and the language go with every link.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use maud::{Markup, html};
use serde_json::Value;

use super::asking::Page;
use super::json::{number, text};
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
    /// Whether both times are fixed: then the page never changes. An instant may be still to come, and what
    /// will be known at it is not known.
    pub fn are_fixed(&self) -> bool {
        self.as_of.is_some() && self.at_sequence.is_some()
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

    /// Those that say how much of the log is looked at.
    pub fn of_record(&self) -> Vec<(&str, &str)> {
        self.pairs().into_iter().filter(|(name, _)| *name != "as_of").collect()
    }

    /// An address of a page, with more parameters of its own.
    pub fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let language = self.language.map(|language| ("lang", language.tag()));
        let pairs = self.pairs().into_iter().chain(language).chain(more.iter().copied());
        address(path, pairs)
    }
}

/// A figure that opens what it counts, on the page that shows the same answer.
pub fn figure(page: &Page, figure: &Value) -> Markup {
    let (count, opens) = (number(figure, "count"), text(figure, "opens"));
    let language = page.times.language.map(|language| ("lang", language.tag()));
    html! { @match opened(opens) {
        Some(to) if count > 0 => a href=(with(&to, language)) { (count) },
        _ => (count),
    } }
}

/// The page that shows what an address of the interface answers.
fn opened(opens: &str) -> Option<String> {
    let (path, query) = opens.split_once('?')?;
    match path.strip_prefix("/v1/")? {
        "obligations" => Some(format!("/console/obligations?{query}")),
        "enrollments" => {
            let of = |pair: &&str| pair.starts_with("program=");
            let program = query.split('&').find(of)?.strip_prefix("program=")?;
            let rest: Vec<_> = query.split('&').filter(|pair| !of(pair)).collect();
            Some(format!("/console/register/{program}?{}", rest.join("&")))
        }
        path => {
            let program = path.strip_prefix("programs/")?.strip_suffix("/quotas")?;
            Some(format!("/console/quotas/{program}?{query}"))
        }
    }
}

fn with(address: &str, more: Option<(&str, &str)>) -> String {
    match more {
        Some((name, value)) => format!("{address}&{name}={}", encoded(value)),
        None => address.to_owned(),
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

/// A parameter in an address, as it was encoded; empty where there is none.
pub fn said_in<'a>(address: &'a str, name: &str) -> &'a str {
    let pairs = address.split(['?', '&']).filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// A part of an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_figure_opens_has_a_page() {
        let page = |opens| opened(opens).unwrap();
        assert_eq!(
            page("/v1/obligations?owes=province&status=MET"),
            "/console/obligations?owes=province&status=MET"
        );
        assert_eq!(
            page("/v1/enrollments?program=strong_city&phase=x&as_of=2026-01-01"),
            "/console/register/strong_city?phase=x&as_of=2026-01-01"
        );
        assert_eq!(
            page("/v1/programs/strong_province/quotas?held=taken"),
            "/console/quotas/strong_province?held=taken"
        );
        assert_eq!(opened("/v1/events"), None);
    }
}
