//! What is looked at before an act is decided: its key, what it says of the revision, what it cites.

use super::Acts;
use crate::app::ActError;
use crate::app::cache::Cached;
use crate::app::call::{Caller, Precondition};
use crate::app::documents::Digest as DocumentDigest;
use crate::app::enrollments::stream_name;
use crate::codec;
use crate::domain::act::{Act, ActRequest, Common};
use crate::domain::history::History;
use crate::domain::ids::{Digest, SubjectId};

/// How many events a conflict shows at most.
const CHANGES_SHOWN: usize = 20;

impl Acts {
    pub(super) async fn check_precondition(
        &self,
        stream: &str,
        stated: Precondition,
        cached: &Cached,
    ) -> Result<(), ActError> {
        let expected = match stated {
            Precondition::Any => return Ok(()),
            Precondition::Unstated => {
                return Err(ActError::PreconditionRequired { actual: cached.revision });
            }
            Precondition::NotExists if cached.revision.is_none() => return Ok(()),
            Precondition::NotExists => None,
            // Docket's own events after the revision named: it holds if the act is decided alike.
            Precondition::Revision(seen)
                if cached.revision.is_some_and(|now| {
                    seen <= now && cached.acted_revision.is_none_or(|acted| acted <= seen)
                }) =>
            {
                return Ok(());
            }
            Precondition::Revision(seen) => Some(seen),
            Precondition::Never => cached.revision,
        };
        let next = expected.map_or(0, |seen| seen.saturating_add(1));
        // A revision beyond the stream's end has nothing after it.
        let from = cached.revision.map_or(0, |now| next.min(now + 1));
        let name = stream_name(stream)?;
        let page = self.journal.log.read_stream(&name, from, CHANGES_SHOWN).await?;
        let changes =
            page.events.iter().map(codec::decode_enrollment).collect::<Result<Vec<_>, _>>()?;
        Err(ActError::Conflict { expected, actual: cached.revision, changes })
    }

    /// What is looked at before an act's members: whether its key was used for another, and
    /// whether what it says of the revision is true.
    ///
    /// # Errors
    /// [`ActError::KeyReused`], [`ActError::PreconditionRequired`], [`ActError::Conflict`]; no such
    /// program or subject.
    pub async fn check_before_content(
        &self,
        caller: &Caller,
        program: &str,
        subject: Option<&SubjectId>,
        key: &str,
        stated: Precondition,
    ) -> Result<(), ActError> {
        let not_found = || ActError::NotFound { what: "program", name: program.to_owned() };
        let program = self.library.program(program).ok_or_else(not_found)?;
        let subject = self.library.subject_of(program, subject).await?;
        let stream = codec::record_stream(&program.id, &subject);
        // Asked only where the act is refused in any case: what is kept will not do on a shared log.
        let cached = match self.journal.log.is_shared() {
            true => self.enrollments.get_anew(&stream).await?,
            false => self.enrollments.get(&stream).await?,
        };
        if cached.revision_of_key(&caller.principal, key).is_some() {
            let history = self.enrollments.history(&stream).await?;
            let used = history.events().iter().find(|event| {
                event.meta.principal == caller.principal
                    && event.meta.key.as_ref().is_some_and(|(used, _)| used == key)
            });
            if let Some(used) = used {
                return Err(ActError::KeyReused { first_used_at: used.meta.recorded_at });
            }
        }
        self.check_precondition(&stream, stated, &cached).await
    }

    /// An act cites only documents whose file and directory entry are flushed; so does what a
    /// correction puts in an event's place.
    pub(super) async fn check_documents(&self, request: &ActRequest) -> Result<(), ActError> {
        let mut cited = Vec::new();
        cites(&request.common, "", &mut cited);
        if let Act::Correct(correction) = &request.act
            && let Some(replacement) = &correction.replacement
        {
            cites(&replacement.common, "/replacement/common", &mut cited);
        }
        for (pointer, digest) in cited {
            let missing = || ActError::DocumentMissing {
                pointer: pointer.clone(),
                digest: digest.to_string(),
            };
            let parsed = DocumentDigest::parse(digest.as_str()).map_err(|_| missing())?;
            if !self.documents.contains_flushed(parsed).await? {
                return Err(missing());
            }
        }
        Ok(())
    }
}

/// The digests that an act's common members cite, with where each stands.
fn cites<'a>(common: &'a Common, at: &str, into: &mut Vec<(String, &'a Digest)>) {
    if let Some(digest) = common.document.as_ref().and_then(|document| document.digest.as_ref()) {
        into.push((format!("{at}/document/digest"), digest));
    }
    for (index, material) in common.materials.iter().enumerate() {
        into.push((format!("{at}/materials/{index}/digest"), &material.digest));
    }
}

/// The revision that the caller names, where others came after it; by [`Acts::check_precondition`]
/// they are all Docket's own.
pub(super) fn seen_before(stated: Precondition, cached: &Cached) -> Option<u64> {
    match stated {
        Precondition::Revision(seen) => Some(seen).filter(|_| cached.revision > Some(seen)),
        Precondition::Any
        | Precondition::NotExists
        | Precondition::Never
        | Precondition::Unstated => None,
    }
}

/// That an act is decided otherwise than on the revision which its caller saw.
pub(super) fn changed_since(history: &History, seen: u64) -> ActError {
    let later = history.events().iter().filter(|event| event.revision > seen);
    let changes = later.take(CHANGES_SHOWN).cloned().collect();
    ActError::Conflict { expected: Some(seen), actual: history.revision(), changes }
}
