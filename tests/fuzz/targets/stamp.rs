//! Any bytes as the answer of an authority that stamps times.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket_fuzz::verify::{Checkpoint, Key};
use sha2::{Digest as _, Sha256};

/// What `seeds/stamp/answer.tsr` is a time-stamp of.
const TEXT: &str = "docket/fuzz\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
const NAME: &str = "tsa.example";

fn stamped_at(answer: &[u8]) -> Option<u64> {
    let id = Sha256::digest([NAME.as_bytes(), b"\n\xffrfc3161"].concat());
    let line = STANDARD.encode([&id[..4], answer].concat());
    let known = Key::of_authority(NAME, include_bytes!("../authority.pem")).expect("a certificate");
    Checkpoint::parse(&format!("{TEXT}\n— {NAME} {line}\n"))?.signed_at(&known)
}

libfuzzer_sys::fuzz_target!(
    init: assert!(stamped_at(include_bytes!("../seeds/stamp/answer.tsr")).is_some()),
    |answer: &[u8]| {
        stamped_at(answer);
    }
);
