//! Annual results: one stands for a subject and a year, whatever attempt it fell in (P15).

use super::Context;
use crate::domain::act::{Act, ActRequest};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::state::State;
use crate::domain::words::said;

/// The refusal of a second result for a year of which the state has one: that is a correction.
pub(in crate::domain) fn year_is_taken(
    ctx: &Context<'_>,
    state: &State,
    request: &ActRequest,
) -> Option<Refusal> {
    let Act::EvaluateAnnually(evaluation) = &request.act else { return None };
    let (kind, year) = (request.act.kind(), evaluation.year);
    let measure = &ctx.versions.in_force(request.common.effective_on.latest())?.measure;
    let rule = measure.rules(kind).find(|rule| rule.once_a_year)?;
    let known = state.results.iter().find(|r| r.of == kind && r.year == Some(year))?;
    let (on, by) = (known.on, known.by);
    let refusal = Refusal::new(
        kind,
        Reason::AlreadyDecided { revision: by, by: None },
        said!(
            "the result for {year} is on record since {on} (revision {by}); mend a wrong one by a correction",
            "{year}年度结果已于{on}入档（修订号{by}）；有误请用更正",
            year = year,
            on = on,
            by = by
        ),
    );
    Some(refusal.under(&rule.article).of_measure(&measure.version))
}
