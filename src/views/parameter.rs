//! What a request says beside its body and an answer beside its content: parameters of the path and of
//! the query, and headers. The table of routes names them; whoever reads the table knows their form.

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// Texts with commas between.
    Texts,
    /// A civil day: `2016-06-13`.
    Day,
    /// An instant with its offset from UTC (RFC 3339).
    Instant,
    /// `true` or `false`.
    Flag,
    /// A whole number, this or more.
    Number(u64),
    /// How many items a page has; this word stands for all of them, if there is one.
    Limit(Option<&'static str>),
    /// A number of the log, by its digits.
    Sequence,
    /// A UUID.
    Uuid,
    /// A SHA-256 in hexadecimal.
    Digest,
    /// One of these words.
    OneOf(fn() -> Vec<&'static str>),
    /// Some of these words, with commas between.
    SomeOf(fn() -> Vec<&'static str>),
}

/// A parameter or a header.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// Whether a request must have it.
    pub required: bool,
    /// What it does, in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
}

impl Parameter {
    /// One that a request may have.
    pub const fn new(name: &'static str, kind: Kind, en: &'static str, zh: &'static str) -> Self {
        Self { name, kind, required: false, en, zh }
    }

    /// The same where a request must have it.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}
