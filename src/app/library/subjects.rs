//! The subjects of the record.

use std::sync::Arc;

use super::Library;
use crate::app::ActError;
use crate::app::enrollments::read_whole_stream;
use crate::codec;
use crate::domain::ids::SubjectId;
use crate::domain::measure::Program;
use crate::domain::subject::{Subject, SubjectHistory};

impl Library {
    /// A registered subject, in whatever case its id is written.
    ///
    /// # Errors
    /// [`ActError::NotFound`], and as the log's.
    pub async fn subject(&self, id: &SubjectId) -> Result<Arc<Subject>, ActError> {
        // Older logs have ids in other spellings: as written it is found first.
        for id in [id, &id.registered_spelling()] {
            if let Some(subject) = self.subjects.get(id.as_str()) {
                return Ok(subject);
            }
            let forgotten_before = *self.forgotten();
            if let Some(subject) = self.subject_history(id).await?.subject() {
                let subject = Arc::new(subject);
                self.keep_subject(subject.clone(), forgotten_before);
                return Ok(subject);
            }
        }
        Err(ActError::NotFound { what: "subject", name: id.to_string() })
    }

    /// A registered subject; without an id the program as a whole.
    ///
    /// # Errors
    /// As [`Library::subject`].
    pub async fn subject_of(
        &self,
        program: &Program,
        id: Option<&SubjectId>,
    ) -> Result<Arc<Subject>, ActError> {
        match id {
            Some(id) => self.subject(id).await,
            None => Ok(Arc::new(Subject::of_program(program))),
        }
    }

    /// A registered subject as it was known up to a sequence, if one is named; before that of its
    /// registration as it is known now.
    ///
    /// # Errors
    /// As [`Library::subject`].
    pub async fn subject_known(
        &self,
        id: &SubjectId,
        known_to: Option<u64>,
    ) -> Result<Arc<Subject>, ActError> {
        let subject = self.subject(id).await?;
        let Some(known_to) = known_to.filter(|_| subject.revision > 0) else { return Ok(subject) };
        let then = self.subject_history(subject.id()).await?.known_to(known_to).subject();
        Ok(then.map_or(subject, Arc::new))
    }

    /// The events of a subject's stream.
    ///
    /// # Errors
    /// As the log's.
    pub async fn subject_history(&self, id: &SubjectId) -> Result<SubjectHistory, ActError> {
        let stream = codec::subject_stream(id);
        let events = read_whole_stream(&*self.log, &stream, 0).await?;
        Ok(codec::subject_history(&events)?)
    }
}
