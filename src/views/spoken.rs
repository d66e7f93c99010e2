//! Texts that hold parts in the other language: each part says which, for who has them read aloud.

use maud::{Markup, html};

use crate::domain::ids::Language;

/// A text on a page in a language.
pub fn spoken(text: &str, page: Language) -> Markup {
    match page {
        Language::Zh => match language_of(text).filter(|tag| *tag != page.tag()) {
            Some(tag) => html! { span lang=(tag) { (text) } },
            None => html! { (text) },
        },
        Language::En => html! { @for (part, chinese) in parts(text) {
            @if chinese { span lang=(Language::Zh.tag()) { (part) } } @else { (part) }
        } },
    }
}

/// The language of a text as a whole, where that can be told.
pub fn language_of(text: &str) -> Option<&'static str> {
    match (text.contains(is_chinese), text.contains(' ')) {
        (true, _) => Some(Language::Zh.tag()),
        (false, true) => Some(Language::En.tag()),
        (false, false) => None,
    }
}

/// Han characters, and the punctuation that goes with them.
fn is_chinese(sign: char) -> bool {
    matches!(sign, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// The parts of a text, and whether each is Chinese. A figure within such a part belongs to it.
fn parts(text: &str) -> Vec<(&str, bool)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let from = rest.find(is_chinese).unwrap_or(rest.len());
        let (before, after) = rest.split_at(from);
        let goes_on = |sign: char| is_chinese(sign) || sign.is_ascii_digit();
        let (part, next) = after.split_at(after.find(|sign| !goes_on(sign)).unwrap_or(after.len()));
        parts.extend(
            [(before, false), (part, true)].into_iter().filter(|(part, _)| !part.is_empty()),
        );
        rest = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_says_its_language() {
        let number = "As 国知发管字〔2015〕59号 says in 2015.";
        let shown = spoken(number, Language::En).into_string();
        assert_eq!(shown, "As <span lang=\"zh-CN\">国知发管字〔2015〕59号</span> says in 2015.");
        assert_eq!(spoken("Plain 2015", Language::En).into_string(), "Plain 2015");
        assert_eq!(spoken("依据 First 版", Language::Zh).into_string(), "依据 First 版");
        let english = spoken("First edition.", Language::Zh).into_string();
        assert_eq!(english, "<span lang=\"en\">First edition.</span>");
        assert_eq!(spoken("x01", Language::Zh).into_string(), "x01");
    }
}
