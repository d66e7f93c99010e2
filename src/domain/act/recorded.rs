//! The act as an event carries it: its kind at once, its content when somebody asks. What is read from
//! the log keeps the content as it is written there; the fold and the read models never ask.

use std::sync::OnceLock;

use serde::{Serialize, Serializer};

use super::{Act, ActKind};

/// An act with its content, which may not be read yet.
#[derive(Debug, Clone)]
pub struct RecordedAct {
    kind: ActKind,
    /// The content as JSON, where it was read from the log.
    written: Box<str>,
    act: OnceLock<Act>,
}

/// That a recorded content does not have the form of its act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its content can't be read: {0}")]
pub struct UnreadContent(String);

impl RecordedAct {
    /// An act whose content is written as JSON and not read yet.
    pub fn written(kind: ActKind, content: &str) -> Self {
        Self { kind, written: content.into(), act: OnceLock::new() }
    }

    /// The kind.
    pub fn kind(&self) -> ActKind {
        self.kind
    }

    /// The act with its content.
    ///
    /// # Errors
    /// Content that does not have the form of the act.
    pub fn read(&self) -> Result<&Act, UnreadContent> {
        if let Some(act) = self.act.get() {
            return Ok(act);
        }
        let mut written = serde_json::Deserializer::from_str(&self.written);
        let act = self.kind.read_content(&mut written);
        let act = act.map_err(|error| UnreadContent(error.to_string()))?;
        Ok(self.act.get_or_init(|| act))
    }
}

impl From<Act> for RecordedAct {
    fn from(act: Act) -> Self {
        Self { kind: act.kind(), written: Box::default(), act: OnceLock::from(act) }
    }
}

impl PartialEq for RecordedAct {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && match (self.read(), other.read()) {
                (Ok(one), Ok(two)) => one == two,
                (Err(_), Err(_)) => self.written == other.written,
                _ => false,
            }
    }
}

impl Eq for RecordedAct {}

/// Writes the content alone, without the act's name.
impl Serialize for RecordedAct {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.read().map_err(serde::ser::Error::custom)?.write_content(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Said;

    #[test]
    fn content_is_read_when_it_is_asked_for() {
        let written = RecordedAct::written(ActKind::Note, r#"{ "text": "x" }"#);
        let stated = Act::Note(Box::new(super::super::Statement { text: Said::literal("x") }));
        assert_eq!((written.kind(), written.read()), (ActKind::Note, Ok(&stated)));
        assert_eq!(written, RecordedAct::from(stated));
        assert_eq!(serde_json::to_string(&written).unwrap(), r#"{"text":"x"}"#);
    }

    #[test]
    fn content_of_another_form_is_said_to_be_unread() {
        let wrong = RecordedAct::written(ActKind::Note, r#"{"texts":"x"}"#);
        assert!(wrong.read().unwrap_err().to_string().contains("texts"));
        assert_eq!(wrong, wrong.clone());
        assert_ne!(wrong, RecordedAct::written(ActKind::Note, r#"{"text":"x"}"#));
    }
}
