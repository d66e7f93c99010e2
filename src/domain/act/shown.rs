//! What evidence shows beside a standing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ActKind;

/// What evidence shows beside a standing: that an act was done (G9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// An approval.
    #[serde(alias = "approve")]
    Approval,
    /// A check and acceptance.
    #[serde(alias = "accept")]
    Acceptance,
    /// The confirmation of a title.
    #[serde(alias = "confirm")]
    Confirmation,
    /// A review of a title.
    Review,
    /// A stage evaluation.
    #[serde(alias = "evaluate")]
    Evaluation,
    /// A listing.
    #[serde(alias = "list")]
    Listing,
}

impl Shown {
    /// The act that was done.
    pub fn act(self) -> ActKind {
        match self {
            Self::Approval => ActKind::Approve,
            Self::Acceptance => ActKind::Accept,
            Self::Confirmation => ActKind::Confirm,
            Self::Review => ActKind::Review,
            Self::Evaluation => ActKind::Evaluate,
            Self::Listing => ActKind::List,
        }
    }
}
