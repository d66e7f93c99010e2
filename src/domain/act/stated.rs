//! What acts say of their outcome, and which members they may leave out.

use super::{Act, ActKind};
use crate::domain::ids::{EventRef, Id};

impl ActKind {
    /// The member by which the act says its outcome: a result, a rank, what is designated. Any other
    /// act is done.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other act is done")]
    pub fn outcome_member(self) -> Option<&'static str> {
        match self {
            Self::List => Some("rank"),
            Self::Evaluate | Self::Accept | Self::Review => Some("result"),
            Self::Designate => Some("designates"),
            Self::RecordArrangement | Self::RecordDeliverable => Some("kind"),
            _ => None,
        }
    }

    /// The members that the act may leave out, of which a measure can say that they are missing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other act says all that it has")]
    pub fn may_leave_out(self) -> &'static [&'static str] {
        match self {
            Self::Approve => &["round", "batch"],
            Self::Accept => &["plan_version"],
            Self::List => &["batch", "category", "theme", "round", "term"],
            _ => &[],
        }
    }
}

impl Act {
    /// The event that a correction names.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other act corrects nothing")]
    pub fn corrects(&self) -> Option<&EventRef> {
        match self {
            Self::Correct(correction) => Some(&correction.corrects),
            _ => None,
        }
    }

    /// The event that it follows up: the report inspected, the project that has its result.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other act follows up nothing")]
    pub fn follows(&self) -> Option<&EventRef> {
        match self {
            Self::Inspect(inspection) => inspection.follows.as_ref(),
            Self::RecordProjectResult(result) => Some(&result.of),
            _ => None,
        }
    }

    /// The outcome that the act says.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other act is done")]
    pub fn outcome(&self) -> Option<&Id> {
        match self {
            Self::List(listing) => Some(&listing.rank),
            Self::Evaluate(evaluation) => Some(&evaluation.result),
            Self::Accept(check) => Some(&check.result),
            Self::Review(review) => Some(&review.result),
            Self::Designate(designation) => Some(&designation.designates),
            Self::RecordArrangement(arrangement) => Some(&arrangement.kind),
            Self::RecordDeliverable(deliverable) => Some(&deliverable.kind),
            _ => None,
        }
    }

    /// Whether it says something that it may leave out.
    pub fn says(&self, member: &str) -> bool {
        match (self, member) {
            (Self::Approve(approval), "round") => approval.round.is_some(),
            (Self::Approve(approval), "batch") => approval.batch.is_some(),
            (Self::Accept(check), "plan_version") => check.plan_version.is_some(),
            (Self::List(listing), "batch") => listing.batch.is_some(),
            (Self::List(listing), "category") => listing.category.is_some(),
            (Self::List(listing), "theme") => listing.theme.is_some(),
            (Self::List(listing), "round") => listing.round.is_some(),
            (Self::List(listing), "term") => listing.term.is_some(),
            _ => true,
        }
    }
}
