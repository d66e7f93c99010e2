//! Histories that reach every read model: whole lives, late entries, corrections.

use docket::domain::ids::{EventRef, Office};

use super::world::World;

fn material(kind: &str) -> String {
    let digest = "0".repeat(64);
    format!(
        r#"{{"kind":"{kind}","name":"{kind}.pdf","media_type":"application/pdf","digest":"{digest}"}}"#
    )
}

/// An area from its application to its demonstrative title.
pub fn cluster_area(world: &mut World, program: &str, area: &str) {
    construction(world, program, area);
    for (office, body) in [
        (Office::NationalOffice, acceptance("2017-12-10", "qualified", "")),
        (
            Office::LocalGovernment,
            r#"{"act":"submit_report","effective_on":"2018-01-15","year":2017,"summary":"s","next_year_plan":"n"}"#.to_owned(),
        ),
        (
            Office::LocalGovernment,
            r#"{"act":"request_acceptance","effective_on":"2018-05","text":"again"}"#.to_owned(),
        ),
        (Office::NationalOffice, acceptance("2018-09-01", "excellent", "")),
        (
            Office::NationalOffice,
            r#"{"act":"confirm","effective_on":"2018-10-01","title_from":"2018-10-01"}"#.to_owned(),
        ),
    ] {
        world.act(program, area, office, &body);
    }
}

/// The decision of a check and acceptance.
pub fn acceptance(on: &str, result: &str, more: &str) -> String {
    format!(
        r#"{{"act":"accept","effective_on":"{on}","result":"{result}","plan_version":1,
            "findings":{{"implementation":"a","practices":"b","planning":"c"}}{more}}}"#
    )
}

/// An area from its application to the middle of its construction; returns the approval.
pub fn construction(world: &mut World, program: &str, area: &str) -> EventRef {
    let apply = format!(
        r#"{{"act":"apply","effective_on":"2014-10-08","applicant_kind":"hi_tech_zone",
            "requirements":{{"management":"m","demand":"d","agencies":41,
            "services":["patent","trademark","copyright","geographical_indication","plant_variety"]}},
            "materials":[{},{},{}]}}"#,
        material("application"),
        material("initial_work_plan"),
        material("commitment"),
    );
    world.act(program, area, Office::LocalGovernment, &apply);
    let recommend = format!(
        r#"{{"act":"recommend","effective_on":"2014-10-20","opinion":"good","materials":[{}]}}"#,
        material("letter_of_recommendation"),
    );
    world.act(program, area, Office::ProvincialDepartment, &recommend);
    let approval = world.act(
        program,
        area,
        Office::NationalOffice,
        r#"{"act":"approve","effective_on":"2014-11-30","round":"2014",
            "document":{"number":"国知发管函字〔2014〕1号","title":"Approval"}}"#,
    );
    let contents = r#""contents":{"goals":"g"}"#;
    for (office, body) in [
        (
            Office::ProvincialDepartment,
            format!(r#"{{"act":"submit_plan","effective_on":"2015-02-20",{contents}}}"#),
        ),
        (
            Office::LocalGovernment,
            r#"{"act":"submit_report","effective_on":"2015-01-20","year":2014,"summary":"s","next_year_plan":"n"}"#.to_owned(),
        ),
        (
            Office::NationalOffice,
            r#"{"act":"inspect","effective_on":"2015-06","findings":"f"}"#.to_owned(),
        ),
        (
            Office::LocalGovernment,
            r#"{"act":"submit_report","effective_on":"2016-01-20","year":2015,"summary":"s","next_year_plan":"n"}"#.to_owned(),
        ),
    ] {
        world.act(program, area, office, &body);
    }
    approval
}
