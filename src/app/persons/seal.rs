//! Sealing: AES-256-GCM-SIV (RFC 8452) under keys derived from the data subject's own.
//!
//! The nonce is a keyed digest of place and content. An event's id would be none: a retry that says another
//! name has the same id, since the fingerprint leaves persons out. So the same content at the same place is
//! sealed to the same bytes, as a retry needs, and another content has another nonce. Stream, event, role and
//! data subject are authenticated with it: what was sealed opens nowhere else. The length says no more than how
//! many blocks there are.

use aes_gcm_siv::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use super::{KeyStoreError, PersonKey};
use crate::app::ActError;
use crate::domain::person::{DataSubject, Details, PersonRole};

/// The length of a nonce.
const NONCE: usize = 12;
/// What is sealed is filled up to a multiple of this, with spaces, which JSON does not mind.
const BLOCK: usize = 128;

/// Where a person is named.
pub struct Place<'a> {
    pub stream: &'a str,
    pub event: Uuid,
    pub role: PersonRole,
    pub data_subject: &'a DataSubject,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let role = self.role.as_str();
        let parts = ["docket person 1", self.stream, role, self.data_subject.as_str()];
        let mut bytes = parts.join("\u{0}").into_bytes();
        bytes.push(0);
        bytes.extend_from_slice(self.event.as_bytes());
        bytes
    }
}

/// Seals what is said of a person: nonce, then ciphertext.
pub fn seal(key: &PersonKey, at: &Place<'_>, details: &Details) -> Result<Vec<u8>, ActError> {
    let mut said = serde_json::to_vec(details)?;
    said.resize(said.len().next_multiple_of(BLOCK), b' ');
    let place = at.bytes();
    let length = (place.len() as u64).to_be_bytes();
    let digest = digest(key, b"docket person nonce 1", &[&length, &place, &said]);
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(&digest[..NONCE]);
    let sealed = cipher(key)
        .encrypt(&Nonce::from(nonce), Payload { msg: &said, aad: &place })
        .map_err(|_| KeyStoreError::OtherKey(at.data_subject.clone()))
        .map_err(super::PersonError::from)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was sealed there.
pub fn open(key: &PersonKey, at: &Place<'_>, sealed: &[u8]) -> Result<Details, KeyStoreError> {
    let other = || KeyStoreError::OtherKey(at.data_subject.clone());
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(other)?;
    let payload = Payload { msg: sealed, aad: &at.bytes() };
    let said = cipher(key).decrypt(&Nonce::from(*nonce), payload).map_err(|_| other())?;
    serde_json::from_slice(&said).map_err(|_| other())
}

fn cipher(key: &PersonKey) -> Aes256GcmSiv {
    Aes256GcmSiv::new(&digest(key, b"docket person seal 1", &[]).into())
}

/// A digest under the key, of one purpose.
fn digest(key: &PersonKey, purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key.as_bytes());
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block.into());
    mac.update(purpose);
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::NonBlank;

    fn details(name: &str) -> Details {
        let name = NonBlank::parse(name).unwrap();
        Details { name, position: None, telephone: None, email: None }
    }

    #[test]
    fn what_is_sealed_opens_there_alone() {
        let key = PersonKey::new([7; 32]);
        let (one, two) = (DataSubject::parse("p-1").unwrap(), DataSubject::parse("p-2").unwrap());
        let (stream, role) = ("cluster_area-futian", PersonRole::Contact);
        let at = Place { stream, event: Uuid::from_u128(1), role, data_subject: &one };
        let sealed = seal(&key, &at, &details("李明")).unwrap();
        assert_eq!(open(&key, &at, &sealed).map(|d| d.name.to_string()), Ok("李明".to_owned()));
        // A retry has the same bytes; the same event with another name shares no nonce.
        assert_eq!(seal(&key, &at, &details("李明")).unwrap(), sealed);
        let other = seal(&key, &at, &details("王芳")).unwrap();
        assert_eq!(other.len(), sealed.len());
        assert_ne!(other[..NONCE], sealed[..NONCE]);
        for elsewhere in [
            Place { stream: "cluster_area-nanshan", ..at },
            Place { event: Uuid::from_u128(2), ..at },
            Place { role: PersonRole::Signatory, ..at },
            Place { data_subject: &two, ..at },
        ] {
            assert!(open(&key, &elsewhere, &sealed).is_err());
            assert_ne!(seal(&key, &elsewhere, &details("李明")).unwrap()[..NONCE], sealed[..NONCE]);
        }
        assert!(open(&PersonKey::new([8; 32]), &at, &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &at, &flipped).is_err(), "bit {bit}");
        }
        assert!(open(&key, &at, &sealed[..5]).is_err());
    }
}
