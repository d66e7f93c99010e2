//! The file of a proof (C2SP `tlog-proof`), read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::verify::Checkpoint;
use crate::verify::proof::Proof;
use crate::verify::tree::Hash;

/// More hashes than any tree is high.
const MAX_HASHES: usize = 64;

impl Proof {
    /// Reads the file of a proof; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        lines.next().filter(|line| *line == "c2sp.org/tlog-proof@v1")?;
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.and_then(|line| STANDARD.decode(&line["extra ".len()..]).ok());
        let number = lines.next()?.strip_prefix("index ")?;
        let index: u64 = number.parse().ok().filter(|index: &u64| index.to_string() == number)?;
        let path: Option<Vec<Hash>> =
            lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
        let path = path.filter(|path| path.len() <= MAX_HASHES)?;
        Some(Self { index, extra, path, checkpoint: Checkpoint::parse(checkpoint)? })
    }
}
