//! Comparing: equal, the first difference in each field, one longer than the other, damage.

use docket::log::{LogError, NewEvent};
use docket::moving::{Comparison, Difference, MoveError, Side, What, compare};
use uuid::Uuid;

use super::engines::{Engine, Watching, Written, stream, turns, write};
use crate::tamper::tamper;

async fn compared(from: &[Written], to: &[Written]) -> Comparison {
    let logs = (Engine::Memory.open().await, Engine::Sqlite.open().await);
    write(&*logs.0, from).await;
    write(&*logs.1, to).await;
    compare(&*logs.0, &*logs.1, &Watching::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_logs_have_equal_roots_and_empty_ones_the_root_of_nothing() {
    let both = compared(&turns(30), &turns(30)).await;
    assert_eq!((both.from.size(), &both.from, both.first), (30, &both.to, None));
    let none = compared(&[], &[]).await;
    assert_eq!(none.first, None);
    assert!(none.from.to_string().starts_with("e3b0c44298fc1c14"), "{}", none.from);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_difference_is_named_field_by_field() {
    type Change = fn(&mut NewEvent);
    let changes: [(&str, Change); 5] = [
        ("event_id", |event| event.event_id = Uuid::nil()),
        ("type", |event| event.event_type = "Other".to_owned()),
        ("recorded_at", |event| event.recorded_at_us += 1),
        ("data", |event| event.data = b"{}".as_slice().into()),
        ("metadata", |event| event.metadata = b"".as_slice().into()),
    ];
    for (name, change) in changes {
        let mut altered = turns(12);
        change(&mut altered[7].1[0]);
        change(&mut altered[9].1[0]);
        let both = compared(&turns(12), &altered).await;
        assert_ne!(both.from, both.to);
        assert_eq!((both.from.size(), both.to.size()), (12, 12));
        let Some(Difference { sequence: 7, stream: at, revision: 2, what }) = both.first else {
            panic!("{:?}", both.first);
        };
        assert_eq!(at, stream("turn-1"));
        let What::Fields(fields) = what else { panic!("{what:?}") };
        assert_eq!(fields.iter().map(|field| field.name).collect::<Vec<_>>(), [name]);
        assert_ne!(fields[0].from, fields[0].to);
    }

    let mut elsewhere = turns(12);
    elsewhere[5].0 = stream("elsewhere");
    let first = compared(&turns(12), &elsewhere).await.first.unwrap();
    assert_eq!((first.sequence, first.revision), (5, 1));
    assert!(first.to_string().contains("stream is turn-2 in the first, elsewhere in the second; revision is 1 in the first, 0 in"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_log_differs_where_the_other_ends() {
    for (from, to, side) in [(12, 9, Side::From), (9, 12, Side::To), (5, 0, Side::From)] {
        let both = compared(&turns(from), &turns(to)).await;
        assert_eq!((both.from.size(), both.to.size()), (from, to));
        let first = both.first.unwrap();
        assert_eq!((first.sequence, first.what), (from.min(to), What::OnlyIn(side)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_is_named_with_the_place() {
    let (from, to) = (Engine::Sqlite.open().await, Engine::Memory.open().await);
    write(&*from, &turns(9)).await;
    write(&*to, &turns(9)).await;
    from.close().await;
    tamper(&from.path(), "DELETE FROM event WHERE sequence = 4");
    let damaged = docket::log::SqliteLog::open_reader(from.path()).unwrap();
    let error = compare(&damaged, &*to, &Watching::new()).await.unwrap_err();
    let is_hole = matches!(
        &error,
        MoveError::Log { side: Side::From, source: LogError::Corrupt { sequence: 4, .. } }
    );
    assert!(is_hole, "{error}");
}
