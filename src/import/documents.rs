//! Documents beside the lines that cite them: a `document` or a material of a line may name a `file` of the
//! folder instead of a digest.
//!
//! What must hold: a line cites what is there, by the digest of what is there now; nothing is uploaded
//! before all lines were found good.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, ready};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::bad::BadLine;
use crate::app::documents::{
    Digest, DocumentError, DocumentStore, Download, Obstacle, Upload, put,
};
use crate::domain::ids::Text;
use crate::views::problem::Code;

const CHUNK: usize = 64 << 10;

/// The documents of a folder that were cited.
pub struct Documents {
    folder: PathBuf,
    cited: Mutex<HashMap<PathBuf, Digest>>,
}

impl Documents {
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), cited: Mutex::default() }
    }

    /// Puts digests where a line names files; what is wrong with those.
    pub fn cite(&self, number: u64, json: Vec<u8>) -> Result<Vec<u8>, Vec<BadLine>> {
        const NAME: &[u8] = b"\"file\"";
        if !json.windows(NAME.len()).any(|part| part == NAME) {
            return Ok(json);
        }
        // What is no JSON is named by whoever reads the line.
        let Ok(mut line) = serde_json::from_slice::<Value>(&json) else { return Ok(json) };
        let mut bad = Vec::new();
        let mut cite = |at: String, members: Option<&mut Map<String, Value>>| {
            let Some(members) = members else { return };
            if let Err((member, code, text)) = self.cite_one(members) {
                bad.push(BadLine::new(number, Some(&format!("{at}.{member}")), code, text));
            }
        };
        cite("document".to_owned(), line.get_mut("document").and_then(Value::as_object_mut));
        let materials = line.get_mut("materials").and_then(Value::as_array_mut);
        for (index, material) in materials.into_iter().flatten().enumerate() {
            cite(format!("materials.{index}"), material.as_object_mut());
        }
        if bad.is_empty() { Ok(line.to_string().into_bytes()) } else { Err(bad) }
    }

    fn cite_one(&self, members: &mut Map<String, Value>) -> Result<(), (&'static str, Code, Text)> {
        let Some(file) = members.remove("file") else { return Ok(()) };
        let missing = |why: String| {
            let text = Text {
                en: format!("the document {file} can't be read in the folder: {why}"),
                zh: format!("文件夹中无法读取文件 {file}"),
            };
            ("file", Code::DocumentMissing, text)
        };
        let name = file.as_str().ok_or_else(|| missing("it is no name".to_owned()))?;
        let is_within =
            Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !is_within {
            return Err(missing("it must lie within the folder".to_owned()));
        }
        let digest = self.digest(Path::new(name)).map_err(|error| missing(error.to_string()))?;
        let is_other = |claimed: &Value| claimed.as_str() != Some(&digest.to_string());
        if members.get("digest").is_some_and(is_other) {
            let text = Text {
                en: format!("{name} has the digest {digest}, not the one that the line says"),
                zh: format!("{name} 的摘要为 {digest}，与该行所写不符"),
            };
            return Err(("digest", Code::DigestMismatch, text));
        }
        members.insert("digest".to_owned(), Value::String(digest.to_string()));
        let mut say = |member: &str, text: &str| {
            members.entry(member).or_insert_with(|| Value::String(text.to_owned()));
        };
        say("media_type", media_type(name));
        if members.contains_key("kind") {
            let name = Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or(name);
            members.entry("name").or_insert_with(|| Value::String(name.to_owned()));
        }
        Ok(())
    }

    fn digest(&self, name: &Path) -> io::Result<Digest> {
        if let Some(digest) = self.cited().get(name) {
            return Ok(*digest);
        }
        let mut file = File::open(self.folder.join(name))?;
        let (mut hash, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
        loop {
            match file.read(&mut chunk)? {
                0 => break,
                read => hash.update(&chunk[..read]),
            }
        }
        let digest = Digest::from_bytes(hash.finalize().into());
        self.cited().insert(name.to_owned(), digest);
        Ok(digest)
    }

    fn cited(&self) -> MutexGuard<'_, HashMap<PathBuf, Digest>> {
        self.cited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps all documents that were cited.
    ///
    /// # Errors
    /// As [`put`]: also where a file is another by now.
    pub async fn keep(&self, store: &dyn DocumentStore) -> Result<(), DocumentError> {
        let cited: Vec<_> =
            self.cited().iter().map(|(name, digest)| (name.clone(), *digest)).collect();
        for (name, digest) in cited {
            if store.contains_flushed(digest).await? {
                continue;
            }
            let path = self.folder.join(name);
            let broken = |source| DocumentError::Io { doing: "read", path: path.clone(), source };
            let file = File::open(&path).map_err(broken)?;
            let size = file.metadata().map_err(broken)?.len();
            let chunks = std::iter::repeat_with({
                let mut file = file;
                move || {
                    let mut chunk = vec![0; CHUNK];
                    let read = file.read(&mut chunk)?;
                    chunk.truncate(read);
                    io::Result::Ok(chunk)
                }
            });
            let ends = |chunk: &io::Result<Vec<u8>>| chunk.as_ref().is_ok_and(Vec::is_empty);
            let chunks = chunks.take_while(|chunk| !ends(chunk));
            put(store, futures_util::stream::iter(chunks), Some(digest), size).await?;
        }
        Ok(())
    }
}

fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "tif" | "tiff" => "image/tiff",
        _ => "application/octet-stream",
    }
}

/// The record's documents with those of the folder, while lines are tried.
pub struct TrialDocuments {
    pub kept: Arc<dyn DocumentStore>,
    pub beside: Arc<Documents>,
}

impl DocumentStore for TrialDocuments {
    fn begin(
        &self,
        claimed: Option<Digest>,
        limit_bytes: u64,
    ) -> BoxFuture<'_, Result<Box<dyn Upload>, DocumentError>> {
        self.kept.begin(claimed, limit_bytes)
    }

    fn get(&self, digest: Digest) -> BoxFuture<'_, Result<Box<dyn Download>, DocumentError>> {
        self.kept.get(digest)
    }

    fn contains_flushed(&self, digest: Digest) -> BoxFuture<'_, Result<bool, DocumentError>> {
        match self.beside.cited().values().any(|cited| *cited == digest) {
            true => ready(Ok(true)).boxed(),
            false => self.kept.contains_flushed(digest),
        }
    }

    fn trouble(&self) -> Option<Obstacle> {
        self.kept.trouble()
    }
}
