//! What is due as a calendar (iCalendar, RFC 5545) and as a feed (Atom, RFC 4287), for an office to
//! subscribe to.
//!
//! What must hold: the same question gives the same bytes; an entry keeps its id from day to day. A
//! calendar has what has a date; the feed also what waits without one.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header;
use atom_syndication::{Feed, FixedDateTime, Generator, Link, Text};
use chrono::{DateTime, NaiveDate, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, Property};

use super::ObligationItem;
use crate::api::asking::answer::REVALIDATE;
use crate::api::asking::call::Call;
use crate::api::asking::etag::VARY;
use crate::codec;
use crate::domain::date::Day;
use crate::domain::ids::Language;
use crate::domain::words;
use crate::views::media::{ATOM, CALENDAR};
use crate::views::problem::Problem;

/// An entry of a feed.
pub(super) struct Entry {
    /// The same from day to day, and of no other log.
    pub id: String,
    /// Whose it is, and what.
    pub title: String,
    /// The last day in time; absent: it has no date.
    pub in_time_until: Option<Day>,
    /// Since when it is there, as its date has it.
    pub since: String,
    /// What else is said of it.
    pub said: String,
    /// The path of the enrollment.
    pub path: Option<String>,
    /// The program's name.
    pub program_name: String,
}

/// What a feed is made of.
pub(super) struct Feeding<'a> {
    pub call: &'a Call,
    pub title: &'static str,
    pub entries: Vec<Entry>,
    pub as_of: String,
    /// Where more of it is.
    pub next: Option<String>,
}

impl Feeding<'_> {
    /// The answer in one of the two forms.
    ///
    /// # Errors
    /// `internal-error`.
    pub fn answer(&self, media: &'static str) -> Result<HttpResponse, Problem> {
        let body = if media == CALENDAR { self.calendar()? } else { self.atom()? };
        let content = codec::sha256_hex(body.as_bytes());
        let mut response = HttpResponse::Ok();
        response
            .insert_header((header::CONTENT_TYPE, format!("{media}; charset=utf-8")))
            .insert_header((header::CONTENT_LANGUAGE, self.call.language.tag()))
            .insert_header((header::VARY, VARY))
            .insert_header((header::CACHE_CONTROL, REVALIDATE))
            .insert_header((header::ETAG, format!("\"{}\"", &content[..32])));
        if let Some(next) = &self.next {
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        Ok(response.body(body))
    }

    /// The instant at which the day of the question began.
    fn began(&self) -> Result<DateTime<Utc>, Problem> {
        instant(&self.as_of)
    }

    fn calendar(&self) -> Result<String, Problem> {
        let stamp = self.began()?;
        let mut calendar = Calendar::new();
        calendar.name(self.title);
        for entry in &self.entries {
            let Some(day) = entry.in_time_until else { continue };
            let day: NaiveDate = day.to_string().parse().map_err(Problem::internal)?;
            let mut event = Event::new();
            event
                .uid(&entry.id)
                .timestamp(stamp)
                .all_day(day)
                .summary(&entry.title)
                .description(&entry.said);
            if let Some(url) = self.address(entry) {
                event.append_property(Property::new("URL", url));
            }
            // Nobody is busy because something is due.
            event.append_property(Property::new("TRANSP", "TRANSPARENT"));
            event.append_property(Property::new("CATEGORIES", &entry.program_name));
            calendar.push(event.done());
        }
        Ok(calendar.done().to_string())
    }

    fn atom(&self) -> Result<String, Problem> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let updated = latest(&entry.since).unwrap_or(self.began()?);
            let links = self.address(entry).map(|href| Link { href, ..Link::default() });
            entries.push(atom_syndication::Entry {
                title: Text::plain(&*entry.title),
                id: entry.id.clone(),
                updated: FixedDateTime::from(updated),
                links: links.into_iter().collect(),
                summary: Some(Text::plain(&*entry.said)),
                ..atom_syndication::Entry::default()
            });
        }
        let own = format!("{}{}", self.call.state.settings.public_url, self.call.http.uri());
        let mut links = vec![Link { href: own.clone(), rel: "self".to_owned(), ..Link::default() }];
        let next = self.next.clone();
        links.extend(next.map(|href| Link { href, rel: "next".to_owned(), ..Link::default() }));
        let feed = Feed {
            title: Text::plain(self.title),
            id: own,
            updated: FixedDateTime::from(self.began()?),
            generator: Some(Generator { value: "Docket".to_owned(), ..Generator::default() }),
            authors: vec![atom_syndication::Person {
                name: "Docket".to_owned(),
                ..Default::default()
            }],
            links,
            entries,
            lang: Some(self.call.language.tag().to_owned()),
            ..Feed::default()
        };
        Ok(feed.to_string())
    }

    fn address(&self, entry: &Entry) -> Option<String> {
        let path = entry.path.as_ref()?;
        Some(format!("{}{path}", self.call.state.settings.public_url))
    }
}

impl Entry {
    /// An obligation, with the name of whom it is due.
    pub fn of(call: &Call, item: &ObligationItem<'_>, name: &str) -> Self {
        let obligation = &item.obligation;
        let opened = obligation.opened_by.map(|by| by.to_string()).unwrap_or_default();
        let year = obligation.due_year.map(|year| year.to_string()).unwrap_or_default();
        Self {
            id: id(
                call,
                &[
                    item.program,
                    item.subject.unwrap_or_default(),
                    obligation.obligation,
                    &opened,
                    &year,
                ],
            ),
            title: format!("{name}: {}", obligation.label),
            in_time_until: obligation.due.as_ref().map(|due| due.not_late_before),
            since: obligation.opened_on.to_owned(),
            said: said(item, call.language),
            path: item.enrollment.clone(),
            program_name: item.program_name.to_owned(),
        }
    }
}

/// An id of an entry out of its parts.
pub(super) fn id(call: &Call, parts: &[&str]) -> String {
    format!("urn:docket:{}:{}", call.state.app.log_id(), parts.join(":"))
}

/// A number of days in a text.
pub(super) fn days(days: Option<i64>, en: &str, zh: &str, language: Language) -> Option<String> {
    days.map(|days| words::pick(language, en, zh).replace("{}", &days.to_string()))
}

/// What is said of it: when it is in time, who owes it, how it stands, under which article.
fn said(item: &ObligationItem<'_>, language: Language) -> String {
    let obligation = &item.obligation;
    let due = obligation.due.as_ref().map(|due| in_time(due.not_late_before, language));
    let parts = [
        due,
        Some(obligation.owes_label.to_owned()),
        Some(obligation.status_label.to_owned()),
        days(obligation.days_late, "{} days late", "逾期{}天", language),
        days(obligation.waiting, "waiting for {} days", "已等待{}天", language),
        Some(obligation.article.clone().into_owned()),
        obligation.due.as_ref().and_then(|due| due.arithmetic.clone().map(Cow::into_owned)),
    ];
    joined(parts, language)
}

/// Until when something is in time.
pub(super) fn in_time(until: Day, language: Language) -> String {
    words::pick(language, "in time until {}", "按期截止{}").replace("{}", &until.to_string())
}

/// Parts of a text, those that there are.
pub(super) fn joined<const N: usize>(parts: [Option<String>; N], language: Language) -> String {
    let said: Vec<String> = parts.into_iter().flatten().collect();
    said.join(words::pick(language, "; ", "；"))
}

/// The beginning of a civil day in Shanghai.
fn instant(day: &str) -> Result<DateTime<Utc>, Problem> {
    let text = format!("{day}T00:00:00+08:00");
    let instant = DateTime::parse_from_rfc3339(&text).map_err(Problem::internal)?;
    Ok(instant.to_utc())
}

/// The same of the last day of a date.
fn latest(date: &str) -> Option<DateTime<Utc>> {
    let date = crate::domain::date::CivilDate::parse(date).ok()?;
    instant(&date.latest().to_string()).ok()
}

/// Whether an answer is asked for in one of these forms.
pub(super) fn is_feed(media: &str) -> bool {
    media == CALENDAR || media == ATOM
}
