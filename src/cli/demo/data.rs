//! The two data sets, embedded: *real* (what sources name, attested) and *exercise* (invented).
//!
//! A set is a list of steps in TOML files, in the order in which they are recorded. Each `[[step]]`
//! has a `key`, stable for ever, and is one of:
//!
//! - `register = { … }`: a subject, as `POST /v1/subjects` takes it;
//! - `rename = { subject = "…", … }`: another name of a subject;
//! - `upload = { name = "…", text = "…" }`: a document, cited further on by its name;
//! - an act: `subject`, `act`, and what the act says, as the body of the request has it. `program`
//!   is the file's unless the step names another. An act for the program as a whole says
//!   `for_the_program = true` instead of a subject.
//!
//! Short forms in an act: `by = "national_office"` is `archive` with the file's source; a material
//! or a document with `upload = "name"` gets media type and digest (a material also the file name);
//! `corrects_step`, `follows_step` and `of_step` name the step whose event is meant. `as` names who
//! records (role, office, divisions), the registrar unless said. `expect` names the problem that
//! refuses the step. Deliberately not here: whether a step is allowed, which the measures say.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::figures::{self, FigureStep};
use crate::app::documents::Digest;
use crate::codec::{enrollment_stream, program_stream};
use crate::domain::ids::{EventRef, ProgramId, SubjectId};
use crate::domain::subject::{Registration, Renaming};

/// Members of an act that name another step, and the member of the request that each fills.
const REFERENCES: [(&str, &str); 3] =
    [("corrects_step", "corrects"), ("follows_step", "follows"), ("of_step", "of")];

/// A data set: steps in the order in which they are recorded.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// `real` or `exercise`.
    pub name: &'static str,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// The key under which it is recorded once, however often it is sent.
    pub key: String,
    /// Who records it.
    pub recorder: Recorder,
    /// What is done.
    pub what: What,
    /// The code of the problem that refuses it, where it is meant to be refused.
    pub expect: Option<String>,
}

/// Who records a step: what a token has to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorder {
    /// The role, in snake case.
    pub role: String,
    /// The office's id.
    pub office: String,
    /// The divisions for which it acts.
    #[serde(default)]
    pub divisions: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum What {
    /// Registers a subject.
    Register(Box<Registration>),
    /// Gives a subject another name.
    Rename {
        /// The subject.
        subject: SubjectId,
        /// The new name.
        renaming: Box<Renaming>,
    },
    /// Uploads a document.
    Upload(Upload),
    /// Records an act.
    Act(ActStep),
    /// Records a figure of a division.
    Figure(Box<FigureStep>),
}

/// A document with its content.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The file name by which acts of the set cite it.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// The content.
    pub text: String,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub digest: String,
}

/// An act in an enrollment, or for a program as a whole.
#[derive(Debug, Clone)]
pub struct ActStep {
    /// The program.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// Members of the request that are the reference of another step's event: member, step.
    pub references: BTreeMap<String, String>,
    members: Map<String, Value>,
}

impl ActStep {
    /// The body of the request, `reference` telling the event that a step was recorded as.
    ///
    /// # Errors
    /// Names a step whose event is not known.
    pub fn body(&self, reference: impl Fn(&str) -> Option<EventRef>) -> Result<Value> {
        let mut members = self.members.clone();
        for (member, step) in &self.references {
            let event = reference(step)
                .with_context(|| format!("{member}: step {step:?} has recorded no event"))?;
            members.insert(member.clone(), Value::String(event.to_string()));
        }
        Ok(Value::Object(members))
    }

    /// The stream into which it is recorded.
    pub fn stream(&self) -> String {
        match &self.subject {
            Some(subject) => enrollment_stream(&self.program, subject),
            None => program_stream(&self.program),
        }
    }

    /// Where it is recorded over HTTP.
    pub fn path(&self) -> String {
        match &self.subject {
            Some(subject) => format!("/v1/enrollments/{}/{subject}/acts", self.program),
            None => format!("/v1/programs/{}/acts", self.program),
        }
    }

    /// The act's name.
    pub fn act(&self) -> &str {
        self.members.get("act").and_then(Value::as_str).unwrap_or_default()
    }
}

impl DataSet {
    /// What sources name of real provinces, areas, cities, counties and parks.
    ///
    /// # Errors
    /// None for the embedded files, which the tests read.
    pub fn real() -> Result<Self> {
        Self::read(
            "real",
            &[
                ("real/subjects.toml", include_str!("real/subjects.toml")),
                ("real/strong_province.toml", include_str!("real/strong_province.toml")),
                ("real/cluster_area.toml", include_str!("real/cluster_area.toml")),
                (
                    "real/high_quality_cluster_area.toml",
                    include_str!("real/high_quality_cluster_area.toml"),
                ),
                ("real/subjects_local.toml", include_str!("real/subjects_local.toml")),
                ("real/strong_city.toml", include_str!("real/strong_city.toml")),
                ("real/ip_power_unit.toml", include_str!("real/ip_power_unit.toml")),
                ("real/cooperation_theme.toml", include_str!("real/cooperation_theme.toml")),
                ("real/regional_arrangement.toml", include_str!("real/regional_arrangement.toml")),
                ("real/demonstration_city.toml", include_str!("real/demonstration_city.toml")),
                (
                    "real/protection_demonstration_area.toml",
                    include_str!("real/protection_demonstration_area.toml"),
                ),
                ("real/operation_key_city.toml", include_str!("real/operation_key_city.toml")),
                ("real/figures.toml", include_str!("real/figures.toml")),
            ],
        )?
        .with_figures(
            include_str!("real/indicators.tsv"),
            include_str!("real/indicator_sources.tsv"),
        )
    }

    /// Complete life cycles of invented provinces, areas, cities and others.
    ///
    /// # Errors
    /// None for the embedded files, which the tests read.
    pub fn exercise() -> Result<Self> {
        Self::read(
            "exercise",
            &[
                ("exercise/subjects.toml", include_str!("exercise/subjects.toml")),
                ("exercise/documents.toml", include_str!("exercise/documents.toml")),
                ("exercise/strong_province.toml", include_str!("exercise/strong_province.toml")),
                ("exercise/cluster_area.toml", include_str!("exercise/cluster_area.toml")),
                ("exercise/subjects_local.toml", include_str!("exercise/subjects_local.toml")),
                ("exercise/strong_city.toml", include_str!("exercise/strong_city.toml")),
                (
                    "exercise/regional_arrangement.toml",
                    include_str!("exercise/regional_arrangement.toml"),
                ),
                ("exercise/ip_power_unit.toml", include_str!("exercise/ip_power_unit.toml")),
                (
                    "exercise/cooperation_theme.toml",
                    include_str!("exercise/cooperation_theme.toml"),
                ),
                ("exercise/operation_center.toml", include_str!("exercise/operation_center.toml")),
                ("exercise/gi_promotion.toml", include_str!("exercise/gi_promotion.toml")),
                ("exercise/navigation_base.toml", include_str!("exercise/navigation_base.toml")),
                (
                    "exercise/brand_guidance_center.toml",
                    include_str!("exercise/brand_guidance_center.toml"),
                ),
            ],
        )?
        .with_figures(
            include_str!("exercise/indicators.tsv"),
            include_str!("exercise/indicator_sources.tsv"),
        )
    }

    fn with_figures(mut self, table: &str, sources: &str) -> Result<Self> {
        let figures = figures::read(table, sources);
        let figures = figures.with_context(|| format!("data set {}, figures", self.name))?;
        self.steps.extend(figures);
        Ok(self)
    }

    /// Reads the files of a set, in their order.
    ///
    /// # Errors
    /// Names the file, the step and what is wrong with it.
    pub fn read(name: &'static str, files: &[(&str, &str)]) -> Result<Self> {
        let mut reader = Reader::default();
        for (path, text) in files {
            reader.file(text).with_context(|| format!("data set {name}, {path}"))?;
        }
        Ok(Self { name, steps: reader.steps })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    program: Option<ProgramId>,
    archive: Option<String>,
    #[serde(default, rename = "step")]
    steps: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadMembers {
    name: String,
    #[serde(default = "plain_text")]
    media_type: String,
    text: String,
}

fn plain_text() -> String {
    "text/plain".to_owned()
}

#[derive(Default)]
struct Reader {
    steps: Vec<Step>,
    keys: BTreeSet<String>,
    uploads: BTreeMap<String, (String, String)>,
}

impl Reader {
    fn file(&mut self, text: &str) -> Result<()> {
        let mut file: File = toml::from_str(text)?;
        for members in std::mem::take(&mut file.steps) {
            let key = members.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
            let step = self.step(&file, members).with_context(|| format!("step {key:?}"))?;
            self.steps.push(step);
        }
        Ok(())
    }

    fn step(&mut self, file: &File, mut members: Map<String, Value>) -> Result<Step> {
        let key: String = take(&mut members, "key")?.context("a step has a key")?;
        ensure!(self.keys.insert(key.clone()), "the key is used by an earlier step");
        let registrar =
            || Recorder { role: "registrar".into(), office: "registrar".into(), divisions: vec![] };
        let recorder = take(&mut members, "as")?.unwrap_or_else(registrar);
        let expect = take(&mut members, "expect")?;
        let what = if let Some(registration) = take(&mut members, "register")? {
            What::Register(registration)
        } else if let Some(mut renaming) = take::<Map<String, Value>>(&mut members, "rename")? {
            let subject = take(&mut renaming, "subject")?.context("rename names its subject")?;
            What::Rename { subject, renaming: serde_json::from_value(Value::Object(renaming))? }
        } else if let Some(upload) = take(&mut members, "upload")? {
            What::Upload(self.upload(upload)?)
        } else {
            return Ok(Step { key, recorder, what: self.act(file, members)?, expect });
        };
        let left: Vec<_> = members.keys().cloned().collect();
        ensure!(left.is_empty(), "unknown members: {}", left.join(", "));
        Ok(Step { key, recorder, what, expect })
    }

    fn upload(&mut self, members: UploadMembers) -> Result<Upload> {
        let UploadMembers { name, media_type, text } = members;
        let digest = Digest::of(text.as_bytes()).to_string();
        let known = self.uploads.insert(name.clone(), (media_type.clone(), digest.clone()));
        ensure!(known.is_none(), "{name} is uploaded by an earlier step");
        Ok(Upload { name, media_type, text, digest })
    }

    fn act(&self, file: &File, mut members: Map<String, Value>) -> Result<What> {
        ensure!(members.contains_key("act"), "neither an act, register, rename nor upload");
        let program = take(&mut members, "program")?
            .or_else(|| file.program.clone())
            .context("neither the step nor its file names a program")?;
        let subject = take(&mut members, "subject")?;
        let whole: bool = take(&mut members, "for_the_program")?.unwrap_or_default();
        ensure!(
            subject.is_some() != whole,
            "an act names its subject, or says `for_the_program = true`"
        );
        let mut references = BTreeMap::new();
        for (short, member) in REFERENCES {
            if let Some(step) = take::<String>(&mut members, short)? {
                ensure!(self.keys.contains(&step), "{short}: {step:?} is no earlier step");
                references.insert(member.to_owned(), step);
            }
        }
        for value in members.values_mut() {
            self.expand(file, value)?;
        }
        expand_office(file, &mut members)?;
        Ok(What::Act(ActStep { program, subject, references, members }))
    }

    /// Replaces the short forms wherever they stand, also in a correction's replacement.
    fn expand(&self, file: &File, value: &mut Value) -> Result<()> {
        match value {
            Value::Array(values) => values.iter_mut().try_for_each(|v| self.expand(file, v)),
            Value::Object(members) => {
                if let Some(name) = take::<String>(members, "upload")? {
                    let (media_type, digest) = self
                        .uploads
                        .get(&name)
                        .ok_or_else(|| anyhow!("{name:?} is uploaded by no earlier step"))?;
                    if members.contains_key("kind") {
                        members.insert("name".into(), json!(name));
                    }
                    members.insert("media_type".into(), json!(media_type));
                    members.insert("digest".into(), json!(digest));
                }
                expand_office(file, members)?;
                members.values_mut().try_for_each(|v| self.expand(file, v))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

fn expand_office(file: &File, members: &mut Map<String, Value>) -> Result<()> {
    let Some(office) = take::<String>(members, "by")? else {
        return Ok(());
    };
    let Some(source) = &file.archive else {
        bail!("`by` needs the file's `archive`, which says where its acts are kept");
    };
    members.insert("archive".into(), json!({ "office": office, "source": source }));
    Ok(())
}

fn take<T: serde::de::DeserializeOwned>(
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>> {
    let Some(value) = members.remove(name) else {
        return Ok(None);
    };
    serde_json::from_value(value).map(Some).with_context(|| name.to_owned())
}
