//! What was decided by an event: where the subject stands, terms, titles, what becomes due.

use super::{Receipt, Words, en};
use crate::domain::act::ActKind;
use crate::domain::date::CivilDate;
use crate::domain::event::{
    DutyMet, DutyOpened, Effects, Fact, MeasureSucceeded, PlaceEffect, Term, TitleEffect,
};
use crate::domain::ids::Language;
use crate::domain::measure::Names::{Categories, Obligations, Titles};
use crate::domain::words::{all_of, article, by, capital, date, day, ended, office, unsure, when};

impl Words<'_> {
    /// Each consequence in words; of a correction those of what now stands instead.
    pub(super) fn decided(&self, fact: &Fact) -> Vec<String> {
        let stands = fact.mended.as_ref().map_or(fact, |mended| &mended.fact);
        let effects = &stands.effects;
        // Where evidence says that it stands is what the sentence begins with.
        let is_evidence = stands.act.kind() == ActKind::AttestStanding;
        let mut decided = self.standing(effects, is_evidence);
        decided.extend(effects.title.as_ref().map(|title| self.title_effect(title)));
        decided.extend(effects.opens.iter().map(|opened| self.opened(opened)));
        decided.extend(effects.meets.iter().map(|met| self.met(met)));
        if effects.waives_later {
            decided.push(self.pick("later duties are waived", "此后到期的义务免除").to_owned());
        }
        if let Some(over) = &stands.over_limit {
            let goes_over = self.pick(
                "it goes over the limit of places, for a reason given in writing: ",
                "书面说明理由，突破名额限制：",
            );
            decided.push(format!("{goes_over}{}", over.justification));
        }
        decided.extend(stands.findings.iter().map(|f| f.text.get(self.language).to_owned()));
        decided.extend(self.unsettled(fact.unsettles.len()));
        decided
    }

    fn standing(&self, effects: &Effects, is_evidence: bool) -> Vec<String> {
        let mut decided = Vec::new();
        if let Some(node) = effects.enters.as_ref().filter(|_| !is_evidence) {
            let starts = effects.starts_on.as_ref();
            let now = match (starts, self.language) {
                (None, Language::En) => "it now stands at".to_owned(),
                (None, Language::Zh) => "此后状态为".to_owned(),
                (Some(day), Language::En) => format!("{} on it stands at", en::from(day)),
                (Some(day), Language::Zh) => format!("自{}起状态为", when(day, self.language)),
            };
            decided.push(self.quoted(&now, &self.node(node)));
        }
        if let Some(category) = &effects.category {
            let category = self.label(Categories, category);
            decided.push(match self.language {
                Language::En => format!("its category is “{category}”"),
                Language::Zh => format!("类型为{category}"),
            });
        }
        decided.extend(effects.term.as_ref().map(|term| self.term(term)));
        decided.extend(effects.place.as_ref().map(|place| self.place(place, effects)));
        decided
    }

    fn place(&self, place: &PlaceEffect, effects: &Effects) -> String {
        let moved =
            effects.category.is_some() && !effects.begins_attempt && effects.enters.is_none();
        match (place, self.language) {
            (PlaceEffect::Frees, _) => {
                self.pick("the place that it held becomes free", "释放所占名额").to_owned()
            }
            (PlaceEffect::Takes { category }, Language::En) => {
                let freed = if moved { " and frees that of its former category" } else { "" };
                format!(
                    "it takes a place in the category “{}”{freed}",
                    self.label(Categories, category)
                )
            }
            (PlaceEffect::Takes { category }, Language::Zh) => {
                let freed = if moved { "，同时释放原类型试点名额1个" } else { "" };
                format!("占用{}试点名额1个{freed}", self.label(Categories, category))
            }
        }
    }

    fn quoted(&self, before: &str, label: &str) -> String {
        match self.language {
            Language::En => format!("{before} “{label}”"),
            Language::Zh => format!("{before}“{label}”"),
        }
    }

    fn title_effect(&self, effect: &TitleEffect) -> String {
        let language = self.language;
        let until = |until: &Option<CivilDate>| match (until, language) {
            (Some(until), Language::En) => {
                format!("until {}{}", date(until, language), unsure(until, language))
            }
            (Some(until), Language::Zh) => {
                format!("有效期至{}{}", date(until, language), unsure(until, language))
            }
            (None, Language::En) => "without expiry".to_owned(),
            (None, Language::Zh) => "不设有效期".to_owned(),
        };
        match (effect, language) {
            (TitleEffect::Granted(title), Language::En) => {
                let (from, label) = (en::from(&title.from), self.label(Titles, &title.title));
                format!("it holds the title “{label}” {from}, {}", until(&title.until))
            }
            (TitleEffect::Granted(title), Language::Zh) => {
                let (from, label) = (when(&title.from, language), self.label(Titles, &title.title));
                format!("自{from}起获得“{label}”称号，{}", until(&title.until))
            }
            (TitleEffect::Kept { until: kept }, Language::En) => {
                format!("the title is kept {}", until(kept))
            }
            (TitleEffect::Kept { until: kept }, Language::Zh) => {
                format!("保留称号，{}", until(kept))
            }
            (TitleEffect::Cancelled, Language::En) => match &self.around.title {
                Some(title) => {
                    format!("the title “{}” is cancelled", self.label(Titles, title))
                }
                None => "the title is cancelled".to_owned(),
            },
            (TitleEffect::Cancelled, Language::Zh) => match &self.around.title {
                Some(title) => format!("取消“{}”称号", self.label(Titles, title)),
                None => "取消所持称号".to_owned(),
            },
        }
    }

    /// What a later version laid on who stood already.
    pub(super) fn succeeded(&self, succeeded: &MeasureSucceeded) -> String {
        let language = self.language;
        let from = when(&succeeded.in_force_from, language);
        let term = succeeded.term.as_ref().map(|term| self.term(term));
        let opened = succeeded.opens.iter().map(|opened| self.opened(opened));
        let mut parts: Vec<String> = term.into_iter().chain(opened).collect();
        let versions = self.around.versions;
        let version = versions.version(&succeeded.version);
        let version = version.map(|edition| edition.measure.cited().get(language).to_owned());
        let version = version.unwrap_or_else(|| succeeded.version.to_string());
        let reading = succeeded.reading.as_ref().map(|reading| reading.get(language));
        let (prevails, subject) = (article(&succeeded.article, language), self.subject);
        match language {
            Language::En => {
                let reading = reading.map(|text| format!("; reading: {text}")).unwrap_or_default();
                parts.insert(
                    0,
                    format!("{from} {version} took hold of {subject} ({prevails}{reading})"),
                );
                parts.push("Docket recorded it; no phase changes".to_owned());
                ended(capital(&parts.join("; ")), language)
            }
            Language::Zh => {
                let reading = reading.map(|text| format!("；解读：{text}")).unwrap_or_default();
                let reading = reading.trim_end_matches('。');
                parts.insert(
                    0,
                    format!("自{from}起，{subject}适用{version}（{prevails}{reading}）"),
                );
                parts.push("由系统记录，阶段不变".to_owned());
                ended(parts.join("；"), language)
            }
        }
    }

    fn term(&self, term: &Term) -> String {
        let (ends, unsure) = (when(&term.until, self.language), unsure(&term.until, self.language));
        match self.language {
            Language::En => format!("its term ends {ends}{unsure}"),
            Language::Zh => format!("期限于{ends}届满{unsure}"),
        }
    }

    fn opened(&self, opened: &DutyOpened) -> String {
        let language = self.language;
        let offices = std::iter::once(&opened.owes).chain(&opened.with);
        let offices: Vec<_> = offices.map(|one| office(*one, language)).collect();
        let owe = if offices.len() > 1 { "owe" } else { "owes" };
        let owes = all_of(&offices, language);
        let label = self.label(Obligations, &opened.obligation);
        let article = article(&opened.article, language);
        let later = opened.open_from.certainly_after(&self.recorded.meta.effective_on);
        let article = match (opened.uncertain, language) {
            (false, _) => article.into_owned(),
            (true, Language::En) => format!("{article}; the dates do not say whether it is owed"),
            (true, Language::Zh) => format!("{article}，日期不详，是否负有该义务不能确定"),
        };
        let first = opened.series.as_ref().map(|series| day(series.first_due, language));
        match (&opened.due, first, language) {
            (Some(due), _, Language::En) => {
                format!("{owes} {owe}: {label}, {} ({article})", by(&due.on, language))
            }
            (Some(due), _, Language::Zh) => {
                format!("由{owes}{}{label}（{article}）", by(&due.on, language))
            }
            (None, Some(first), Language::En) => {
                format!("{owes} {owe}: {label}, every year, first by {first} ({article})")
            }
            (None, Some(first), Language::Zh) => {
                format!("由{owes}逐年{label}，首次不晚于{first}（{article}）")
            }
            (None, None, Language::En) => {
                let from = if later {
                    format!("{} on, ", en::from(&opened.open_from))
                } else {
                    String::new()
                };
                format!("{owes} {owe}: {label}, {from}without a due date ({article})")
            }
            (None, None, Language::Zh) => {
                let open = when(&opened.open_from, language);
                let from = if later { format!("自{open}起") } else { String::new() };
                format!("由{owes}{from}{label}（未规定期限，{article}）")
            }
        }
    }

    fn met(&self, met: &DutyMet) -> String {
        let label = self.label(Obligations, &met.obligation);
        let when = self.received(met);
        match (met.due_year, self.language) {
            (Some(year), Language::En) => format!("this meets: {label}, due in {year}{when}"),
            (Some(year), Language::Zh) => format!("据此履行{year}年到期的{label}的义务{when}"),
            (None, Language::En) => format!("this meets: {label}{when}"),
            (None, Language::Zh) => format!("据此履行{label}的义务{when}"),
        }
    }

    /// When it was received, and how late.
    fn received(&self, met: &DutyMet) -> String {
        let is_met = |receipt: &&Receipt| {
            receipt.obligation == met.obligation
                && receipt.due_year == met.due_year
                && met.opened_by.is_none_or(|by| by == receipt.opened_by)
        };
        let Some(receipt) = self.around.met.iter().find(is_met) else {
            return String::new();
        };
        let on = day(receipt.received_on, self.language);
        match (receipt.days_late, self.language) {
            // What has no due date is met by being done.
            (None, _) => String::new(),
            (Some(..=0), Language::En) => format!(", received on {on}, in time"),
            (Some(..=0), Language::Zh) => format!("；收到日{on}，按期"),
            (Some(1), Language::En) => format!(", received on {on}, 1 day late"),
            (Some(days), Language::En) => format!(", received on {on}, {days} days late"),
            (Some(days), Language::Zh) => format!("；收到日{on}，逾期{days}日"),
        }
    }

    fn unsettled(&self, events: usize) -> Option<String> {
        match (events, self.language) {
            (0, _) => None,
            (1, Language::En) => Some("one later event rests on what is changed".to_owned()),
            (n, Language::En) => Some(format!("{n} later events rest on what is changed")),
            (n, Language::Zh) => Some(format!("其后{n}项记录以此为依据，受其影响")),
        }
    }
}
