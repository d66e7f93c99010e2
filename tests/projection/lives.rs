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

/// An area that stood before the later version's day: the record of its beginning is corrected, and the
/// correction taken back.
pub fn succeeded(world: &mut World, area: &str) {
    world.register(area, "cluster_area", "440000", (area, "区"));
    let recorded = |on: &str| {
        format!(
            r#"{{"act":"record_under_unknown_rule","effective_on":"{on}","what":"approved",
                "stands_at":"under_construction"}}"#
        )
    };
    let founded = world.act("cluster_area", area, Office::Registrar, &recorded("2013-09"));
    let replaced = format!(
        r#"{{"act":"correct","effective_on":"2016-06-01","corrects":"{founded}","reason":"misread",
            "replacement":{{"act":{{"act":"record_under_unknown_rule",
                "content":{{"what":"approved","stands_at":"under_construction"}}}},
            "common":{{"effective_on":"2013-05"}}}}}}"#
    );
    let correction = world.act("cluster_area", area, Office::NationalOffice, &replaced);
    let taken_back = format!(
        r#"{{"act":"correct","effective_on":"2016-07-01","corrects":"{correction}","reason":"read well"}}"#
    );
    world.act("cluster_area", area, Office::NationalOffice, &taken_back);
    for which in ["department", "funds"] {
        let body = format!(
            r#"{{"act":"designate","effective_on":"2015-02","designates":"{which}","text":"x"}}"#
        );
        world.act("cluster_area", area, Office::LocalGovernment, &body);
    }
}

/// An area that only evidence shows, and a review of its title.
pub fn shown(world: &mut World, area: &str) {
    world.register(area, "cluster_area", "330000", (area, "区"));
    for (on, more) in [("2018", ""), ("2021-11", r#","shows":"review","grade":"qualified""#)] {
        let body = format!(
            r#"{{"act":"attest_standing","effective_on":"{on}","stands_at":"demonstrative",
                "title":"demonstrative","confidence":"attested","source":"a newspaper"{more}}}"#
        );
        world.act("cluster_area", area, Office::Registrar, &body);
    }
}

/// An area whose title was confirmed three months before it begins.
pub fn ahead(world: &mut World, area: &str) {
    world.register(area, "cluster_area", "420000", (area, "区"));
    construction(world, "cluster_area", area);
    for body in [
        acceptance("2017-12-10", "excellent", ""),
        r#"{"act":"confirm","effective_on":"2018-10-01","title_from":"2019-01-01"}"#.to_owned(),
    ] {
        world.act("cluster_area", area, Office::NationalOffice, &body);
    }
}

/// A pilot with its annual results, one of them corrected.
pub fn annual(world: &mut World, program: &str, province: &str) {
    world.register(province, "province", province, (province, "省"));
    let apply =
        r#"{"act":"apply","effective_on":"2016-03-01","category":"leading","rank":"pilot"}"#;
    world.act(program, province, Office::Province, apply);
    let result = |year: i32, result: &str| {
        format!(
            r#"{{"act":"evaluate_annually","effective_on":"{}-03-01","year":{year},"result":"{result}"}}"#,
            year + 1
        )
    };
    let approve = r#"{"act":"approve","effective_on":"2016-06-13","batch":"1"}"#.to_owned();
    let mut last = None;
    for body in [approve, result(2016, "good"), result(2017, "fair")] {
        last = Some(world.act(program, province, Office::NationalOffice, &body));
    }
    let corrects = last.unwrap();
    let replaced = format!(
        r#"{{"act":"correct","effective_on":"2019-06-01","corrects":"{corrects}","reason":"misread",
            "replacement":{{"act":{{"act":"evaluate_annually","content":{{"year":2017,"result":"good"}}}},
            "common":{{"effective_on":"2018-03-01"}}}}}}"#
    );
    world.act(program, province, Office::NationalOffice, &replaced);
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
