//! Whether a place is left under a limit, or an override goes over it (P4).

use crate::app::ActError;
use crate::app::call::Case;
use crate::domain::date::Day;
use crate::domain::decide::PlaceWanted;
use crate::domain::ids::{Office, Text};
use crate::domain::measure::Names;
use crate::domain::quota::Quota;
use crate::domain::refusal::{Called, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words::{self, Given, said};

/// Whether the act overrides a limit: the national office's, with a written justification.
pub(super) fn is_justified(case: &Case<'_>) -> bool {
    let common = &case.call.request.common;
    let acting = common.archive.as_ref().map_or(case.actor.office, |archive| archive.office);
    let over = common.over_limit.as_ref();
    acting == Office::NationalOffice && over.is_some_and(|over| says_something(&over.justification))
}

/// Whether the place goes over the limit by an override; refuses where it may not.
pub(super) fn over_limit(
    case: &Case<'_>,
    wanted: &PlaceWanted,
    quota: &Quota,
    from: Day,
) -> Result<bool, ActError> {
    let Some((on, taken)) = quota.full_from(wanted.quota.limit, from, &case.stream) else {
        return match case.call.request.common.over_limit {
            None => Ok(false),
            Some(_) => Err(nothing_to_override(case, wanted).into()),
        };
    };
    if wanted.quota.soft && is_justified(case) {
        return Ok(true);
    }
    if wanted.shown {
        return Ok(false);
    }
    let (limit, label) = (wanted.quota.limit, category_of(case, wanted));
    let category = Called::new(&wanted.category, label.clone());
    let reason =
        Reason::QuotaExhausted { category, limit, taken, on, override_possible: wanted.quota.soft };
    let text = said!(
        "{taken} of {limit} places of the category {category} are taken on {on}; the national office can go over the limit with a written justification in `override`",
        "{category}试点名额为{limit}个，{on}已占用{taken}个；国家知识产权局可书面说明理由，突破名额",
        taken = taken,
        limit = limit,
        category = words::quoted(label),
        on = on
    );
    let refusal = Refusal::new(case.call.request.act.kind(), reason, text);
    Err(of_quota(wanted, refusal).into())
}

fn category_of(case: &Case<'_>, wanted: &PlaceWanted) -> Text {
    let id = &wanted.category;
    let label = case.versions.name_in(Names::Categories, id);
    label.cloned().unwrap_or_else(|| said!("{id}", "{id}", id = Given(id)))
}

/// A refusal under the article of the limit, with the reading of it.
fn of_quota(wanted: &PlaceWanted, refusal: Refusal) -> Refusal {
    refusal.under(&wanted.quota.article).read(&wanted.quota.reading)
}

/// An override where a place is free would be a justification of nothing (P4).
fn nothing_to_override(case: &Case<'_>, wanted: &PlaceWanted) -> Refusal {
    let text = said!(
        "a place of the category {category} is free on that day and after it; leave out `override`",
        "当日及此后{category}尚有名额，无须突破；请去掉突破理由",
        category = words::quoted(category_of(case, wanted))
    );
    let error = field("/override", text);
    of_quota(wanted, Refusal::invalid(case.call.request.act.kind(), vec![error]))
}
