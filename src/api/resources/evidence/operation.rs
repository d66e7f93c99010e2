//! Bundles as operations: asked for at once, made after, fetched later.
//!
//! What must hold: which event and which checkpoint it is of is settled when it is taken, so its result is
//! what was answered then; what was taken is made, whoever leaves.

use super::absence::Asked;
use super::{Covered, asked, covered, made};
use crate::api::asking::call::{Answered, Call, to_the_end};
use crate::api::asking::etag::idempotency_key;
use crate::api::asking::reading::Reading;
use crate::api::resources::imports::{answer_taken, blocking, of_taking, operations};
use crate::import::operations::{self, EvidenceAsked, Work};

/// Has the bundle made.
///
/// # Errors
/// See the route.
pub async fn create_evidence(call: Call) -> Answered {
    let covered = covered(&call).await?;
    take(call, None, covered).await
}

/// Has the bundle made that proves that something is not on record.
///
/// # Errors
/// See the route.
pub async fn create_absence(call: Call) -> Answered {
    let asked = asked(&call)?;
    let covered = covered(&call).await?;
    take(call, Some(asked), covered).await
}

async fn take(call: Call, absent: Option<Asked>, covered: Covered) -> Answered {
    // What there is not is said at once.
    Reading::of(&call).await?;
    let request = call.http.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = operations::Asked {
        caller: call.caller()?,
        office_id: call.principal()?.office.clone(),
        key: idempotency_key(&call)?,
        work: Work::Evidence(EvidenceAsked { request, at_sequence: covered.at }),
    };
    let operations = operations(&call)?;
    to_the_end(async move {
        let taking = operations.clone();
        let (taken, is_new) = blocking(move || taking.ask(asked)).await?.map_err(of_taking)?;
        let (id, answer) = (taken.id, answer_taken(&call, taken));
        if is_new {
            actix_web::rt::spawn(async move {
                let tell = |done, all| operations.tells(id, done as u64, all as u64);
                let making = made(&call, absent.as_ref(), &covered, &tell);
                operations.make(id, making).await;
            });
        }
        answer
    })
    .await?
}
