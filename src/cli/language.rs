//! In which language commands speak to people: that of the locale, or the one that is named.
//!
//! What must hold: a text is in one language. What commands say of themselves is in English; what they
//! show of the record is in the language asked for, also where a server's own default is another.

use crate::domain::ids::Language;

/// The language of what is shown of the record.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct LanguageArgs {
    /// The language of what is shown [default: Chinese where LC_ALL, LC_MESSAGES or LANG says zh, else English]
    #[arg(long, value_enum)]
    lang: Option<Language>,
}

impl LanguageArgs {
    /// The language that is named, else that of the locale.
    pub fn language(self) -> Language {
        self.lang.unwrap_or_else(|| of_locale(|name| std::env::var(name).ok()))
    }
}

/// The language of a locale, by the variables in the order of POSIX: the first that is not empty counts.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    let locale = named.filter_map(variable).find(|value| !value.is_empty()).unwrap_or_default();
    let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("zh") { Language::Zh } else { Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let of = |set: &[(&str, &str)]| {
            of_locale(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for locale in ["zh", "zh_CN.UTF-8", "zh_TW", "zh-Hans-CN", "ZH_CN@pinyin"] {
            assert_eq!(of(&[("LANG", locale)]), Language::Zh, "{locale}");
        }
        for locale in ["", "C", "C.UTF-8", "POSIX", "en_GB.UTF-8", "fr_FR", "zhuang"] {
            assert_eq!(of(&[("LANG", locale)]), Language::En, "{locale}");
        }
        assert_eq!(of(&[]), Language::En);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]), Language::Zh);
        assert_eq!(of(&[("LC_MESSAGES", "en_US"), ("LANG", "zh_CN")]), Language::En);
        assert_eq!(of(&[("LC_ALL", "zh_CN"), ("LC_MESSAGES", "C"), ("LANG", "C")]), Language::Zh);
    }
}
