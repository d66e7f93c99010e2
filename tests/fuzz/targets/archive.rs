//! Any bytes as the archive of a bundle.
#![no_main]

use docket_fuzz::verify::open::zip;
use docket_fuzz::{file, judge};

/// The most bytes that one grows to here.
const LIMIT: u64 = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(files) = zip::read_within(file(bytes).path(), LIMIT) {
        judge(&files);
    }
});
