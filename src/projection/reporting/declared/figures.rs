//! The report of figures.

use super::{Declared, FOUND, Part, SOURCE, one};
use crate::projection::indicators::ObservationRow;
use crate::projection::table::Kind;

pub(super) const INDICATOR_OBSERVATION: Declared = Declared {
    name: "indicator_observation",
    about: "One row per figure of a division that stands, as printed: indicator, period, value, unit, source. Totals and divisions that take part in no program are among them.",
    parts: &[
        &[
            Part::Of(
                "o",
                &ObservationRow::TABLE,
                &["division", "indicator", "period", "basis", "coverage", "value", "bound", "unit"],
            ),
            one(
                "name_en",
                Kind::Text,
                name!("name_en", "o.division"),
                "the newest name of the subject, in English; null: the division is no registered subject",
            ),
            one(
                "name_zh",
                Kind::Text,
                name!("name_zh", "o.division"),
                "the newest name of the subject, in Chinese",
            ),
            Part::Of(
                "o",
                &ObservationRow::TABLE,
                &["source", "confidence", "note", "observation", "exercise"],
            ),
        ],
        FOUND,
        SOURCE,
    ],
    from: "indicator_observation o\nJOIN event_fact a ON a.sequence = o.known_from",
    filter: known!("o"),
    order: "o.division, o.observation, o.known_from",
};
