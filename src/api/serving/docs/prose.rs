//! Texts of the catalogues on a page.

use maud::{Markup, html};

use crate::domain::ids::Language;
use crate::views::spoken::spoken;

/// An English text with what stands between back quotes as code, and what is Chinese marked as that.
pub fn with_code(text: &str) -> Markup {
    html! { @for (number, part) in text.split('`').enumerate() {
        @if number % 2 == 1 { code { (part) } } @else { (spoken(part, Language::En)) }
    } }
}
