//! What the fold of an enrollment's events knows: where it stands, what is due, what awaits whom.
//!
//! Collections stand behind `Arc`, so that keeping the state before an event costs no copy of them.
//! Nothing here depends on today: questions that need a day take it as an argument.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::act::ActKind;
use super::date::{CivilDate, Day};
use super::event::{AppliedFor, Due, DutyOpened, ObligationLapsed, Planned, Series, Term, Title};
use super::ids::{Id, Node, Office, Provenance};

pub use super::met::{Met, MetByYear, ONCE, Received};

/// Who is meant by "nobody yet": the state of an enrollment without events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// From which day the record is complete (G10); absent before the first act.
    pub kept_since: Option<Day>,
    /// The revision of the event that says so: the one that opened the record.
    pub kept_by: Option<u64>,
    /// Where it stands; absent before the first standing.
    pub node: Option<Node>,
    /// Since when it stands in this node.
    pub node_since: Option<CivilDate>,
    /// Since when it is in this phase.
    pub phase_since: Option<CivilDate>,
    /// The revision of the event that entered it; of the act, once evidence gave way to one.
    pub phase_by: Option<u64>,
    /// The revision of the event that entered the node.
    pub node_by: Option<u64>,
    /// How the standing got into the record.
    pub provenance: Provenance,
    /// How many attempts have begun; the present one's number, from 1.
    pub attempt: u32,
    /// The category.
    pub category: Option<Id>,
    /// What became due in this record; each one shared, so that a change of one copies no other.
    pub duties: Arc<Vec<Arc<Duty>>>,
    /// The latest day on which an event shows the standing.
    pub last_evidenced_on: Option<CivilDate>,
    /// How many acts are in the effective history.
    pub acts: u32,
    /// How many acts went over a limit by an override.
    pub overrides: u32,
    /// What most events leave as it is; read as if it stood here.
    pub kept: Arc<Kept>,
}

/// The part of a state that most events leave as it is: an event that does, costs the state before
/// it one count of a reference instead of one for each of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// What the present attempt applied for.
    pub applied: Option<Arc<AppliedFor>>,
    /// The round in which the present attempt was last decided.
    pub round: Option<Id>,
    /// The batch in which it was.
    pub batch: Option<Id>,
    /// The title held.
    pub title: Option<Arc<Title>>,
    /// The term that runs or ran.
    pub term: Option<Arc<Term>>,
    /// Until when the document plans the present phase.
    pub planned: Option<Arc<Planned>>,
    /// The place of a quota held.
    pub place: Option<Arc<PlaceHeld>>,
    /// What awaits a decision.
    pub matters: Arc<BTreeMap<Id, OpenMatter>>,
    /// The plan versions on record, first version first.
    pub plan_versions: Arc<Vec<PlanVersion>>,
    /// Obligations that were met where none was open, such as those of who stands outside of the
    /// program (P12); kept over all attempts.
    pub met_outside: Arc<BTreeMap<Id, Met>>,
    /// Results of evaluations, acceptances and reviews, in order.
    pub results: Arc<Vec<ResultOnRecord>>,
    /// Events that lost their ground, by revision.
    pub unsupported: Arc<Vec<u64>>,
    /// Decisions whose effect lies ahead, by revision: until then the earlier standing holds.
    pub ahead: Arc<BTreeMap<u64, Ahead>>,
    /// The lapses on record, by revision; absent while there is none. No decision looks at them.
    pub lapses: Option<Arc<Vec<LapseOnRecord>>>,
}

impl Deref for State {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

/// A place of a quota held by an enrollment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHeld {
    /// The category.
    pub category: Id,
    /// The day from which it is held.
    pub from: Day,
    /// Whether it is known only from evidence.
    pub attested: bool,
}

/// Something that awaits a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMatter {
    /// The revision of the event that opened it.
    pub by: u64,
    /// Since when it is open.
    pub since: CivilDate,
    /// The category asked for.
    pub category: Option<Id>,
    /// The plan that would be put on record, by its indicators.
    pub plan: Option<Vec<Id>>,
}

/// A version of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanVersion {
    /// The revision of the event that put it on record.
    pub by: u64,
    /// Its indicators.
    pub indicators: Vec<Id>,
}

/// A decision whose effect lies ahead: until then the earlier standing holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// The office that decided.
    pub by: Office,
    /// Since when it is decided.
    pub since: CivilDate,
    /// From when it has its effect.
    pub from: CivilDate,
    /// The obligations that it meets then.
    pub meets: Vec<Id>,
}

/// A result put on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultOnRecord {
    /// The act.
    pub of: ActKind,
    /// The result as printed.
    pub result: Id,
    /// The year that it is about, where it is about one.
    pub year: Option<i32>,
    /// The event's revision.
    pub by: u64,
    /// Its effective date.
    pub on: CivilDate,
}

/// Something that is or was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The obligation's id in the measure.
    pub obligation: Id,
    /// Who owes.
    pub owes: Office,
    /// Who owes it together with that office.
    pub with: Vec<Office>,
    /// The offices that receive what meets it, each with its own receipt.
    pub receivers: Vec<Office>,
    /// Whether it is owed at all depends on a date that does not say so: never overdue.
    pub uncertain: bool,
    /// The article.
    pub article: Id,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// That event's effective date.
    pub opened_on: CivilDate,
    /// From when it can be fulfilled.
    pub open_from: CivilDate,
    /// When it is due.
    pub due: Option<Arc<Due>>,
    /// Whether it is owed from the end of a term or title on, at `open_from`.
    pub after_end: bool,
    /// Set for a recurring duty.
    pub series: Option<Arc<Series>>,
    /// How it was met; for a recurring duty by the year of the due date.
    pub met: Arc<MetByYear>,
    /// The day by which it ended without being met: waived, superseded, or its standing over.
    pub ended: Option<Ended>,
}

impl Duty {
    /// A duty that an event of this revision and date opens.
    pub fn opened(opened: &DutyOpened, by: u64, on: CivilDate) -> Self {
        Self {
            obligation: opened.obligation.clone(),
            owes: opened.owes,
            with: opened.with.clone(),
            receivers: opened.receivers.clone(),
            uncertain: opened.uncertain,
            article: Id::from(opened.article.as_str()),
            opened_by: by,
            opened_on: on,
            open_from: opened.open_from,
            due: opened.due.clone().map(Arc::new),
            after_end: opened.after_end,
            series: opened.series.clone().map(Arc::new),
            met: Arc::default(),
            ended: None,
        }
    }

    /// The same as something met it, which all who receive it had at once.
    #[must_use]
    pub(super) fn with_met(mut self, met: Met) -> Self {
        let had = |by: &Office| Received { by: *by, on: met.received_on, stated: met.stated };
        let receipts = self.receivers.iter().map(had).collect();
        self.met = Arc::new([(ONCE, Met { receipts, ..met })].into_iter().collect());
        self
    }
}

/// How a duty ended without being met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The event's revision.
    pub by: u64,
    /// The day after which it no longer binds; what fell due by then stands.
    pub from: Day,
    /// Whether it was waived, rather than merely over.
    pub waived: bool,
}

/// A lapse on record. It is kept beside the duties, not in them: which lapses are on record does
/// not depend on the order of the fold, nor on what became of the duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapseOnRecord {
    /// The revision of the event that says so.
    pub by: u64,
    /// The obligation.
    pub obligation: Id,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// The due date that passed.
    pub due: CivilDate,
    /// The last day in time by which it was judged.
    pub not_late_before: Day,
}

impl State {
    /// What most events leave as it is, to be changed.
    pub fn kept_mut(&mut self) -> &mut Kept {
        Arc::make_mut(&mut self.kept)
    }

    /// The present phase.
    pub fn phase(&self) -> Option<&str> {
        self.node.as_ref().map(Node::phase)
    }

    /// Whether the standing rests on evidence alone.
    pub fn is_evidenced_only(&self) -> bool {
        self.node.is_some() && self.provenance != Provenance::Recorded
    }

    /// The duty of an obligation that still binds and is not met, the newest of them.
    pub fn open_duty(&self, obligation: &str) -> Option<&Duty> {
        self.duties.iter().map(Arc::as_ref).rev().find(|duty| {
            duty.obligation == obligation
                && duty.ended.is_none()
                && (duty.series.is_some() || duty.met.is_empty())
        })
    }

    /// How an obligation that does not recur was met, also where none was open.
    pub fn met(&self, obligation: &Id) -> Option<&Met> {
        let duties = self.duties.iter().filter(|duty| duty.obligation == *obligation);
        let met = duties.filter_map(|duty| duty.met.get(&ONCE)).next();
        met.or_else(|| self.met_outside.get(obligation))
    }

    /// The lapse on record of a duty and due date.
    pub fn lapse(&self, duty: &Duty, due: &CivilDate) -> Option<&LapseOnRecord> {
        self.lapses.as_ref()?.iter().find(|lapse| {
            lapse.opened_by == duty.opened_by
                && lapse.obligation == duty.obligation
                && lapse.due == *due
        })
    }

    /// Notes a lapse that was recorded, whatever was folded before it.
    pub(super) fn note_lapse(&mut self, by: u64, lapse: &ObligationLapsed) {
        let kept = Arc::make_mut(&mut self.kept);
        let lapses = Arc::make_mut(kept.lapses.get_or_insert_default());
        let at = lapses.partition_point(|known| known.by < by);
        let noted = LapseOnRecord {
            by,
            obligation: lapse.obligation.clone(),
            opened_by: lapse.opened_by,
            due: lapse.due,
            not_late_before: lapse.not_late_before,
        };
        lapses.insert(at, noted);
    }

    /// The last result of an act's kind.
    pub fn last_result(&self, of: ActKind) -> Option<&ResultOnRecord> {
        self.results.iter().rev().find(|result| result.of == of)
    }
}
