//! Acts: what an office does. The only thing that changes anything.
//!
//! The registry (`registry.rs`) names every act, the event it becomes, and its content. A new act is
//! one entry there, its content, and a rule in a measure.

mod common;
mod content;
mod listed;
mod recorded;
mod requirement;
mod shown;
mod stated;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::{Label, registry};

pub use common::{Archive, COMMON_MEMBERS, Common, DocumentRef, KeptSince, Material, Override};
pub use content::*;
pub use recorded::{RecordedAct, UnreadContent};
pub use requirement::{Counted, Stated};
pub use shown::Shown;

macro_rules! acts {
    (
        $( acts of $on:ident { $(
            $(#[$doc:meta])*
            $act:ident($content:ty) $name:literal ($en:literal, $zh:literal)
                => $event:ident $version:literal $event_label:tt;
        )* } )*
        $( own of $own_on:ident { $($own:tt)* } )*
    ) => {
        /// The kinds of act, by the name used in requests and measures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum ActKind { $($( $(#[$doc])* #[serde(rename = $name)] $act, )*)* }

        /// An act with its content.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "act", content = "content")]
        pub enum Act { $($( $(#[$doc])* #[serde(rename = $name)] $act(Box<$content>), )*)* }

        impl ActKind {
            /// Every kind, in the registry's order.
            pub const ALL: &'static [Self] = &[$($(Self::$act),*),*];

            /// The name used in requests and measures.
            pub fn as_str(self) -> &'static str {
                match self { $($(Self::$act => $name),*),* }
            }

            /// What people call it.
            pub fn label(self) -> Label {
                match self { $($(Self::$act => Label { en: $en, zh: $zh }),*),* }
            }

            /// The type of the event that the act becomes.
            pub fn event_type(self) -> &'static str {
                match self { $($(Self::$act => stringify!($event)),*),* }
            }

            /// Reads the name of an act.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($($name => Some(Self::$act),)*)* _ => None }
            }

            /// The act that an event type records.
            pub fn of_event(event_type: &str) -> Option<Self> {
                $($(if event_type == stringify!($event) { return Some(Self::$act); })*)*
                None
            }

            /// The JSON Schema of the act's content.
            pub fn content_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self { $($(Self::$act => generator.subschema_for::<$content>()),*),* }
            }

            /// Reads the act's content from a deserializer.
            ///
            /// # Errors
            /// As the content's own form requires.
            pub fn read_content<'de, D: serde::Deserializer<'de>>(self, from: D) -> Result<Act, D::Error> {
                match self {
                    $($(Self::$act => Ok(Act::$act(Box::new(<$content>::deserialize(from)?))),)*)*
                }
            }
        }

        impl Act {
            /// The kind.
            pub fn kind(&self) -> ActKind {
                match self { $($(Self::$act(_) => ActKind::$act),*),* }
            }

            /// Writes the content alone, without the act's name.
            ///
            /// # Errors
            /// As the serializer's.
            pub fn write_content<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $($(Self::$act(content) => content.serialize(to)),*),* }
            }
        }
    };
}

registry!(acts);

/// An act as asked for: its content and what every act says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRequest {
    /// The act.
    pub act: Act,
    /// Dates, document, materials.
    pub common: Common,
}

#[cfg(test)]
mod tests {
    use super::{ActKind, COMMON_MEMBERS};

    /// In a request the content's members stand beside the common ones: one that shares a name with
    /// them could never be stated.
    #[test]
    fn no_content_has_a_member_of_every_act() {
        for kind in ActKind::ALL {
            let mut generator = schemars::SchemaGenerator::default();
            let schema = kind.content_schema(&mut generator);
            let name = schema.as_object().and_then(|s| s.get("$ref")).and_then(|r| r.as_str());
            let name = name.unwrap().rsplit('/').next().unwrap().to_owned();
            let content = &generator.definitions()[&name];
            let properties = content["properties"].as_object().unwrap();
            for member in COMMON_MEMBERS.iter().chain(&["act"]) {
                assert!(!properties.contains_key(*member), "{}: {member}", kind.as_str());
            }
        }
    }
}
