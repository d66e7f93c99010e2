//! The round, the batch and the term that decisions state, by which they are listed (rules C7, P3, N1).

use super::{Act, StatedTerm};
use crate::domain::ids::Id;
use crate::domain::text::says_something;

impl Act {
    /// The annual round and the batch that it states, each without the space around it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other acts state neither")]
    pub fn round_and_batch(&self) -> (Option<Id>, Option<Id>) {
        let said = |text: Option<&str>| {
            text.map(str::trim).filter(|text| says_something(text)).map(Id::from)
        };
        match self {
            Self::Approve(approval) => {
                (said(approval.round.as_deref()), said(approval.batch.as_deref()))
            }
            Self::Reject(declined) | Self::Return(declined) => {
                (said(declined.round.as_deref()), said(declined.batch.as_deref()))
            }
            Self::AttestStanding(shown) => {
                (said(shown.round.as_deref()), said(shown.batch.as_deref()))
            }
            Self::List(listing) => (said(listing.round.as_deref()), said(listing.batch.as_deref())),
            _ => (None, None),
        }
    }

    /// The term that it states.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other act states a term")]
    pub fn stated_term(&self) -> Option<&StatedTerm> {
        match self {
            Self::List(listing) => listing.term.as_ref(),
            Self::AttestStanding(shown) => shown.term.as_ref(),
            _ => None,
        }
    }
}
