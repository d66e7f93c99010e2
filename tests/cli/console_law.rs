//! Measures in the console: two versions side by side, and what another would have decided.

use super::console::{Browser, token};
use super::support::{Server, demo_copy};

#[test]
fn two_versions_stand_side_by_side_as_the_interface_compares_them() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let measure = browser.get("/console/measures/cluster_area/2014-40?lang=en").body;
    let link = "/console/measures/cluster_area/2014-40/diff/2012-61?lang=en";
    assert!(measure.contains(link), "a measure leads to what it can be put beside");
    let of = "/v1/programs/cluster_area/measures/2012-61/diff/2014-40";
    let changes = browser.json(&auditor, of)["changes"].as_array().unwrap().clone();
    let added = changes.iter().filter(|change| change["change"] == "ADDED").count();
    assert!(added > 40, "{added}");
    let page = browser.get("/console/measures/cluster_area/2012-61/diff/2014-40?lang=en").body;
    assert!(page.contains(&format!("<strong>{added}</strong> parts added")), "{page}");
    // The title of the one is another than that of the other, sign by sign.
    let title = changes.iter().find(|change| change["part"] == "title").unwrap();
    assert_eq!(title["change"], "CHANGED");
    assert!(page.contains("<del>") && page.contains("<ins>"), "{page}");
    let back = browser.json(&auditor, "/v1/programs/cluster_area/measures/2014-40/diff/2012-61");
    let removed = back["changes"].as_array().unwrap().iter();
    assert_eq!(removed.filter(|change| change["change"] == "REMOVED").count(), added);
    let same = browser.get("/console/measures/cluster_area/2014-40/diff/2014-40?lang=en").body;
    assert!(same.contains("No difference"));
    let edition = back["one"]["digest"].as_str().unwrap();
    let named =
        format!("/console/measures/cluster_area/2014-40/diff/2014-40?lang=en&edition={edition}");
    assert!(browser.get(&named).body.contains("No difference"));
    let unknown = browser.get(&named.replace(edition, &"0".repeat(64)));
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.body.contains("no version &quot;2014-40&quot; with an edition 0000"),
        "{}",
        unknown.body
    );
    assert_eq!(browser.get("/console/measures/cluster_area/2014-40/diff/1999?lang=en").status, 404);
}

#[test]
fn decisions_that_would_have_gone_otherwise_are_counted_to_the_last() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    // Followed to its end, it makes each decision again once.
    let all = |other: &str| {
        let of = format!("/v1/programs/cluster_area/measures/2014-40/judged-otherwise/{other}");
        let (mut after, mut decisions, mut otherwise, mut answers) =
            (String::new(), 0, Vec::new(), 0);
        loop {
            let answer = browser.json(&auditor, &format!("{of}?after={after}"));
            decisions += answer["decisions"].as_u64().unwrap();
            otherwise.extend(answer["items"].as_array().unwrap().clone());
            answers += 1;
            match answer["onward"].as_str() {
                Some(onward) => onward.clone_into(&mut after),
                None => return (decisions, otherwise, answers),
            }
        }
    };
    let (decisions, otherwise, answers) = all("2014-40");
    assert!(decisions > 200 && answers > 1, "{decisions} in {answers}");
    assert_eq!(otherwise.len(), 0, "an edition judges what it judged as it did");
    let (again, otherwise, _) = all("2012-61");
    assert_eq!(again, decisions);
    assert!(otherwise.iter().any(|one| one["refused"].is_string()), "{otherwise:?}");
    // The page shows the first of them, and where it goes on.
    let page = "/console/measures/cluster_area/2014-40/diff/2012-61?lang=en&decisions=1";
    let shown = browser.get(page).body;
    assert!(shown.contains("It would be refused: "), "{shown}");
    assert!(shown.contains("There are more: go on") && shown.contains("decisions=1&amp;after="));
    let first = browser
        .json(&auditor, "/v1/programs/cluster_area/measures/2014-40/judged-otherwise/2012-61");
    let rows = shown.split("id=\"decisions\"").nth(1).unwrap().matches("/console/log/").count();
    assert_eq!(rows, first["items"].as_array().unwrap().len());
}
