//! A folder: its files of lines, in the order of their names, with the documents that they cite.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents::Documents;
use super::line::{Line, Source};

/// A folder of files of lines and of documents.
pub struct Folder {
    path: PathBuf,
    files: Vec<(Arc<str>, Arc<dyn Source>)>,
    documents: Arc<Documents>,
}

impl Folder {
    /// A folder at a path, with its files as they are opened.
    ///
    /// # Errors
    /// A folder that can't be read, or without a file of lines.
    pub fn open(
        path: &Path,
        open: impl Fn(&Path) -> io::Result<Option<Arc<dyn Source>>>,
    ) -> io::Result<Self> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let mut files = Vec::new();
        for name in names {
            if let Some(source) = open(&path.join(&name))? {
                files.push((name.to_string_lossy().into(), source));
            }
        }
        if files.is_empty() {
            let text = "the folder has no file of lines (.ndjson, .csv, .xlsx)";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(Self { path: path.to_owned(), files, documents: Arc::new(Documents::of(path)) })
    }
}

impl Source for Folder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, file)| file.bytes()).sum()
    }

    fn documents(&self) -> Option<Arc<Documents>> {
        Some(Arc::clone(&self.documents))
    }

    fn lines(&self) -> io::Result<Box<dyn Iterator<Item = io::Result<Line>> + Send>> {
        let (files, documents) = (self.files.clone(), Arc::clone(&self.documents));
        let mut before = 0;
        let of_file = move |(name, file): (Arc<str>, Arc<dyn Source>)| {
            let (documents, read) = (Arc::clone(&documents), before);
            before += file.bytes();
            let lines: Box<dyn Iterator<Item = _> + Send> = match file.lines() {
                Ok(lines) => lines,
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
            lines.map(move |line| {
                let mut line = line?;
                line.read += read;
                line.file = Some(Arc::clone(&name));
                line.json = line.json.and_then(|json| documents.cite(line.number, json));
                Ok(line)
            })
        };
        Ok(Box::new(files.into_iter().flat_map(of_file)))
    }
}
