//! What a configuration key takes.

use std::net::SocketAddr;
use toml::Value;

use crate::domain::text::says_something;

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Text,
    Path,
    /// An address and port to listen on.
    Socket,
    /// `http://` or `https://`, without a slash at the end.
    Url,
    /// Words of `[a-z0-9_-]` with dots between them, such as a domain's name turned round.
    Dotted,
    /// A URI with its scheme, such as `urn:…` or `https://…`.
    Uri,
    /// What names of streams begin with: visible ASCII, not `$`, at the end no letter or digit.
    Prefix,
    /// A whole number, the bounds included.
    Number {
        min: i64,
        max: i64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
}

impl Kind {
    /// The value in the form that is taken; `value` may be text wherever it comes from.
    ///
    /// # Errors
    /// What is taken, for the message.
    pub fn accept(self, value: Value) -> Result<Value, String> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Integer(number) if matches!(self, Kind::Number { .. }) => number.to_string(),
            Value::Boolean(flag) if matches!(self, Kind::Flag) => flag.to_string(),
            _ => return Err(self.expectation()),
        };
        let good = match self {
            Kind::Text => says_something(&text),
            Kind::Path => !text.is_empty(),
            Kind::Socket => text.parse::<SocketAddr>().is_ok(),
            Kind::Url => {
                let host = text.strip_prefix("http://").or(text.strip_prefix("https://"));
                host.is_some_and(|h| {
                    !h.is_empty() && !h.ends_with('/') && !h.contains(char::is_whitespace)
                })
            }
            Kind::Dotted => text.split('.').all(is_word),
            Kind::Uri => is_uri(&text),
            Kind::Prefix => is_prefix(&text),
            Kind::Choice(words) => words.contains(&text.as_str()),
            Kind::Flag => match text.parse::<bool>() {
                Ok(flag) => return Ok(Value::Boolean(flag)),
                Err(_) => false,
            },
            Kind::Number { min, max } => match text.parse::<i64>() {
                Ok(n) if (min..=max).contains(&n) => return Ok(Value::Integer(n)),
                _ => false,
            },
        };
        if good { Ok(Value::String(text)) } else { Err(self.expectation()) }
    }

    fn expectation(self) -> String {
        match self {
            Kind::Text => "a text that is not empty".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Socket => "an IP address and port such as 127.0.0.1:8080".to_owned(),
            Kind::Url => "an http:// or https:// address without a slash at the end".to_owned(),
            Kind::Dotted => "words of a-z, 0-9, - and _ with dots between them".to_owned(),
            Kind::Uri => "a URI with its scheme, in visible ASCII".to_owned(),
            Kind::Prefix => {
                "up to 50 visible ASCII characters, the first not $, the last no letter or digit"
                    .to_owned()
            }
            Kind::Number { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
            Kind::Flag => "true or false".to_owned(),
        }
    }
}

fn is_word(text: &str) -> bool {
    let good = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    !text.is_empty() && text.bytes().all(good)
}

/// The last character keeps one log's streams apart from those of a log with a longer prefix.
fn is_prefix(text: &str) -> bool {
    (1..=50).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.starts_with('$')
        && !text.ends_with(|last: char| last.is_ascii_alphanumeric())
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(good)
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}
