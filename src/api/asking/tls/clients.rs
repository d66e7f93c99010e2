//! Whose clients are talked to: those that show a certificate of an authority that counts now.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use super::Tls;

/// Authorities, and what checks certificates by them.
pub(super) struct Authorities {
    pub named: Vec<CertificateDer<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Authorities {
    /// Those with these certificates.
    ///
    /// # Errors
    /// Why one of them can be none.
    pub fn of(named: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for (at, certificate) in named.iter().enumerate() {
            let added = roots.add(certificate.clone());
            added.map_err(|error| format!("certificate {} can't be used: {error}", at + 1))?;
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().map_err(|error| error.to_string())?;
        Ok(Self { named, verifier })
    }
}

/// Checks what a client shows by the authorities that count at that moment.
pub(super) struct Checked(pub Arc<Tls>);

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checked").field(&self.0.files).finish()
    }
}

impl Checked {
    fn by(&self) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let shown = self.0.current();
        let authorities = shown.authorities.as_ref();
        let none = || Error::General("no authority of clients is known".to_owned());
        authorities.map(|all| Arc::clone(&all.verifier)).ok_or_else(none)
    }
}

impl ClientCertVerifier for Checked {
    /// None are named to clients: which authorities count can change while a client is told.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.by()?.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by()?.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by()?.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by().map(|verifier| verifier.supported_verify_schemes()).unwrap_or_default()
    }
}
