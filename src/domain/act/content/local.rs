//! What the programs for cities, regions, centers and bases say beside the others: listings with their
//! category, theme, round and term, projects, what is filed, figures.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::decimal::Decimal;
use crate::domain::ids::{EventRef, Id, SubjectId};
use crate::domain::text::NonBlank;

content!(
    /// A term as a document states it.
    StatedTerm {
        /// Its first day, as sharp as the document.
        from: CivilDate,
        /// Its last day.
        until: CivilDate,
    }
);
content!(
    /// A listing decision (P8, P9, T1, N1, N2).
    Listing {
        /// The rank: `demonstration` or `powerful`.
        rank: Id,
        /// The batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<NonBlank>,
        /// The category, where it is listed in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
        /// The theme, where it has one of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theme: Option<NonBlank>,
        /// The round.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<NonBlank>,
        /// The term, where the document states one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        term: Option<StatedTerm>,
    }
);
content!(
    /// The result of a stage evaluation (P8, T2, T3).
    Evaluation {
        /// `passed` or `failed`.
        result: Id,
        /// What was found.
        findings: NonBlank,
        /// What was found on each characteristic and standard that the measure lists.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        characteristics: BTreeMap<Id, NonBlank>,
    }
);
content!(
    /// That something is filed, which asks for no approval (N4, N5).
    Filing {
        /// The register or the list, where the source names one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<NonBlank>,
    }
);
content!(
    /// A project under a scheme (T5).
    Project {
        /// Its title.
        title: NonBlank,
        /// The task that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Id>,
        /// The office or unit that answers for it.
        owner: NonBlank,
        /// The day by which it has its result, as whoever answers for it states.
        #[schemars(with = "String")]
        due_on: Day,
    }
);
content!(
    /// The result of a project (T5).
    ProjectResult {
        /// The event by which the project was stated.
        #[schemars(with = "String")]
        of: EventRef,
        /// The result.
        result: NonBlank,
    }
);
content!(
    /// A value measured by an indicator.
    Measured {
        /// The value, as printed.
        value: Decimal,
        /// The unit.
        unit: NonBlank,
    }
);
content!(
    /// A performance evaluation by a set of indicators (N3).
    Performance {
        /// The period that it is about.
        period: CivilDate,
        /// The value of each indicator.
        indicators: BTreeMap<Id, Measured>,
        /// What was found.
        findings: NonBlank,
    }
);
content!(
    /// A deliverable: replicable policies, guidance, a catalogue, a published result (P7, R2, R3, T6).
    Deliverable {
        /// `policy`, `guidance` or another word for what it is.
        kind: Id,
        /// Its title.
        title: NonBlank,
        /// Its version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<NonBlank>,
        /// For a program as a whole: the subjects on whose enrollments in it this draws.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        draws_on: Vec<SubjectId>,
    }
);
content!(
    /// A figure of a program that names no subjects (N).
    Figure {
        /// What is counted.
        counted: NonBlank,
        /// How many, as printed.
        value: Decimal,
        /// Whether the source says more than that, about that, or exactly that.
        #[serde(default, skip_serializing_if = "Bound::is_exact")]
        bound: Bound,
        /// Who says so.
        source: NonBlank,
    }
);

/// How a source bounds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The number itself.
    #[default]
    Exactly,
    /// More than the number.
    MoreThan,
    /// About the number.
    About,
    /// At least the number.
    AtLeast,
    /// At most the number.
    AtMost,
}

impl Bound {
    /// The name used in requests and read models.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exactly => "exactly",
            Self::MoreThan => "more_than",
            Self::About => "about",
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_exact(&self) -> bool {
        *self == Self::Exactly
    }
}
