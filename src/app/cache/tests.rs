use super::*;
use crate::domain::date::Timestamp;
use crate::domain::event::{ApprovalAbandoned, Event, EventMeta};
use crate::domain::ids::EventRef;

#[test]
fn the_cache_stays_within_its_bytes_and_keeps_what_is_asked_for() {
    let limit = 64 * 1024;
    let cache = EnrollmentCache::new(limit, false);
    put(&cache, "hot", Cached::default());
    for n in 0..2_000 {
        put(&cache, &format!("cold-{n}"), Cached::default());
        assert!(cache.get("hot").0.is_some(), "after {n}");
        assert!(cache.bytes() <= limit, "{} bytes after {n}", cache.bytes());
    }
    let kept = (0..2_000).filter(|n| cache.get(&format!("cold-{n}")).0.is_some()).count();
    assert!((1..limit / 512).contains(&kept), "{kept} are kept");
    cache.forget("hot");
    assert!(cache.get("hot").0.is_none());
}

fn abandoned(revision: u64, id: u128, key: &str) -> Recorded {
    let now = Timestamp::from_micros(0);
    let mut meta = EventMeta::own(now, true);
    meta.key = Some((key.into(), "print".into()));
    let reservation = EventRef { stream: "quota".to_owned(), revision: 0, id: Uuid::nil() };
    let event = Event::ApprovalAbandoned(ApprovalAbandoned { reservation });
    Recorded { revision, sequence: Some(revision), id: Uuid::from_u128(id), event, meta }
}

/// Folds share the list of events; a fold that goes another way gets one of its own.
#[test]
fn each_fold_sees_the_events_up_to_its_own_revision() {
    let mut first = Cached::default();
    assert!(first.push(&abandoned(0, 10, "a")));
    let mut second = first.clone();
    assert!(second.push(&abandoned(1, 11, "b")));
    assert!(Arc::ptr_eq(&first.index, &second.index));
    assert_eq!((first.id_at(0), first.id_at(1)), (Some(Uuid::from_u128(10)), None));
    assert_eq!(first.revision_of_key("docket", "b"), None);
    assert_eq!(second.id_at(1), Some(Uuid::from_u128(11)));
    assert_eq!(second.revision_of_key("docket", "a"), Some(0));
    let mut other = first.clone();
    assert!(other.push(&abandoned(1, 12, "c")));
    assert_eq!(other.id_at(1), Some(Uuid::from_u128(12)));
    assert_eq!(other.revision_of_key("docket", "b"), None);
    assert_eq!(second.id_at(1), Some(Uuid::from_u128(11)));
    assert_eq!(second.revision_of_key("docket", "c"), None);
}

fn at(revision: u64) -> Cached {
    let mut cached = Cached { sequence: Some(revision), ..Cached::default() };
    cached.enrollment.revision = Some(revision);
    cached
}

fn put(cache: &EnrollmentCache, stream: &str, cached: Cached) {
    cache.put(stream, Arc::new(cached), cache.seen(stream));
}

fn kept(cache: &EnrollmentCache, stream: &str) -> Option<u64> {
    cache.peek(stream).and_then(|cached| cached.revision)
}

#[test]
fn an_older_fold_never_replaces_a_newer_one() {
    let cache = EnrollmentCache::new(64 * 1024, false);
    put(&cache, "x", at(7));
    put(&cache, "x", at(6));
    assert_eq!(kept(&cache, "x"), Some(7));
}

fn follow(cache: &EnrollmentCache, revision: u64) {
    let event = abandoned(revision, u128::from(revision), "a");
    cache.follow("x", revision, revision, || Some(event));
}

#[test]
fn the_follower_moves_on_what_is_kept_and_puts_nothing_where_nothing_is() {
    let cache = EnrollmentCache::new(64 * 1024, true);
    follow(&cache, 0);
    assert_eq!(kept(&cache, "x"), None);
    put(&cache, "x", at(4));
    follow(&cache, 4);
    assert_eq!(kept(&cache, "x"), Some(4), "an event that is in it already");
    follow(&cache, 5);
    assert_eq!(kept(&cache, "x"), Some(5));
    follow(&cache, 7);
    assert_eq!(kept(&cache, "x"), None, "one was left out: it is read anew");
    put(&cache, "x", at(7));
    cache.follow("x", 8, 8, || None);
    assert_eq!(kept(&cache, "x"), None, "an event that this version can't read");
}

/// A stream is read, then the follower passes an event that may not be in what was read: nobody
/// would ever bring the fold up to date.
#[test]
fn what_was_read_before_the_follower_passed_is_not_kept_after_it() {
    let cache = EnrollmentCache::new(64 * 1024, true);
    let seen = cache.seen("x");
    follow(&cache, 6);
    cache.put("x", Arc::new(at(5)), seen);
    assert_eq!(kept(&cache, "x"), None);
    // Where an older one is kept it goes: whoever appended reads their own write.
    put(&cache, "x", at(6));
    let seen = cache.seen("x");
    cache.follow("x", 6, 6, || None);
    cache.put("x", Arc::new(at(7)), seen);
    assert_eq!(kept(&cache, "x"), None);
}

#[test]
fn a_sequence_that_was_not_known_is_filled_in() {
    let cache = EnrollmentCache::new(64 * 1024, true);
    put(&cache, "x", Cached { sequence: None, ..at(3) });
    cache.follow("x", 3, 40, || None);
    assert_eq!(cache.peek("x").unwrap().sequence, Some(40));
    put(&cache, "x", Cached { sequence: None, ..at(3) });
    assert_eq!(cache.peek("x").unwrap().sequence, Some(40), "known once, known for good");
}

#[test]
fn nothing_is_kept_of_a_stream_without_events_nor_while_the_log_is_out_of_sight() {
    let cache = EnrollmentCache::new(64 * 1024, true);
    put(&cache, "x", Cached::default());
    assert!(cache.peek("x").is_none());
    put(&cache, "x", at(1));
    let seen = cache.seen("x");
    cache.suspend();
    assert_eq!((kept(&cache, "x"), cache.bytes()), (None, 0));
    put(&cache, "x", at(1));
    assert_eq!(kept(&cache, "x"), None);
    cache.resume();
    cache.put("x", Arc::new(at(1)), seen);
    assert_eq!(kept(&cache, "x"), None, "read before");
    put(&cache, "x", at(2));
    assert_eq!(kept(&cache, "x"), Some(2));
}

/// An act and the follower fold the same event at the same time.
#[test]
fn two_who_fold_the_same_event_at_once_agree() {
    let mut first = Cached::default();
    assert!(first.push(&abandoned(0, 10, "a")));
    let next = abandoned(1, 11, "b");
    for _ in 0..200 {
        let folds: Vec<Cached> = std::thread::scope(|scope| {
            let fold = || {
                let mut fold = first.clone();
                assert!(fold.push(&next));
                fold
            };
            let running: Vec<_> = (0..4).map(|_| scope.spawn(fold)).collect();
            running.into_iter().map(|fold| fold.join().unwrap()).collect()
        });
        for fold in &folds {
            assert_eq!(fold.id_at(1), Some(Uuid::from_u128(11)));
            assert_eq!(fold.revision_of_key("docket", "b"), Some(1));
            assert_eq!(lock(&fold.index).ids.len(), 2);
        }
        let alone = lock(&first.index).before(1);
        first.index = Arc::new(Mutex::new(alone));
    }
}

/// A reader that began before an act put its older fold back once the newer one was let go: acts then met
/// a conflict that was none, and reads went back.
#[test]
fn what_was_read_before_an_own_act_is_not_kept_after_it() {
    let cache = EnrollmentCache::new(64 * 1024, false);
    let mut older = Cached::default();
    assert!(older.push(&abandoned(0, 10, "a")));
    let mut newer = older.clone();
    assert!(newer.push(&abandoned(1, 11, "b")));
    let reading = cache.seen("s");
    let deciding = cache.seen("s");
    cache.appended("s");
    cache.put("s", Arc::new(newer), cache.with_own_event("s", deciding));
    assert_eq!(cache.get("s").0.unwrap().revision, Some(1));
    cache.forget("s");
    cache.put("s", Arc::new(older.clone()), reading);
    assert!(cache.get("s").0.is_none(), "it lacks an event");
    cache.put("s", Arc::new(older), cache.seen("s"));
    assert!(cache.get("s").0.is_some(), "who read after it is believed");
}
