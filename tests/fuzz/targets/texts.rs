//! Any text as a checkpoint, a file of checkpoints, a key or a proof; what is one is written as it was read.
#![no_main]

use docket_fuzz::is_plain;
use docket_fuzz::verify::open::notes::checkpoints;
use docket_fuzz::verify::{Checkpoint, Held, Key, proof};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(key) = Key::parse(text) {
        assert_eq!(Key::parse(&key.to_string()), Some(key));
    }
    let outside: Vec<Checkpoint> = checkpoints(text).unwrap_or_default();
    let outside = outside.into_iter().chain(Checkpoint::parse(text)).collect();
    is_plain(&proof::judge(text, &Held { outside, ..Held::default() }));
});
