//! The content of each act, as requests state it and events keep it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Common, Shown, Stated};
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{EventRef, Id, Node, Provenance};
use crate::domain::text::NonBlank;

macro_rules! content {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty $(as $schema:ty)?),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $(
            $(#[$fdoc])*
            $(#[schemars(with = stringify!($schema))])?
            pub $field: $type,
        )* }
    };
}

mod given;
mod local;

pub use given::*;
pub use local::*;

content!(
    /// An application (C3, C4, C6; P3).
    Application {
        /// The category applied for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
        /// The rank applied for: `pilot` or `demonstration`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<Id>,
        /// Why direct entry in a higher rank is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        justification: Option<NonBlank>,
        /// The kind of applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        applicant_kind: Option<Id>,
        /// What is stated for each requirement.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        requirements: BTreeMap<Id, Stated>,
    }
);
content!(
    /// The provincial department's opinion after verifying (C5).
    Recommendation {
        /// The opinion.
        opinion: NonBlank,
    }
);
content!(
    /// A return or a rejection of an application, with its round or batch (C7, P3).
    Declined {
        /// The reason.
        reason: NonBlank,
        /// The annual round.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<NonBlank>,
        /// The batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<NonBlank>,
    }
);
content!(
    /// A decision that gives its reason.
    Reasoned {
        /// The reason.
        reason: NonBlank,
    }
);
content!(
    /// An approval, with its round or batch (C7, P3).
    Approval {
        /// The annual round.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<NonBlank>,
        /// The batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<NonBlank>,
        /// The category, where no application states it (N3).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
    }
);
content!(
    /// A construction plan (C9), or what one becomes by an amendment.
    Plan {
        /// What the plan says on each of its headings.
        contents: BTreeMap<Id, NonBlank>,
        /// Its indicators with their targets.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        indicators: BTreeMap<Id, NonBlank>,
        /// Tasks of the annex that it takes up (C10).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        guidelines: Vec<Id>,
    }
);
content!(
    /// An amendment of the plan (C12).
    Amendment {
        /// The amendment opinion.
        opinion: NonBlank,
        /// The related explanations.
        explanation: NonBlank,
        /// The plan as amended.
        plan: Plan,
    }
);
content!(
    /// A decision that needs no more than itself.
    Decision {
        /// The reason, where one is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<NonBlank>,
    }
);
content!(
    /// An implementation scheme: what it says on each main task of the category (P5, P6).
    Scheme {
        /// By task.
        tasks: BTreeMap<Id, NonBlank>,
    }
);
content!(
    /// Progress on one main task (P6).
    Progress {
        /// The task.
        task: Id,
        /// What was done.
        text: NonBlank,
    }
);
content!(
    /// A request to change the category (P10).
    AdjustmentRequest {
        /// The category asked for.
        category: Id,
        /// Why.
        reason: NonBlank,
    }
);
content!(
    /// A comprehensive strength promotion plan (P12).
    PromotionPlan {
        /// What it says.
        summary: NonBlank,
    }
);
content!(
    /// A designation under Art. 13 (C11).
    Designation {
        /// What is designated: department, agencies, personnel, funds.
        designates: Id,
        /// Which.
        text: NonBlank,
    }
);
content!(
    /// A written report on a year's work (C13).
    Report {
        /// The year reported on.
        year: i32,
        /// The report's summary.
        summary: NonBlank,
        /// Arrangements for the following year.
        next_year_plan: NonBlank,
    }
);
content!(
    /// An inspection (C13, P15).
    Inspection {
        /// The report that it follows, if it follows one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        follows: Option<EventRef>,
        /// What was found.
        findings: NonBlank,
        /// What was found on the base conditions that the document states for all who build (P19).
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        base_conditions: BTreeMap<Id, NonBlank>,
    }
);
content!(
    /// An annual evaluation (P15).
    AnnualEvaluation {
        /// The year.
        year: i32,
        /// The result.
        result: NonBlank,
    }
);
content!(
    /// The opening of a stage evaluation (P8).
    EvaluationOpening {
        /// What is evaluated, and under which notice.
        scope: NonBlank,
    }
);
content!(
    /// A check and acceptance (C14, C15).
    AcceptanceCheck {
        /// `excellent`, `qualified` or `unqualified`.
        result: Id,
        /// A finding for each of the contents checked.
        findings: BTreeMap<Id, NonBlank>,
        /// A finding for each indicator of the plan version that it measured against.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        indicators: BTreeMap<Id, NonBlank>,
        /// The plan version it measured against; absent when none is on record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan_version: Option<u32>,
        /// For `unqualified`: by when rectification is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        rectify_by: Option<Day>,
    }
);
content!(
    /// The confirmation of a title (C17).
    Confirmation {
        /// The day on which the title begins, as the decision states it.
        #[schemars(with = "String")]
        title_from: CivilDate,
    }
);
content!(
    /// A request or a report in words.
    Statement {
        /// What it says.
        text: NonBlank,
    }
);
content!(
    /// A review of the demonstrative title (C17).
    Review {
        /// `excellent`, `qualified` or `unqualified`, as printed.
        result: Id,
        /// What was found.
        findings: NonBlank,
        /// For a first `unqualified`: by when rectification is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        rectify_by: Option<Day>,
    }
);
content!(
    /// A standing known only from evidence (G9).
    Attestation {
        /// Where the evidence says the subject stands.
        #[schemars(with = "String")]
        stands_at: Node,
        /// The category, where the program has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
        /// The title, where one is held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Id>,
        /// The annual round, where the source has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<String>,
        /// What the source shows where that is more than the standing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shows: Option<Shown>,
        /// The grade or result of what it shows, as printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grade: Option<Id>,
        /// The batch, where the source has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<NonBlank>,
        /// The theme, where the source has one of its own (N2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theme: Option<NonBlank>,
        /// The term, where the source states one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        term: Option<StatedTerm>,
        /// `attested` when a source says so, `inferred` when it follows from one.
        #[schemars(with = "String")]
        confidence: Provenance,
        /// The source, "reported by …; original not seen" where the issuing text was not read.
        source: NonBlank,
    }
);
content!(
    /// An act under a rule that is not known (G14): no article, no check, no due date of its own.
    UnknownRule {
        /// What was done.
        what: NonBlank,
        /// Where the subject stood afterwards, if the act moved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        stands_at: Option<Node>,
        /// The category, if the act gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
    }
);
content!(
    /// The mending of a wrong record (G1).
    Correction {
        /// The version now in force: the original event, or its last correction.
        #[schemars(with = "String")]
        corrects: EventRef,
        /// Why it is wrong.
        reason: NonBlank,
        /// What should have been recorded; absent: nothing, the event is annulled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replacement: Option<Box<Mended>>,
    }
);

content!(
    /// The day on which something was received, said by the office that received it (G12).
    Receipt {
        /// The event that was received.
        #[schemars(with = "String")]
        of: EventRef,
        /// The day.
        #[schemars(with = "String")]
        receipt_on: Day,
    }
);

/// The act as it should have been recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mended {
    /// The act with its content.
    pub act: Act,
    /// Its dates, document and materials.
    pub common: Common,
}
