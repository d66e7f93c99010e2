//! Texts of the catalogues on a page.

use maud::{Markup, html};

/// A text with what stands between back quotes as code.
pub fn with_code(text: &str) -> Markup {
    html! { @for (number, part) in text.split('`').enumerate() {
        @if number % 2 == 1 { code { (part) } } @else { (part) }
    } }
}
