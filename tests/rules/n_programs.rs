//! N1–N6: programs of which an annual report tells.

use docket::domain::ids::Office::{LocalGovernment, NationalOffice, Registrar};
use docket::domain::refusal::Reason;
use serde_json::json;

use crate::lives::area_application;
use crate::story::{Story, measure, versions};

const EXPORT_BASES: &str = include_str!("../../schemas/measures/service_export_base/2021-0.toml");

/// The notice was not read: nothing is applied for, decided or owed; what a source says stands.
#[test]
fn n6_export_bases_are_held_by_attestation_alone() {
    let rules = measure(EXPORT_BASES);
    assert!(rules.known_in_part && rules.acts.is_empty() && rules.obligations.is_empty());
    assert_eq!(rules.gaps.len(), 3);
    let mut story =
        Story::new("service_export_base", versions(vec![rules]), "a_base", "service_export_base");
    for (office, act, body) in
        [(LocalGovernment, "apply", area_application(31)), (NationalOffice, "approve", json!({}))]
    {
        let refusal = story.refuses(office, act, "2022-03-01", body);
        assert_eq!(*refusal.reason, Reason::RuleUnknown, "{act}");
    }
    let evidence =
        json!({ "stands_at": "base", "confidence": "attested", "source": "an annual report" });
    story.today("2023-03-01");
    story.does(Registrar, "attest_standing", "2022", evidence);
    assert_eq!(story.stands("2022-12-31"), "base");
    assert!(story.moves("2023-03-01").is_empty(), "nobody is known to owe anything");
}
