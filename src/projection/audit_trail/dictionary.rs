//! What many events say alike, written once: who recorded, and under which law.
//!
//! A row's number is the sequence of the first event that says it, so it is a function of the log
//! alone. In memory each is known by a digest.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::domain::event::EventMeta;
use crate::projection::change::RowWriter;
use crate::projection::error::DatabaseError;
use crate::projection::sql::{Reader, Record};

/// The first 16 bytes of the SHA-256 of what is said.
pub(super) type Key = [u8; 16];

/// What was said, and by which number it goes.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<Key, u64>,
}

impl Dictionary {
    /// The number, and whether it is new.
    pub fn number(&mut self, key: Key, sequence: u64) -> (u64, bool) {
        let mut is_new = false;
        let number = *self.numbers.entry(key).or_insert_with(|| {
            is_new = true;
            sequence
        });
        (number, is_new)
    }
}

fn key(parts: &[&str]) -> Key {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut key = Key::default();
    key.copy_from_slice(&hasher.finalize()[..16]);
    key
}

pub(super) fn office_key(meta: &EventMeta) -> Key {
    let name = &meta.office_name;
    let office = meta.office.as_str();
    key(&[office, &meta.office_id, &name.en, &name.zh, &meta.principal, &meta.role])
}

pub(super) fn write_office(number: u64, meta: &EventMeta, row: &mut RowWriter<'_>) {
    row.number(number).text(meta.office.as_str()).text(&meta.office_id);
    row.text(&meta.office_name.en).text(&meta.office_name.zh);
    row.text(&meta.principal).text(&meta.role);
}

/// Nothing where an event is under no measure and no article.
pub(super) fn law_key(meta: &EventMeta) -> Option<Key> {
    let [measure, edition, article] =
        [meta.measure.as_deref(), meta.edition.as_deref(), meta.article.as_deref()];
    if measure.is_none() && edition.is_none() && article.is_none() {
        return None;
    }
    Some(law(measure, edition, article))
}

/// What is absent is told apart from what is empty.
fn law(measure: Option<&str>, edition: Option<&str>, article: Option<&str>) -> Key {
    let there = |part: Option<&str>| if part.is_some() { "+" } else { "-" };
    key(&[
        there(measure),
        measure.unwrap_or_default(),
        there(edition),
        edition.unwrap_or_default(),
        there(article),
        article.unwrap_or_default(),
    ])
}

pub(super) fn write_law(number: u64, meta: &EventMeta, row: &mut RowWriter<'_>) {
    row.number(number).text_if(meta.measure.as_deref()).text_if(meta.edition.as_deref());
    row.text_if(meta.article.as_deref());
}

/// What is in `recorded_by`.
pub(super) fn load_offices(reader: &mut dyn Reader) -> Result<Dictionary, DatabaseError> {
    load(reader, "SELECT * FROM recorded_by", |row| {
        Ok(key(&[
            row.text("office")?,
            row.text("office_id")?,
            row.text("office_name_en")?,
            row.text("office_name_zh")?,
            row.text("principal")?,
            row.text("role")?,
        ]))
    })
}

/// What is in `law`.
pub(super) fn load_laws(reader: &mut dyn Reader) -> Result<Dictionary, DatabaseError> {
    load(reader, "SELECT * FROM law", |row| {
        Ok(law(row.text_if("measure")?, row.text_if("edition")?, row.text_if("article")?))
    })
}

fn load(
    reader: &mut dyn Reader,
    sql: &str,
    key: impl Fn(&dyn Record) -> Result<Key, DatabaseError>,
) -> Result<Dictionary, DatabaseError> {
    let mut said = Dictionary::default();
    reader.query(sql, &[], &mut |row| {
        said.numbers.insert(key(row)?, row.number("id")?);
        Ok(())
    })?;
    Ok(said)
}
