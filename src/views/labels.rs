//! The labels that measures give.

use std::borrow::Cow;

use crate::domain::ids::{Language, Node, Text};
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

    /// Of a node, or itself where it has none.
    pub fn node(self, node: &'a Node, language: Language) -> Cow<'a, str> {
        if node.step().is_none() {
            let label =
                self.0.find(|measure| measure.phase(node.phase()).map(|phase| &phase.label));
            return label.map_or(node.as_str(), |text| text.get(language)).into();
        }
        let label = self.0.label(node);
        label.map_or(node.as_str().into(), |text| text.get(language).to_owned().into())
    }

    /// Of a title.
    pub fn title(self, id: &str) -> Option<&'a Text> {
        self.0.find(|measure| {
            let title = measure.title_kinds.iter().find(|title| title.id == id);
            title.map(|title| &title.label)
        })
    }
}
