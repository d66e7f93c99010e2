//! Versions and editions of a measure side by side, and the decisions on record that another of them would
//! have judged otherwise.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::asking::answer::{REVALIDATE, json};
use crate::api::asking::call::{Answered, Call, refused_parameter};
use crate::api::asking::etag;
use crate::app::{Judged, Otherwise, StartError};
use crate::domain::ids::Language;
use crate::domain::measure::Edition;
use crate::views::compared::{PartChange, compared};
use crate::views::draw::draw;
use crate::views::media::SVG;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// Decisions that one answer makes again, or a few more: enrollments are not divided.
const AT_ONCE: u64 = 60;
const EDITION: Parameter = Parameter::new(
    "edition",
    Kind::Digest,
    "The edition of the version, by its SHA-256; the newest adopted unless told.",
    "该版本的文件版次（以其 SHA-256 表示）；默认取最新一次采用者。",
);
const OTHER_EDITION: Parameter = Parameter::new(
    "other_edition",
    Kind::Digest,
    "The edition of the other version, by its SHA-256; the newest adopted unless told.",
    "另一版本的文件版次（以其 SHA-256 表示）；默认取最新一次采用者。",
);
/// Which edition of a version.
pub const ONE: &[Parameter] = &[EDITION];
/// Which editions.
pub const BOTH: &[Parameter] = &[EDITION, OTHER_EDITION];
/// Which edition is tried, and from where.
pub const TRIED: &[Parameter] = &[
    OTHER_EDITION,
    Parameter::new(
        "after",
        Kind::Text,
        "Goes on after this stream: `onward` of the answer before.",
        "自该流之后继续（取自前一答复的 onward）。",
    ),
];

/// An edition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditionBrief {
    /// The version of the measure.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Why it exists.
    pub reason: String,
    /// From when the version governs.
    pub in_force_from: String,
}

/// What changed from one version or edition to another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// The program whose document it is.
    pub program: String,
    /// The one.
    pub one: EditionBrief,
    /// The other.
    pub other: EditionBrief,
    /// What the other has otherwise; empty: nothing.
    pub changes: Vec<PartChange>,
}

/// Decisions on record that another version or edition would have judged otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JudgedOtherwise {
    /// The version in whose place the other was tried.
    pub version: String,
    /// What was tried.
    pub other: EditionBrief,
    /// How many decisions were made again for this answer.
    pub decisions: u64,
    /// Those that would be judged otherwise, in the order of the log.
    pub items: Vec<OtherwiseView>,
    /// The stream after which there is more (`after`); absent: all was looked at.
    pub onward: Option<String>,
}

/// A decision that would be judged otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OtherwiseView {
    /// The program.
    pub program: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// The sequence of its event, 20 digits.
    pub sequence: String,
    /// The act.
    pub act: String,
    /// What that is called.
    pub act_label: String,
    /// From when it counts.
    pub effective_on: String,
    /// The version by which it was decided.
    pub measure: Option<String>,
    /// The article by which it was decided.
    pub article: Option<String>,
    /// Why it would be refused; absent: it would not.
    pub refused: Option<String>,
    /// The article by which it would be refused.
    pub refused_by: Option<String>,
    /// What else would follow from it.
    pub differs: Vec<DifferenceView>,
}

/// One value that would be another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DifferenceView {
    /// A JSON Pointer into what was decided.
    pub pointer: String,
    /// What is on record; null: nothing.
    pub on_record: Value,
    /// What it would be; null: nothing.
    pub otherwise: Value,
}

impl EditionBrief {
    fn of(edition: &Edition) -> Self {
        Self {
            version: edition.measure.version.to_string(),
            digest: edition.digest.clone(),
            reason: edition.measure.edition_reason.clone(),
            in_force_from: edition.measure.in_force_from.to_string(),
        }
    }
}

impl OtherwiseView {
    fn of(one: Otherwise, language: Language) -> Self {
        let (measure, _, article) = one.by;
        let (refused, differs) = match one.judged {
            Judged::Refused(refusal) => (Some(refusal), Vec::new()),
            Judged::Differs(differences) => (None, differences),
        };
        let differs = differs.into_iter().map(|one| DifferenceView {
            pointer: one.pointer,
            on_record: one.on_record,
            otherwise: one.otherwise,
        });
        Self {
            program: one.program.to_string(),
            subject: one.subject,
            sequence: sequence(one.sequence),
            act: one.act.as_str().to_owned(),
            act_label: one.act.label().get(language).to_owned(),
            effective_on: one.effective_on.to_string(),
            measure: measure.map(|version| version.to_string()),
            article,
            refused: refused.as_ref().map(|refusal| refusal.detail.get(language).to_owned()),
            refused_by: refused.and_then(|refusal| refusal.article.as_deref().map(str::to_owned)),
            differs: differs.collect(),
        }
    }
}

fn unread(call: &Call, error: StartError) -> Problem {
    match error {
        StartError::Act(error) => call.problem(error),
        error => Problem::internal(error),
    }
}

/// The digest of an edition that a parameter gives.
///
/// # Errors
/// It is none.
pub(super) fn digest<'c>(call: &'c Call, parameter: &str) -> Result<Option<&'c str>, Problem> {
    let given = call.parameter(parameter);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if given.is_none_or(|given| given.len() == 64 && given.bytes().all(is_digit)) {
        return Ok(given);
    }
    let en = "expected a SHA-256 in 64 hexadecimal digits, as the version's editions have it";
    let zh = "应为 64 位十六进制 SHA-256，见该版本的版次列表";
    Err(refused_parameter(parameter, en, zh))
}

/// The edition that a part of the path names by its version, and a digest.
///
/// # Errors
/// `not-found`.
pub(super) async fn edition(
    call: &Call,
    path: &str,
    digest: Option<&str>,
) -> Result<Arc<Edition>, Problem> {
    let program = call.program()?;
    let version = call.path(path);
    let versions = call.state.app.library().versions(program);
    if let Some(newest) = versions.version(&version).filter(|_| digest.is_none()) {
        return Ok(newest.clone());
    }
    let is_it = |edition: &Edition| {
        edition.measure.version == *version && digest.is_none_or(|digest| edition.digest == digest)
    };
    let found = call.state.app.adopted_edition(program.governed_as(), is_it).await;
    found.map_err(|error| unread(call, error))?.ok_or_else(|| {
        let known = versions.all().iter().map(|e| e.measure.version.to_string());
        let known = known.collect::<Vec<_>>().join(", ");
        let (of, of_zh) = match digest {
            Some(digest) => (format!(" with an edition {digest}"), format!("（版次 {digest}）")),
            None => Default::default(),
        };
        Problem::new(Code::NotFound)
            .detail(format!("{} has no version {version:?}{of}; it has {known}", program.id))
            .detail_zh(format!("{} 没有版本 {version:?}{of_zh}；现有 {known}", program.id))
    })
}

/// Answers what changed from one version or edition to another.
///
/// # Errors
/// See the route.
pub async fn compare_measures(call: Call) -> Answered {
    let (of_one, of_other) = (digest(&call, "edition")?, digest(&call, "other_edition")?);
    let one = edition(&call, "version", of_one).await?;
    let other = edition(&call, "other", of_other).await?;
    let changes = compared(&one.measure, &other.measure).map_err(Problem::internal)?;
    let view = Comparison {
        program: one.measure.program.to_string(),
        one: EditionBrief::of(&one),
        other: EditionBrief::of(&other),
        changes,
    };
    json(&call, &view)
}

/// Lists decisions on record that another version or edition would have judged otherwise, had it stood in
/// the place of the one.
///
/// # Errors
/// See the route.
pub async fn list_judged_otherwise(call: Call) -> Answered {
    let (of_one, of_other) = (digest(&call, "edition")?, digest(&call, "other_edition")?);
    let one = edition(&call, "version", of_one).await?;
    let other = edition(&call, "other", of_other).await?;
    let mut measure = other.measure.clone();
    measure.version = one.measure.version.clone();
    measure.in_force_from = one.measure.in_force_from;
    let tried = Arc::new(Edition { measure, digest: other.digest.clone() });
    let after = call.parameter("after").unwrap_or_default();
    let judged = call.state.app.judge_some_again(&tried, after, AT_ONCE).await;
    let (again, onward) = judged.map_err(|error| unread(&call, error))?;
    let items = again.otherwise.into_iter().map(|one| OtherwiseView::of(one, call.language));
    let view = JudgedOtherwise {
        version: one.measure.version.to_string(),
        other: EditionBrief::of(&other),
        decisions: again.decisions,
        items: items.collect(),
        onward,
    };
    json(&call, &view)
}

/// Draws the phases of a version of a measure, and the acts that lead from one to another.
///
/// # Errors
/// See the route.
pub async fn draw_measure(call: Call) -> Answered {
    let edition = edition(&call, "version", digest(&call, "edition")?).await?;
    let picture = draw(&edition.measure, call.language);
    let tag = format!("\"{}.svg.{}\"", edition.digest, call.language.tag());
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, REVALIDATE, None));
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, SVG))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::VARY, "Accept-Language, Authorization"))
        .insert_header((header::ETAG, tag))
        .body(picture))
}
