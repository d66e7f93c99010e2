//! What can be seen of a text, by the properties that Unicode gives its characters.
//!
//! What must hold: a text that must say something has at least one character that people see; and
//! what is shown on a terminal, or read by a spreadsheet, is judged by the same two questions.

use std::fmt;
use std::ops::Deref;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::Label;

/// Symbols and letters whose shape is empty, which no property says: the braille pattern without
/// dots, the note without a head, the blank hieroglyphs, and what stands for an object that isn't there.
const SHAPELESS: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{fffc}'];

/// Whether people see a character by itself: a letter, digit, punctuation mark or symbol. Spaces and
/// marks that need another character are not seen, nor is anything [hidden](is_hidden).
pub fn is_seen(c: char) -> bool {
    use GeneralCategory as G;
    !is_hidden(c)
        && !matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            G::SpaceSeparator | G::NonspacingMark | G::SpacingMark | G::EnclosingMark
        )
}

/// Whether a character acts on what shows it, or is not to be seen at all: control characters, line
/// and paragraph breaks, what turns the direction of writing, fillers, variation selectors, and code
/// points that are nobody's or private.
pub fn is_hidden(c: char) -> bool {
    use GeneralCategory as G;
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(
        category,
        G::Control
            | G::Format
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
    ) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || SHAPELESS.contains(&c)
}

/// Whether a text says anything: whether any of its characters is seen.
pub fn says_something(text: &str) -> bool {
    text.chars().any(is_seen)
}

/// What is said of a text that says nothing where something must be said.
pub const BLANK: Label =
    Label { en: "say it in words; this is blank", zh: "须以文字说明，不得留空" };

/// A text that says something: a reason, an opinion, a finding, a source.
///
/// Who states one makes it by [`NonBlank::parse`], and no request is read that has a blank text in it
/// (`codec/form.rs`). What stands in the record was said, whatever it is: reading it refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct NonBlank(String);

impl NonBlank {
    /// The text, if it says something.
    pub fn parse(text: &str) -> Option<Self> {
        says_something(text).then(|| Self(text.to_owned()))
    }

    /// A text of the program's own.
    pub fn literal(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for NonBlank {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NonBlank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_nobody_sees_says_nothing() {
        for text in [
            "",
            " ",
            "\t\n",
            "\u{3000}",
            "\u{a0}",
            "\u{2003}",
            "\u{200b}",
            "\u{feff}",
            "\u{2060}",
            "\u{ad}",
            "\0",
            "\u{1b}",
            "\u{7f}",
            "\u{85}",
            "\u{202e}",
            "\u{2066}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{115f}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{e0041}",
            "\u{301}",
            "\u{20dd}",
            "\u{903}",
            "\u{2028}",
            "\u{34f}",
            "\u{180e}",
            "\u{e000}",
            "\u{ffff}",
            "\u{378}",
            "\u{1d159}",
            "\u{13441}",
            "\u{fffc}",
            " \u{200b}\u{301}\u{fe0f}\n",
        ] {
            assert_eq!((says_something(text), NonBlank::parse(text)), (false, None), "{text:?}");
        }
        for text in
            ["x", ".", "无", "〔2015〕59号", "é", "e\u{301}", "№", "✓", "👍🏽", "ا", "\u{200b}a"]
        {
            assert_eq!(NonBlank::parse(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_read_is_not_hidden() {
        for c in "Aé广　 \u{a0}〔№✓👍\u{301}1-".chars() {
            assert!(!is_hidden(c), "{c:?}");
        }
    }
}
