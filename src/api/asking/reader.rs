//! Who reads the pages about the interface: in which language, and of which server.

use crate::domain::ids::Language;

/// A reader.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The language of the page.
    pub language: Language,
    /// Whether the address names it, so that links carry it.
    pub is_named: bool,
    /// The address of the server, without a slash at the end.
    pub server: String,
    /// The path of the page.
    pub path: String,
}

impl Reader {
    /// One of two texts, in the reader's language.
    pub fn say<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        crate::domain::words::pick(self.language, en, zh)
    }

    /// The address of another page about the interface, perhaps with a place on it.
    pub fn link(&self, to: &str) -> String {
        let (path, place) = to
            .split_once('#')
            .map_or((to, String::new()), |(path, place)| (path, format!("#{place}")));
        match self.is_named {
            true => format!("{path}?lang={}{place}", self.language.tag()),
            false => to.to_owned(),
        }
    }
}
