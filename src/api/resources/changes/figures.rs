//! The figures of a division that are answered otherwise: revised, annulled, or new (P14).

use std::collections::BTreeSet;

use super::Span;
use crate::api::asking::call::Call;
use crate::api::asking::named;
use crate::codec;
use crate::domain::event_type::Own;
use crate::domain::ids::{EventRef, Id, SubjectId};
use crate::domain::indicator::{FigureChange, IndicatorEvent};
use crate::domain::measure::IndicatorRule;
use crate::log::StreamName;
use crate::views::brief::EventBrief;
use crate::views::changes::ChangeView;
use crate::views::problem::Problem;

/// The subject that is asked about: a registered one, or a division or total of which figures are kept.
///
/// # Errors
/// `malformed-request` for what is no id, `not-found`, and the log's.
pub(super) async fn of_whom(call: &Call) -> Result<Option<SubjectId>, Problem> {
    let Some(asked) = call.parsed("subject", SubjectId::parse)? else { return Ok(None) };
    match call.state.app.registrar().division(&asked).await {
        Ok(division) => Ok(Some(division.id)),
        Err(_) => named::subject(call, "subject").await,
    }
}

impl Span {
    /// What stands otherwise of a division's figures than before a revision of its stream.
    pub(super) async fn figures(
        &self,
        call: &Call,
        division: &str,
        revision: u64,
    ) -> Result<Vec<ChangeView>, Problem> {
        let id = SubjectId::parse(division).map_err(Problem::internal)?;
        let registrar = call.state.app.registrar();
        let division = registrar.division(&id).await.map_err(|error| call.problem(error))?;
        if division.invented != self.exercise {
            return Ok(Vec::new());
        }
        let history = registrar.indicators(&division).await.map_err(|error| call.problem(error))?;
        let history = self.until.map_or(history.clone(), |until| history.known_to(until));
        let declared = self.program.as_ref().map(|program| declared(call, program.as_str()));
        let before = usize::try_from(revision).unwrap_or(usize::MAX);
        let mut views = Vec::new();
        for change in history.changes(before) {
            let is_asked = |id: &Id| declared.as_ref().is_none_or(|declared| declared.contains(id));
            if change.of().is_some_and(|of| is_asked(&of.indicator)) {
                let by = by(call, &change, &id).await?;
                let label = |indicator: &Id| {
                    let label = call.state.app.library().indicator_label(indicator);
                    label.map_or_else(
                        || indicator.to_string(),
                        |text| text.get(call.language).to_owned(),
                    )
                };
                let whose = (&division.id, &division.name);
                views.extend(ChangeView::figure(&change, whose, label, by, call.language));
            }
        }
        Ok(views)
    }
}

/// The indicators that a program's measures declare.
fn declared(call: &Call, program: &str) -> BTreeSet<Id> {
    let library = call.state.app.library();
    let Some(program) = library.program(program) else { return BTreeSet::new() };
    let versions = library.versions(program);
    let measures = versions.all().iter().map(|edition| &edition.measure);
    let categories = measures.flat_map(|measure| &measure.categories);
    let rules = categories.flat_map(|category| &category.indicators);
    rules.map(|rule: &IndicatorRule| rule.id.clone()).collect()
}

/// The event by which a figure is another.
async fn by(call: &Call, change: &FigureChange<'_>, id: &SubjectId) -> Result<EventBrief, Problem> {
    let (stream, record) = (codec::indicator_stream(id), change.by);
    let name = StreamName::parse(&stream).map_err(Problem::internal)?;
    let page = call.state.app.log().read_stream(&name, record.revision, 1).await?;
    let stored =
        page.events.first().ok_or_else(|| Problem::internal("an event that was read is gone"))?;
    let meta = codec::decode_meta(stored).map_err(Problem::internal)?;
    let own = match &record.event {
        IndicatorEvent::Recorded(_) => Own::IndicatorRecorded,
        IndicatorEvent::Corrected(_) => Own::IndicatorCorrected,
    };
    let reference = EventRef { stream, revision: record.revision, id: record.id };
    Ok(EventBrief::own((reference, own, record.sequence), &meta, call.language))
}
