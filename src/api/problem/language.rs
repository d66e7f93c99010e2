//! The two languages of answers, and how one is chosen (RFC 9110, section 12.5.4).

/// A language in which Docket answers; as text its tag.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub enum Language {
    /// Simplified Chinese, the language of the program documents.
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    En,
}

impl Language {
    /// The tag for `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Zh => "zh-CN",
            Language::En => "en",
        }
    }

    /// The language that a tag or range (`zh`, `zh-CN`, `en-GB`) stands for.
    pub fn parse(tag: &str) -> Option<Language> {
        let primary = tag.trim().split('-').next()?;
        if primary.eq_ignore_ascii_case("zh") {
            Some(Language::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Language::En)
        } else {
            None
        }
    }

    /// The best language for an `Accept-Language` value; `default` where it names neither.
    ///
    /// Of equal weights the earlier wins; `*` stands for `default`; a weight that is no number
    /// takes its range out.
    pub fn negotiate(accept: Option<&str>, default: Language) -> Language {
        let mut best: Option<(f32, Language)> = None;
        for part in accept.unwrap_or_default().split(',') {
            let mut fields = part.split(';');
            let range = fields.next().unwrap_or_default().trim();
            let weight = fields
                .find_map(|f| f.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let language = if range == "*" { Some(default) } else { Language::parse(range) };
            if let Some(language) = language
                && weight > 0.0
                && best.is_none_or(|(top, _)| weight > top)
            {
                best = Some((weight, language));
            }
        }
        best.map_or(default, |(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_by_weight_and_falls_back() {
        for (accept, expected) in [
            (None, Language::Zh),
            (Some(""), Language::Zh),
            (Some("en"), Language::En),
            (Some("en-GB, zh;q=0.8"), Language::En),
            (Some("en;q=0.5, zh-CN;q=0.9"), Language::Zh),
            (Some("zh;q=0, en;q=0.1"), Language::En),
            (Some("fr, de;q=0.5"), Language::Zh),
            (Some("fr, *;q=0.5"), Language::Zh),
            (Some("EN;q=abc"), Language::Zh),
        ] {
            assert_eq!(Language::negotiate(accept, Language::Zh), expected, "{accept:?}");
        }
    }
}
