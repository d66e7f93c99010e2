//! What it says when a due date passed in silence.

use super::Words;
use crate::domain::date::CivilDate;
use crate::domain::event::ObligationLapsed;
use crate::domain::ids::Language;
use crate::domain::measure::Names::Obligations;
use crate::domain::words::{article, capital, date, day, office, unsure, when};

impl Words<'_> {
    /// Whose duty it was, when it was due, by which day it was judged, and that it can still be met.
    pub(super) fn lapsed(&self, lapse: &ObligationLapsed) -> String {
        let language = self.language;
        let label = self.label(Obligations, &lapse.obligation);
        let owes = office(lapse.owes, language);
        let due = format!("{}{}", date(&lapse.due, language), unsure(&lapse.due, language));
        let moved = CivilDate::from(lapse.not_late_before) != lapse.due;
        let article = article(&lapse.article, language);
        let on = when(&CivilDate::from(lapse.lapsed_on()), language);
        let by = day(lapse.not_late_before, language);
        match language {
            Language::En => {
                let moved = if moved { format!(", in time until {by}") } else { String::new() };
                let weekends = if lapse.holidays_known {
                    ""
                } else {
                    " (the holidays of that year are not on record; weekends alone are counted)"
                };
                let text = format!(
                    "{on} an obligation of {} lapsed ({article}): {label}, owed by {owes}, due {due}{moved}{weekends}; nothing had been received. Docket recorded it; no standing changes, and what is received later is late.",
                    self.subject
                );
                capital(&text)
            }
            Language::Zh => {
                let moved = if moved {
                    format!("，{by}（含）前收到的视为按期")
                } else {
                    String::new()
                };
                let weekends = if lapse.holidays_known {
                    ""
                } else {
                    "（该年度放假安排未登记，仅按周末推算）"
                };
                format!(
                    "{on}，{}的一项义务逾期（{article}）：应由{owes}{label}，到期日{due}{moved}{weekends}；未收到任何材料。由系统记录，状态不变，此后收到的视为逾期。",
                    self.subject
                )
            }
        }
    }
}
