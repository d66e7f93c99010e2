//! What the events of streams without an enrollment say.

use super::super::dates::{date, when};
use crate::codec::Stored;
use crate::domain::ids::Language;
use crate::domain::logbook::LossAccepted;
use crate::domain::quota::QuotaEvent;
use crate::domain::subject::SubjectEvent;

/// What an event of a subject, a quota, a measure, a calendar or the log itself says; `None` for an
/// event of an enrollment, whose sentence needs its measure.
pub fn own_sentence(stored: &Stored, language: Language) -> Option<String> {
    let en = language == Language::En;
    Some(match stored {
        Stored::Enrollment(_) | Stored::Program(_) => return None,
        Stored::Subject(event, _) => subject(event, language),
        Stored::Quota(event, _) => quota(event, language),
        Stored::LogCreated(created, _) if en => format!("The log {} was created.", created.log_id),
        Stored::LogCreated(created, _) => format!("日志 {} 已建立。", created.log_id),
        Stored::LossAccepted(loss, _) => loss_accepted(loss, language),
        Stored::ClockConfirmed(c, _) if en => format!(
            "The clock was confirmed to be right at {} (by: {}); the newest event before was of {}.",
            c.now.to_rfc3339(),
            c.confirmed_by,
            c.newest.to_rfc3339()
        ),
        Stored::ClockConfirmed(c, _) => {
            let by = if c.confirmed_by == "kernel" { "系统对时" } else { "运维人员" };
            format!(
                "{by}确认时钟 {} 无误；此前最新记录的时间为 {}。",
                c.now.to_rfc3339(),
                c.newest.to_rfc3339()
            )
        }
        Stored::MeasureAdopted(m, _) if en => format!(
            "The edition {} of measure {} of {} was adopted: {}",
            short(&m.digest),
            m.version,
            m.program,
            m.reason
        ),
        Stored::MeasureAdopted(m, _) => format!(
            "采用 {} 办法 {} 的版本 {}：{}",
            m.program,
            m.version,
            short(&m.digest),
            m.reason
        ),
        Stored::CalendarAdopted(c, _) if en => {
            format!("The calendar of {} was adopted: {}.", c.year, c.source)
        }
        Stored::CalendarAdopted(c, _) => format!("采用 {} 年日历：{}。", c.year, c.source),
    })
}

fn loss_accepted(loss: &LossAccepted, language: Language) -> String {
    let mut lost = Vec::new();
    match (loss.old_head, language) {
        (Some(head), Language::En) => lost.push(format!("those up to sequence {head}")),
        (Some(head), Language::Zh) => lost.push(format!("至序号 {head} 为止的记录")),
        (None, _) => {}
    }
    match (loss.streams.is_empty(), language) {
        (true, _) => {}
        (false, Language::En) => lost.push(format!("those of {}", loss.streams.join(", "))),
        (false, Language::Zh) => lost.push(format!("{} 的记录", loss.streams.join("、"))),
    }
    match language {
        Language::En => format!(
            "It was accepted that events of the log are lost ({}): {}",
            lost.join("; "),
            loss.reason
        ),
        Language::Zh => {
            format!("确认日志中的部分记录已丢失（{}）：{}", lost.join("；"), loss.reason)
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn subject(event: &SubjectEvent, language: Language) -> String {
    match (event, language) {
        (SubjectEvent::Registered(r), Language::En) => {
            format!("{} ({}) was registered as {}: {}.", r.name.en, r.id, r.kind, r.source)
        }
        (SubjectEvent::Registered(r), Language::Zh) => {
            format!("登记{}（{}），类别 {}：{}。", r.name.zh, r.id, r.kind, r.source)
        }
        (SubjectEvent::Renamed(r), Language::En) => {
            let when = when(&r.effective_on, language);
            format!("{when} the name became {}: {}.", r.name.en, r.source)
        }
        (SubjectEvent::Renamed(r), Language::Zh) => {
            format!("{}起更名为{}：{}。", when(&r.effective_on, language), r.name.zh, r.source)
        }
    }
}

fn quota(event: &QuotaEvent, language: Language) -> String {
    match (event, language) {
        (QuotaEvent::PlaceReserved(r), Language::En) => format!(
            "A place was reserved for {} from {} on, for its revision {}.",
            r.enrollment,
            date(&r.from.into(), language),
            r.revision
        ),
        (QuotaEvent::PlaceReserved(r), Language::Zh) => format!(
            "为 {} 预留名额，自{}起，用于其修订号 {}。",
            r.enrollment,
            date(&r.from.into(), language),
            r.revision
        ),
        (QuotaEvent::ReservationReleased(r), Language::En) => {
            format!("The reservation at revision {} was released: {}.", r.reservation, r.reason)
        }
        (QuotaEvent::ReservationReleased(r), Language::Zh) => {
            format!("释放修订号 {} 的预留：{}。", r.reservation, r.reason)
        }
        (QuotaEvent::PlacesRestated(r), Language::En) => {
            let spans = r.spans.len();
            format!("The places of {} were restated: {spans} spans.", r.enrollment)
        }
        (QuotaEvent::PlacesRestated(r), Language::Zh) => {
            format!("重述 {} 的名额：{} 段。", r.enrollment, r.spans.len())
        }
    }
}
