//! Figures of a data set: a table of observations, a line each, its columns apart by tabs, and the
//! sources that the lines name.
//!
//! The columns: key; the key of the line that it revises, or nothing; division; indicator; period; basis;
//! coverage; value; bound; unit; source; confidence; note.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::data::{Recorder, Step, What};
use crate::domain::ids::{EventRef, SubjectId};
use crate::domain::indicator::{Observation, ObservationCorrected};
use crate::domain::text::NonBlank;

/// A figure of a division.
#[derive(Debug, Clone)]
pub struct FigureStep {
    /// The division.
    pub division: SubjectId,
    /// The figure.
    pub observation: Observation,
    /// The step whose figure this revises.
    pub revises: Option<String>,
}

impl FigureStep {
    /// Where it is recorded over HTTP, and the body.
    ///
    /// # Errors
    /// The event of the step that it revises is not known.
    pub fn request(
        &self,
        reference: impl Fn(&str) -> Option<EventRef>,
    ) -> Result<(String, Vec<u8>)> {
        let base = format!("/v1/indicators/{}", self.division);
        let Some(revised) = &self.revises else {
            return Ok((format!("{base}/observations"), serde_json::to_vec(&self.observation)?));
        };
        let corrects = reference(revised).with_context(|| {
            format!("step {revised:?}, which it revises, has recorded no event")
        })?;
        let reason = self.observation.note.clone();
        let reason = reason.unwrap_or_else(|| NonBlank::literal("revised by the source"));
        let replacement = Some(self.observation.clone());
        let corrected = ObservationCorrected { corrects, reason, replacement };
        Ok((format!("{base}/corrections"), serde_json::to_vec(&corrected)?))
    }
}

/// Reads a table of figures with its sources.
///
/// # Errors
/// Names the line that is wrong.
pub fn read(table: &str, sources: &str) -> Result<Vec<Step>> {
    let sources: BTreeMap<&str, &str> =
        sources.lines().filter_map(|line| line.split_once('\t')).collect();
    let mut steps = Vec::new();
    for (number, line) in table.lines().enumerate() {
        let step = step(line, &sources).with_context(|| format!("line {}", number + 1))?;
        steps.push(step);
    }
    Ok(steps)
}

fn step(line: &str, sources: &BTreeMap<&str, &str>) -> Result<Step> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [key, revises, division, rest @ ..] = columns.as_slice() else {
        bail!("it has {} columns of 13", columns.len());
    };
    const MEMBERS: [&str; 10] = [
        "indicator",
        "period",
        "basis",
        "coverage",
        "value",
        "bound",
        "unit",
        "source",
        "confidence",
        "note",
    ];
    if rest.len() != MEMBERS.len() {
        bail!("it has {} columns of 13", columns.len());
    }
    let mut members = Map::new();
    for (member, text) in MEMBERS.into_iter().zip(rest).filter(|(_, text)| !text.is_empty()) {
        let text = match member {
            "source" => *sources.get(text).ok_or_else(|| anyhow!("there is no source {text:?}"))?,
            _ => text,
        };
        members.insert(member.to_owned(), json!(text));
    }
    let figure = FigureStep {
        division: SubjectId::parse(division)?,
        observation: typed(Value::Object(members))?,
        revises: (!revises.is_empty()).then(|| (*revises).to_owned()),
    };
    let recorder =
        Recorder { role: "registrar".into(), office: "registrar".into(), divisions: Vec::new() };
    let what = What::Figure(Box::new(figure));
    Ok(Step { key: (*key).to_owned(), recorder, what, expect: None })
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).context("its columns")
}
