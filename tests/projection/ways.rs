//! Many ways to the same rows: at one go, event by event, after a restart, with a small cache, by a
//! rebuild, from another engine.

use std::sync::Arc;

use docket::domain::ids::Office;
use docket::log::{EventLog, SqliteLog};
use docket::projection::{Compared, Copies as _, SqliteCopies, all};
use tokio::runtime::Runtime;

use super::lives::{ahead, annual, cluster_area, construction, shown, succeeded};
use super::world::World;
use super::{
    catch_up, checksums, follower, follower_with, rebuild_all, rebuild_names, serving_checksums,
    world,
};

/// Several lives, interleaved with late entries, corrections, renamings and Docket's own events.
pub fn fill(world: &mut World) {
    for area in ["futian", "haidian", "suzhou"] {
        world.register(area, "cluster_area", "440000", (area, "区"));
    }
    world.register("inv_area", "cluster_area", "inv_province", ("Invented", "虚构"));
    cluster_area(world, "cluster_area", "futian");
    let approval = construction(world, "cluster_area", "haidian");
    construction(world, "cluster_area", "suzhou");
    cluster_area(world, "exercise_cluster_area", "inv_area");
    world.abandon("cluster_area-suzhou");
    assert!(world.silence("cluster_area-suzhou", "2018-03-01") > 0);
    assert!(world.silence("cluster_area-haidian", "2017-03-01") > 0);
    world.rename("futian", "2020-05-01", ("New Futian", "新福田"));
    world.correct_subjects();
    let amended = |on: &str| {
        format!(
            r#"{{"act":"submit_amendment","effective_on":"{on}","opinion":"o","explanation":"e",
            "plan":{{"contents":{{"goals":"h"}}}}}}"#
        )
    };
    world.act("cluster_area", "suzhou", Office::LocalGovernment, &amended("2015-05/2015-07"));
    world.act("cluster_area", "haidian", Office::LocalGovernment, &amended("2016-05-01"));
    let replaced = format!(
        r#"{{"act":"correct","effective_on":"2016-06-01","corrects":"{approval}","reason":"a day late",
            "replacement":{{"act":{{"act":"approve","content":{{"round":"2014"}}}},
            "common":{{"effective_on":"2014-12-01"}}}}}}"#
    );
    let correction = world.act("cluster_area", "haidian", Office::NationalOffice, &replaced);
    world.act(
        "cluster_area",
        "haidian",
        Office::NationalOffice,
        r#"{"act":"accept_amendment","effective_on":"2016-06-20"}"#,
    );
    let annulled = format!(
        r#"{{"act":"correct","effective_on":"2016-07-01","corrects":"{correction}","reason":"never signed"}}"#
    );
    world.act("cluster_area", "haidian", Office::NationalOffice, &annulled);
    world.act(
        "cluster_area",
        "haidian",
        Office::Registrar,
        r#"{"act":"note","effective_on":"2016","text":"unveiled"}"#,
    );
    succeeded(world, "tianhe");
    shown(world, "xihu");
    ahead(world, "optics_valley");
    annual(world, "strong_province", "330000");
    annual(world, "exercise_strong_province", "inv_province");
}

#[test]
fn every_way_leads_to_the_same_rows() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let mut fresh = follower(&world, &at.path().join("fresh.sqlite"), all);
    catch_up(&mut fresh, 4096);
    let expected = checksums(&fresh.connection());
    for limit in [1, 2, 7, 19] {
        let path = at.path().join(format!("in-{limit}.sqlite"));
        let mut one_by_one = follower(&world, &path, all);
        catch_up(&mut one_by_one, limit);
        assert_eq!(checksums(&one_by_one.connection()), expected, "batches of {limit}");
        // Opened anew before each batch: nothing is remembered but rows and checkpoint.
        let path = at.path().join(format!("resumed-{limit}.sqlite"));
        loop {
            let mut resumed = follower(&world, &path, all);
            resumed.step(limit);
            if resumed.position() == fresh.position() {
                assert_eq!(checksums(&resumed.connection()), expected, "resumed {limit}");
                break;
            }
        }
    }
    // A cache that holds nothing: each event reads its stream.
    let mut forgetful = follower_with(&world, &at.path().join("small"), all, 0);
    catch_up(&mut forgetful, 3);
    assert_eq!(checksums(&forgetful.connection()), expected, "without a cache");
}

#[test]
fn a_rebuild_ends_in_the_checksum_of_the_incremental_path() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let mut fresh = follower(&world, &at.path().join("fresh.sqlite"), all);
    catch_up(&mut fresh, 5);
    let expected = checksums(&fresh.connection());
    let copies = SqliteCopies::new(at.path().join("copies"));
    let first = rebuild_all(&world.log, &world.runtime, &copies);
    assert_eq!(first.position, fresh.position());
    assert_eq!(serving_checksums(&copies), expected);
    assert!(first.models.iter().all(|model| model.compared == Compared::Nothing));
    let second = rebuild_all(&world.log, &world.runtime, &copies);
    assert!(second.models.iter().all(|model| model.compared == Compared::Same), "{second:?}");
    // What was rebuilt can be followed on.
    world.act(
        "cluster_area",
        "futian",
        Office::Registrar,
        r#"{"act":"note","effective_on":"2019","text":"n"}"#,
    );
    catch_up(&mut fresh, 5);
    let mut on = follower(&world, copies.folder(), all);
    catch_up(&mut on, 5);
    assert_eq!(checksums(&on.connection()), checksums(&fresh.connection()));
}

#[test]
fn one_read_model_is_rebuilt_beside_the_others_and_a_difference_is_a_finding() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    rebuild_all(&world.log, &world.runtime, &copies);
    let served = copies.path(&copies.serving().unwrap().unwrap());
    let connection = rusqlite::Connection::open(&served).unwrap();
    let expected = checksums(&connection);
    connection.execute("UPDATE obligation SET arithmetic = 'wrong'", []).unwrap();
    connection.close().unwrap();
    let names = ["obligations".to_owned()];
    let rebuilt = rebuild_names(&world.log, &world.runtime, &copies, &names).unwrap();
    assert_eq!(rebuilt.models.len(), 1);
    let finding = rebuilt.findings().next().unwrap();
    assert!(matches!(finding.compared, Compared::Differs { .. }), "{finding:?}");
    let now = copies.path(&copies.serving().unwrap().unwrap());
    assert_ne!(now, served);
    assert!(served.exists(), "what served is kept");
    let connection = rusqlite::Connection::open(&now).unwrap();
    assert_eq!(checksums(&connection), expected);
    let unknown = rebuild_names(&world.log, &world.runtime, &copies, &["nothing".to_owned()]);
    let message = unknown.unwrap_err().to_string();
    assert!(message.contains("current_status"), "{message}");
}

/// The facts of events are kept and the rest is made anew, from the streams alone.
#[test]
fn over_kept_facts_the_rest_is_the_same() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    rebuild_all(&world.log, &world.runtime, &copies);
    let expected = serving_checksums(&copies);
    let others = all().into_iter().filter(|model| model.name() != "event_facts");
    let names: Vec<String> = others.map(|model| model.name().to_owned()).collect();
    let rebuilt = rebuild_names(&world.log, &world.runtime, &copies, &names).unwrap();
    assert_eq!(rebuilt.models.len(), names.len());
    assert!(rebuilt.models.iter().all(|model| model.compared == Compared::Same), "{rebuilt:?}");
    assert_eq!(serving_checksums(&copies), expected);
    let mut on = follower(&world, copies.folder(), all);
    assert_eq!(on.position(), rebuilt.position);
    world.rename("futian", "2021-05-01", ("Futian again", "福田"));
    catch_up(&mut on, 5);
    rebuild_all(&world.log, &world.runtime, &copies);
    assert_eq!(checksums(&on.connection()), serving_checksums(&copies));
}

#[test]
fn the_sqlite_log_gives_the_same_rows() {
    let mut in_memory = world();
    fill(&mut in_memory);
    let at = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let log: Arc<dyn EventLog> = {
        let _inside = runtime.enter();
        Arc::new(SqliteLog::open_writer(at.path().join("log.sqlite")).unwrap())
    };
    let mut on_disk = World::around(log, runtime);
    fill(&mut on_disk);
    let sums = [&in_memory, &on_disk].map(|world| {
        let copies = SqliteCopies::new(at.path().join(format!("copies-{:p}", world)));
        rebuild_all(&world.log, &world.runtime, &copies);
        serving_checksums(&copies)
    });
    assert_eq!(sums[0], sums[1]);
}
