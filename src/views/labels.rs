//! The labels that measures give.

use crate::domain::ids::Text;
use crate::domain::measure::Versions;

/// The labels that the versions of a measure give, each from the newest version that has it.
#[derive(Clone, Copy)]
pub struct Labels<'a>(pub &'a Versions);

impl<'a> Labels<'a> {
    /// Of an obligation.
    pub fn obligation(self, id: &str) -> Option<&'a Text> {
        self.0.obligation(id).next().map(|(_, rule)| &rule.label)
    }

    /// Of a category.
    pub fn category(self, id: &str) -> Option<&'a Text> {
        self.0.find(|measure| measure.category(id).map(|category| &category.label))
    }

    /// Of a title.
    pub fn title(self, id: &str) -> Option<&'a Text> {
        self.0.find(|measure| {
            let title = measure.title_kinds.iter().find(|title| title.id == id);
            title.map(|title| &title.label)
        })
    }
}
