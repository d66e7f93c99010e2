//! What an event says of who acted, when and under what (G2).

use super::Acts;
use crate::app::ActError;
use crate::app::cache::Cached;
use crate::app::call::Case;
use crate::codec;
use crate::domain::date::{Day, Timestamp};
use crate::domain::decide::Decision;
use crate::domain::event::EventMeta;
use crate::domain::ids::{EventRef, Office, Text};

impl Acts {
    pub(super) async fn meta(
        &self,
        case: &Case<'_>,
        cached: &Cached,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<EventMeta, ActError> {
        let common = &case.call.request.common;
        let day = common.effective_on.latest();
        Ok(EventMeta {
            office_id: office_id(case, decision.office).into(),
            office_name: self.office_name(case, decision.office, day).await?.into(),
            principal: case.caller.principal.as_str().into(),
            role: case.caller.role.as_str().into(),
            rests_on: EventRef::write_list(&self.rests_on(case, cached, decision)).into(),
            corrects: case
                .call
                .request
                .act
                .corrects()
                .map(ToString::to_string)
                .unwrap_or_default()
                .into(),
            key: Some((case.call.key.as_str().into(), case.fingerprint.as_str().into())),
            trace: case.call.trace.as_deref().map(Into::into),
            ..decision.meta(case.actor, common, now, case.program.is_exercise())
        })
    }

    fn rests_on(&self, case: &Case<'_>, cached: &Cached, decision: &Decision) -> Vec<EventRef> {
        let own = decision.grounds.iter().filter_map(|&revision| {
            let id = cached.id_at(revision)?;
            Some(EventRef { stream: case.stream.clone(), revision, id })
        });
        let registered = (!case.subject.is_program()).then(|| EventRef {
            stream: codec::subject_stream(case.subject.id()),
            revision: case.subject.revision,
            id: case.subject.event_id,
        });
        let adoption = self.library.adoption(case.program, decision.edition.as_ref());
        own.chain(decision.rests_on.iter().cloned()).chain(registered).chain(adoption).collect()
    }

    /// The office's name on a day (G2).
    async fn office_name(
        &self,
        case: &Case<'_>,
        office: Office,
        day: Day,
    ) -> Result<Text, ActError> {
        if let Some(name) = self.library.programs().office_name(office, day) {
            return Ok(name.clone());
        }
        let subject = case.subject.name_on(day);
        Ok(match office {
            Office::Province => subject.clone(),
            Office::LocalGovernment => case.subject.office_on(day).cloned().unwrap_or(Text {
                en: format!("Local people's government of {}", subject.en),
                zh: format!("{}所在地人民政府", subject.zh),
            }),
            Office::ProvincialDepartment => {
                let province = match &case.subject.registration.province {
                    Some(id) if id != case.subject.id() => {
                        self.library.subject(id).await?.name_on(day).clone()
                    }
                    _ => subject.clone(),
                };
                Text {
                    en: format!("IP department of {}", province.en),
                    zh: format!("{}知识产权主管部门", province.zh),
                }
            }
            Office::Registrar => Text { en: "Registrar".to_owned(), zh: "登记员".to_owned() },
            Office::NationalOffice | Office::Docket => {
                Text { en: office.as_str().to_owned(), zh: office.as_str().to_owned() }
            }
        })
    }
}

/// The id of the office that acted: its own where it is known, else by its kind and division.
fn office_id(case: &Case<'_>, office: Office) -> String {
    match &case.call.request.common.archive {
        None => case.actor.office_id.clone(),
        Some(archive) => {
            let own = archive.office_id.as_deref().map(str::to_owned);
            own.unwrap_or_else(|| case.subject.registration.office_id(office))
        }
    }
}
