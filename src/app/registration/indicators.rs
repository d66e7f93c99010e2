//! Observations of indicators: recorded by the registrar, each division in a stream of its own (P14).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Registrar, Written, invalid, registrar_meta, registrar_only};
use crate::app::beside::under_key;
use crate::app::enrollments::read_whole_stream;
use crate::app::{ActError, Caller};
use crate::codec;
use crate::domain::date::CivilDate;
use crate::domain::division;
use crate::domain::ids::{EventRef, Office, SubjectId, Text};
use crate::domain::indicator::{
    IndicatorEvent, IndicatorHistory, Observation, ObservationCorrected,
};
use crate::domain::measure::{Edition, IndicatorRule};
use crate::domain::refusal::{FieldError, field};
use crate::domain::text::NonBlank;
use crate::domain::words::said;

/// Of whom figures are kept: a registered subject, a division that is none, or what a table sums up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// The id, as it is registered or listed.
    pub id: SubjectId,
    /// What it is called.
    pub name: Text,
    /// Whether it is invented, for an exercise.
    pub invented: bool,
}

/// A correction of a figure by whoever need not know the event: without `corrects` it is of the figure that
/// stands for what the replacement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorCorrection {
    /// The version in force, `stream@revision#id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub corrects: Option<EventRef>,
    /// Why.
    pub reason: NonBlank,
    /// What should stand; absent: it is annulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Observation>,
}

impl Registrar {
    /// The division of an id.
    ///
    /// # Errors
    /// Neither registered, nor a division of the lists, nor a listed total; and as the log's.
    pub async fn division(&self, id: &SubjectId) -> Result<Division, ActError> {
        match self.library.subject(id).await {
            Ok(subject) => {
                let today = self.journal.clock.now().civil_day();
                let (id, name) = (subject.id().clone(), subject.name_on(today).clone());
                Ok(Division { id, name, invented: subject.registration.invented })
            }
            Err(ActError::NotFound { .. }) => {
                let id = id.registered_spelling();
                let known = division::name_of(id.as_str());
                let unknown = || ActError::NotFound { what: "division", name: id.to_string() };
                let (en, zh) = known.ok_or_else(unknown)?;
                let name = Text { en: en.to_owned(), zh: zh.to_owned() };
                Ok(Division { id, name, invented: false })
            }
            Err(error) => Err(error),
        }
    }

    /// What is on record of a division.
    ///
    /// # Errors
    /// As the log's.
    pub async fn indicators(&self, division: &Division) -> Result<IndicatorHistory, ActError> {
        let stream = codec::indicator_stream(&division.id);
        let events = read_whole_stream(&*self.journal.log, &stream, 0).await?;
        Ok(codec::indicator_history(&events)?)
    }

    /// Records a figure.
    ///
    /// # Errors
    /// Only the registrar; a unit that is not the measure's; a figure that is on record.
    pub async fn record_indicator(
        &self,
        caller: &Caller,
        division: &Division,
        observation: Observation,
        key: &str,
    ) -> Result<Written, ActError> {
        registrar_only(caller)?;
        self.check_observation(&observation).map_err(invalid)?;
        let stream = codec::indicator_stream(&division.id);
        let meta = registrar_meta(caller, observation.period, division.invented);
        let print = serde_json::to_string(&observation)?;
        let event = IndicatorEvent::Recorded(observation);
        self.write((caller, key, &print), &stream, meta, |stands, meta, event_id| {
            if let IndicatorEvent::Recorded(observation) = &event {
                let history = codec::indicator_history(stands)?;
                history.check_new(&stream, observation).map_err(Box::new)?;
            }
            Ok(codec::encode_indicator(&event, meta, event_id)?)
        })
        .await
    }

    /// Corrects a figure, as its source revises it or as it should have been recorded.
    ///
    /// # Errors
    /// Only the registrar and the national office; what is corrected is not the version in force.
    pub async fn correct_indicator(
        &self,
        caller: &Caller,
        division: &Division,
        corrected: ObservationCorrected,
        key: &str,
    ) -> Result<Written, ActError> {
        let office = super::correction::corrector(caller)?;
        if let Some(observation) = &corrected.replacement {
            self.check_observation(observation).map_err(|mut error: FieldError| {
                error.pointer = format!("/replacement{}", error.pointer);
                invalid(error)
            })?;
        }
        let stream = codec::indicator_stream(&division.id);
        let today = CivilDate::from(self.journal.clock.now().civil_day());
        let mut meta = registrar_meta(caller, today, division.invented);
        meta.corrects = corrected.corrects.to_string().into();
        if office != Office::Registrar {
            meta.office = office;
            let name = self.library.programs().office_name(office, today.latest());
            meta.office_name = name.cloned().map(Into::into).unwrap_or_default();
        }
        let print = serde_json::to_string(&corrected)?;
        let event = IndicatorEvent::Corrected(Box::new(corrected));
        self.write((caller, key, &print), &stream, meta, |stands, meta, event_id| {
            if let IndicatorEvent::Corrected(corrected) = &event {
                let history = codec::indicator_history(stands)?;
                history.check(&stream, corrected).map_err(Box::new)?;
            }
            Ok(codec::encode_indicator(&event, meta, event_id)?)
        })
        .await
    }

    /// Corrects the figure that a correction names, or else the one that stands for what its replacement
    /// is about. A retry is of the one that its first try corrected.
    ///
    /// # Errors
    /// As [`Registrar::correct_indicator`]; no figure stands for that.
    pub async fn mend_indicator(
        &self,
        caller: &Caller,
        division: &Division,
        correction: IndicatorCorrection,
        key: &str,
    ) -> Result<Written, ActError> {
        let IndicatorCorrection { corrects, reason, replacement } = correction;
        let corrects = match (corrects, &replacement) {
            (Some(corrects), _) => corrects,
            (None, Some(observation)) => self.standing(caller, division, observation, key).await?,
            (None, None) => {
                let text = said!(
                    "name what is annulled, stream@revision#id, or say what should stand",
                    "请指明所撤销的数据（流@修订号#标识），或填写应有的数据"
                );
                return Err(invalid(field("/corrects", text)));
            }
        };
        let corrected = ObservationCorrected { corrects, reason, replacement };
        self.correct_indicator(caller, division, corrected, key).await
    }

    /// The event whose figure stands, or stood when this key was first used, for what another is about.
    async fn standing(
        &self,
        caller: &Caller,
        division: &Division,
        observation: &Observation,
        key: &str,
    ) -> Result<EventRef, ActError> {
        let stream = codec::indicator_stream(&division.id);
        let events = read_whole_stream(&*self.journal.log, &stream, 0).await?;
        let before = under_key(&events, caller, key)?.unwrap_or(events.len());
        let history = codec::indicator_history(&events[..before])?;
        let found = history.stands().find(|(_, stands)| stands.is_of_same(observation));
        let Some((record, _)) = found else {
            let text = said!(
                "no figure is on record for this indicator, period, basis and coverage: record it first",
                "该指标、期间、口径和范围尚无入档数据，请先登记"
            );
            return Err(invalid(field("/replacement", text)));
        };
        Ok(EventRef { stream, revision: record.revision, id: record.id })
    }

    /// A unit is checked only where a measure declares the indicator.
    fn check_observation(&self, observation: &Observation) -> Result<(), FieldError> {
        let programs = &self.library.programs().programs;
        let editions = programs
            .iter()
            .filter_map(|program| self.library.versions(program).newest().map(Arc::clone));
        let editions: Vec<Arc<Edition>> = editions.collect();
        let categories = editions.iter().flat_map(|edition| &edition.measure.categories);
        let declared: Vec<&IndicatorRule> =
            categories.flat_map(|category| &category.indicators).collect();
        let today = self.journal.clock.now().civil_day();
        observation.check(declared.into_iter(), today)
    }
}
