//! What was decided by an event: where the subject stands, terms, titles, what becomes due.

use super::super::dates::{by, date};
use super::{Words, article, office};
use crate::domain::event::{
    DutyMet, DutyOpened, Effects, Fact, MeasureSucceeded, PlaceEffect, TitleEffect,
};
use crate::domain::ids::Language;

impl Words<'_> {
    /// Each consequence in words; of a correction those of what now stands instead.
    pub(super) fn decided(&self, fact: &Fact) -> Vec<String> {
        let stands = fact.mended.as_ref().map_or(fact, |mended| &mended.fact);
        let effects = &stands.effects;
        let mut decided = self.standing(effects);
        decided.extend(effects.title.as_ref().map(|title| self.title_effect(title)));
        decided.extend(effects.opens.iter().map(|opened| self.opened(opened)));
        decided.extend(effects.meets.iter().map(|met| self.met(met)));
        if effects.waives_later {
            decided.push(self.pick("later duties are waived", "此后到期的义务免除").to_owned());
        }
        if let Some(over) = &stands.over_limit {
            let goes_over = self.pick("over the limit of places: ", "超出名额限制：");
            decided.push(format!("{goes_over}{}", over.justification));
        }
        decided.extend(stands.findings.iter().map(|f| f.text.get(self.language).to_owned()));
        decided.extend(self.unsettled(fact.unsettles.len()));
        decided
    }

    fn standing(&self, effects: &Effects) -> Vec<String> {
        let mut decided = Vec::new();
        if let Some(node) = &effects.enters {
            let now = self.pick("it now stands at", "此后状态为");
            decided.push(self.quoted(now, &self.node(node)));
        }
        if let Some(category) = &effects.category {
            let now = self.pick("its category is", "类别为");
            decided.push(self.quoted(now, &self.category(category)));
        }
        if let Some(term) = &effects.term {
            let until = date(&term.until, self.language);
            decided.push(match self.language {
                Language::En => format!("its term ends on {until}"),
                Language::Zh => format!("期限至{until}"),
            });
        }
        match &effects.place {
            None => {}
            Some(PlaceEffect::Takes { category }) => {
                let takes = self.pick("it takes a place in the category", "占用名额，类别为");
                decided.push(self.quoted(takes, &self.category(category)));
            }
            Some(PlaceEffect::Frees) => {
                decided.push(self.pick("its place becomes free", "名额空出").to_owned());
            }
        }
        decided
    }

    fn quoted(&self, before: &str, label: &str) -> String {
        match self.language {
            Language::En => format!("{before} “{label}”"),
            Language::Zh => format!("{before}“{label}”"),
        }
    }

    fn title_effect(&self, effect: &TitleEffect) -> String {
        let until = |until: &Option<_>| match (until, self.language) {
            (Some(until), Language::En) => format!("until {}", date(until, self.language)),
            (Some(until), Language::Zh) => format!("至{}", date(until, self.language)),
            (None, Language::En) => "without expiry".to_owned(),
            (None, Language::Zh) => "不设有效期".to_owned(),
        };
        match (effect, self.language) {
            (TitleEffect::Granted(title), Language::En) => {
                let from = date(&title.from, self.language);
                let label = self.title(&title.title);
                format!("it holds the title “{label}” from {from}, {}", until(&title.until))
            }
            (TitleEffect::Granted(title), Language::Zh) => {
                let from = date(&title.from, self.language);
                let label = self.title(&title.title);
                format!("自{from}起获得“{label}”称号，{}", until(&title.until))
            }
            (TitleEffect::Kept { until: kept }, Language::En) => {
                format!("the title is kept {}", until(kept))
            }
            (TitleEffect::Kept { until: kept }, Language::Zh) => format!("称号保留{}", until(kept)),
            (TitleEffect::Cancelled, _) => {
                self.pick("the title is cancelled", "称号取消").to_owned()
            }
        }
    }

    /// What a later version laid on who stood already.
    pub(super) fn succeeded(&self, succeeded: &MeasureSucceeded) -> String {
        let on = date(&succeeded.in_force_from, self.language);
        let term = succeeded.term.as_ref().map(|term| {
            let (until, article) =
                (date(&term.until, self.language), article(&term.article, self.language));
            match self.language {
                Language::En => format!("its term ends on {until} ({article})"),
                Language::Zh => format!("期限至{until}（{article}）"),
            }
        });
        let opened = succeeded.opens.iter().map(|opened| self.opened(opened));
        let parts: Vec<String> = term.into_iter().chain(opened).collect();
        let reading = succeeded.reading.as_ref().map(|reading| reading.get(self.language));
        let (version, subject) = (&succeeded.version, self.subject);
        let prevails = article(&succeeded.article, self.language);
        match self.language {
            Language::En => {
                let reading = reading.map(|text| format!(" (reading: {text})")).unwrap_or_default();
                let parts = parts.join("; ");
                format!(
                    "From {on} measure {version} governs {subject} ({prevails}){reading}: {parts}. Docket recorded it; no phase changes."
                )
            }
            Language::Zh => {
                let reading = reading.map(|text| format!("（解读：{text}）")).unwrap_or_default();
                let parts = parts.join("；");
                format!(
                    "自{on}起，{subject}适用办法 {version}（{prevails}）{reading}：{parts}。由系统记录，阶段不变。"
                )
            }
        }
    }

    fn opened(&self, opened: &DutyOpened) -> String {
        let (label, owes) =
            (self.obligation(&opened.obligation), office(opened.owes, self.language));
        let due = match (&opened.due, &opened.series, self.language) {
            (Some(due), _, language) => by(&due.on, language),
            (None, Some(series), Language::En) => {
                let first = date(&series.first_due.into(), self.language);
                format!("every year, first by {first}")
            }
            (None, Some(series), Language::Zh) => {
                format!("逐年到期，首次为{}", date(&series.first_due.into(), self.language))
            }
            (None, None, language) => self.undated(opened, language),
        };
        let article = article(&opened.article, self.language);
        match self.language {
            Language::En => format!("{owes} owes: {label}, {due} ({article})"),
            Language::Zh => format!("{owes}应完成：{label}，{due}（{article}）"),
        }
    }

    fn undated(&self, opened: &DutyOpened, language: Language) -> String {
        let later = opened.open_from.certainly_after(&self.recorded.meta.effective_on);
        match (later, language) {
            (false, Language::En) => "without a due date".to_owned(),
            (false, Language::Zh) => "无到期日".to_owned(),
            (true, Language::En) => {
                format!("from {} on, without a due date", date(&opened.open_from, language))
            }
            (true, Language::Zh) => format!("自{}起，无到期日", date(&opened.open_from, language)),
        }
    }

    fn met(&self, met: &DutyMet) -> String {
        let label = self.obligation(&met.obligation);
        match (met.due_year, self.language) {
            (Some(year), Language::En) => format!("this meets: {label}, due in {year}"),
            (Some(year), Language::Zh) => format!("由此履行：{label}（{year}年到期）"),
            (None, Language::En) => format!("this meets: {label}"),
            (None, Language::Zh) => format!("由此履行：{label}"),
        }
    }

    fn unsettled(&self, events: usize) -> Option<String> {
        match (events, self.language) {
            (0, _) => None,
            (1, Language::En) => Some("one later event rests on what is changed".to_owned()),
            (n, Language::En) => Some(format!("{n} later events rest on what is changed")),
            (n, Language::Zh) => Some(format!("其后 {n} 项事件以此为依据，受其影响")),
        }
    }
}
