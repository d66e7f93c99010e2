//! What of the list a caller may do: what waits at the office for which it acts, of the subjects for which it acts.

use crate::api::asking::call::{Call, wrong_parameter};
use crate::api::asking::named;
use crate::domain::decide::{Actor, division_needed};
use crate::domain::ids::{Office, SubjectId};
use crate::domain::words::said;
use crate::projection::obligations::ObligationFilter;
use crate::views::problem::Problem;

/// Who asks for what it may do; nobody where all is asked for.
pub(super) struct Mine(Option<Actor>);

impl Mine {
    /// As a request asks.
    ///
    /// # Errors
    /// `malformed-request` for who acts for no office, or where another office is asked for.
    pub fn asked(call: &Call) -> Result<Self, Problem> {
        if !call.flag("mine")? {
            return Ok(Self(None));
        }
        let Some(actor) = call.caller()?.actor else {
            let text = said!("this token acts for no office", "该令牌不代表任何机关");
            return Err(wrong_parameter("mine", text));
        };
        if named::office(call, "office")?.is_some_and(|asked| asked != actor.office) {
            let text = said!(
                "this token acts for another office: leave out office or mine",
                "该令牌代表另一机关：office 与 mine 请只用其一"
            );
            return Err(wrong_parameter("office", text));
        }
        Ok(Self(Some(actor)))
    }

    /// Has less looked at. Of whom there is more than one division, whether each is one's own is asked later.
    pub fn narrow(&self, filter: &mut ObligationFilter) {
        let Some(actor) = &self.0 else { return };
        filter.owes = Some(actor.office);
        let only = match &actor.divisions[..] {
            [only] => SubjectId::parse(only).ok(),
            _ => None,
        };
        match actor.office {
            Office::Province | Office::LocalGovernment => {
                filter.subject = filter.subject.take().or(only);
            }
            Office::ProvincialDepartment if !filter.no_province => {
                filter.province = filter.province.take().or(only);
            }
            _ => {}
        }
    }

    /// Whether it may act on a subject; none: on a program as a whole.
    ///
    /// # Errors
    /// The log's.
    pub async fn takes(&self, call: &Call, subject: Option<&SubjectId>) -> Result<bool, Problem> {
        let Some(actor) = &self.0 else { return Ok(true) };
        let Some(subject) = subject else {
            return Ok(matches!(actor.office, Office::NationalOffice | Office::Registrar));
        };
        let subject = call.state.app.subject(subject).await.map_err(|error| call.problem(error))?;
        let needed = division_needed(actor.office, &subject.registration);
        Ok(needed.is_none_or(|needed| actor.acts_for(needed)))
    }
}
