//! A folder of lines and documents.

use std::fs;

use docket::app::documents::Digest;
use serde_json::{Value, json};

use super::{How, Written, area, empty, head, import, note};

/// A folder of these files.
pub fn folder(files: &[(&str, &str)]) -> Written {
    let written = super::written("0.ignored", "");
    let path = written.folder.path();
    for (name, text) in files {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    Written { name: "", ..written }
}

fn citing(document: Value) -> String {
    let mut line = note("one", "cites");
    line["document"] = document;
    line.to_string()
}

#[tokio::test]
async fn documents_are_kept_once_all_lines_are_good() {
    let (world, subject) = (empty().await, area("one").to_string());
    let digest = Digest::of(b"the approval");
    let good = citing(json!({"title": "Approval", "file": "scans/approval.pdf"}));
    let bad = citing(json!({"title": "Approval", "file": "scans/other.pdf"}));
    let document = ("scans/approval.pdf", "the approval");
    let both = format!("{good}\n{bad}");
    let files = [("1.ndjson", &*subject), ("2.ndjson", &*both), document];
    let (outcome, told) = import(&world, &folder(&files), How::Whole).await;
    let [told] = &told[..] else { panic!("{told:?}") };
    let place = (told.file.as_deref(), told.line, told.column.as_deref(), told.code.as_str());
    assert_eq!(place, (Some("2.ndjson"), 2, Some("document.file"), "DOCUMENT_MISSING"));
    assert!(!outcome.is_recorded);
    assert!(!world.documents.contains_flushed(digest).await.unwrap(), "nothing is half done");

    let table = "program,subject,act,effective_on,text,document.title,document.file\n\
        exercise_cluster_area,one,note,2015-03,also,Approval,scans/approval.pdf\n";
    let files = [("1.ndjson", &*subject), ("2.ndjson", &*good), ("3.csv", table), document];
    let (outcome, told) = import(&world, &folder(&files), How::Whole).await;
    assert_eq!((told, outcome.recorded), (vec![], 3));
    assert!(world.documents.contains_flushed(digest).await.unwrap());
    let before = head(&world).await;
    assert_eq!(import(&world, &folder(&files), How::Whole).await.0.on_record, 3);
    assert_eq!(head(&world).await, before);
}

#[tokio::test]
async fn documents_that_are_others_or_elsewhere_are_named() {
    let world = empty().await;
    let lines = [
        area("one").to_string(),
        citing(json!({"title": "t", "file": "a.pdf", "digest": "0".repeat(64)})),
        citing(json!({"title": "t", "file": "../a.pdf"})),
        citing(json!({"title": "t", "file": "/etc/hostname"})),
        citing(json!({"title": "t", "file": 7})),
        citing(json!({"title": "t", "file": "a.pdf", "digest": Digest::of(b"a").to_string()})),
    ];
    let files = [("lines.ndjson", &*lines.join("\n")), ("a.pdf", "a")];
    let (_, bad) = import(&world, &folder(&files), How::Whole).await;
    let places: Vec<_> = bad.iter().map(|bad| (bad.line, bad.column.as_deref().unwrap())).collect();
    let file = "document.file";
    assert_eq!(places, [(2, "document.digest"), (3, file), (4, file), (5, file)]);
    assert_eq!(bad[0].code, "DIGEST_MISMATCH");
}
