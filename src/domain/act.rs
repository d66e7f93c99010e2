//! Acts: what an office does. The only thing that changes anything.
//!
//! The one registry below names every act, the event it becomes, and its content. A new act is one
//! line there, its content, and a rule in a measure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::{CivilDate, Day};
use super::ids::{Digest, EventRef, Id, Node, Office, Provenance};

/// A document that an act cites, as far as it is known (rule G2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    /// The issue number in its printed form, hexagonal brackets kept: `国知发管字〔2015〕59号`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The title.
    pub title: String,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_office: Option<String>,
    /// SHA-256 of the uploaded file; without it the document is named, not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub digest: Option<Digest>,
    /// Media type of the uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Who reported it, where the document itself was not seen (rule G16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<String>,
}

/// A material that comes with an act: an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// The kind that the measure names: `letter_of_recommendation`.
    #[schemars(with = "String")]
    pub kind: Id,
    /// The file's name.
    pub name: String,
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
    pub justification: String,
}

/// That the registrar records an act of another office, from an archive or for an exercise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The office that acted.
    #[schemars(with = "String")]
    pub office: Office,
    /// Where the act is kept: the archive, the file.
    pub source: String,
}

/// From which day the record of an enrollment is complete (G10), with the registrar's reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptSince {
    /// The day.
    #[schemars(with = "String")]
    pub day: Day,
    /// Why that day.
    pub reason: String,
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

/// A value that an application states for a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Stated {
    /// A number, such as that of agencies.
    Number(u64),
    /// A statement.
    Text(String),
    /// A list, such as the kinds of service covered.
    List(Vec<SmolString>),
}

type SmolString = smol_str::SmolStr;

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

content!(
    /// An application (C3, C4, C6; P3).
    Application {
        /// The category applied for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Id>,
        /// The rank applied for: `pilot` or `demonstration`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<Id>,
        /// Why direct entry as demonstration is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        justification: Option<String>,
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
        opinion: String,
    }
);
content!(
    /// A return, a rejection, or another decision that gives its reason.
    Reasoned {
        /// The reason.
        reason: String,
    }
);
content!(
    /// An approval, with its round or batch (C7, P3).
    Approval {
        /// The annual round.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<String>,
        /// The batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<String>,
    }
);
content!(
    /// A construction plan (C9), or what one becomes by an amendment.
    Plan {
        /// What the plan says on each of its headings.
        contents: BTreeMap<Id, String>,
        /// Its indicators with their targets.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        indicators: BTreeMap<Id, String>,
        /// Tasks of the annex that it takes up (C10).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        guidelines: Vec<Id>,
    }
);
content!(
    /// An amendment of the plan (C12).
    Amendment {
        /// The amendment opinion.
        opinion: String,
        /// The related explanations.
        explanation: String,
        /// The plan as amended.
        plan: Plan,
    }
);
content!(
    /// A decision that needs no more than itself.
    Decision {
        /// The reason, where one is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
);
content!(
    /// An implementation scheme: what it says on each main task of the category (P5, P6).
    Scheme {
        /// By task.
        tasks: BTreeMap<Id, String>,
    }
);
content!(
    /// Progress on one main task (P6).
    Progress {
        /// The task.
        task: Id,
        /// What was done.
        text: String,
    }
);
content!(
    /// A request to change the category (P10).
    AdjustmentRequest {
        /// The category asked for.
        category: Id,
        /// Why.
        reason: String,
    }
);
content!(
    /// A comprehensive strength promotion plan (P12).
    PromotionPlan {
        /// What it says.
        summary: String,
    }
);
content!(
    /// A designation under Art. 13 (C11).
    Designation {
        /// Department, agencies, personnel or funds.
        designates: Id,
        /// Which.
        text: String,
    }
);
content!(
    /// A written report on a year's work (C13).
    Report {
        /// The year reported on.
        year: i32,
        /// The report's summary.
        summary: String,
        /// Arrangements for the following year.
        next_year_plan: String,
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
        findings: String,
    }
);
content!(
    /// An annual evaluation (P15).
    AnnualEvaluation {
        /// The year.
        year: i32,
        /// The result.
        result: String,
    }
);
content!(
    /// The opening of a stage evaluation (P8).
    EvaluationOpening {
        /// What is evaluated, and under which notice.
        scope: String,
    }
);
content!(
    /// The result of a stage evaluation (P8).
    Evaluation {
        /// `passed` or `failed`.
        result: Id,
        /// What was found.
        findings: String,
    }
);
content!(
    /// A listing decision (P8, P9).
    Listing {
        /// The rank: `demonstration` or `powerful`.
        rank: Id,
        /// The batch.
        batch: String,
    }
);
content!(
    /// A check and acceptance (C14, C15).
    AcceptanceCheck {
        /// `excellent`, `qualified` or `unqualified`.
        result: Id,
        /// A finding for each of the contents checked.
        findings: BTreeMap<Id, String>,
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
        text: String,
    }
);
content!(
    /// A review of the demonstrative title (C17).
    Review {
        /// `excellent`, `qualified` or `unqualified`, as printed.
        result: Id,
        /// What was found.
        findings: String,
        /// For a first `unqualified`: by when rectification is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        rectify_by: Option<Day>,
    }
);
content!(
    /// A deliverable: replicable policies, guidance (P7).
    Deliverable {
        /// `policy`, `guidance` or another word for what it is.
        kind: Id,
        /// Its title.
        title: String,
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
        /// `attested` when a source says so, `inferred` when it follows from one.
        #[schemars(with = "String")]
        confidence: Provenance,
        /// The source, "reported by …; original not seen" where the issuing text was not read.
        source: String,
    }
);
content!(
    /// An act under a rule that is not known (G14): no article, no check, no due date of its own.
    UnknownRule {
        /// What was done.
        what: String,
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
        reason: String,
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
        received_on: Day,
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

macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident($content:ty) $name:literal => $event:literal;)*) => {
        /// The kinds of act, by the name used in requests and measures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum ActKind { $( $(#[$doc])* #[serde(rename = $name)] $variant, )* }

        /// An act with its content.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "act", content = "content")]
        pub enum Act { $( $(#[$doc])* #[serde(rename = $name)] $variant(Box<$content>), )* }

        impl ActKind {
            /// Every kind, in the registry's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name used in requests and measures.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The type of the event that the act becomes.
            pub fn event_type(self) -> &'static str {
                match self { $(Self::$variant => $event),* }
            }

            /// Reads the name of an act.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// The act that an event type records.
            pub fn of_event(event_type: &str) -> Option<Self> {
                match event_type { $($event => Some(Self::$variant),)* _ => None }
            }

            /// The JSON Schema of the act's content.
            pub fn content_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self { $(Self::$variant => generator.subschema_for::<$content>()),* }
            }

            /// Reads the act's content from a deserializer.
            ///
            /// # Errors
            /// As the content's own form requires.
            pub fn read_content<'de, D: serde::Deserializer<'de>>(self, from: D) -> Result<Act, D::Error> {
                match self {
                    $(Self::$variant => Ok(Act::$variant(Box::new(<$content>::deserialize(from)?))),)*
                }
            }
        }

        impl Act {
            /// The kind.
            pub fn kind(&self) -> ActKind {
                match self { $(Self::$variant(_) => ActKind::$variant),* }
            }

            /// Writes the content alone, without the act's name.
            ///
            /// # Errors
            /// As the serializer's.
            pub fn write_content<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(content) => content.serialize(to)),* }
            }
        }
    };
}

registry! {
    /// Applies for a place in the program.
    Apply(Application) "apply" => "Applied";
    /// Recommends an application after verifying it.
    Recommend(Recommendation) "recommend" => "Recommended";
    /// Returns an application.
    Return(Reasoned) "return" => "Returned";
    /// Approves an application.
    Approve(Approval) "approve" => "Approved";
    /// Rejects an application.
    Reject(Reasoned) "reject" => "Rejected";
    /// Submits the construction plan.
    SubmitPlan(Plan) "submit_plan" => "PlanSubmitted";
    /// Submits an amendment of the plan.
    SubmitAmendment(Amendment) "submit_amendment" => "AmendmentSubmitted";
    /// Accepts an amendment of the plan.
    AcceptAmendment(Decision) "accept_amendment" => "AmendmentAccepted";
    /// Rejects an amendment of the plan.
    RejectAmendment(Reasoned) "reject_amendment" => "AmendmentRejected";
    /// Submits the implementation scheme.
    SubmitScheme(Scheme) "submit_scheme" => "SchemeSubmitted";
    /// Approves the implementation scheme.
    ApproveScheme(Decision) "approve_scheme" => "SchemeApproved";
    /// Returns the implementation scheme.
    ReturnScheme(Reasoned) "return_scheme" => "SchemeReturned";
    /// Rejects the implementation scheme.
    RejectScheme(Reasoned) "reject_scheme" => "SchemeRejected";
    /// Reports progress on a main task.
    ReportProgress(Progress) "report_progress" => "ProgressReported";
    /// Asks for another category.
    RequestAdjustment(AdjustmentRequest) "request_adjustment" => "AdjustmentRequested";
    /// Grants another category.
    ApproveAdjustment(Decision) "approve_adjustment" => "AdjustmentApproved";
    /// Refuses another category.
    RejectAdjustment(Reasoned) "reject_adjustment" => "AdjustmentRejected";
    /// Declares the exit.
    DeclareExit(Reasoned) "declare_exit" => "ExitDeclared";
    /// Submits a comprehensive strength promotion plan.
    SubmitPromotionPlan(PromotionPlan) "submit_promotion_plan" => "PromotionPlanSubmitted";
    /// Designates a department, agencies, personnel or funds.
    Designate(Designation) "designate" => "Designated";
    /// Submits the report on a year.
    SubmitReport(Report) "submit_report" => "ReportSubmitted";
    /// Inspects.
    Inspect(Inspection) "inspect" => "Inspected";
    /// Evaluates a year.
    EvaluateAnnually(AnnualEvaluation) "evaluate_annually" => "AnnuallyEvaluated";
    /// Opens a stage evaluation.
    OpenEvaluation(EvaluationOpening) "open_evaluation" => "EvaluationOpened";
    /// Records the result of a stage evaluation.
    Evaluate(Evaluation) "evaluate" => "Evaluated";
    /// Lists in a rank.
    List(Listing) "list" => "Listed";
    /// Checks and accepts.
    Accept(AcceptanceCheck) "accept" => "AcceptanceDecided";
    /// Confirms as demonstrative area.
    Confirm(Confirmation) "confirm" => "TitleConfirmed";
    /// Asks for another check and acceptance.
    RequestAcceptance(Statement) "request_acceptance" => "AcceptanceRequested";
    /// Reports that rectification is done.
    ReportRectification(Statement) "report_rectification" => "RectificationReported";
    /// Reviews the title.
    Review(Review) "review" => "Reviewed";
    /// Ends a standing by another document than the measure.
    EndStanding(Reasoned) "end_standing" => "StandingEnded";
    /// Records a deliverable.
    RecordDeliverable(Deliverable) "record_deliverable" => "DeliverableRecorded";
    /// Records a fact without effect.
    Note(Statement) "note" => "Noted";
    /// Records a standing known only from evidence.
    AttestStanding(Attestation) "attest_standing" => "StandingAttested";
    /// Confirms an attested standing.
    ConfirmStanding(Decision) "confirm_standing" => "StandingConfirmed";
    /// Records an act under a rule that is not known.
    RecordUnderUnknownRule(UnknownRule) "record_under_unknown_rule" => "RecordedUnderUnknownRule";
    /// Acknowledges the day on which another office's act was received.
    AcknowledgeReceipt(Receipt) "acknowledge_receipt" => "ReceiptAcknowledged";
    /// Mends a wrong record.
    Correct(Correction) "correct" => "Corrected";
}

/// An act as asked for: its content and what every act says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRequest {
    /// The act.
    pub act: Act,
    /// Dates, document, materials.
    pub common: Common,
}
