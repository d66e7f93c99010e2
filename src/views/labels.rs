//! The labels that measures give.

use std::sync::Arc;

use crate::domain::ids::Text;
use crate::domain::measure::Versions;

/// The labels that the versions of a measure give, each from the newest version that has it.
pub struct Labels(pub Arc<Versions>);

impl Labels {
    /// Of an obligation.
    pub fn obligation(&self, id: &str) -> Option<Text> {
        self.0.find(|measure| measure.obligation(id).map(|rule| rule.label.clone()))
    }

    /// Of a category.
    pub fn category(&self, id: &str) -> Option<Text> {
        self.0.find(|measure| measure.category(id).map(|category| category.label.clone()))
    }

    /// Of a title.
    pub fn title(&self, id: &str) -> Option<Text> {
        self.0.find(|measure| {
            let title = measure.title_kinds.iter().find(|title| title.id == id);
            title.map(|title| title.label.clone())
        })
    }
}
