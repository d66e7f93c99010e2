//! What was held elsewhere, as the command line gives it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::exit::{Exit, failure};
use crate::verify::open::notes::checkpoints;
use crate::verify::{Held, Key};

/// What the file of a proof begins with.
const PROOF: &str = "c2sp.org/tlog-proof@v1\n";

/// What was held elsewhere.
#[derive(Debug, clap::Args)]
pub struct HeldArgs {
    /// A file with a checkpoint (a signed note) that was held elsewhere; may be given more than once
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A key of the log that is known from elsewhere, as /v1/log/keys shows it; may be given more than once
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// A key of a witness, as its operator shows it: a checkpoint must carry its cosignature; may be given more than once
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// An authority that stamps times (RFC 3161), by the name that the log's operator gave it, and a file of its
    /// certificate or those above it (PEM): a checkpoint must carry its time-stamp; may be given more than once
    #[arg(long, value_name = "NAME=FILE")]
    authority: Vec<String>,
    /// A file with the token for a server (or DOCKET_TOKEN, DOCKET_TOKEN_FILE): its events are read too
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl HeldArgs {
    /// Reads what is named.
    ///
    /// # Errors
    /// A file that can't be read, or that is no checkpoint; a key that is none.
    pub fn read(&self) -> anyhow::Result<Held> {
        let mut held = Held::default();
        for path in &self.checkpoint {
            let text = fs::read_to_string(path)
                .with_context(|| format!("can't read the checkpoint {}", path.display()))?;
            let notes = checkpoints(&format!("{}\n\n", text.trim_matches('\n')));
            let notes = notes.ok().filter(|notes| !notes.is_empty());
            held.outside.extend(notes.ok_or_else(|| {
                let what = "is no checkpoint: it is a signed note, as /v1/log/checkpoint gives it";
                failure(Exit::Unverified, format!("{} {what}", path.display()))
            })?);
        }
        for key in &self.key {
            let parsed = Key::parse(key).filter(|key| !key.is_of_witness());
            held.keys.push(parsed.ok_or_else(|| {
                let what = "--key is no key of a log: it is name+id+key, as /v1/log/keys shows it";
                failure(Exit::Usage, what)
            })?);
        }
        for witness in &self.witness {
            let parsed = Key::parse(witness).filter(Key::is_of_witness);
            held.witnesses.push(parsed.ok_or_else(|| {
                let what = "--witness is no key of a witness: it is name+id+key, for cosignatures of Ed25519 \
                            (the key, decoded, begins with the byte 4), as the witness's operator shows it";
                failure(Exit::Usage, what)
            })?);
        }
        for authority in &self.authority {
            let what =
                "--authority is no authority: it is NAME=FILE, of a file of certificates in PEM";
            let (name, path) =
                authority.split_once('=').ok_or_else(|| failure(Exit::Usage, what))?;
            let pem =
                fs::read(path).with_context(|| format!("can't read the certificates {path}"))?;
            let known = Key::of_authority(name, &pem);
            held.witnesses
                .push(known.ok_or_else(|| failure(Exit::Usage, format!("{what}: {authority}")))?);
        }
        Ok(held)
    }

    /// The token for a server, if one is given.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn token(&self) -> anyhow::Result<Option<String>> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = match (&self.token_file, variable("DOCKET_TOKEN")) {
            (None, Some(token)) => return Ok(Some(token)),
            (None, None) => variable("DOCKET_TOKEN_FILE").map(PathBuf::from),
            (Some(file), _) => Some(file.clone()),
        };
        let Some(file) = file else { return Ok(None) };
        let text = fs::read_to_string(&file)
            .with_context(|| format!("can't read the token file {}", file.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// The text of a proof, where a file is one.
pub fn proof(path: &Path) -> Option<String> {
    let mut begins = vec![0; PROOF.len()];
    File::open(path).ok()?.read_exact(&mut begins).ok()?;
    (begins == PROOF.as_bytes()).then(|| fs::read_to_string(path).ok())?
}

/// Whether a path is a bundle: an archive, or the folder of one.
pub fn is_bundle(path: &Path) -> bool {
    let mut begins = [0; 2];
    let is_archive = File::open(path)
        .and_then(|mut file| file.read_exact(&mut begins))
        .is_ok_and(|()| begins == *b"PK");
    let is_named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    is_archive || (is_named && path.is_file()) || path.join("bagit.txt").is_file()
}
