//! What it says when a due date passed in silence.

use super::super::dates::{date, when};
use super::{Words, article, office};
use crate::domain::date::CivilDate;
use crate::domain::event::ObligationLapsed;
use crate::domain::ids::Language;

impl Words<'_> {
    /// Whose duty it was, when it was due, by which day it was judged, and that it can still be met.
    pub(super) fn lapsed(&self, lapse: &ObligationLapsed) -> String {
        let language = self.language;
        let label = self.obligation(&lapse.obligation);
        let owes = office(lapse.owes, language);
        let (due, by) = (date(&lapse.due, language), CivilDate::from(lapse.not_late_before));
        let (moved, article) = (by != lapse.due, article(&lapse.article, language));
        let (on, by) = (when(&CivilDate::from(lapse.lapsed_on()), language), date(&by, language));
        let weekends = match language {
            _ if lapse.holidays_known => "",
            Language::En => " (weekends alone are known of that year)",
            Language::Zh => "（该年仅知周末）",
        };
        match language {
            Language::En => {
                let moved = if moved { format!(", in time until {by}") } else { String::new() };
                format!(
                    "{on} an obligation of {} lapsed ({article}): {label}, owed by {owes}, due {due}{moved}{weekends}; nothing had been received. Docket recorded it; no standing changes, and what is received later is late.",
                    self.subject
                )
            }
            Language::Zh => {
                let moved =
                    if moved { format!("，{by}前收到不为迟") } else { String::new() };
                format!(
                    "{on}，{}的一项义务逾期（{article}）：{label}，由{owes}履行，到期日{due}{moved}{weekends}；未收到任何材料。由系统记录，状态不变，此后收到的视为迟交。",
                    self.subject
                )
            }
        }
    }
}
