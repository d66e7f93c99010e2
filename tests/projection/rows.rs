//! Golden histories: what the rows say.

use docket::domain::ids::Office;
use docket::domain::quota::{PlaceReserved, PlacesRestated, QuotaEvent, ReservationReleased, Span};

use super::lives::{annual, cluster_area, construction};
use super::world::{World, day};
use super::{catch_up, follower, rows_of, world};

const PROGRAM: &str = "cluster_area";
const SPANS: &str =
    "SELECT valid_from, valid_to, stands_at, phase_since, title, term_until, waiting
    FROM current_status ORDER BY program, subject, valid_from";

fn area(world: &mut World) {
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
}

fn projected(world: &World) -> (tempfile::TempDir, super::Following) {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = follower(world, &folder.path().join("copy.sqlite"), docket::projection::all);
    catch_up(&mut follower, 1000);
    (folder, follower)
}

#[test]
fn a_whole_life_is_one_row_per_span_in_which_nothing_shown_changes() {
    let mut world = world();
    area(&mut world);
    cluster_area(&mut world, PROGRAM, "futian");
    let (_folder, follower) = projected(&world);
    insta::assert_snapshot!(rows_of(&follower.connection(), SPANS).join("\n"), @r#"
    2014-10-08|2014-10-20|candidate.applied|2014-10-08|-|-|[]
    2014-10-20|2014-11-30|candidate.recommended|2014-10-08|-|-|[]
    2014-11-30|2017-12-10|under_construction|2014-11-30|-|2017-11-30|[]
    2017-12-10|2018-05-31|experimental|2017-12-10|experimental|2017-11-30|[]
    2018-05-31|2018-09-01|experimental|2017-12-10|experimental|2017-11-30|[{"matter":"acceptance","since":"2018-05","by":9}]
    2018-09-01|2018-10-01|experimental.excellent|2017-12-10|experimental|2017-11-30|[]
    2018-10-01|-|demonstrative|2018-10-01|demonstrative|2017-11-30|[]
    "#);
}

/// P18: what the document plans for a phase stands beside what was; a change of category is a row.
#[test]
fn the_timeline_has_the_documents_plan_and_the_categories() {
    let mut world = world();
    annual(&mut world, "strong_province", "440000");
    let adjust = r#"{"act":"request_adjustment","effective_on":"2020-01-01","category":"supporting","reason":"x"}"#;
    world.act("strong_province", "440000", Office::Province, adjust);
    let approve = r#"{"act":"approve_adjustment","effective_on":"2020-03-01"}"#;
    world.act("strong_province", "440000", Office::NationalOffice, approve);
    let (_folder, follower) = projected(&world);
    let connection = &follower.connection();
    let phases = "SELECT valid_from, valid_to, phase, planned_until, article FROM timeline_phase WHERE known_to IS NULL ORDER BY valid_from";
    let categories = "SELECT valid_from, valid_to, category FROM timeline_category WHERE known_to IS NULL ORDER BY valid_from";
    insta::assert_snapshot!(rows_of(connection, phases).join("\n"), @r#"
    2016-03-01|2016-06-13|candidate|-|-
    2016-06-13|-|pilot|2020|III(I)
    "#);
    insta::assert_snapshot!(rows_of(connection, categories).join("\n"), @r#"
    2016-06-13|2020-03-01|leading
    2020-03-01|-|supporting
    "#);
}

#[test]
fn the_timeline_has_phases_with_their_planned_end_titles_and_terms() {
    let mut world = world();
    area(&mut world);
    cluster_area(&mut world, PROGRAM, "futian");
    let (_folder, follower) = projected(&world);
    let connection = &follower.connection();
    let phases = "SELECT valid_from, valid_to, phase, since, planned_until FROM timeline_phase WHERE known_to IS NULL ORDER BY id";
    let titles =
        "SELECT valid_from, valid_to, title, held_until FROM timeline_title ORDER BY valid_from";
    let marks = "SELECT event_type, effective_on, sequence FROM timeline_mark ORDER BY sequence";
    insta::assert_snapshot!(rows_of(connection, phases).join("\n"), @r#"
    2014-10-08|2014-11-30|candidate|2014-10-08|-
    2014-11-30|2017-12-10|under_construction|2014-11-30|2017-11-30
    2017-12-10|2018-10-01|experimental|2017-12-10|-
    2018-10-01|-|demonstrative|2018-10-01|2021-10-01
    "#);
    insta::assert_snapshot!(rows_of(connection, titles).join("\n"), @r#"
    2017-12-10|2018-10-01|experimental|-
    2018-10-01|-|demonstrative|2021-10-01
    "#);
    insta::assert_snapshot!(rows_of(connection, marks).join("\n"), @r#"
    Applied|2014-10-08|2
    Recommended|2014-10-20|3
    Approved|2014-11-30|4
    PlanSubmitted|2015-02-20|5
    ReportSubmitted|2015-01-20|6
    Inspected|2015-06|7
    ReportSubmitted|2016-01-20|8
    AcceptanceDecided|2017-12-10|9
    ReportSubmitted|2018-01-15|10
    AcceptanceRequested|2018-05|11
    AcceptanceDecided|2018-09-01|12
    TitleConfirmed|2018-10-01|13
    "#);
}

#[test]
fn obligations_keep_how_they_were_met_and_how_they_ended() {
    let mut world = world();
    area(&mut world);
    cluster_area(&mut world, PROGRAM, "futian");
    let (_folder, follower) = projected(&world);
    let connection = &follower.connection();
    let due = "SELECT opened_by, obligation, owes, due_on, first_due, every, ended_from
        FROM obligation WHERE known_to IS NULL ORDER BY opened_by, obligation";
    let met = "SELECT obligation, due_year, met_by, met_on FROM obligation_met
        WHERE known_to IS NULL ORDER BY opened_by, obligation, due_year";
    insta::assert_snapshot!(rows_of(connection, due).join("\n"), @r#"
    2|acceptance|national_office|-|-|-|-
    2|agencies|local_government|-|-|-|-
    2|annual_report|local_government|-|2015-01-31|--01-31|-
    2|construction_plan|provincial_department|2015-02-28|-|-|-
    2|department_in_charge|provincial_department|-|-|-|-
    2|funds|local_government|-|-|-|-
    2|guidance_support_department|provincial_department|-|-|-|-
    2|guidance_support_local|local_government|-|-|-|-
    2|personnel|local_government|-|-|-|-
    4|inspection|national_office|-|-|-|-
    6|inspection|national_office|-|-|-|-
    8|inspection|national_office|-|-|-|-
    10|confirmation|national_office|-|-|-|-
    11|review|national_office|-|-|-|-
    "#);
    insta::assert_snapshot!(rows_of(connection, met).join("\n"), @r#"
    acceptance|0|7|2017-12-10
    annual_report|2015|4|2015-01-20
    annual_report|2016|6|2016-01-20
    annual_report|2018|8|2018-01-15
    construction_plan|0|3|2015-02-20
    confirmation|0|11|2018-10-01
    "#);
}

#[test]
fn a_late_entry_moves_the_rows_of_the_days_after_it() {
    let mut world = world();
    area(&mut world);
    construction(&mut world, PROGRAM, "futian");
    let (_folder, mut follower) = projected(&world);
    let connection = &follower.connection();
    let before = rows_of(connection, SPANS);
    world.act(
        PROGRAM,
        "futian",
        Office::LocalGovernment,
        r#"{"act":"submit_amendment","effective_on":"2015-05-01","opinion":"o","explanation":"e",
            "plan":{"contents":{"goals":"h"}}}"#,
    );
    catch_up(&mut follower, 10);
    let after = rows_of(&follower.connection(), SPANS);
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.iter().any(|row| row.starts_with("2015-05-01|-|under_construction|")));
    assert!(after.iter().any(|row| row.starts_with("2014-11-30|2015-05-01|under_construction|")));
}

#[test]
fn a_correction_refolds_the_rows_and_says_what_became_of_each_event() {
    let mut world = world();
    area(&mut world);
    let approval = construction(&mut world, PROGRAM, "futian");
    let (_folder, mut follower) = projected(&world);
    let annul = format!(
        r#"{{"act":"correct","effective_on":"2016-03-01","corrects":"{approval}","reason":"never signed"}}"#
    );
    world.act(PROGRAM, "futian", Office::NationalOffice, &annul);
    catch_up(&mut follower, 10);
    let connection = &follower.connection();
    let fates = "SELECT revision, event_type, fold_day, fate, corrected_by FROM audit_trail
        WHERE enrollment IS NOT NULL ORDER BY sequence";
    insta::assert_snapshot!(rows_of(connection, fates).join("\n"), @r#"
    0|Applied|2014-10-08|stands|-
    1|Recommended|2014-10-20|stands|-
    2|Approved|-|annulled|7
    3|PlanSubmitted|2015-02-20|unsupported|-
    4|ReportSubmitted|2015-01-20|unsupported|-
    5|Inspected|2015-06-30|unsupported|-
    6|ReportSubmitted|2016-01-20|unsupported|-
    7|Corrected|-|stands|-
    "#);
    let stands = rows_of(
        connection,
        "SELECT stands_at, unsupported FROM current_status WHERE valid_to IS NULL",
    );
    assert_eq!(stands, ["candidate.recommended|4"]);
    assert_eq!(
        rows_of(connection, "SELECT count(*) FROM obligation WHERE known_to IS NULL"),
        ["0"]
    );
}

/// Two changes on one day, the second of which takes back the first, leave the row of the day
/// before as it was; whatever batches they came in.
#[test]
fn a_change_taken_back_on_the_same_day_leaves_one_row() {
    for batch in [1, 100] {
        let mut world = world();
        area(&mut world);
        construction(&mut world, PROGRAM, "futian");
        for (office, body) in [
            (
                Office::LocalGovernment,
                r#"{"act":"submit_amendment","effective_on":"2016-05-01","opinion":"o",
                    "explanation":"e","plan":{"contents":{"goals":"h"}}}"#,
            ),
            (
                Office::NationalOffice,
                r#"{"act":"reject_amendment","effective_on":"2016-05-01","reason":"r"}"#,
            ),
        ] {
            world.act(PROGRAM, "futian", office, body);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.sqlite");
        let mut follower = follower(&world, &path, docket::projection::all);
        catch_up(&mut follower, batch);
        let rows = rows_of(&follower.connection(), SPANS);
        let last = rows.last().unwrap();
        assert!(last.starts_with("2014-11-30|-|under_construction|"), "{batch}: {rows:#?}");
    }
}

#[test]
fn an_event_of_dockets_own_moves_the_revision_and_nothing_else() {
    let mut world = world();
    area(&mut world);
    construction(&mut world, PROGRAM, "futian");
    let (_folder, mut follower) = projected(&world);
    let before = rows_of(&follower.connection(), SPANS);
    world.abandon("cluster_area-futian");
    catch_up(&mut follower, 10);
    let connection = &follower.connection();
    assert_eq!(rows_of(connection, SPANS), before);
    let heads = rows_of(connection, "SELECT revision, sequence FROM enrollment");
    assert_eq!(heads, ["7|9"]);
}

#[test]
fn places_are_reserved_taken_up_and_released() {
    let mut world = world();
    let reserve = |enrollment: &str, revision| {
        QuotaEvent::PlaceReserved(PlaceReserved {
            enrollment: enrollment.to_owned(),
            revision,
            key: "k".to_owned(),
            from: day("2016-01-01"),
            over_limit: false,
        })
    };
    let (program, category) = ("strong_province", "leading");
    world.quota(program, category, &reserve("strong_province-440000", 1));
    let second = world.quota(program, category, &reserve("strong_province-320000", 1));
    let reserved = "SELECT enrollment, from_day, until_day, reserved_at FROM enrollment_place
        WHERE known_to IS NULL";
    let (_folder, mut follower) = projected(&world);
    assert_eq!(
        rows_of(&follower.connection(), reserved),
        ["strong_province-320000|2016-01-01|-|1", "strong_province-440000|2016-01-01|-|1"]
    );
    let released = ReservationReleased { reservation: second, reason: "r".to_owned() };
    world.quota(program, category, &QuotaEvent::ReservationReleased(released));
    let cites = docket::domain::ids::EventRef {
        stream: "strong_province-440000".to_owned(),
        revision: 1,
        id: uuid::Uuid::nil(),
    };
    let spans =
        vec![Span { from: day("2016-02-01"), until: Some(day("2018-01-01")), attested: false }];
    let enrollment = "strong_province-440000".to_owned();
    let restated = PlacesRestated { enrollment, cites, spans };
    world.quota(program, category, &QuotaEvent::PlacesRestated(restated));
    catch_up(&mut follower, 10);
    assert_eq!(
        rows_of(&follower.connection(), reserved),
        ["strong_province-440000|2016-02-01|2018-01-01|-"]
    );
}
