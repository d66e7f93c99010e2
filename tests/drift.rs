//! What is generated and committed is what would be generated now. To write it anew after a change:
//! `DOCKET_WRITE_GENERATED=1 cargo test --test drift`, and look at the difference.

use std::fs;
use std::path::Path;

#[path = "drift/projections.rs"]
mod projections;

/// Whether a file is what would be generated now; or it is written anew.
fn is_committed(path: &Path, generated: &str) {
    if std::env::var_os("DOCKET_WRITE_GENERATED").is_some() {
        fs::write(path, generated).expect("what is generated can be written");
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == generated,
        "{} is not what it would be now; write it anew with DOCKET_WRITE_GENERATED=1 cargo test \
         --test drift",
        path.display()
    );
}

/// Of a build that has everything: one without Parquet says that it has none.
#[cfg(feature = "parquet")]
#[test]
fn the_openapi_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/openapi.json");
    is_committed(&path, docket::api::openapi_json());
}

#[test]
fn the_schemas_of_measure_files_are_the_committed_ones() {
    use docket::app::measure_files::schema_of;
    use docket::domain::measure::{Measure, OfficesFile, ProgramFile};
    for (name, schema) in [
        ("measure", schema_of::<Measure>()),
        ("program", schema_of::<ProgramFile>()),
        ("offices", schema_of::<OfficesFile>()),
    ] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
        let generated = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
        is_committed(&path, &generated);
    }
}

#[test]
fn the_event_schemas_are_the_committed_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/events");
    let generated = docket::codec::event_schemas();
    let text = |schema: &serde_json::Value| {
        serde_json::to_string_pretty(schema).expect("a schema is JSON") + "\n"
    };
    if std::env::var_os("DOCKET_WRITE_GENERATED").is_some() {
        fs::create_dir_all(&folder).expect("schemas can be written");
        for (name, schema) in &generated {
            fs::write(folder.join(name), text(schema)).expect("schemas can be written");
        }
    }
    for (name, schema) in &generated {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            committed == text(schema),
            "schemas/events/{name} is not what the types say now. A published schema never changes: \
             a new shape is a new version with an upcast in the codec. A schema that was never \
             published is written anew with DOCKET_WRITE_GENERATED=1 cargo test --test drift"
        );
    }
    let committed = fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(committed, generated.len(), "schemas/events holds files that no type has");
}
