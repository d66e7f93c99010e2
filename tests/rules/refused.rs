//! What a refusal has to say.

use docket::domain::ids::{Id, Office};
use docket::domain::refusal::{Reason, Refusal};

use super::ids;

/// The refusal is that the standing is wrong or a condition is missing, under this article.
#[track_caller]
pub fn not_permitted(refusal: &Refusal, stands_at: &str, missing: &[&str], article: &str) {
    let lacks = self::missing(refusal);
    let Reason::NotPermitted { stands_at: at, .. } = &*refusal.reason else { unreachable!() };
    let at = at.as_ref().map_or("none", |at| at.id.as_str());
    assert_eq!((at, lacks), (stands_at, ids(missing)), "{}", refusal.detail.en);
    assert_eq!(refusal.article.as_deref(), Some(article), "{}", refusal.detail.en);
}

/// The codes of what a refusal says is missing, or of the kinds of subject that it would take.
#[track_caller]
pub fn missing(refusal: &Refusal) -> Vec<Id> {
    let (Reason::NotPermitted { missing, .. }
    | Reason::MaterialMissing { materials: missing }
    | Reason::IneligibleSubject { allowed_kinds: missing }) = &*refusal.reason
    else {
        panic!("{:?}: {}", refusal.reason, refusal.detail.en)
    };
    missing.iter().map(|lack| lack.id.clone()).collect()
}

/// The refusal is that members are wrong; these, in this order.
#[track_caller]
pub fn invalid(refusal: &Refusal, pointers: &[&str]) {
    let Reason::Invalid { errors } = &*refusal.reason else {
        panic!("{:?}: {}", refusal.reason, refusal.detail.en)
    };
    let found: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(found, pointers, "{}", refusal.detail.en);
}

/// The refusal is that other offices do this, under this article.
#[track_caller]
pub fn forbidden(refusal: &Refusal, required: &[Office], article: &str) {
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: required.to_vec() });
    assert_eq!(refusal.article.as_deref(), Some(article), "{}", refusal.detail.en);
}
