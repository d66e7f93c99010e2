//! The files of an export.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::private::create_usual;
use crate::export::Written;
use crate::projection::ExportError;

/// What the manifest says of a file.
pub fn in_manifest(table: &str, file: &str, written: &Written) -> Value {
    json!({ "table": table, "file": file, "rows": written.rows, "bytes": written.bytes,
        "sha256": written.sha256 })
}

/// Writes what the files are.
///
/// # Errors
/// Those of the disk.
pub fn write_manifest(path: &Path, manifest: &Value) -> Result<(), ExportError> {
    whole(path, |file| Ok(writeln!(file, "{manifest:#}")?))
}

/// Writes a file that is there whole or not at all.
///
/// # Errors
/// Those of `fill` and of the disk.
pub fn whole<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let at = |error: io::Error| {
        ExportError::Io(io::Error::new(error.kind(), format!("{}: {error}", partial.display())))
    };
    let mut file = BufWriter::new(create_usual(&partial).map_err(at)?);
    let filled = fill(&mut file).and_then(|filled| {
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(filled)
    });
    drop(file);
    match filled {
        Ok(filled) => {
            fs::rename(&partial, path).map_err(at)?;
            Ok(filled)
        }
        Err(error) => {
            fs::remove_file(&partial).map_err(at)?;
            Err(error)
        }
    }
}
