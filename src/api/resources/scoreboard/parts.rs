//! The parts of a scoreboard, each figure with the list that it opens.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::counts::{Counts, in_phase};
use super::{ZONE, zones_of};
use crate::api::asking::named::UNASSIGNED;
use crate::api::asking::opening::{Figure, Opening};
use crate::api::resources::quotas::{DaysTaken, Held, QuotaOfCategory};
use crate::domain::date::Day;
use crate::domain::ids::{Id, Language};
use crate::domain::measure::{Measure, Phase, Program, Target, Versions};
use crate::domain::words;
use crate::views::brief::{Labelled, worded};
use crate::views::labels::Labels;

/// A national stage.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StageOn {
    /// `I`, `II`, `III`.
    pub stage: String,
    /// What it is called.
    pub stage_label: String,
    /// Its first year.
    pub from_year: i32,
    /// Its last year, which is the first of the next one too.
    pub to_year: i32,
}

/// The places of a category on the day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlacesOfCategory {
    /// The category.
    pub category: Labelled<'static>,
    /// How many places there are.
    pub limit: u32,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
    /// How many are taken.
    pub taken: Figure,
    /// How many of these are only reserved, their approval not on record.
    pub reserved: Figure,
    /// How many of these are known only from evidence.
    pub attested: Figure,
    /// How many of these were taken over the limit, by an override.
    pub overridden: Figure,
    /// How many are left; it opens those that are taken.
    pub free: Figure,
    /// How many are taken over the limit; it opens those that are taken.
    pub over: Figure,
    /// Days on which more are taken than there are.
    pub days_over: Vec<DaysTaken>,
}

/// A target, beside what stands there on the day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetOn {
    /// The target.
    pub target: String,
    /// As the document says it.
    pub target_label: String,
    /// By when.
    pub by: String,
    /// Of which category.
    pub category: Option<Labelled<'static>>,
    /// In which phase subjects are counted; absent: it is a text, and never computed.
    pub phase: Option<Labelled<'static>>,
    /// The fewest.
    pub from: Option<u32>,
    /// The most.
    pub to: Option<u32>,
    /// Whether the document says "about".
    pub about: bool,
    /// How many stand there.
    pub standing: Option<Figure>,
    /// How many are missing up to the fewest.
    pub short_of: Option<u64>,
    /// How many there are beyond the most.
    pub beyond: Option<u64>,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
}

/// How many stand in a phase.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandingIn {
    /// The phase.
    pub phase: Labelled<'static>,
    /// Whether who is in it stands in the program.
    pub standing: bool,
    /// How many, of every category and of none.
    pub subjects: Figure,
    /// By category.
    pub categories: Vec<OfCategory>,
}

/// Those of a category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OfCategory {
    /// The category.
    pub category: Labelled<'static>,
    /// How many.
    pub subjects: Figure,
}

/// Those of a zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneStanding {
    /// The zone; `unassigned`: none is on record, and none is guessed.
    pub zone: Labelled<'static>,
    /// By phase.
    pub phases: Vec<InPhase>,
}

/// Those in a phase.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InPhase {
    /// The phase.
    pub phase: Labelled<'static>,
    /// How many.
    pub subjects: Figure,
}

/// What the parts are made with.
pub(super) struct Board<'a> {
    pub program: &'a Program,
    pub versions: Arc<Versions>,
    pub measure: Option<&'a Measure>,
    pub day: Day,
    pub opening: Opening,
    /// The zone asked about.
    pub zone: Option<&'a str>,
    pub language: Language,
}

impl Board<'_> {
    /// The stages of the day's year.
    pub fn stages(&self) -> Vec<StageOn> {
        let stages =
            self.measure.into_iter().flat_map(|measure| measure.stages_of(self.day.year()));
        let stage = stages.map(|stage| StageOn {
            stage: stage.id.to_string(),
            stage_label: stage.label.get(self.language).to_owned(),
            from_year: stage.from_year,
            to_year: stage.to_year,
        });
        stage.collect()
    }

    /// A category's places.
    pub fn places(&self, quota: QuotaOfCategory) -> PlacesOfCategory {
        let path = format!("/v1/programs/{}/quotas", self.program.id);
        let category = quota.category.id.to_string();
        let figure = |count: u32, held: Held| {
            let filters = [("category", Some(category.as_str())), ("held", Some(held.as_str()))];
            self.opening.figure(count.into(), &path, &filters)
        };
        PlacesOfCategory {
            limit: quota.limit,
            taken: figure(quota.taken, Held::Taken),
            reserved: figure(quota.reserved, Held::Reserved),
            attested: figure(quota.attested, Held::Attested),
            overridden: figure(quota.overridden, Held::Overridden),
            free: figure(quota.free, Held::Taken),
            over: figure(quota.over, Held::Taken),
            category: quota.category,
            article: quota.article,
            reading: quota.reading,
            days_over: quota.days_over,
        }
    }

    /// What the measure in force sets out to reach.
    pub fn targets(&self, counts: &Counts) -> Vec<TargetOn> {
        let targets = self.measure.into_iter().flat_map(|measure| &measure.targets);
        targets.map(|target| self.target(target, counts)).collect()
    }

    fn target(&self, target: &Target, counts: &Counts) -> TargetOn {
        let aim = target.count.as_ref();
        let category = target.category.as_ref();
        let stands = aim.map(|aim| in_phase(&counts.all, &aim.phase, category));
        TargetOn {
            target: target.id.to_string(),
            target_label: target.label.get(self.language).to_owned(),
            by: target.by.to_string(),
            category: category.map(|id| self.category(id)),
            phase: aim.map(|aim| self.phase(&aim.phase)),
            from: aim.map(|aim| aim.from),
            to: aim.map(|aim| aim.to),
            about: aim.is_some_and(|aim| aim.about),
            short_of: aim.zip(stands).map(|(aim, n)| u64::from(aim.from).saturating_sub(n)),
            beyond: aim.zip(stands).map(|(aim, n)| n.saturating_sub(aim.to.into())),
            standing: aim.zip(stands).map(|(aim, n)| self.enrolled(n, &aim.phase, category, None)),
            article: words::article(&target.article, self.language).into_owned(),
            reading: target.reading.as_ref().map(|text| text.get(self.language).to_owned()),
        }
    }

    /// How many are in each phase that somebody is in, and in each in which one stands.
    pub fn standing(&self, counts: &Counts) -> Vec<StandingIn> {
        let phases = self.phases(|id| counts.phases.keys().any(|(phase, _)| phase == id));
        let of = |phase: &Phase| {
            let here = counts.phases.iter().filter(|((of, _), _)| *of == phase.id);
            let categories = here.filter_map(|((_, category), count)| {
                let id = category.as_ref()?;
                let subjects = self.enrolled(*count, &phase.id, Some(id), self.zone);
                Some(OfCategory { category: self.category(id), subjects })
            });
            let all = in_phase(&counts.phases, &phase.id, None);
            StandingIn {
                phase: self.phase(&phase.id),
                standing: phase.standing,
                subjects: self.enrolled(all, &phase.id, None, self.zone),
                categories: categories.collect(),
            }
        };
        phases.into_iter().map(of).collect()
    }

    /// By zone, those without one last.
    pub fn zones(&self, counts: &Counts) -> Vec<ZoneStanding> {
        let zones = zones_of(self.measure, counts);
        if zones.is_empty() {
            return Vec::new();
        }
        let zones = zones.iter().map(Some).chain([None]);
        zones.map(|zone| self.in_zone(zone, counts)).collect()
    }

    fn in_zone(&self, zone: Option<&Id>, counts: &Counts) -> ZoneStanding {
        let here = |id: &Id| counts.zones.get(&(zone.cloned(), id.clone())).copied();
        let named = zone.map_or(UNASSIGNED, |zone| zone.as_str());
        let phases = self.phases(|id| here(id).is_some()).into_iter().map(|phase| {
            let count = here(&phase.id).unwrap_or_default();
            let subjects = self.enrolled(count, &phase.id, None, Some(named));
            InPhase { phase: self.phase(&phase.id), subjects }
        });
        ZoneStanding { phases: phases.collect(), zone: self.zone_named(zone) }
    }

    /// The phases in which one stands, and others that somebody is in, in the order of the measures.
    fn phases(&self, is_in: impl Fn(&Id) -> bool) -> Vec<&Phase> {
        let mut found: Vec<&Phase> = Vec::new();
        for edition in self.versions.all().iter().rev() {
            for phase in &edition.measure.phases {
                let known = found.iter().any(|known| known.id == phase.id);
                if !known && (phase.standing || is_in(&phase.id)) {
                    found.push(phase);
                }
            }
        }
        found
    }

    fn enrolled(
        &self,
        count: u64,
        phase: &Id,
        category: Option<&Id>,
        zone: Option<&str>,
    ) -> Figure {
        let filters = [
            ("program", Some(self.program.id.as_str())),
            ("phase", Some(phase.as_str())),
            ("category", category.map(|id| id.as_str())),
            (ZONE.name, zone),
        ];
        self.opening.figure(count, "/v1/enrollments", &filters)
    }

    fn phase(&self, id: &Id) -> Labelled<'static> {
        let label = self.versions.find(|measure| measure.phase(id).map(|phase| &phase.label));
        self.labelled(id, worded(label, id, self.language))
    }

    fn category(&self, id: &Id) -> Labelled<'static> {
        self.labelled(id, worded(Labels(&self.versions).category(id), id, self.language))
    }

    fn zone_named(&self, zone: Option<&Id>) -> Labelled<'static> {
        let Some(id) = zone else {
            let label = words::pick(self.language, "unassigned", "未登记区域");
            return self.labelled(UNASSIGNED, label);
        };
        let label = self.versions.find(|measure| {
            measure.zones.iter().find(|zone| zone.id == *id).map(|zone| &zone.label)
        });
        self.labelled(id, worded(label, id, self.language))
    }

    fn labelled(&self, id: &str, label: &str) -> Labelled<'static> {
        Labelled { id: id.to_owned().into(), label: label.to_owned().into() }
    }
}
