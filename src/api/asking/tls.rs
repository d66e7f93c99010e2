//! The certificate and key of the listener, read again when their files change.
//!
//! What must hold: a connection is shown a certificate whose key fits, whatever lies in the files now: new
//! ones that can't be used leave those that were read before, and it is said; a connection that is open
//! stays with what it began with. An expired certificate is shown, since none would tell less, and said.
//! Where authorities of clients are named, nobody is talked to without a certificate of one of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::task::JoinHandle;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::auth::{Mark, mark};

mod clients;

use clients::{Authorities, Checked};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long before its end a certificate is warned of, in seconds: a week.
const SOON_S: i64 = 7 * 24 * 3600;

/// Why a certificate can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct TlsError {
    path: String,
    why: String,
}

/// A certificate as it is shown.
struct Shown {
    key: Arc<CertifiedKey>,
    not_after_unix_s: i64,
    /// Whose clients are talked to, if not everybody's.
    authorities: Option<Authorities>,
}

/// What was seen of the files, and said of the certificate.
#[derive(Default)]
struct Seen {
    marks: [Option<Mark>; 3],
    /// Whether what lies there now was read.
    is_read: bool,
    said: Said,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    EndsSoon,
    Ended,
}

/// Where the certificate, its key and the authorities of clients lie (PEM).
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate with its chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificates of the authorities whose clients are talked to; else everybody is.
    pub client_ca: Option<PathBuf>,
}

/// A certificate, its key, and whose clients are talked to.
pub struct Tls {
    files: TlsFiles,
    clock: fn() -> i64,
    shown: RwLock<Arc<Shown>>,
    seen: Mutex<Seen>,
    /// Why what lies there now can't be used.
    trouble: RwLock<Option<String>>,
}

impl Tls {
    /// What lies in these files; `clock` gives Unix seconds.
    ///
    /// # Errors
    /// Files that can't be read, are none, or do not belong together.
    pub fn open(files: TlsFiles, clock: fn() -> i64) -> Result<Arc<Self>, TlsError> {
        // Before they are read: a change meanwhile is found at the next look.
        let marks = files.marks();
        let shown = files.read()?;
        let tls = Self {
            files,
            clock,
            shown: RwLock::new(Arc::new(shown)),
            seen: Mutex::new(Seen { marks, is_read: true, said: Said::default() }),
            trouble: RwLock::default(),
        };
        tls.say_end();
        Ok(Arc::new(tls))
    }

    /// How a listener speaks TLS with it: 1.2 or 1.3.
    ///
    /// # Errors
    /// None in practice: only where the library knows no version of TLS.
    pub fn config(self: &Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        let builder = match self.files.client_ca {
            Some(_) => builder.with_client_cert_verifier(Arc::new(Checked(self.clone()))),
            None => builder.with_no_client_auth(),
        };
        Ok(builder.with_cert_resolver(Arc::new(Resolver(self.clone()))))
    }

    /// Looks at the files each second, until the handle is aborted.
    pub fn keep(self: &Arc<Self>) -> JoinHandle<()> {
        let tls = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let looking = tls.clone();
                // A disk may hang; whoever connects is shown what is known.
                if tokio::task::spawn_blocking(move || looking.look()).await.is_err() {
                    tracing::error!("the certificate's files could not be looked at");
                }
            }
        })
    }

    /// Until when the certificate is good, in Unix seconds.
    pub fn not_after_unix_s(&self) -> i64 {
        self.current().not_after_unix_s
    }

    /// Whether it is past its end.
    pub fn has_expired(&self) -> bool {
        (self.clock)() > self.not_after_unix_s()
    }

    /// Why what lies in the files now can't be used, if so.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn current(&self) -> Arc<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files if they changed and have stood still since the last look: the two are replaced one
    /// after the other.
    fn look(&self) {
        let now = self.files.marks();
        let is_due = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let stands_still = seen.marks == now;
            let is_due = stands_still && !seen.is_read;
            (seen.marks, seen.is_read) = (now, stands_still);
            is_due
        };
        if is_due {
            self.take(self.files.read());
        }
        self.say_end();
    }

    fn take(&self, read: Result<Shown, TlsError>) {
        let trouble = match read {
            Ok(shown) if shown.is_as(&self.current()) => None,
            Ok(shown) => {
                let not_after_unix_s = shown.not_after_unix_s;
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
                tracing::info!(not_after_unix_s, "other certificates count from now on");
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).said = Said::Nothing;
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the new certificates can't be used; those before count");
                Some(error.to_string())
            }
        };
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Says once that the certificate ends soon, and once that it has ended.
    fn say_end(&self) {
        let left_s = self.not_after_unix_s() - (self.clock)();
        let due = match left_s {
            i64::MIN..0 => Said::Ended,
            0..SOON_S => Said::EndsSoon,
            SOON_S.. => Said::Nothing,
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.said == due {
            return;
        }
        seen.said = due;
        let path = self.files.cert.display();
        match due {
            Said::Nothing => {}
            Said::EndsSoon => tracing::warn!(%path, left_s, "the certificate ends soon"),
            Said::Ended => tracing::error!(%path, "the certificate has expired: clients refuse it"),
        }
    }
}

/// Gives each new connection what is shown now.
struct Resolver(Arc<Tls>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resolver").field(&self.0.files).finish()
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current().key.clone())
    }
}

impl Shown {
    fn is_as(&self, other: &Self) -> bool {
        let named = |shown: &Self| shown.authorities.as_ref().map(|all| all.named.clone());
        self.key.cert == other.key.cert && named(self) == named(other)
    }
}

impl TlsFiles {
    fn marks(&self) -> [Option<Mark>; 3] {
        [mark(&self.cert), mark(&self.key), self.client_ca.as_deref().and_then(mark)]
    }

    fn read(&self) -> Result<Shown, TlsError> {
        let (cert, key) = (&self.cert, &self.key);
        let chain = certificates(cert)?;
        let parsed = Certificate::from_der(&chain[0]).map_err(|error| {
            TlsError::of(cert, format!("the first certificate can't be read: {error}"))
        })?;
        let not_after = parsed.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
        let private = PrivateKeyDer::from_pem_file(key);
        let private =
            private.map_err(|error| TlsError::of(key, format!("no private key: {error}")))?;
        let certified =
            CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| {
                TlsError::of(key, format!("the key does not go with the certificate: {error}"))
            })?;
        let authorities = self.client_ca.as_deref().map(|path| {
            let named = certificates(path)?;
            Authorities::of(named).map_err(|why| TlsError::of(path, why))
        });
        Ok(Shown {
            key: Arc::new(certified),
            not_after_unix_s: i64::try_from(not_after).unwrap_or(i64::MAX),
            authorities: authorities.transpose()?,
        })
    }
}

impl TlsError {
    fn of(path: &Path, why: String) -> Self {
        Self { path: path.display().to_string(), why }
    }
}

/// The certificates in a PEM file, one at least.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all {
        Ok(all) if all.is_empty() => {
            Err(TlsError::of(path, "there is no certificate in it (PEM)".to_owned()))
        }
        all => all.map_err(|error| TlsError::of(path, error.to_string())),
    }
}
