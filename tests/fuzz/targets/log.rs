//! Any bytes as the file of a log.
#![no_main]

use docket_fuzz::verify::open::beside::Leaves;
use docket_fuzz::verify::open::documents::Named;
use docket_fuzz::verify::open::sqlite;
use docket_fuzz::verify::{Held, Judge};
use docket_fuzz::{file, is_plain};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut judge, mut leaves) = (Judge::new(Held::default()), Leaves::default());
    let (file, mut named) = (file(bytes), Named::default());
    let read = sqlite::read(file.path(), &mut judge, &mut leaves, &mut named, &mut |_, _| true);
    if read.is_ok() {
        is_plain(&judge.finish());
    }
});
