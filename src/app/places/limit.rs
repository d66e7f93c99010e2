//! Whether a place is left under a limit, or an override goes over it (P4).

use crate::app::ActError;
use crate::app::call::Case;
use crate::domain::date::Day;
use crate::domain::decide::PlaceWanted;
use crate::domain::ids::{Language, Office, Text};
use crate::domain::quota::Quota;
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words;

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
    let Some((on, taken)) = quota.full_from(wanted.limit, from, &case.stream) else {
        return match case.call.request.common.over_limit {
            None => Ok(false),
            Some(_) => Err(nothing_to_override(case, wanted).into()),
        };
    };
    if wanted.soft && is_justified(case) {
        return Ok(true);
    }
    if wanted.shown {
        return Ok(false);
    }
    let (limit, category) = (wanted.limit, wanted.category.clone());
    let reason = Reason::QuotaExhausted {
        category: category.clone(),
        limit,
        taken,
        on,
        override_possible: wanted.soft,
    };
    let label = case.versions.find(|measure| Some(measure.category(&category)?.label.clone()));
    let label =
        label.unwrap_or_else(|| Text { en: category.to_string(), zh: category.to_string() });
    let (en, zh) = (&label.en, &label.zh);
    let refusal = Refusal::new(
        case.call.request.act.kind(),
        reason,
        format!(
            "{taken} of {limit} places of the category “{en}” are taken on {on}; the national office can go over the limit with a written justification in `override`"
        ),
        format!(
            "{zh}试点名额为{limit}个，{}已占用{taken}个；国家知识产权局可书面说明理由，突破名额",
            words::day(on, Language::Zh)
        ),
    );
    Err(refusal.under(&wanted.article).into())
}

/// An override where a place is free would be a justification of nothing (P4).
fn nothing_to_override(case: &Case<'_>, wanted: &PlaceWanted) -> Refusal {
    let error = field(
        "/override",
        format!(
            "a place of {} is free on that day and after it; leave out `override`",
            wanted.category
        ),
        "当日及此后尚有名额，无须突破；请去掉突破理由（override）",
    );
    let (en, zh) = (error.detail.en.clone(), error.detail.zh.clone());
    let reason = Reason::Invalid { errors: vec![error] };
    Refusal::new(case.call.request.act.kind(), reason, en, zh).under(&wanted.article)
}
