//! What acts are listed by: the year, the result, the round and the batch that they state.

use super::Act;
use crate::domain::ids::Id;
use crate::domain::text::says_something;

/// What an act states of itself; absent where its kind has no such thing or it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListedBy<'a> {
    /// The year reported on or evaluated.
    pub year: Option<i32>,
    /// The result, as printed.
    pub result: Option<&'a str>,
    /// The annual round.
    pub round: Option<&'a str>,
    /// The batch.
    pub batch: Option<&'a str>,
}

impl Act {
    /// What it is listed by; of a correction nothing, for what it puts in place is an act too.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most acts state nothing of the kind")]
    pub fn listed_by(&self) -> ListedBy<'_> {
        let nothing = ListedBy::default();
        let result = |result| ListedBy { result: Some(result), ..nothing };
        let numbered =
            |round, batch| ListedBy { round: said(round), batch: said(batch), ..nothing };
        match self {
            Self::Approve(approval) => {
                numbered(approval.round.as_deref(), approval.batch.as_deref())
            }
            Self::List(listing) => numbered(None, Some(&listing.batch)),
            Self::AttestStanding(shown) => numbered(shown.round.as_deref(), shown.batch.as_deref()),
            Self::SubmitReport(report) => ListedBy { year: Some(report.year), ..nothing },
            Self::EvaluateAnnually(evaluation) => {
                ListedBy { year: Some(evaluation.year), ..result(&evaluation.result) }
            }
            Self::Evaluate(evaluation) => result(&evaluation.result),
            Self::Accept(check) => result(&check.result),
            Self::Review(review) => result(&review.result),
            _ => nothing,
        }
    }
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| says_something(text))
}

impl ListedBy<'_> {
    /// The round and the batch, to be kept.
    pub fn numbers(&self) -> (Option<Id>, Option<Id>) {
        (self.round.map(Id::from), self.batch.map(Id::from))
    }
}
