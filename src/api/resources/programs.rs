//! Programs, and their measures in every version and edition.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::compared::{digest, edition};
use crate::api::asking::answer::{List, REVALIDATE, json, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::app::read_whole_stream;
use crate::codec::{self, Stored};
use crate::domain::ids::Text;
use crate::domain::measure::{Edition, Program};
use crate::domain::words;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// A program.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgramView {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Text,
    /// The program whose measures it follows with invented subjects, if it is an exercise.
    pub exercise_of: Option<String>,
    /// Kinds of subject that can enroll.
    pub subject_kinds: Vec<String>,
    /// What they are called.
    pub subject_kind_labels: Vec<String>,
    /// The articles that say who the subjects are.
    pub article: String,
    /// Our choices of who they are, where the text is silent.
    pub readings: Vec<String>,
    /// The versions of its measure, oldest first.
    pub measures: Vec<String>,
    /// The version in force today.
    pub in_force: Option<String>,
    /// The number of its document, as printed.
    pub in_force_number: Option<String>,
}

fn view(call: &Call, program: &Program) -> ProgramView {
    let versions = call.state.app.library().versions(program);
    let readings = program.subject_kinds.iter().filter_map(|kind| kind.reading.as_ref());
    let name = |edition: &Edition| edition.measure.version.to_string();
    let in_force = versions.in_force(call.state.today());
    ProgramView {
        id: program.id.to_string(),
        name: program.name.clone(),
        exercise_of: program.exercise_of.as_ref().map(ToString::to_string),
        subject_kinds: program.kinds().iter().map(ToString::to_string).collect(),
        subject_kind_labels: program
            .subject_kinds
            .iter()
            .map(|kind| kind.label.get(call.language).to_owned())
            .collect(),
        article: words::article(&program.article, call.language).into_owned(),
        readings: readings.map(|text| text.get(call.language).to_owned()).collect(),
        measures: versions.all().iter().map(|edition| name(edition)).collect(),
        in_force: in_force.map(|edition| name(edition)),
        in_force_number: in_force
            .and_then(|edition| edition.measure.number.as_ref())
            .map(|number| number.get(call.language).to_owned()),
    }
}

/// Lists the programs.
///
/// # Errors
/// See the route.
pub async fn list_programs(call: Call) -> Answered {
    let programs = &call.state.app.library().programs().programs;
    let items = programs.iter().map(|program| view(&call, program)).collect();
    json(&call, &List { items })
}

/// Answers a program.
///
/// # Errors
/// See the route.
pub async fn get_program(call: Call) -> Answered {
    json(&call, &view(&call, call.program()?))
}

/// An edition of a measure: our encoding of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EditionView {
    /// SHA-256 of the file, whose bytes are kept as a document.
    pub digest: String,
    /// Why it exists.
    pub reason: String,
    /// The event that adopted it.
    pub adopted_by: String,
    /// The sequence of that event, 20 digits.
    pub sequence: String,
    /// When it was adopted, UTC.
    pub adopted_at: String,
    /// The address of its bytes.
    pub file: String,
}

/// A version of a measure.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureView {
    /// The program whose document it is.
    pub program: String,
    /// The version.
    pub version: String,
    /// The document's title.
    pub title: Text,
    /// Its number, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text>,
    /// Who issued it.
    pub issued_by: Text,
    /// From when it governs.
    pub in_force_from: String,
    /// The article that says so.
    pub in_force_article: String,
    /// Whether only part of the document is known.
    pub known_in_part: bool,
    /// What is not known.
    pub gaps: Vec<Text>,
    /// The edition by which acts are judged.
    pub edition: String,
    /// Every edition adopted, oldest first.
    pub editions: Vec<EditionView>,
    /// The measure as data, article by article, with its readings; only where one version is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Value>,
}

async fn editions(
    call: &Call,
    program: &Program,
) -> Result<BTreeMap<String, Vec<EditionView>>, Problem> {
    let stream = codec::measure_stream(program.governed_as());
    let mut found: BTreeMap<String, Vec<EditionView>> = BTreeMap::new();
    for event in read_whole_stream(&**call.state.app.log(), &stream, 0).await? {
        let decoded = codec::decode(&event).map_err(|error| call.problem(error.into()))?;
        let Stored::MeasureAdopted(adopted, meta) = decoded else { continue };
        found.entry(adopted.version.to_string()).or_default().push(EditionView {
            file: format!("/v1/documents/{}", adopted.digest),
            digest: adopted.digest,
            reason: adopted.reason,
            adopted_by: codec::reference(&event).to_string(),
            sequence: sequence(event.sequence),
            adopted_at: meta.recorded_at.to_rfc3339(),
        });
    }
    Ok(found)
}

fn measure_view(edition: &Edition, editions: &BTreeMap<String, Vec<EditionView>>) -> MeasureView {
    let measure = &edition.measure;
    let version = measure.version.to_string();
    MeasureView {
        program: measure.program.to_string(),
        title: measure.title.clone(),
        number: measure.number.clone(),
        issued_by: measure.issued_by.clone(),
        in_force_from: measure.in_force_from.to_string(),
        in_force_article: measure.in_force_article.clone(),
        known_in_part: measure.known_in_part,
        gaps: measure.gaps.clone(),
        edition: edition.digest.clone(),
        editions: editions.get(&version).cloned().unwrap_or_default(),
        version,
        measure: None,
    }
}

/// Lists the versions of a program's measure.
///
/// # Errors
/// See the route.
pub async fn list_measures(call: Call) -> Answered {
    let program = call.program()?;
    let editions = editions(&call, program).await?;
    let versions = call.state.app.library().versions(program);
    let items = versions.all().iter().map(|edition| measure_view(edition, &editions)).collect();
    json(&call, &List { items })
}

/// Answers a version of a measure as data.
///
/// # Errors
/// See the route.
pub async fn get_measure(call: Call) -> Answered {
    let program = call.program()?;
    let edition = edition(&call, "version", digest(&call, "edition")?).await?;
    let mut view = measure_view(&edition, &editions(&call, program).await?);
    view.measure = Some(serde_json::to_value(&edition.measure).map_err(Problem::internal)?);
    let tag =
        format!("\"{}.{}.json.{}\"", edition.digest, view.editions.len(), call.language.tag());
    tagged(&call, &tag, REVALIDATE, &view)
}
