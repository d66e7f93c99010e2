//! Time-stamps (RFC 3161): what an authority signed says that a text was there at a time. Read by `cms` and
//! `x509-tsp`, its signature and its certificates verified by `webpki`: RSA (PKCS #1) of 2048 bits and more,
//! ECDSA on P-256 and P-384, with SHA-2.

use cms::cert::CertificateChoices;
use cms::cert::x509::Certificate;
use cms::cert::x509::der::asn1::OctetString;
use cms::cert::x509::der::oid::ObjectIdentifier;
use cms::cert::x509::der::oid::db::{rfc5911, rfc5912};
use cms::cert::x509::der::{Decode as _, Encode as _};
use cms::signed_data::{SignedData, SignerInfo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use webpki::ring::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_tsp::{TimeStampResp, TstInfo};

use crate::verify::note::{Key, Public};

/// The type of a signature that has none of its own (C2SP `signed-note`), and what says which it is.
const OTHER: u8 = 0xff;
const STAMP: &[u8] = b"rfc3161";
/// A status above this one is a refusal: 0 is granted, 1 granted with changes.
const GRANTED: u32 = 1;
/// What is signed: `id-ct-TSTInfo`.
const TIME_STAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// For what a certificate must be: `id-kp-timeStamping`.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
];

/// An authority that stamps times: its certificates, or those above them, as they are known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    trusted: Vec<CertificateDer<'static>>,
}

impl Key {
    /// An authority by the name that the log's operator gave it, and its certificates, or those above
    /// them, in PEM; `None` where these are none.
    pub fn of_authority(name: &str, certificates: &[u8]) -> Option<Self> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let are_some = |read: &Vec<CertificateDer<'_>>| {
            !read.is_empty() && read.iter().all(|one| Certificate::from_der(one).is_ok())
        };
        let trusted = read.ok().filter(are_some)?;
        Self::with(name, OTHER, STAMP, Public::Authority(Authority { trusted }))
    }
}

impl Authority {
    /// When it stamped a text, in seconds since 1970; `None` where an answer is no time-stamp of it.
    pub fn stamped_at(&self, answer: &[u8], text: &str) -> Option<u64> {
        let answer = TimeStampResp::from_der(answer).ok()?;
        let token = answer.time_stamp_token.filter(|_| answer.status.status as u32 <= GRANTED)?;
        let signed = SignedData::from_der(&token.content.to_der().ok()?).ok()?;
        let content = &signed.encap_content_info;
        let content = content.econtent.as_ref().filter(|_| content.econtent_type == TIME_STAMP)?;
        let info = TstInfo::from_der(content.value()).ok()?;
        let imprint = &info.message_imprint;
        let is_of_text = imprint.hash_algorithm.oid == rfc5912::ID_SHA_256
            && imprint.hashed_message.as_bytes() == &Sha256::digest(text)[..];
        let time = info.gen_time.to_unix_duration().as_secs();
        let [signer] = signed.signer_infos.0.as_slice() else { return None };
        let message = signed_by(signer, content.value()).filter(|_| is_of_text)?;
        let carried: Vec<_> = certificates(&signed)?;
        let mut all = carried.iter().chain(&self.trusted);
        let is_its = |own: &CertificateDer<'_>| {
            is_signed(own, &message, signer.signature.as_bytes())
                && self.trusts(own, &carried, time).is_some()
        };
        all.any(is_its).then_some(time)
    }

    /// Whether a certificate was its at a time: one that is known, or below one for this use.
    fn trusts(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        time: u64,
    ) -> Option<()> {
        if self.trusted.contains(own) {
            let validity = Certificate::from_der(own).ok()?.tbs_certificate.validity;
            let [from, to] = [validity.not_before, validity.not_after];
            let days = from.to_unix_duration().as_secs()..=to.to_unix_duration().as_secs();
            return days.contains(&time).then_some(());
        }
        let anchors: Vec<_> =
            self.trusted.iter().filter_map(|one| anchor_from_trusted_cert(one).ok()).collect();
        let own = EndEntityCert::try_from(own).ok()?;
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(time));
        let usage = KeyUsage::required(TIME_STAMPING);
        own.verify_for_usage(ALGORITHMS, &anchors, others, at, usage, None, None).ok().map(|_| ())
    }
}

/// What a signer signed, where it signed this content: its attributes, which hold the content's digest.
fn signed_by(signer: &SignerInfo, content: &[u8]) -> Option<Vec<u8>> {
    let digest = match signer.digest_alg.oid {
        rfc5912::ID_SHA_256 => Sha256::digest(content).to_vec(),
        rfc5912::ID_SHA_384 => Sha384::digest(content).to_vec(),
        rfc5912::ID_SHA_512 => Sha512::digest(content).to_vec(),
        _ => return None,
    };
    let attributes = signer.signed_attrs.as_ref()?;
    let value = |oid| {
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid)?;
        let [value] = attribute.values.as_slice() else { return None };
        Some(value)
    };
    let of = value(rfc5911::ID_CONTENT_TYPE)?.decode_as::<ObjectIdentifier>().ok()?;
    let hashed = value(rfc5911::ID_MESSAGE_DIGEST)?.decode_as::<OctetString>().ok()?;
    let is_of = of == TIME_STAMP && hashed.as_bytes() == digest;
    attributes.to_der().ok().filter(|_| is_of)
}

fn certificates(signed: &SignedData) -> Option<Vec<CertificateDer<'static>>> {
    let Some(all) = &signed.certificates else { return Some(Vec::new()) };
    let der = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(one) => one.to_der().ok().map(CertificateDer::from),
        CertificateChoices::Other(_) => None,
    };
    all.0.iter().map(der).collect()
}

fn is_signed(own: &CertificateDer<'_>, message: &[u8], signature: &[u8]) -> bool {
    EndEntityCert::try_from(own).is_ok_and(|own| {
        ALGORITHMS.iter().any(|one| own.verify_signature(*one, message, signature).is_ok())
    })
}
