//! What an act says in words: every text of its content, at its JSON Pointer. Whatever is stated there
//! must say something (`decide/said.rs`); what an act says by heading or in a list is looked at against
//! the measure.

use std::collections::BTreeMap;

use super::content::{Mended, Shown, Stated};
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{EventRef, Id, Node, Provenance};

/// Something that may be said in words.
pub trait Worded {
    /// Adds each text, with its place below `at`.
    fn words<'a>(&'a self, at: &str, said: &mut Vec<(String, &'a str)>);
}

impl Worded for String {
    fn words<'a>(&'a self, at: &str, said: &mut Vec<(String, &'a str)>) {
        said.push((at.to_owned(), self));
    }
}

impl<T: Worded> Worded for Option<T> {
    fn words<'a>(&'a self, at: &str, said: &mut Vec<(String, &'a str)>) {
        if let Some(stated) = self {
            stated.words(at, said);
        }
    }
}

macro_rules! in_no_words {
    ($($type:ty),* $(,)?) => { $(
        impl Worded for $type {
            fn words<'a>(&'a self, _: &str, _: &mut Vec<(String, &'a str)>) {}
        }
    )* };
}

in_no_words!(
    i32,
    u32,
    CivilDate,
    Day,
    EventRef,
    Id,
    Node,
    Provenance,
    Shown,
    Vec<Id>,
    BTreeMap<Id, String>,
    BTreeMap<Id, Stated>,
    // What is mended is decided, and looked at, as an act of its own.
    Box<Mended>,
);
