//! Texts of the catalogues on a page.

use maud::{Markup, html};

use crate::domain::ids::Language;
use crate::views::spoken::spoken;

/// A text in a language with what stands between back quotes as code, and what is of the other marked as that.
pub fn with_code(text: &str, language: Language) -> Markup {
    html! { @for (number, part) in text.split('`').enumerate() {
        @if number % 2 == 1 { code { (part) } } @else { (spoken(part, language)) }
    } }
}
