//! What stops counting while the server runs: a key that was replaced, a token that was revoked.

use super::forge::*;
use docket::api::auth::{
    Authenticator, KeyError, KeyUse, LocalVerifier, TokenError, TokenKey, issue, revoke,
};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A server over a folder, whose clock is put forward by hand.
struct Watched {
    folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    authenticator: Authenticator,
}

impl Watched {
    fn start() -> Watched {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token-key.pem");
        TokenKey::open_or_create(&path, &mut rng()).unwrap();
        let verifier = LocalVerifier::watching(&path, ISSUER, "docket").unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let time = Arc::clone(&clock);
        let now = move || time.load(Ordering::Relaxed);
        let authenticator = Authenticator::new(Arc::new(verifier), now, 1 << 20);
        Watched { folder, clock, authenticator }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self) -> TokenKey {
        TokenKey::open_or_create(&self.path("token-key.pem"), &mut rng()).unwrap()
    }

    fn token(&self, id: &str) -> String {
        let grant = docket::api::auth::Grant { jti: id.to_owned(), ..grant() };
        issue(&self.key(), &grant, NOW, 600).unwrap()
    }

    /// What becomes of a token in the next second.
    fn answer(&self, token: &str) -> Result<(), TokenError> {
        self.clock.fetch_add(1, Ordering::Relaxed);
        self.authenticator.authenticate(token).map(|_| ())
    }
}

#[test]
fn a_key_that_is_replaced_or_taken_away_stops_counting_and_the_new_one_counts() {
    let server = Watched::start();
    let old = server.token("a");
    assert_eq!(server.answer(&old), Ok(()));
    fs::remove_file(server.path("token-key.pem")).unwrap();
    assert_eq!(server.answer(&old), Err(TokenError::UnknownKey));
    let new = server.token("b");
    assert_eq!(server.answer(&new), Ok(()));
    assert_eq!(server.answer(&old), Err(TokenError::UnknownKey));
    // Emptied or overwritten, it is no key, and lets nobody in.
    for text in ["", "no key"] {
        fs::write(server.path("token-key.pem"), text).unwrap();
        assert_eq!(server.answer(&new), Err(TokenError::UnknownKey));
    }
}

#[test]
fn two_keys_count_while_one_takes_the_others_place() {
    let server = Watched::start();
    let old = server.token("a");
    assert_eq!(server.answer(&old), Ok(()));
    fs::rename(server.path("token-key.pem"), server.path("token-key.previous.pem")).unwrap();
    assert_eq!(server.answer(&old), Ok(()));
    let new = server.token("b");
    for token in [&old, &new, &old] {
        assert_eq!(server.answer(token), Ok(()));
    }
    fs::remove_file(server.path("token-key.previous.pem")).unwrap();
    assert_eq!(server.answer(&old), Err(TokenError::UnknownKey));
    assert_eq!(server.answer(&new), Ok(()));
}

#[test]
fn a_token_is_revoked_by_its_id_alone() {
    let server = Watched::start();
    let (one, other) = (server.token("one"), server.token("one-more"));
    for token in [&one, &other] {
        assert_eq!(server.answer(token), Ok(()));
    }
    let file = revoke(&server.path("token-key.pem"), "one", "lost").unwrap();
    assert_eq!(file, server.path("token-key.revoked"));
    assert_eq!(server.answer(&one), Err(TokenError::Revoked));
    assert_eq!(server.answer(&other), Ok(()));
    revoke(&server.path("token-key.pem"), "one-more", "").unwrap();
    for token in [&one, &other] {
        assert_eq!(server.answer(token), Err(TokenError::Revoked));
    }
    // So it is for who starts later.
    let path = server.path("token-key.pem");
    let later = LocalVerifier::watching(&path, ISSUER, "docket").unwrap();
    let later = Authenticator::new(Arc::new(later), || NOW, 1 << 20);
    assert_eq!(later.authenticate(&one), Err(TokenError::Revoked));
    assert_eq!(later.authenticate(&server.token("third")).map(|_| ()), Ok(()));
}

#[test]
fn within_a_second_the_files_are_not_looked_at_again() {
    let server = Watched::start();
    let token = server.token("a");
    assert_eq!(server.answer(&token), Ok(()));
    fs::remove_file(server.path("token-key.pem")).unwrap();
    assert!(server.authenticator.authenticate(&token).is_ok());
    assert_eq!(server.answer(&token), Err(TokenError::UnknownKey));
}

fn refused(what: KeyUse, path: &Path) -> KeyError {
    TokenKey::open_or_create_for(what, path, &mut rng()).unwrap_err()
}

/// An emptied log key was called the token key, with the advice to remove it.
#[test]
fn a_key_file_that_was_emptied_is_called_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.pem");
    for (text, part) in [("", "is empty (0 bytes)"), ("no key", "is not an Ed25519")] {
        fs::write(&path, text).unwrap();
        let log = refused(KeyUse::Log, &path).to_string();
        assert!(log.contains("the log key") && log.contains(part), "{log}");
        assert!(log.contains("backup") && !log.contains("token"), "{log}");
        let token = refused(KeyUse::Tokens, &path).to_string();
        assert!(token.contains("the token key") && token.contains(part), "{token}");
    }
}

/// Files of earlier versions hold the public key too; what is made now doesn't, so that OpenSSL 3.0
/// reads it.
#[test]
fn keys_are_written_in_version_1_and_read_in_both() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("1.pem"), folder.path().join("2.pem"));
    let made = TokenKey::open_or_create(&first, &mut rng()).unwrap();
    let pem = fs::read_to_string(&first).unwrap();
    // PKCS#8 version 1 of an Ed25519 key is 48 bytes, all but its head the secret.
    assert!(pem.contains("MC4CAQAwBQYDK2VwBCIEI"), "version 1");
    let pair = SigningKey::generate(&mut rng());
    let with_public = pair.to_pkcs8_pem(LineEnding::LF).unwrap();
    assert!(with_public.len() > pem.len());
    fs::write(&second, with_public.as_bytes()).unwrap();
    let read = TokenKey::open_or_create(&second, &mut rng()).unwrap();
    assert_eq!(read.public(), pair.verifying_key());
    let again = TokenKey::open_or_create(&first, &mut rng()).unwrap();
    assert_eq!(again.id(), made.id());
}
