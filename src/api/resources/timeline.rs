//! The timeline of an enrollment: its phases, categories, titles and terms on the background of the
//! national stages, by which nothing is judged (P18).

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::reading::Reading;
use crate::domain::date::Day;
use crate::domain::duty::items;
use crate::domain::event::{Term, Title};
use crate::domain::ids::{Id, Language};
use crate::domain::measure::{Measure, NationalStage};
use crate::domain::words;
use crate::projection::timeline::{ActMark, Held, PhaseSpan, timeline};
use crate::views::brief::{Labelled, ObligationView, worded};
use crate::views::ends::{TermView, TitleView};
use crate::views::sequence::sequence;

/// One of the national stages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StageView {
    /// `I`, `II`, `III`.
    pub id: String,
    /// The label.
    pub label: String,
    /// The first year; it may be the last of the stage before.
    pub from_year: i32,
    /// The last year; it may be the first of the stage after.
    pub to_year: i32,
    /// The article.
    pub article: String,
}

/// A phase from a day to a day, planned beside actual.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhaseView {
    /// The phase.
    pub phase: String,
    /// Its label.
    pub label: String,
    /// Since when, as sharp as its source.
    pub from: String,
    /// The day from which it counts in the fold.
    pub from_day: String,
    /// When the next phase began; absent while it lasts.
    pub to: Option<String>,
    /// The day from which it no longer counts.
    pub to_day: Option<String>,
    /// Until when it was planned to last: what is planned limits nothing.
    pub planned_until: Option<String>,
    /// The article of that.
    pub planned_article: Option<String>,
    /// Our reading of that article, where it is one.
    pub planned_reading: Option<String>,
    /// The article under which it was entered.
    pub article: Option<String>,
    /// The revision of the event that entered it.
    pub entered_by: u64,
    /// The national stages in which it lies; a boundary year lies in both its stages, so what is
    /// counted by stage is never summed.
    pub stages: Vec<String>,
    /// Whether years of it lie before the first of them.
    pub before_stages: bool,
}

/// Something held from a day to a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Held{T}")]
pub struct HeldView<T> {
    /// What, with its own dates and article.
    #[serde(flatten)]
    pub what: T,
    /// The day from which the fold has it.
    pub from_day: String,
    /// The day from which it has it no longer; absent while it lasts.
    pub to_day: Option<String>,
}

/// An act as a mark on the timeline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MarkView {
    /// The act.
    pub act: &'static str,
    /// What it is called.
    pub act_label: &'static str,
    /// The event's type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// What that is called.
    pub type_label: &'static str,
    /// When, as sharp as its source.
    pub effective_on: String,
    /// The day from which it counts in the fold.
    pub fold_day: String,
    /// Its revision; for a corrected event the original's.
    pub revision: u64,
    /// Its sequence.
    pub sequence: Option<String>,
    /// Whether it has its ground.
    pub supported: bool,
}

/// The timeline of an enrollment on the background of the national stages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimelineView<'a> {
    /// The program.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// The subject.
    pub subject: String,
    /// Its name on the day.
    pub name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day asked about; absent: all that is recorded.
    pub as_of: Option<String>,
    /// The newest revision looked at.
    pub revision: u64,
    /// The national stages, which are the same for everyone and by which nothing is judged.
    pub stages: Vec<StageView>,
    /// The phases, first first.
    pub phases: Vec<PhaseView>,
    /// The categories, one at a time.
    pub categories: Vec<HeldView<Labelled<'a>>>,
    /// The titles held.
    pub titles: Vec<HeldView<TitleView>>,
    /// The terms that ran.
    pub terms: Vec<HeldView<TermView>>,
    /// What became due, judged on the day.
    pub obligations: Vec<ObligationView<'a>>,
    /// The acts.
    pub acts: Vec<MarkView>,
}

/// Answers the timeline of an enrollment.
///
/// # Errors
/// See the route.
pub async fn get_timeline(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let revision = history.revision().unwrap_or_default();
    let language = call.language;
    let stages = national_stages(&call);
    let as_of = reading.day_named.then_some(reading.day);
    let line = timeline(&history, &reading.versions, &stages, as_of);
    let (state, labels) = (history.state_at(reading.day), reading.labels());
    let due = items(&state, reading.day, &reading.calendars);
    let view = TimelineView {
        program: reading.program.id.to_string(),
        program_name: reading.program.name.get(language).to_owned(),
        subject: reading.subject.id().to_string(),
        name: reading.subject.name_on(reading.day).get(language).to_owned(),
        exercise: reading.program.is_exercise(),
        as_of: as_of.map(|day| day.to_string()),
        revision,
        stages: line.stages.iter().map(|stage| stage_view(stage, language)).collect(),
        phases: line.phases.iter().map(|phase| phase_view(phase, language)).collect(),
        categories: line
            .categories
            .iter()
            .map(|held| category_view(&reading, held, language))
            .collect(),
        titles: line.titles.iter().map(|held| title_view(&reading, held, language)).collect(),
        terms: line.terms.iter().map(|held| term_view(&reading, held, language)).collect(),
        obligations: due
            .iter()
            .map(|item| ObligationView::of(item, reading.day, labels, language))
            .collect(),
        acts: line.acts.iter().map(|mark| mark_view(mark, language)).collect(),
    };
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &view)
}

/// The national stages, in the language of the answer.
pub fn stages(call: &Call) -> Vec<StageView> {
    national_stages(call).iter().map(|stage| stage_view(stage, call.language)).collect()
}

/// The national stages, the background of every timeline, as the measure that declares them says.
fn national_stages(call: &Call) -> Vec<NationalStage> {
    let library = call.state.app.library();
    let declared = |measure: &Measure| {
        (!measure.national_stages.is_empty()).then(|| measure.national_stages.clone())
    };
    let mut programs = library.programs().programs.iter();
    programs.find_map(|program| library.versions(program).find(declared)).unwrap_or_default()
}

fn stage_view(stage: &NationalStage, language: Language) -> StageView {
    StageView {
        id: stage.id.to_string(),
        label: stage.label.get(language).to_owned(),
        from_year: stage.from_year,
        to_year: stage.to_year,
        article: words::article(&stage.article, language).into_owned(),
    }
}

fn phase_view(span: &PhaseSpan, language: Language) -> PhaseView {
    let label = span.label.as_ref().map(|label| label.get(language).to_owned());
    PhaseView {
        phase: span.phase.to_string(),
        label: label.unwrap_or_else(|| span.phase.to_string()),
        from: span.from.to_string(),
        from_day: span.from_day.to_string(),
        to: span.to.map(|date| date.to_string()),
        to_day: span.to_day.map(|day| day.to_string()),
        planned_until: span.planned_until.map(|date| date.to_string()),
        planned_article: span
            .planned_article
            .as_deref()
            .map(|text| words::article(text, language).into_owned()),
        planned_reading: span.planned_reading.as_ref().map(|text| text.get(language).to_owned()),
        article: span.article.as_deref().map(|text| words::article(text, language).into_owned()),
        entered_by: span.entered_by,
        stages: span.stages.iter().map(ToString::to_string).collect(),
        before_stages: span.before_stages,
    }
}

fn held<T>(what: T, from_day: Day, to_day: Option<Day>) -> HeldView<T> {
    HeldView { what, from_day: from_day.to_string(), to_day: to_day.map(|day| day.to_string()) }
}

fn category_view<'a>(
    reading: &'a Reading<'_>,
    span: &'a Held<Id>,
    language: Language,
) -> HeldView<Labelled<'a>> {
    let label = reading.labels().category(&span.what);
    held(Labelled::new(&span.what, label, language), span.from_day, span.to_day)
}

fn title_view(
    reading: &Reading<'_>,
    span: &Held<Title>,
    language: Language,
) -> HeldView<TitleView> {
    let what = &span.what;
    let label = worded(reading.labels().title(&what.title), &what.title, language);
    let view = TitleView {
        id: what.title.clone(),
        label: label.to_owned(),
        from: what.from.to_string(),
        until: what.until.map(|date| date.to_string()),
        article: words::article(&what.article, language).into_owned(),
        reading: reading.versions.reading_of_title(what).map(|text| text.get(language).to_owned()),
    };
    held(view, span.from_day, span.to_day)
}

fn term_view(reading: &Reading<'_>, span: &Held<Term>, language: Language) -> HeldView<TermView> {
    let what = &span.what;
    let view = TermView {
        from: what.from.to_string(),
        until: what.until.to_string(),
        arithmetic: words::arithmetic(&what.arithmetic, language).into_owned(),
        article: words::article(&what.article, language).into_owned(),
        reading: reading.versions.reading_of_term(what).map(|text| text.get(language).to_owned()),
    };
    held(view, span.from_day, span.to_day)
}

fn mark_view(mark: &ActMark, language: Language) -> MarkView {
    MarkView {
        act: mark.act,
        act_label: words::act(mark.act, language),
        event_type: mark.event_type,
        type_label: words::event(mark.event_type, language),
        effective_on: mark.effective_on.to_string(),
        fold_day: mark.fold_day.to_string(),
        revision: mark.revision,
        sequence: mark.sequence.map(sequence),
        supported: mark.supported,
    }
}
