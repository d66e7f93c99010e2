//! What a crash leaves: found when a store is opened a day later, and nothing else with it.

use crate::documents::{Place as _, content, keep, only_these_are_left};
use crate::{PREFIX, StandIn};
use chrono::{TimeDelta, Utc};
use docket::app::documents::{Digest, DocumentStore as _};

#[expect(clippy::disallowed_methods, reason = "the stand-in says when its objects were made")]
fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_is_removed_a_day_later_and_nothing_else() {
    let place = StandIn::start();
    let store = place.0.store(PREFIX);
    let kept = keep(&store, &[b"abc"], None).await.unwrap().digest;
    let large = content(20 << 20);
    for claimed in [None, Some(Digest::of(&large))] {
        let mut upload = store.begin(claimed, 1 << 26).await.unwrap();
        upload.write(&large).await.unwrap();
        // As a crash does: nobody tidies up.
        std::mem::forget(upload);
    }
    let before_the_copy = place.0.state().objects.values().next_back().cloned().unwrap();
    for name in ["README", ".incoming-whole.data"] {
        let name = format!("{PREFIX}/{name}");
        place.0.state().objects.insert(name, before_the_copy.clone());
    }
    assert_eq!(place.0.counts(), (2, 5));
    // Pages of a list are followed to the end.
    place.0.state().page_keys = Some(2);
    let other = place.0.store(PREFIX);
    assert_eq!(other.clean(now()).await.unwrap(), 0);
    place.0.age(TimeDelta::hours(23));
    assert_eq!(other.clean(now()).await.unwrap(), 0);
    assert_eq!(place.0.counts(), (2, 5));
    place.0.age(TimeDelta::hours(2));
    let mut upload = store.begin(None, 1 << 26).await.unwrap();
    upload.write(&large).await.unwrap();
    assert_eq!(other.clean(now()).await.unwrap(), 3);
    // The one that is under way goes on.
    assert_eq!(upload.finish().await.unwrap().digest, Digest::of(&large));
    place.remove(&name_of(Digest::of(&large))).await;
    only_these_are_left(&place, &["README", &name_of(kept)]).await;
}

fn name_of(digest: Digest) -> String {
    let name = digest.to_string();
    format!("{}/{}/{name}", &name[..2], &name[2..4])
}
