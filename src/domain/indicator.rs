//! Observations of indicators: a figure of a division for a period, as its source prints it (P14).
//!
//! What must hold: they stand in a stream of their own per division, enrolled or not; a revised figure is
//! a correction, and both stay readable (G1). One figure stands for an indicator, a period, a basis and a
//! coverage. Deliberately not here: which divisions there are (`division`), who may record.

mod changes;
mod printed;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::act::{ActKind, Bound};
use super::date::CivilDate;
use super::decimal::Decimal;
use super::history::Fate;
use super::ids::{EventRef, Id, Provenance, Text};
use super::measure::IndicatorRule;
use super::refusal::{FieldError, Reason, Refusal, field};
use super::text::NonBlank;
use super::words::{AllOf, Given, said};

pub use changes::FigureChange;
pub use printed::printed_label;

/// A figure of a division for a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The indicator: `valid_invention_patents_per_10k`.
    pub indicator: Id,
    /// The period, or the day of a stock: `2016-12`, `2014-01/2014-11`.
    pub period: CivilDate,
    /// What of the period: a stock at its end, a single month, the year to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<NonBlank>,
    /// What the figure covers, where that is not the division as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<NonBlank>,
    /// The value, as printed.
    pub value: Decimal,
    /// Whether the source says more than that, about that, or exactly that.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub bound: Bound,
    /// The unit.
    pub unit: NonBlank,
    /// Who says so.
    pub source: NonBlank,
    /// `attested` where the source prints it, `inferred` where it follows from what it prints.
    #[schemars(with = "String")]
    pub confidence: Provenance,
    /// What else the source says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<NonBlank>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exactly
}

/// That an observation, or a correction of one, was wrong or is revised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservationCorrected {
    /// The version in force, `stream@revision#id`.
    #[schemars(with = "String")]
    pub corrects: EventRef,
    /// Why: a revision by the source, a slip of the pen.
    pub reason: NonBlank,
    /// What should stand; absent: it is annulled, and of a correction what it corrected stands again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Observation>,
}

/// An event of a division's stream `indicator-<division>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndicatorEvent {
    /// A figure is observed.
    Recorded(Observation),
    /// One of these was wrong or is revised.
    Corrected(Box<ObservationCorrected>),
}

/// An event of such a stream with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorRecord {
    /// Its revision.
    pub revision: u64,
    /// Its sequence.
    pub sequence: u64,
    /// Its id.
    pub id: Uuid,
    /// What it says.
    pub event: IndicatorEvent,
}

impl IndicatorRecord {
    /// The figure that it says, where it says one.
    pub fn says(&self) -> Option<&Observation> {
        match &self.event {
            IndicatorEvent::Recorded(observation) => Some(observation),
            IndicatorEvent::Corrected(corrected) => corrected.replacement.as_ref(),
        }
    }

    fn corrects(&self) -> Option<u64> {
        match &self.event {
            IndicatorEvent::Recorded(_) => None,
            IndicatorEvent::Corrected(corrected) => Some(corrected.corrects.revision),
        }
    }
}

/// The events of a division's stream, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndicatorHistory(Vec<IndicatorRecord>);

/// What became of an observation: the events whose figures stood, the last of them in force.
#[derive(Debug, Clone)]
struct Chain {
    /// The events whose words stood, oldest first; none of them where it was annulled.
    stood: Vec<(u64, bool)>,
    /// Its last correction, or itself.
    last: u64,
}

impl IndicatorHistory {
    /// Adds the next event.
    pub fn push(&mut self, record: IndicatorRecord) {
        self.0.push(record);
    }

    /// The events.
    pub fn records(&self) -> &[IndicatorRecord] {
        &self.0
    }

    /// The history up to and with a sequence.
    #[must_use]
    pub fn known_to(&self, sequence: u64) -> Self {
        Self(self.0.iter().filter(|record| record.sequence <= sequence).cloned().collect())
    }

    /// The figures that stand, in the order in which they were first recorded, with the event whose words
    /// each is in.
    pub fn stands(&self) -> impl Iterator<Item = (&IndicatorRecord, &Observation)> {
        let in_force = self.chains().into_values().filter_map(|chain| chain.in_force());
        let found: Vec<u64> = in_force.collect();
        found.into_iter().filter_map(|revision| {
            let record = self.at(revision)?;
            Some((record, record.says()?))
        })
    }

    /// The events whose figures stood before that of an event in force, oldest first.
    pub fn superseded_by(
        &self,
        revision: u64,
    ) -> impl Iterator<Item = (&IndicatorRecord, &Observation)> {
        let chains = self.chains().into_values();
        let chain = chains.into_iter().find(|chain| chain.in_force() == Some(revision));
        let earlier = chain.map(|chain| chain.stood).unwrap_or_default();
        earlier.into_iter().filter(move |(by, _)| *by != revision).filter_map(|(by, _)| {
            let record = self.at(by)?;
            Some((record, record.says()?))
        })
    }

    /// What became of an event.
    pub fn fate(&self, revision: u64) -> Fate {
        let chains = self.chains();
        if chains.values().any(|chain| chain.in_force() == Some(revision)) {
            return Fate::Stands;
        }
        let later = self.0.iter().rev().find(|record| record.corrects() == Some(revision));
        match later {
            Some(by) if by.says().is_some() => Fate::Corrected { by: by.revision },
            Some(by) => Fate::Annulled { by: by.revision },
            None => Fate::Stands,
        }
    }

    /// Whether a figure can be taken in: there is none for what it is about.
    ///
    /// # Errors
    /// The event whose figure stands.
    pub fn check_new(&self, stream: &str, observation: &Observation) -> Result<(), Refusal> {
        self.check_apart(stream, observation, None)
    }

    /// Whether a correction can be taken in.
    ///
    /// # Errors
    /// What it names is not the version in force; another figure stands for what it is about.
    pub fn check(&self, stream: &str, corrected: &ObservationCorrected) -> Result<(), Refusal> {
        let named = &corrected.corrects;
        let chains = self.chains();
        let known = self.at(named.revision).is_some_and(|record| record.id == named.id);
        let original = self.original(named.revision);
        let Some(chain) = chains.get(&original).filter(|_| known && named.stream == stream) else {
            let text = said!(
                "what it names is no observation of this division",
                "所指的不是该区域的指标数据"
            );
            return Err(Refusal::new(
                ActKind::Correct,
                Reason::NotInForceVersion { in_force: None },
                text,
            )
            .under("G1"));
        };
        if named.revision != chain.last && chain.in_force() != Some(named.revision) {
            let last = self.at(chain.last).map(|record| EventRef {
                stream: stream.to_owned(),
                revision: record.revision,
                id: record.id,
            });
            let text = said!(
                "revision {named} was corrected already; the version in force is revision {last}",
                "修订号{named}已被更正；现行版本为修订号{last}",
                named = named.revision,
                last = chain.last
            );
            let reason = Reason::NotInForceVersion { in_force: last };
            return Err(Refusal::new(ActKind::Correct, reason, text).under("G1"));
        }
        // Annulling a correction brings back what it corrected: another can stand for that by now.
        let brought_back =
            || chain.stood.iter().rev().nth(1).and_then(|(revision, _)| self.at(*revision)?.says());
        match corrected.replacement.as_ref().or_else(brought_back) {
            Some(observation) => self.check_apart(stream, observation, Some(original)),
            None => Ok(()),
        }
    }

    fn check_apart(
        &self,
        stream: &str,
        new: &Observation,
        in_place_of: Option<u64>,
    ) -> Result<(), Refusal> {
        let chains = self.chains().into_iter();
        let others = chains.filter(|(original, _)| Some(*original) != in_place_of);
        let mut records = others.filter_map(|(_, chain)| self.at(chain.in_force()?));
        let same = records.find(|record| record.says().is_some_and(|other| other.is_of_same(new)));
        let Some(record) = same else { return Ok(()) };
        let by = EventRef { stream: stream.to_owned(), revision: record.revision, id: record.id };
        let text = said!(
            "a figure for this indicator and period is on record (revision {revision}); a revised one is a correction of it",
            "该指标该期间的数据已入档（修订号{revision}）；修订后的数据请作更正",
            revision = record.revision
        );
        let reason = Reason::AlreadyDecided { revision: record.revision, by: Some(by) };
        Err(Refusal::new(ActKind::Correct, reason, text).under("G1"))
    }

    fn at(&self, revision: u64) -> Option<&IndicatorRecord> {
        // Revisions begin at 0 and are dense.
        let at = usize::try_from(revision).ok()?;
        let there = self.0.get(at).filter(|record| record.revision == revision);
        there.or_else(|| self.0.iter().find(|record| record.revision == revision))
    }

    /// The figure that stands of the observation first recorded by an event.
    pub fn in_force(&self, original: u64) -> Option<(&IndicatorRecord, &Observation)> {
        let record = self.at(self.chains().get(&original)?.in_force()?)?;
        Some((record, record.says()?))
    }

    /// The observation that an event is, or in the end corrects.
    pub fn original(&self, mut revision: u64) -> u64 {
        while let Some(earlier) = self.at(revision).and_then(IndicatorRecord::corrects) {
            if earlier >= revision {
                break;
            }
            revision = earlier;
        }
        revision
    }

    fn chains(&self) -> BTreeMap<u64, Chain> {
        let mut chains: BTreeMap<u64, Chain> = BTreeMap::new();
        self.0.iter().for_each(|record| self.take(record, &mut chains));
        chains
    }

    /// Takes the next event into the chain of what it is, or corrects.
    fn take(&self, record: &IndicatorRecord, chains: &mut BTreeMap<u64, Chain>) {
        let revision = record.revision;
        let original = self.original(revision);
        if original == revision {
            let stood = vec![(revision, record.says().is_some())];
            chains.insert(revision, Chain { stood, last: revision });
            return;
        }
        let Some(chain) = chains.get_mut(&original) else { return };
        let of_correction = chain.stood.len() > 1;
        if record.says().is_none() && of_correction {
            chain.stood.pop();
        } else {
            chain.stood.push((revision, record.says().is_some()));
        }
        chain.last = revision;
    }
}

impl Chain {
    /// The event whose figure is in force.
    fn in_force(&self) -> Option<u64> {
        self.stood.last().filter(|(_, says)| *says).map(|(revision, _)| *revision)
    }
}

impl Observation {
    /// Whether another is of the same indicator, period, basis and coverage.
    pub fn is_of_same(&self, other: &Self) -> bool {
        self.indicator == other.indicator
            && self.period == other.period
            && self.basis == other.basis
            && self.coverage == other.coverage
    }

    /// What is wrong with it by itself, and against the measures that declare its indicator.
    ///
    /// # Errors
    /// The member that is wrong.
    pub fn check<'m>(
        &self,
        declared: impl Iterator<Item = &'m IndicatorRule>,
        today: super::date::Day,
    ) -> Result<(), FieldError> {
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !self.indicator.starts_with(|c: char| c.is_ascii_lowercase())
            || !self.indicator.chars().all(is_id)
            || self.indicator.len() > 64
        {
            let text = said!(
                "“{given}” is no id of an indicator: lower-case letters, digits and _",
                "“{given}”不是指标标识：只可用小写字母、数字和_",
                given = Given(&self.indicator)
            );
            return Err(field("/indicator", text));
        }
        if self.confidence == Provenance::Recorded {
            let text = said!(
                "a figure is attested (a source prints it) or inferred (it follows from what one prints)",
                "可信程度为佐证（来源载明）或推定（由来源推知）"
            );
            return Err(field("/confidence", text));
        }
        if self.period.earliest().is_some_and(|earliest| earliest > today) {
            let text = said!(
                "the period {period} has not begun (today is {today})",
                "期间{period}尚未开始（今天是{today}）",
                period = self.period,
                today = today
            );
            return Err(field("/period", text));
        }
        // Categories declare the same indicator, mostly in the same unit.
        let mut units: Vec<&Text> = Vec::new();
        for unit in declared.filter(|rule| rule.id == self.indicator) {
            units.extend(unit.unit.as_ref().filter(|unit| !units.contains(unit)));
        }
        let fits = |unit: &&Text| *self.unit == *unit.en || *self.unit == *unit.zh;
        if units.is_empty() || units.iter().any(fits) {
            return Ok(());
        }
        let text = said!(
            "the measure observes this indicator in {units}, not in “{given}”",
            "办法规定该指标的单位为{units}，而非“{given}”",
            units = AllOf(units.clone()),
            given = Given(&self.unit)
        );
        Err(field("/unit", text).accepting(units.iter().map(|unit| unit.en.as_str())))
    }
}
