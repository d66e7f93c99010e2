//! Texts that nobody can see are none: not as a reason, a name, a source or a note.

use super::support::*;
use serde_json::json;

/// Spaces, what has no width, fillers, control characters, marks without a letter.
const UNSEEN: [&str; 18] = [
    "",
    "\u{3000}",
    "\u{a0}",
    "\u{200b}",
    "\u{feff}",
    "\u{2060}",
    "\u{ad}",
    "\0",
    "\u{1b}",
    "\u{202e}",
    "\u{3164}",
    "\u{2800}",
    "\u{fe0f}",
    "\u{e0100}",
    "\u{301}\u{20dd}",
    "\u{e000}",
    "\u{115f}\u{1160}",
    " \u{200b}\n\u{2800}\t",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_nobody_can_see_says_nothing() {
    let server = server().await;
    server.register(&["440000"]).await;
    let one = "strong_province/440000";
    server.province("440000").act(one, &apply("leading", "2016-01-05")).await.ok(201);
    let at = |problem: &serde_json::Value| {
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for text in UNSEEN {
        let note = json!({ "act": "note", "effective_on": "2024-03-01", "text": text });
        let refused = server.registrar().act(one, &note).await;
        assert_eq!(at(&refused.problem(422, "validation-error")), ["#/text"], "{text:?}");
        let mut cited = apply("leading", "2016-01-05");
        cited["document"] = json!({ "title": text });
        let refused = server.registrar().act(one, &cited).await;
        assert_eq!(at(&refused.problem(422, "validation-error")), ["#/document/title"], "{text:?}");
        let subject = json!({ "id": "exercise_y", "kind": "cluster_area", "province": "440000",
            "name": { "en": text, "zh": text }, "invented": true, "source": text,
            "effective_on": "2014-01-01" });
        let request = server.registrar().request("POST", "/v1/subjects");
        let refused = send(request.header("idempotency-key", new_key()).json(&subject)).await;
        let named = at(&refused.problem(422, "validation-error"));
        assert_eq!(named, ["#/name/en", "#/name/zh", "#/source"], "{text:?}");
    }
    // One character that is seen is enough.
    let note = json!({ "act": "note", "effective_on": "2024-03-01", "text": "\u{200b}无\u{fe0f}" });
    server.registrar().act(one, &note).await.ok(201);
}
