//! A document on its way out of the folder.

use super::super::checked::Checked;
use super::super::{DocumentError, Download};
use super::failure;
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct FolderDownload {
    pub file: File,
    pub path: PathBuf,
    pub size_bytes: u64,
    pub checked: Checked,
}

impl FolderDownload {
    async fn read_chunk(&mut self) -> Result<Vec<u8>, DocumentError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let mut part = (&mut self.file).take(CHUNK_BYTES as u64);
        let read = part.read_to_end(&mut chunk).await;
        read.map_err(|e| failure("read the document", &self.path, e))?;
        Ok(chunk)
    }
}

impl Download for FolderDownload {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, DocumentError>> {
        Box::pin(async move {
            while !self.checked.is_done() {
                let chunk = self.read_chunk().await?;
                if chunk.is_empty() {
                    return self.checked.end();
                }
                if let Some(sure) = self.checked.take(chunk) {
                    return Ok(Some(sure));
                }
            }
            Ok(None)
        })
    }
}
