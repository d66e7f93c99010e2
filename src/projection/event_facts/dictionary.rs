//! What many events say alike, written once: who recorded, and under which law.
//!
//! A row's id is a part of the SHA-256 of what it says, so it is a function of the content alone,
//! whichever event says it first.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::domain::event::EventMeta;

/// Texts that are said together; some may be absent.
pub(super) struct Said<'a, const N: usize>([Option<&'a str>; N]);

/// What was said, and by which id it goes.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    ids: HashMap<String, u64>,
    /// What is looked up, used again.
    key: String,
}

/// Who acted and who recorded it.
pub(super) fn office(meta: &EventMeta) -> Said<'_, 6> {
    let name = &meta.office_name;
    let office = meta.office.as_str();
    Said([office, &meta.office_id, &name.en, &name.zh, &meta.principal, &meta.role].map(Some))
}

/// Under what; nothing where an event is under no measure and no article.
pub(super) fn law(meta: &EventMeta) -> Option<Said<'_, 3>> {
    let said = [meta.measure.as_deref(), meta.edition.as_deref(), meta.article.as_deref()];
    said.iter().any(Option::is_some).then_some(Said(said))
}

impl<const N: usize> Said<'_, N> {
    /// No two that differ are written alike.
    fn key(&self, into: &mut String) {
        into.clear();
        for text in self.0 {
            match text {
                // A text can always be written to.
                Some(text) => drop(write!(into, "{}:{text}", text.len())),
                None => into.push('-'),
            }
        }
    }
}

impl Dictionary {
    /// The id of what is said; `write` is asked when it is met for the first time.
    pub fn id<const N: usize>(&mut self, said: &Said<'_, N>, write: impl FnOnce(u64)) -> u64 {
        said.key(&mut self.key);
        if let Some(id) = self.ids.get(&self.key) {
            return *id;
        }
        let mut start = [0; 8];
        start.copy_from_slice(&Sha256::digest(&self.key)[..8]);
        // Databases keep a sign.
        let id = u64::from_be_bytes(start) >> 1;
        self.ids.insert(self.key.clone(), id);
        write(id);
        id
    }
}
