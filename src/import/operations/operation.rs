//! An operation that a client asked for, as it is kept beside the log.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::Caller;
use crate::domain::decide::Actor;
use crate::domain::ids::{Office, Text};
use crate::import::{Archive, Csv, Ndjson, Outcome, Source, Xlsx};

/// How long an import is kept after its end: 30 days.
const IMPORTS_KEPT_US: i64 = 30 * 24 * 3600 * 1_000_000;
/// How long a bundle is: a day.
const BUNDLES_KEPT_US: i64 = 24 * 3600 * 1_000_000;

/// The form of what is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Lines of JSON.
    Ndjson,
    /// A table as text.
    Csv,
    /// A workbook.
    Xlsx,
    /// A folder of these with the documents that they cite, packed.
    Zip,
}

impl Form {
    /// Opens what was sent, which lies at a path.
    ///
    /// # Errors
    /// What is not of this form.
    pub fn open(self, path: &Path, limit_bytes: u64) -> std::io::Result<Arc<dyn Source>> {
        Ok(match self {
            Self::Ndjson => Arc::new(Ndjson::open(path)?),
            Self::Csv => Arc::new(Csv::open(path)?),
            Self::Xlsx => Arc::new(Xlsx::open(path)?),
            Self::Zip => Arc::new(Archive::open(path, limit_bytes)?),
        })
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It waits for those before it, or for the server's next start.
    Pending,
    /// It is under way.
    Running,
    /// It is done.
    Succeeded,
    /// It could not be done.
    Failed,
    /// It was cancelled before anything was recorded.
    Cancelled,
}

impl State {
    /// Whether it has ended.
    pub fn is_done(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// Why one failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The code of the problem, as REST has it.
    pub code: String,
    /// What it says.
    pub text: Text,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Work {
    /// To import what was sent.
    Import(ImportAsked),
    /// To make a bundle.
    Evidence(EvidenceAsked),
}

/// How something is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportAsked {
    /// The form of what was sent.
    pub form: Form,
    /// Whether enrollments without a bad line are imported though others have one.
    pub lenient: bool,
    /// Whether nothing is recorded in any case.
    pub only_tries: bool,
}

/// Which bundle is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceAsked {
    /// The address that was asked, with its query.
    pub request: String,
    /// Up to which event.
    pub at_sequence: u64,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asks.
    pub caller: Caller,
    /// The office of who asks.
    pub office_id: String,
    /// The key of the request.
    pub key: String,
    /// What is to be done.
    pub work: Work,
}

/// A bundle that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// What its file is called.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// An operation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id, made of the log, who asked and the key.
    pub id: Uuid,
    /// Where it stands.
    pub state: State,
    /// Who asked: issuer and subject of the token.
    pub principal: String,
    /// The role, as in the token.
    pub role: String,
    /// The office of who asked.
    pub office_id: String,
    /// What is to be done.
    #[serde(flatten)]
    pub work: Work,
    /// The size of what was sent.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// When it was asked for, in microseconds UTC since 1970.
    pub created_us: i64,
    /// When it was begun last.
    pub started_us: Option<i64>,
    /// How often it was begun: again after a stop of the server, and where the record moved meanwhile.
    pub starts: u32,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// What an import came to.
    pub outcome: Option<Outcome>,
    /// The bundle that was made.
    #[serde(default)]
    pub bundle: Option<Bundle>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether there is a report of its lines.
    pub has_report: bool,
}

impl Operation {
    /// One that was asked for just now.
    pub fn new(id: Uuid, asked: Asked, bytes: u64, sha256: String, now_us: i64) -> Self {
        Self {
            id,
            state: State::Pending,
            principal: asked.caller.principal,
            role: asked.caller.role,
            office_id: asked.office_id,
            work: asked.work,
            bytes,
            sha256,
            created_us: now_us,
            started_us: None,
            starts: 0,
            ended_us: None,
            outcome: None,
            bundle: None,
            failure: None,
            has_report: false,
        }
    }

    /// Whether another asks for the same.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.work, &other.work) {
            (Work::Evidence(one), Work::Evidence(other)) => one.request == other.request,
            (one, another) => one == another && self.sha256 == other.sha256,
        }
    }

    /// Until when it is kept, once it has ended.
    pub fn kept_until_us(&self) -> Option<i64> {
        let kept = match self.work {
            Work::Import(_) => IMPORTS_KEPT_US,
            Work::Evidence(_) => BUNDLES_KEPT_US,
        };
        self.ended_us.map(|ended| ended + kept)
    }

    /// Who asked, as the application wants it.
    pub fn caller(&self) -> Caller {
        let (office, office_id) = (Office::Registrar, self.office_id.clone());
        let actor = Some(Actor { office, office_id, divisions: Vec::new() });
        Caller { principal: self.principal.clone(), role: self.role.clone(), actor }
    }
}
