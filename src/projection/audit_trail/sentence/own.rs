//! What the events of streams without an enrollment say.

use super::{local, person};
use crate::codec::Stored;
use crate::domain::ids::{Id, Language, Text};
use crate::domain::indicator::{IndicatorEvent, Observation};
use crate::domain::logbook::{ClockConfirmed, LossAccepted};
use crate::domain::measure::Programs;
use crate::domain::quota::QuotaEvent;
use crate::domain::subject::{Replacement, SubjectCorrection, SubjectEvent};
use crate::domain::words::{all_of, capital, date, day, ended, when};

/// What the sentences name by an id.
pub struct Named<'a> {
    /// The programs.
    pub programs: &'a Programs,
    /// What an indicator is called.
    pub indicator: &'a dyn Fn(&Id) -> Option<Text>,
}

/// What an event of a subject, a quota, a measure, a calendar or the log itself says; `None` for an
/// event of an enrollment, whose sentence needs its measure.
pub fn own_sentence(stored: &Stored, named: &Named<'_>, language: Language) -> Option<String> {
    let text = match stored {
        Stored::Enrollment(_) => return None,
        Stored::Subject(event, _) => subject(event, named.programs, language),
        Stored::Quota(event, _) => quota(event, language),
        Stored::Indicator(event, _) => indicator(event, named, language),
        Stored::LogCreated(created, _) => match language {
            Language::En => format!("the log {} was created", created.log_id),
            Language::Zh => format!("日志{}建立", created.log_id),
        },
        Stored::LossAccepted(loss, _) => loss_accepted(loss, language),
        Stored::KeyRotated(rotated, _) => match language {
            Language::En => format!(
                "checkpoints of the log are signed by another key from here on: {}",
                rotated.reason
            ),
            Language::Zh => format!("自此日志检查点改用新的签名密钥：{}", rotated.reason),
        },
        Stored::ClockConfirmed(c, _) => clock_confirmed(c, language),
        Stored::MeasureAdopted(m, _) => match language {
            Language::En => format!(
                "the edition {} of measure {} of {} was adopted: {}",
                short(&m.digest),
                m.version,
                m.program,
                m.reason
            ),
            Language::Zh => format!(
                "采用“{}”项目办法“{}”的编码版本（摘要{}）",
                m.program,
                m.version,
                short(&m.digest)
            ),
        },
        Stored::CalendarAdopted(c, _) => match language {
            Language::En => format!("the calendar of {} was adopted: {}", c.year, c.source),
            Language::Zh => format!("采用{}年放假安排：{}", c.year, c.source),
        },
        Stored::Person(event, _) => person::decided(event, language),
        Stored::PersonOpened(opened, _) => person::opened(opened, language),
    };
    Some(ended(capital(&text), language))
}

fn clock_confirmed(confirmed: &ClockConfirmed, language: Language) -> String {
    let (now, newest) = (confirmed.now.to_rfc3339(), confirmed.newest.to_rfc3339());
    let by_kernel = confirmed.confirmed_by == "kernel";
    match language {
        Language::En => {
            let by = if by_kernel { "the system's own synchronisation" } else { "an operator" };
            format!(
                "the clock was confirmed to be right at {now} (by {by}); the newest event before was of {newest}"
            )
        }
        Language::Zh => {
            let by = if by_kernel { "系统对时" } else { "运维人员" };
            format!("{by}确认时钟无误（{now}）；此前最新记录的时间为{newest}")
        }
    }
}

fn loss_accepted(loss: &LossAccepted, language: Language) -> String {
    let mut lost = Vec::new();
    match (loss.old_head, language) {
        (Some(head), Language::En) => lost.push(format!("those up to sequence {head}")),
        (Some(head), Language::Zh) => lost.push(format!("至序号{head}为止的记录")),
        (None, _) => {}
    }
    match (loss.streams.is_empty(), language) {
        (true, _) => {}
        (false, Language::En) => lost.push(format!("those of {}", all_of(&loss.streams, language))),
        (false, Language::Zh) => {
            lost.push(format!("“{}”的记录", all_of(&loss.streams, language)));
        }
    }
    match language {
        Language::En => format!(
            "it was accepted that events of the log are lost ({}): {}",
            lost.join("; "),
            loss.reason
        ),
        Language::Zh => {
            format!("确认日志中的部分记录已丢失（{}）：{}", lost.join("；"), loss.reason)
        }
    }
}

fn indicator(event: &IndicatorEvent, named: &Named<'_>, language: Language) -> String {
    let figure = |o: &Observation| {
        let label = (named.indicator)(&o.indicator);
        let label = label.as_ref().map_or(o.indicator.as_str(), |text| text.get(language));
        figure_said(o, label, language)
    };
    match (event, language) {
        (IndicatorEvent::Recorded(o), Language::En) => {
            format!("a figure was recorded: {}", figure(o))
        }
        (IndicatorEvent::Recorded(o), Language::Zh) => {
            format!("登记指标数据：{}", figure(o))
        }
        (IndicatorEvent::Corrected(c), _) => {
            let (revision, reason) = (c.corrects.revision, &c.reason);
            let reason = reason.trim_end_matches(['.', '。']);
            match (&c.replacement, language) {
                (Some(o), Language::En) => format!(
                    "the figure at revision {revision} was corrected; it is now {}. Reason: {reason}",
                    figure(o)
                ),
                (Some(o), Language::Zh) => format!(
                    "更正修订号{revision}的指标数据，更正后为：{}。理由：{reason}",
                    figure(o)
                ),
                (None, Language::En) => format!("revision {revision} was annulled: {reason}"),
                (None, Language::Zh) => format!("撤销修订号{revision}：{reason}"),
            }
        }
    }
}

/// A figure with what its indicator is called, period, unit and source.
pub fn figure_said(o: &Observation, label: &str, language: Language) -> String {
    let of: Vec<&str> = [&o.basis, &o.coverage].into_iter().flatten().map(|text| &**text).collect();
    let period = date(&o.period, language);
    let value = local::bounded(o.bound, o.value.as_str(), language);
    match (language, of.is_empty()) {
        (Language::En, true) => {
            format!("{label} of {period}, {value} {} ({})", o.unit, o.source)
        }
        (Language::En, false) => {
            format!("{label} of {period} ({}), {value} {} ({})", of.join(", "), o.unit, o.source)
        }
        (Language::Zh, true) => {
            format!("“{label}”，{period}，{value}（{}）；来源：{}", o.unit, o.source)
        }
        (Language::Zh, false) => format!(
            "“{label}”，{period}（{}），{value}（{}）；来源：{}",
            of.join("，"),
            o.unit,
            o.source
        ),
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn subject(event: &SubjectEvent, programs: &Programs, language: Language) -> String {
    match (event, language) {
        (SubjectEvent::Registered(r), Language::En) => {
            let kind = programs.kind_label(&r.kind, language);
            format!("{} ({}) was registered as {kind}: {}", r.name.en, r.id, r.source)
        }
        (SubjectEvent::Registered(r), Language::Zh) => {
            let kind = programs.kind_label(&r.kind, language);
            format!("登记{}（代码{}），类别为{kind}：{}", r.name.zh, r.id, r.source)
        }
        (SubjectEvent::Renamed(r), Language::En) => {
            format!(
                "{} the name became {}: {}",
                when(&r.effective_on, language),
                r.name.en,
                r.source
            )
        }
        (SubjectEvent::Renamed(r), Language::Zh) => {
            format!("自{}起更名为{}：{}", when(&r.effective_on, language), r.name.zh, r.source)
        }
        (SubjectEvent::Corrected(c), language) => corrected(&c.correction, programs, language),
    }
}

fn corrected(correction: &SubjectCorrection, programs: &Programs, language: Language) -> String {
    let revision = correction.corrects.revision;
    let reason = correction.reason.trim_end_matches(['.', '。']);
    let (now, now_zh) = match &correction.replacement {
        None => {
            return match language {
                Language::En => format!("Revision {revision} was annulled: {reason}."),
                Language::Zh => format!("撤销修订号{revision}：{reason}。"),
            };
        }
        Some(Replacement::Registration(r)) => {
            let (province, province_zh) = r.province.as_ref().map_or_else(Default::default, |p| {
                (format!(", province {p}"), format!("，所属省级主体{p}"))
            });
            let kind = |language| programs.kind_label(&r.kind, language);
            let from = (date(&r.effective_on, Language::En), date(&r.effective_on, Language::Zh));
            (
                format!(
                    "{} ({}), {}{province}, from {}",
                    r.name.en,
                    r.id,
                    kind(Language::En),
                    from.0
                ),
                format!(
                    "{}（{}），类别{}{province_zh}，{}起",
                    r.name.zh,
                    r.id,
                    kind(Language::Zh),
                    from.1
                ),
            )
        }
        Some(Replacement::Renaming(r)) => (
            format!("the name {}, from {}", r.name.en, date(&r.effective_on, Language::En)),
            format!("名称{}，{}起", r.name.zh, date(&r.effective_on, Language::Zh)),
        ),
    };
    match language {
        Language::En => {
            format!("Revision {revision} was corrected; it says now: {now}. Reason: {reason}.")
        }
        Language::Zh => format!("更正修订号{revision}，更正后为：{now_zh}。理由：{reason}。"),
    }
}

fn quota(event: &QuotaEvent, language: Language) -> String {
    match (event, language) {
        (QuotaEvent::PlaceReserved(r), Language::En) => format!(
            "a place was reserved for {} from {} on, for its revision {}",
            r.enrollment,
            day(r.from, language),
            r.revision
        ),
        (QuotaEvent::PlaceReserved(r), Language::Zh) => format!(
            "自{}起为“{}”预留名额，用于其修订号{}的记录",
            day(r.from, language),
            r.enrollment,
            r.revision
        ),
        (QuotaEvent::ReservationReleased(r), Language::En) => {
            format!("the reservation at revision {} was released: {}", r.reservation, r.reason)
        }
        (QuotaEvent::ReservationReleased(r), Language::Zh) => {
            format!("释放修订号{}的名额预留", r.reservation)
        }
        (QuotaEvent::PlacesRestated(r), Language::En) => {
            let spans = r.spans.len();
            format!("the places of {} were restated: {spans} spans", r.enrollment)
        }
        (QuotaEvent::PlacesRestated(r), Language::Zh) => {
            format!("重述“{}”占用的名额：共{}段", r.enrollment, r.spans.len())
        }
    }
}
