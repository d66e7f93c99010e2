//! What offices give to those who build, and settle for all of them (G19): support, interpretations,
//! arrangements, indicators; and that the list of who takes part is complete (P12).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Id;
use crate::domain::text::NonBlank;

content!(
    /// Support given: to an area (Art. 12, Art. 13), to a province (IV(III), IV(IV)).
    Support {
        /// A kind that the measure names, such as `funds`; else, where it lists none for this, in words.
        kind: NonBlank,
        /// How much, as printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<NonBlank>,
        /// What was given.
        text: NonBlank,
    }
);
content!(
    /// How an article is interpreted (Art. 19).
    Interpretation {
        /// The article.
        article: NonBlank,
        /// The interpretation.
        text: NonBlank,
    }
);
content!(
    /// An arrangement by the office that leads the work (IV(I)).
    Arrangement {
        /// `key_works`, `coordination` or another kind that the measure names.
        kind: Id,
        /// The year that it is for, if it is for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        year: Option<i32>,
        /// What is arranged.
        text: NonBlank,
    }
);
content!(
    /// A system of indicators by which is evaluated (IV(II)).
    IndicatorSystem {
        /// Its title.
        title: NonBlank,
        /// What it contains.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<NonBlank>,
    }
);
content!(
    /// That the list of those who take part is complete as of the day from which the act counts (P12).
    ListComplete {
        /// The source that says so.
        source: NonBlank,
    }
);
