//! Time-stamps by an authority (RFC 3161): what it signed says that a text was there at a time. Whether the
//! authority is one to trust is for who verifies: `openssl ts -verify` asks for its certificate.

use cms::cert::x509::der::asn1::OctetString;
use cms::cert::x509::der::oid::db::rfc5912::ID_SHA_256;
use cms::cert::x509::der::{Decode as _, Encode as _};
use cms::cert::x509::spki::AlgorithmIdentifier;
use cms::signed_data::SignedData;
use sha2::{Digest as _, Sha256};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

/// The media type of a question.
pub const QUERY: &str = "application/timestamp-query";
/// A status above this one is a refusal: 0 is granted, 1 granted with changes.
const GRANTED: u32 = 1;

/// The question for a text; `None` where it can't be written.
pub fn question(text: &str) -> Option<Vec<u8>> {
    let hash_algorithm = AlgorithmIdentifier { oid: ID_SHA_256, parameters: None };
    let hashed_message = OctetString::new(Sha256::digest(text).to_vec()).ok()?;
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint { hash_algorithm, hashed_message },
        req_policy: None,
        // A text is never asked about twice: an older answer is of another one.
        nonce: None,
        cert_req: true,
        extensions: None,
    };
    request.to_der().ok()
}

/// Whether an answer grants a time-stamp of a text. Its signature is not looked at.
pub fn is_of(answer: &[u8], text: &str) -> bool {
    let imprint = || {
        let answer = TimeStampResp::from_der(answer).ok()?;
        let token = answer.time_stamp_token.filter(|_| answer.status.status as u32 <= GRANTED)?;
        let signed = SignedData::from_der(&token.content.to_der().ok()?).ok()?;
        let content = signed.encap_content_info.econtent?;
        Some(TstInfo::from_der(content.value()).ok()?.message_imprint)
    };
    imprint().is_some_and(|imprint| {
        let digest = Sha256::digest(text);
        imprint.hash_algorithm.oid == ID_SHA_256 && imprint.hashed_message.as_bytes() == &digest[..]
    })
}
