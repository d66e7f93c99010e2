//! The lives with which speed is measured are lawful: a benchmark of refusals would measure nothing.

use docket::domain::ids::Office;
use serde_json::json;

use super::world;

#[path = "../../benches/speed/life.rs"]
mod life;

use life::{Planned, Who, life, stands};

const PROGRAM: &str = "exercise_cluster_area";

fn office(who: Who) -> Office {
    match who {
        Who::Area => Office::LocalGovernment,
        Who::Department => Office::ProvincialDepartment,
        Who::National => Office::NationalOffice,
        Who::Registrar => Office::Registrar,
    }
}

#[test]
fn every_kind_of_life_is_taken_through() {
    let mut world = world();
    for area in [0, 11, 15, 19] {
        let id = format!("inv_area_{area}");
        world.register(&id, "cluster_area", "inv_province", ("Invented", "虚构"));
        let mut inspected = None;
        for Planned { on, who, mut body, corrects } in life(area, 50, &"0".repeat(64)) {
            if corrects {
                body["corrects"] = json!(inspected.as_ref().map(ToString::to_string));
                body["replacement"] = json!({
                    "act": { "act": "inspect", "content": { "findings": "two findings" } },
                    "common": { "effective_on": on.plus_days(-40).to_string() },
                });
            }
            let by = world.act(PROGRAM, &id, office(who), &body.to_string());
            if body["act"] == "inspect" {
                inspected = Some(by);
            }
        }
        let history = world.history(&format!("{PROGRAM}-{id}"));
        assert_eq!(history.events().len(), 50);
        let state = history.state();
        assert!(state.unsupported.is_empty(), "{:?}", state.unsupported);
        assert!(!stands(area) || state.phase() == Some("demonstrative"), "{:?}", state.node);
    }
}
