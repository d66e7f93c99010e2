//! The local key pairs, of the tokens and of the log: one PKCS#8 PEM file each, made at the first start.
//!
//! What must hold: a file is never readable by others, never half written, and never replaced by a
//! second process that starts at the same time. What Docket writes is PKCS#8 version 1, without the
//! public key, which every OpenSSL reads; files with it, as Docket wrote them before, are read too.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// An Ed25519 key pair, with its id.
#[derive(Clone)]
pub struct TokenKey {
    pub(super) pair: SigningKey,
    id: String,
}

/// What a key's file is for: what messages call it, and what helps where it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Signs tokens.
    Tokens,
    /// Tokens of the key before are still taken.
    TokensBefore,
    /// The log's own, named in its first event.
    Log,
}

impl KeyUse {
    fn remedy(self) -> &'static str {
        match self {
            KeyUse::Tokens => {
                "put the right file there, or remove it to have a new one made (which ends all \
                 tokens issued so far)"
            }
            KeyUse::TokensBefore => {
                "put the right file there, or remove it, which ends the tokens that it signed"
            }
            KeyUse::Log => {
                "put the right file back from a backup; the log names this key in its first event, \
                 and no other can take its place"
            }
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyUse::Tokens => "the token key",
            KeyUse::TokensBefore => "the previous token key",
            KeyUse::Log => "the log key",
        })
    }
}

/// Why a key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{what} {path} cannot be read or made: {source}; its folder must exist and be writable"
    )]
    Io { what: KeyUse, path: PathBuf, source: io::Error },
    #[error("{what} {path} is empty (0 bytes): {}", what.remedy())]
    Empty { what: KeyUse, path: PathBuf },
    #[error("{what} {path} is not an Ed25519 private key as PKCS#8 PEM: {}", what.remedy())]
    NotAKey { what: KeyUse, path: PathBuf },
}

impl TokenKey {
    /// A new pair.
    pub fn generate(rng: &mut impl CryptoRng) -> TokenKey {
        TokenKey::from_pair(SigningKey::generate(rng))
    }

    fn from_pair(pair: SigningKey) -> TokenKey {
        let hash = Sha256::digest(pair.verifying_key().as_bytes());
        let id = hash[..8].iter().map(|b| format!("{b:02x}")).collect();
        TokenKey { pair, id }
    }

    /// The key of the tokens in this file; a new one, written there, if there is no file.
    ///
    /// # Errors
    /// [`KeyError`] if the file is not such a key or cannot be read or made.
    pub fn open_or_create(path: &Path, rng: &mut impl CryptoRng) -> Result<TokenKey, KeyError> {
        TokenKey::open_or_create_for(KeyUse::Tokens, path, rng)
    }

    /// As [`TokenKey::open_or_create`], of a key for this use.
    ///
    /// # Errors
    /// As [`TokenKey::open_or_create`].
    pub fn open_or_create_for(
        what: KeyUse,
        path: &Path,
        rng: &mut impl CryptoRng,
    ) -> Result<TokenKey, KeyError> {
        if let Some(key) = TokenKey::open(what, path)? {
            return Ok(key);
        }
        let failed = |source| KeyError::Io { what, path: path.to_owned(), source };
        let key = TokenKey::generate(rng);
        if key.write_new(path).map_err(failed)? {
            return Ok(key);
        }
        // Another process was faster; its key is the one that counts.
        TokenKey::open(what, path)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
    }

    /// The key in this file; nothing if there is no file.
    ///
    /// # Errors
    /// [`KeyError`] if the file is not such a key or cannot be read.
    pub(super) fn open(what: KeyUse, path: &Path) -> Result<Option<TokenKey>, KeyError> {
        let not_a_key = || KeyError::NotAKey { what, path: path.to_owned() };
        match fs::read_to_string(path) {
            Ok(pem) if pem.is_empty() => Err(KeyError::Empty { what, path: path.to_owned() }),
            Ok(pem) => {
                let pair = SigningKey::from_pkcs8_pem(&pem).map_err(|_| not_a_key())?;
                Ok(Some(TokenKey::from_pair(pair)))
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) if e.kind() == ErrorKind::InvalidData => Err(not_a_key()),
            Err(source) => Err(KeyError::Io { what, path: path.to_owned(), source }),
        }
    }

    /// Writes the file whole and flushed, or not at all; false if there is one already.
    fn write_new(&self, path: &Path) -> io::Result<bool> {
        let bytes = KeypairBytes { secret_key: self.pair.to_bytes(), public_key: None };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let draft = folder.join(format!(".token-key-{}-{}", std::process::id(), self.id));
        let written = write_private(&draft, pem.as_bytes())
            // Linking, unlike renaming, never replaces a file.
            .and_then(|()| match fs::hard_link(&draft, path) {
                Ok(()) => Ok(true),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
                Err(e) => Err(e),
            });
        let removed = fs::remove_file(&draft);
        let first = written?;
        removed?;
        File::open(folder)?.sync_all()?;
        Ok(first)
    }

    /// The key id: the first 16 hex digits of the SHA-256 of the public key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pair itself, for what signs other things than tokens.
    pub fn pair(&self) -> &SigningKey {
        &self.pair
    }

    pub fn public(&self) -> VerifyingKey {
        self.pair.verifying_key()
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}
