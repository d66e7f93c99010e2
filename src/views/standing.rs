//! Where an enrollment stands, whole and in short.

mod short;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::brief::{EventBrief, Labelled, MeasureInForce, ObligationView, mark_label, worded};
use super::ends::{
    TermOn, TermView, TitleHeld, TitleView, is_over, is_review_due, over_note, review_due_note,
};
use super::labels::Labels;
use super::reading::{Judged, Reading};
use super::sequence::sequence;
use crate::domain::date::{CivilDate, Day};
use crate::domain::duty::{DutyStatus, waiting_among};
use crate::domain::event::Term;
use crate::domain::history::History;
use crate::domain::ids::{Id, Language, Node};
use crate::domain::state::{PlaceHeld, State};
use crate::domain::words;

pub use short::{StandingView, standing};

/// Where an enrollment stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandsAt<'a> {
    /// The place, `phase` or `phase.step`.
    pub node: &'a str,
    /// Its label.
    pub label: Cow<'a, str>,
    /// The phase.
    pub phase: &'a str,
    /// The step, if it is in one.
    pub step: Option<&'a str>,
    /// Since when it stands there.
    pub since: Option<&'a str>,
    /// Since when it is in this phase.
    pub phase_since: Option<&'a str>,
}

impl<'a> StandsAt<'a> {
    /// A place in which it stands since a date, in a phase since another.
    pub fn of(
        node: &'a Node,
        labels: Labels<'a>,
        since: (Option<&'a CivilDate>, Option<&'a CivilDate>),
        language: Language,
    ) -> Self {
        Self {
            node: node.as_str(),
            label: labels.node(node, language),
            phase: node.phase(),
            step: node.step(),
            since: since.0.map(CivilDate::as_str),
            phase_since: since.1.map(CivilDate::as_str),
        }
    }
}

/// A place of a quota held.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceView<'a> {
    /// The category.
    pub category: &'a str,
    /// Its label.
    pub category_label: &'a str,
    /// From which day.
    #[schemars(with = "String")]
    pub from: Day,
    /// Whether it is known only from evidence.
    pub attested: bool,
}

/// Whose move it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaitingView {
    /// The office.
    pub office: &'static str,
    /// What it is called.
    pub office_label: &'static str,
    /// The act that it is expected to do.
    pub act: &'static str,
    /// What that is called.
    pub act_label: &'static str,
    /// Since when.
    #[schemars(with = "String")]
    pub since: CivilDate,
    /// How many days that is, on the day asked about.
    pub days: i64,
    /// The article.
    pub article: String,
}

/// The obligations, counted.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ObligationCounts<'a> {
    /// Not met, not due yet or undated.
    pub open: u32,
    /// Not met, and the due date has passed.
    pub overdue: u32,
    /// Met after the due date.
    pub late: u32,
    /// Met in time.
    pub met: u32,
    /// The unmet ones, with when they are due.
    pub unmet: Vec<ObligationView<'a>>,
}

/// The status of an enrollment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Status<'a> {
    /// The program.
    pub program: &'a str,
    /// The program's name.
    pub program_name: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The subject's name on the day.
    pub name: &'a str,
    /// Whether it is an exercise with an invented subject.
    pub exercise: bool,
    /// The day asked about.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the record was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The newest revision looked at.
    pub revision: u64,
    /// The sequence of the newest event looked at.
    pub sequence: Option<String>,
    /// Where it stands; absent: nowhere.
    pub stands_at: Option<StandsAt<'a>>,
    /// `RECORDED`, `ATTESTED` or `INFERRED`.
    pub provenance: String,
    /// What that is called.
    pub provenance_label: &'a str,
    /// From which day the record is complete.
    pub kept_since: Option<String>,
    /// The latest day on which an event shows the standing.
    pub last_evidenced_on: Option<String>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The category.
    pub category: Option<Labelled<'a>>,
    /// The annual round in which the present attempt was last decided.
    #[schemars(with = "Option<String>")]
    pub round: Option<Id>,
    /// The same in words.
    pub round_label: Option<String>,
    /// The batch in which it was.
    #[schemars(with = "Option<String>")]
    pub batch: Option<Id>,
    /// The same in words.
    pub batch_label: Option<String>,
    /// The title held.
    pub title: Option<TitleHeld>,
    /// The term.
    pub term: Option<TermOn>,
    /// The place of a quota held.
    pub place: Option<PlaceView<'a>>,
    /// Whose move it is.
    pub waiting_for: Vec<WaitingView>,
    /// The obligations, counted.
    pub obligations: ObligationCounts<'a>,
    /// Events that may have happened by the day but need not have.
    pub possible: Vec<EventBrief>,
    /// Acts on record that count only from a later day.
    pub not_yet_in_effect: Vec<EventBrief>,
    /// Events that lost their ground and change nothing.
    pub unsupported: Vec<EventBrief>,
    /// The measure version in force on the day.
    pub measure: Option<MeasureInForce>,
}

impl<'a> Status<'a> {
    /// The status by a history, of which `judged` is the state on the day.
    pub fn of_history(
        reading: &'a Reading<'_>,
        history: &History,
        judged: &'a Judged<'_>,
        language: Language,
    ) -> Self {
        let (effective, day) = (history.effective(), reading.day);
        let mut status = Self::of(reading, judged, language);
        let newest = history.events().last();
        status.revision = newest.map_or(0, |event| event.revision);
        status.sequence = newest.and_then(|event| event.sequence).map(sequence);
        // What stands for them now: a corrected event is listed as it was mended.
        let brief = |revision: &u64| {
            let event = effective.standing(*revision).or_else(|| history.at(*revision))?;
            let mut brief = EventBrief::of(event, history.stream(), language);
            if let Some((_, from)) = event.decided_ahead() {
                brief.effective_on = from.to_string();
            }
            Some(brief)
        };
        let briefs = |revisions: &[u64]| revisions.iter().filter_map(brief).collect();
        let ahead = effective.revisions_where(|entry| {
            entry.fold_day() > day && !entry.event.event.is_own() && !entry.is_possible(day)
        });
        status.not_yet_in_effect = briefs(&ahead);
        status.possible = briefs(&effective.possible(day));
        status.unsupported = briefs(&judged.state.unsupported);
        status
    }

    /// The status by a state; what needs single events is left out.
    pub fn of(reading: &'a Reading<'_>, judged: &'a Judged<'_>, language: Language) -> Self {
        let (day, state) = (reading.day, judged.state);
        Self {
            program: reading.program.id.as_str(),
            program_name: reading.program.name.get(language),
            subject: reading.subject.id().as_str(),
            name: reading.subject.name_on(day).get(language),
            exercise: reading.program.is_exercise(),
            as_of: day.to_string(),
            known_at: reading.known_at.map(|instant| instant.to_rfc3339()),
            known_to_sequence: reading.known_to.map(sequence),
            revision: 0,
            sequence: None,
            stands_at: stands_at(reading, state, language),
            provenance: state.provenance.as_str().to_ascii_uppercase(),
            provenance_label: mark_label(state.provenance.as_str(), language),
            kept_since: state.kept_since.map(|day| day.to_string()),
            last_evidenced_on: state.last_evidenced_on.map(|date| date.to_string()),
            attempt: state.attempt,
            category: state
                .category
                .as_ref()
                .map(|id| Labelled::new(id, reading.labels().category(id), language)),
            round: state.round.clone(),
            round_label: state.round.as_ref().map(|round| words::round(round, language)),
            batch: state.batch.clone(),
            batch_label: state.batch.as_ref().map(|batch| words::batch(batch, language)),
            title: title(reading, state, language),
            term: state.term.as_ref().map(|term| term_on(reading, term, language)),
            place: state.place.as_deref().map(|held| place(reading, held, language)),
            waiting_for: waiting(reading, judged, language),
            obligations: obligations(reading, judged, language),
            possible: Vec::new(),
            not_yet_in_effect: Vec::new(),
            unsupported: Vec::new(),
            measure: MeasureInForce::on(&reading.versions, day, language),
        }
    }
}

/// A place of a quota that is held.
pub fn place<'a>(
    reading: &'a Reading<'_>,
    held: &'a PlaceHeld,
    language: Language,
) -> PlaceView<'a> {
    let label = reading.labels().category(&held.category);
    PlaceView {
        category: &held.category,
        category_label: worded(label, &held.category, language),
        from: held.from,
        attested: held.attested,
    }
}

/// Where an enrollment stands; absent: nowhere.
pub fn stands_at<'a>(
    reading: &'a Reading<'_>,
    state: &'a State,
    language: Language,
) -> Option<StandsAt<'a>> {
    let since = (state.node_since.as_ref(), state.phase_since.as_ref());
    let node = state.node.as_ref()?;
    Some(StandsAt::of(node, reading.labels(), since, language))
}

fn title(reading: &Reading<'_>, state: &State, language: Language) -> Option<TitleHeld> {
    let title = state.title.as_ref()?;
    let label = worded(reading.labels().title(&title.title), &title.title, language);
    let (node, until) = (state.node.as_ref(), title.until.as_ref());
    let review_due = is_review_due(reading.measure(), node, until, reading.day);
    let title = TitleView {
        id: title.title.clone(),
        label: label.to_owned(),
        from: title.from.to_string(),
        until: title.until.map(|date| date.to_string()),
        article: words::article(&title.article, language).into_owned(),
        reading: reading.versions.reading_of_title(title).map(|text| text.get(language).to_owned()),
    };
    Some(TitleHeld { title, review_due, note: review_due_note(review_due, language) })
}

fn term_on(reading: &Reading<'_>, term: &Term, language: Language) -> TermOn {
    let day = reading.day;
    let over = is_over(Some(&term.until), day);
    let term = TermView {
        from: term.from.to_string(),
        until: term.until.to_string(),
        arithmetic: words::arithmetic(&term.arithmetic, language).into_owned(),
        article: words::article(&term.article, language).into_owned(),
        reading: reading.versions.reading_of_term(term).map(|text| text.get(language).to_owned()),
    };
    TermOn { term, over, note: over_note(over, language) }
}

fn waiting(reading: &Reading<'_>, judged: &Judged<'_>, language: Language) -> Vec<WaitingView> {
    let Some(measure) = reading.measure() else { return Vec::new() };
    waiting_among(judged.state, measure, reading.day, &judged.items)
        .into_iter()
        .map(|waiting| WaitingView {
            office: waiting.office.as_str(),
            office_label: words::office(waiting.office, language),
            act: waiting.act.as_str(),
            act_label: waiting.act.label().get(language),
            since: waiting.since,
            days: waiting.since.latest().days_until(reading.day).max(0),
            article: words::article(&waiting.article, language).into_owned(),
        })
        .collect()
}

fn obligations<'a>(
    reading: &'a Reading<'_>,
    judged: &'a Judged<'_>,
    language: Language,
) -> ObligationCounts<'a> {
    let mut counts = ObligationCounts::default();
    let labels = reading.labels();
    for item in &judged.items {
        match item.status {
            DutyStatus::Open => counts.open += 1,
            DutyStatus::Overdue => counts.overdue += 1,
            DutyStatus::Late => counts.late += 1,
            DutyStatus::Met => counts.met += 1,
            DutyStatus::Waived | DutyStatus::NotInTheRecord => {}
        }
        if item.status.is_unmet() {
            counts.unmet.push(ObligationView::of(item, reading.day, labels, language));
        }
    }
    counts
}
