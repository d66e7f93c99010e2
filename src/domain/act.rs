//! Acts: what an office does. The only thing that changes anything.
//!
//! The one registry below names every act, the event it becomes, and its content. A new act is one
//! line there, its content, and a rule in a measure.

mod common;
mod content;
mod stated;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use common::{Archive, COMMON_MEMBERS, Common, DocumentRef, KeptSince, Material, Override};
pub use content::{
    AcceptanceCheck, AdjustmentRequest, Amendment, AnnualEvaluation, Application, Approval,
    Attestation, Confirmation, Correction, Counted, Decision, Deliverable, Designation, Evaluation,
    EvaluationOpening, Inspection, Listing, Mended, Plan, Progress, PromotionPlan, Reasoned,
    Receipt, Recommendation, Report, Review, Scheme, Shown, Stated, Statement, UnknownRule,
};

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
