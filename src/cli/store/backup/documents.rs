//! The documents' part of a backup: those in a folder are copied, each held against its digest; what the log
//! cites and is not among them is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::app::documents::Digest;
use crate::cli::config::Config;
use crate::cli::masked::without_account;
use crate::cli::progress::{Interrupt, bar};
use crate::cli::store::manifest::{
    DOCUMENTS, Documents, LOG, Sums, Unfinished, copy_file, digest_file,
};
use crate::codec::{StreamKind, kind_of_stream};
use crate::log::{EventLog, MAX_PAGE_EVENTS, SqliteLog};

/// Copies what is in the configuration's folder; of another store its address alone.
///
/// # Errors
/// A folder or file that can't be read, or written.
pub async fn copy(
    config: &Config,
    folder: &Unfinished,
    sums: &mut Sums,
    links: bool,
) -> anyhow::Result<Documents> {
    let address = &config.store.documents;
    let mut documents = Documents {
        address: without_account(address),
        copied: false,
        count: 0,
        bytes: 0,
        missing: Vec::new(),
        damaged: Vec::new(),
    };
    let Some(root) = address.strip_prefix("file:") else { return Ok(documents) };
    documents.copied = true;
    let mut cited = cited(&folder.file(LOG)?).await?;
    let files = files(Path::new(root))?;
    let shown = bar("copying documents");
    shown.set_length(files.len() as u64);
    let interrupt = Interrupt::watch();
    for (digest, from) in files {
        interrupt.check()?;
        let name = digest.to_string();
        let relative = format!("{DOCUMENTS}/{}/{}/{name}", &name[..2], &name[2..4]);
        let to = folder.file(&relative)?;
        let linked = links && fs::hard_link(&from, &to).is_ok();
        let (found, bytes) = if linked { digest_file(&to)? } else { copy_file(&from, &to)? };
        cited.remove(&digest);
        if found == name {
            documents.count += 1;
            documents.bytes += bytes;
            sums.add(relative, found);
        } else {
            fs::remove_file(&to).with_context(|| format!("can't remove {}", to.display()))?;
            documents.damaged.push(name);
        }
        shown.inc(1);
    }
    shown.finish_and_clear();
    documents.missing = cited.iter().map(ToString::to_string).collect();
    Ok(documents)
}

/// The files of a documents folder that have a digest for a name.
fn files(root: &Path) -> anyhow::Result<Vec<(Digest, PathBuf)>> {
    let mut files = Vec::new();
    for first in entries(root)? {
        for second in first.is_dir().then(|| entries(&first)).transpose()?.into_iter().flatten() {
            for file in second.is_dir().then(|| entries(&second)).transpose()?.into_iter().flatten()
            {
                let name = file.file_name().and_then(|name| name.to_str()).map(Digest::parse);
                if let Some(Ok(digest)) = name {
                    files.push((digest, file));
                }
            }
        }
    }
    files.sort_by_key(|(digest, _)| digest.to_string());
    Ok(files)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        match fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            entries => entries?.map(|entry| entry.map(|entry| entry.path())).collect(),
        }
    };
    list().with_context(|| format!("can't list {}", folder.display()))
}

/// The digests of documents that the events of a log cite: acts, and adopted measures.
async fn cited(path: &Path) -> anyhow::Result<BTreeSet<Digest>> {
    let log = SqliteLog::open_reader(path)?;
    let (mut digests, mut after) = (BTreeSet::new(), None);
    loop {
        let page = log.read_all(after, MAX_PAGE_EVENTS).await?;
        for event in &page.events {
            let kind = kind_of_stream(event.stream.as_str());
            if matches!(
                kind,
                StreamKind::Enrollment { .. } | StreamKind::Program(_) | StreamKind::Measure(_)
            ) && let Ok(data) = serde_json::from_slice(&event.data)
            {
                collect(&data, &mut digests);
            }
        }
        after = page.next;
        if page.end {
            break;
        }
    }
    log.close().await;
    Ok(digests)
}

fn collect(value: &Value, digests: &mut BTreeSet<Digest>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "digest" => digests.extend(Digest::parse(text)),
                    value => collect(value, digests),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, digests)),
        _ => {}
    }
}
