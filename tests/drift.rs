//! What is generated and committed is what would be generated now. To write it anew after a change:
//! `DOCKET_WRITE_GENERATED=1 cargo test --test drift`, and look at the difference.

use std::fs;
use std::path::Path;

#[test]
fn the_openapi_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/openapi.json");
    let generated = docket::api::openapi_json();
    if std::env::var_os("DOCKET_WRITE_GENERATED").is_some() {
        fs::write(&path, generated).expect("schemas can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "schemas/openapi.json is not what the routes say now; write it anew with \
         DOCKET_WRITE_GENERATED=1 cargo test --test drift"
    );
}
