//! Corrections of registrations (G1): by the registrar, who recorded them, or the national office.

use super::{Registrar, Written, registrar_meta};
use crate::app::{ActError, Caller};
use crate::codec;
use crate::domain::date::CivilDate;
use crate::domain::ids::{EventRef, Office, SubjectId};
use crate::domain::subject::{
    Registration, Replacement, Subject, SubjectCorrected, SubjectCorrection, SubjectEvent,
    SubjectRecord,
};

impl Registrar {
    /// Corrects what a subject's stream says.
    ///
    /// # Errors
    /// Only the registrar and the national office; what is corrected is not the version in force; a
    /// replacement that could not be registered.
    pub async fn correct_subject(
        &self,
        caller: &Caller,
        id: &SubjectId,
        mut correction: SubjectCorrection,
        key: &str,
    ) -> Result<Written, ActError> {
        let office = corrector(caller)?;
        let print = serde_json::to_string(&correction)?;
        let subject = self.library.subject(id).await?;
        if let Some(Replacement::Registration(registration)) = &mut correction.replacement {
            self.fit(&subject, registration).await.map_err(within_replacement)?;
        }
        let today = self.journal.clock.now().civil_day();
        let mut meta =
            registrar_meta(caller, CivilDate::from(today), subject.registration.invented);
        meta.office = office;
        meta.corrects = correction.corrects.to_string().into();
        if let Some(name) = self.library.programs().office_name(office, today) {
            meta.office_name = name.clone().into();
        }
        let unsettles = self.shaken(&subject, &correction).await?;
        let event = SubjectEvent::Corrected(Box::new(SubjectCorrected { correction, unsettles }));
        let stream = codec::subject_stream(subject.id());
        let written = self
            .write((caller, key, &print), &stream, meta, |stands, meta, event_id| {
                if let SubjectEvent::Corrected(corrected) = &event {
                    let history = codec::subject_history(stands)?;
                    history.check(&corrected.correction).map_err(Box::new)?;
                }
                Ok(codec::encode_subject(&event, meta, event_id)?)
            })
            .await;
        self.library.forget_subject(subject.id());
        written
    }

    /// Checks a registration that takes the place of a subject's, its ids spelled as registered.
    async fn fit(&self, subject: &Subject, now: &mut Registration) -> Result<(), ActError> {
        if now.id.registered_spelling() == subject.id().registered_spelling() {
            now.id = subject.id().clone();
        }
        self.spell_province(now).await?;
        self.check_registration(now).await
    }

    /// The acts on record that were judged by what a correction makes another: by the subject's kind
    /// all of them, by its province those of a provincial department.
    async fn shaken(
        &self,
        subject: &Subject,
        correction: &SubjectCorrection,
    ) -> Result<Vec<EventRef>, ActError> {
        let mut history = self.library.subject_history(subject.id()).await?;
        let revision = history.records().len() as u64;
        let corrected = SubjectCorrected { correction: correction.clone(), unsettles: Vec::new() };
        let event = SubjectEvent::Corrected(Box::new(corrected));
        let id = uuid::Uuid::nil();
        history.push(SubjectRecord { revision, sequence: u64::MAX, id, event });
        let Some(then) = history.subject() else { return Ok(Vec::new()) };
        let (was, now) = (&subject.registration, &then.registration);
        let (kind, province) = (was.kind != now.kind, was.province != now.province);
        let mut shaken = Vec::new();
        if !kind && !province {
            return Ok(shaken);
        }
        for program in &self.library.programs().programs {
            let stream = codec::enrollment_stream(&program.id, subject.id());
            for event in self.enrollments.history(&stream).await?.events() {
                let judged = kind || event.meta.office == Office::ProvincialDepartment;
                if judged && !event.event.is_own() {
                    shaken.push(event.reference(&stream));
                }
            }
        }
        Ok(shaken)
    }
}

pub(super) fn corrector(caller: &Caller) -> Result<Office, ActError> {
    let office = caller.actor.as_ref().map(|actor| actor.office);
    office.filter(|o| matches!(o, Office::Registrar | Office::NationalOffice)).ok_or_else(|| {
        ActError::Forbidden {
            detail: "registrations are corrected by the registrar or the national office"
                .to_owned(),
            required: vec![Office::Registrar.as_str(), Office::NationalOffice.as_str()],
        }
    })
}

/// Where a wrong member of a replacement stands in the correction.
fn within_replacement(error: ActError) -> ActError {
    match error {
        ActError::Invalid(mut field) => {
            field.pointer = format!("/replacement/registration{}", field.pointer);
            ActError::Invalid(field)
        }
        error => error,
    }
}
