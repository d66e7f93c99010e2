//! Lapses in the read models: the audit trail says of each whether it has its ground, like the fold.

use docket::domain::ids::Office;
use docket::projection::audit_trail::standing_of;

use super::lives::construction;
use super::{catch_up, follower, rows_of, world};

const STREAM: &str = "cluster_area-futian";

#[test]
fn a_lapse_loses_its_ground_in_the_table_as_in_the_fold() {
    let mut world = world();
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
    let approval = construction(&mut world, "cluster_area", "futian");
    assert_eq!(world.silence(STREAM, "2019-03-01"), 3, "the reports of 2017 to 2019");
    let mut expected = Vec::new();
    let check = |world: &super::World, expected: &mut Vec<&'static str>| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.sqlite");
        let mut follower = follower(world, &path, docket::projection::all);
        catch_up(&mut follower, 3);
        let sql =
            "SELECT fate FROM audit_trail WHERE event_type = 'ObligationLapsed' ORDER BY sequence";
        let rows = rows_of(&follower.connection(), sql);
        let history = world.history(STREAM);
        let state = history.state();
        let lapses = history.events().iter().filter(|e| e.event.event_type() == "ObligationLapsed");
        let folded: Vec<_> =
            lapses.map(|event| standing_of(history, &state, event).0.as_str()).collect();
        assert_eq!(rows, folded);
        *expected = folded;
    };
    check(&world, &mut expected);
    assert_eq!(expected, ["stands"; 3]);
    // The archive has the report that was due in 2018, with the day of its receipt; at the end.
    world.act(
        "cluster_area",
        "futian",
        Office::Registrar,
        r#"{"act":"submit_report","effective_on":"2018-01-20","received_on":"2018-01-22","year":2017,
            "summary":"s","next_year_plan":"n","archive":{"office":"local_government","source":"box 7"}}"#,
    );
    check(&world, &mut expected);
    assert_eq!(expected, ["stands", "unsupported", "stands"]);
    let annulled = format!(
        r#"{{"act":"correct","effective_on":"2019-04-01","corrects":"{approval}","reason":"never signed"}}"#
    );
    world.act("cluster_area", "futian", Office::NationalOffice, &annulled);
    check(&world, &mut expected);
    assert_eq!(expected, ["unsupported"; 3]);
}

#[test]
fn what_is_owed_for_a_program_as_a_whole_lapses_in_the_tables() {
    let mut world = world();
    let works = r#"{"act":"record_arrangement","effective_on":"2017-01-10","kind":"key_works",
        "year":2017,"text":"x"}"#;
    world.act_for("strong_province", Office::NationalOffice, works);
    assert_eq!(world.silence("program-strong_province", "2021-03-01"), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.sqlite");
    let mut follower = follower(&world, &path, docket::projection::all);
    catch_up(&mut follower, 3);
    let lapsed =
        "SELECT l.obligation FROM obligation_lapse l JOIN enrollment e ON e.id = l.enrollment
        WHERE e.subject IS NULL";
    assert_eq!(rows_of(&follower.connection(), lapsed), ["classified_guidance"]);
}
