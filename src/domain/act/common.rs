//! What every act says beside its content: dates, document, materials, who kept it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Digest, Id, Office};
use crate::domain::text::NonBlank;

/// A document that an act cites, as far as it is known (rule G2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    /// The issue number in its printed form, hexagonal brackets kept: `国知发管字〔2015〕59号`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NonBlank>,
    /// The title.
    pub title: NonBlank,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_office: Option<NonBlank>,
    /// SHA-256 of the uploaded file; without it the document is named, not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub digest: Option<Digest>,
    /// Media type of the uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Who reported it, where the document itself was not seen (rule G16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<NonBlank>,
}

/// A material that comes with an act: an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// The kind that the measure names: `letter_of_recommendation`.
    #[schemars(with = "String")]
    pub kind: Id,
    /// The file's name.
    pub name: NonBlank,
    /// The file's media type.
    pub media_type: String,
    /// SHA-256 of the uploaded file.
    #[schemars(with = "String")]
    pub digest: Digest,
}

/// A written justification for going over a soft limit (P4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Why.
    pub justification: NonBlank,
}

/// That the registrar records an act of another office, from an archive or for an exercise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The office that acted.
    #[schemars(with = "String")]
    pub office: Office,
    /// That office's own id, where it is known; else it is named by its kind and division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub office_id: Option<Id>,
    /// Where the act is kept: the archive, the file.
    pub source: NonBlank,
}

/// From which day the record of an enrollment is complete (G10), with the registrar's reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptSince {
    /// The day.
    #[schemars(with = "String")]
    pub day: Day,
    /// Why that day.
    pub reason: NonBlank,
}

impl KeptSince {
    /// From the day on which something was recorded about others' acts: what came before is not at hand.
    pub fn from_recording(day: Day) -> Self {
        Self { day, reason: NonBlank::literal("the day of recording") }
    }

    /// From the day of an office's own act that opens the record.
    pub fn from_act(day: Day) -> Self {
        Self { day, reason: NonBlank::literal("the effective day of the opening act") }
    }
}

/// What every act says beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The civil date (Asia/Shanghai) from which the act counts: a day or an interval, EDTF subset.
    #[schemars(with = "String")]
    pub effective_on: CivilDate,
    /// When it was decided; never in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub decided_on: Option<CivilDate>,
    /// The day of receipt, stated by the receiving office or the registrar (G12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub received_on: Option<Day>,
    /// The document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentRef>,
    /// The materials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
    /// Set when the registrar records another office's act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
    /// The override of a soft limit.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub over_limit: Option<Override>,
    /// For an act that opens an enrollment: from which day its record is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_since: Option<KeptSince>,
}

/// Members of the body that are common to all acts, for telling them from the content.
pub const COMMON_MEMBERS: [&str; 8] = [
    "effective_on",
    "decided_on",
    "received_on",
    "document",
    "materials",
    "archive",
    "override",
    "kept_since",
];
