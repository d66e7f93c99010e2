//! A line of the list of what waits.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Judged;
use crate::api::asking::call::Call;
use crate::api::asking::tabular::{Column, Holds};
use crate::api::resources::obligations::feeds::{Entry, days, id, in_time, joined};
use crate::domain::date::Day;
use crate::domain::duty::{BY_NO_EVENT, DueItem, DutyStatus, Waiting};
use crate::domain::ids::{Language, Office, SubjectId};
use crate::domain::measure::{Names, Program, Versions};
use crate::domain::words;
use crate::views::brief::{mark_label, worded};
use crate::views::labels::Labels;

/// Something that waits at an office.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Move {
    /// `decision`: a decision or a step of the program; `obligation`: something that is owed.
    pub kind: &'static str,
    /// What that is called.
    pub kind_label: &'static str,
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name on the day; of the program as a whole, the program's.
    pub name: String,
    /// The office that is waited for.
    pub office: &'static str,
    /// What it is called.
    pub office_label: &'static str,
    /// The offices that owe it together with that one.
    pub with: Vec<&'static str>,
    /// What they are called.
    pub with_labels: Vec<&'static str>,
    /// What waits: the matter, the obligation, or the act that is the next step.
    pub matter: String,
    /// What that is called.
    pub matter_label: String,
    /// The act that is waited for, of a decision.
    pub act: Option<&'static str>,
    /// What it is called.
    pub act_label: Option<&'static str>,
    /// Since when.
    pub since: String,
    /// How many days that is, on the day asked about.
    pub waiting_days: i64,
    /// When it is due, as the rule gives it; absent: without a date.
    pub due_on: Option<String>,
    /// The last day in time.
    #[schemars(with = "Option<String>")]
    pub in_time_until: Option<Day>,
    /// How many days have passed after it.
    pub days_late: Option<i64>,
    /// `OPEN` or `OVERDUE`.
    pub status: &'static str,
    /// What that is called.
    pub status_label: String,
    /// Whether it is owed at all depends on a date that does not say so.
    pub uncertain: bool,
    /// For what recurs: the year of the due date.
    pub due_year: Option<i32>,
    /// The article.
    pub article: String,
    /// The address of the enrollment; absent where there is no subject.
    pub enrollment: Option<String>,
    /// The revision of the event that opened the obligation; absent where none did.
    pub opened_by: Option<u64>,
}

/// The columns of the list as a table.
pub const COLUMNS: &[Column] = &[
    ("kind", "/kind", Holds::Text),
    ("program", "/program", Holds::Text),
    ("program_name", "/program_name", Holds::Text),
    ("subject", "/subject", Holds::Text),
    ("name", "/name", Holds::Text),
    ("office", "/office", Holds::Text),
    ("office_label", "/office_label", Holds::Text),
    ("with", "/with", Holds::Text),
    ("matter", "/matter", Holds::Text),
    ("matter_label", "/matter_label", Holds::Text),
    ("act", "/act", Holds::Text),
    ("act_label", "/act_label", Holds::Text),
    ("since", "/since", Holds::Text),
    ("waiting_days", "/waiting_days", Holds::Int),
    ("due_on", "/due_on", Holds::Text),
    ("in_time_until", "/in_time_until", Holds::Day),
    ("days_late", "/days_late", Holds::Int),
    ("status", "/status", Holds::Text),
    ("status_label", "/status_label", Holds::Text),
    ("uncertain", "/uncertain", Holds::Flag),
    ("due_year", "/due_year", Holds::Int),
    ("article", "/article", Holds::Text),
    ("enrollment", "/enrollment", Holds::Text),
    ("opened_by", "/opened_by", Holds::Int),
];

impl Move {
    /// Something that is owed, by the name of whom it is due.
    pub(super) fn owed(
        judged: &Judged<'_>,
        item: &DueItem<'_>,
        (name, day): (&str, Day),
        language: Language,
    ) -> Self {
        let (found, duty) = (judged.found, item.duty);
        let label = Labels(&judged.versions).obligation(&duty.obligation);
        let offices = duty.with.iter();
        Self {
            with: offices.clone().map(|office| office.as_str()).collect(),
            with_labels: offices.map(|office| words::office(*office, language)).collect(),
            waiting_days: item.days_waiting(day).unwrap_or_default(),
            due_on: item.due.map(|due| due.as_rule_gives.to_string()),
            in_time_until: item.due.map(|due| due.not_late_before),
            days_late: item.days_late(day),
            status: item.status.mark(),
            status_label: mark_label(item.status.mark(), language).to_owned(),
            uncertain: item.is_uncertain(),
            due_year: item.due_year,
            opened_by: (duty.opened_by != BY_NO_EVENT).then_some(duty.opened_by),
            ..Self::plain(
                ("obligation", words::pick(language, "obligation", "义务")),
                (found.program.as_str(), judged.program_name(language)),
                (found.subject.as_ref(), name),
                (duty.owes, &duty.obligation, worded(label, &duty.obligation, language)),
                (item.open_from.as_str(), &duty.article),
                language,
            )
        }
    }

    /// A decision or a step that an office is waited for.
    pub(super) fn decision(
        program: &Program,
        versions: &Versions,
        (subject, name): (&SubjectId, &str),
        (waiting, day): (&Waiting, Day),
        language: Language,
    ) -> Self {
        let act = waiting.act.label().get(language);
        let (matter, label) = match &waiting.matter {
            Some(matter) => {
                let label = versions.name_in(Names::Matters, matter);
                (matter.as_str(), worded(label, matter, language))
            }
            None => (waiting.act.as_str(), act),
        };
        Self {
            act: Some(waiting.act.as_str()),
            act_label: Some(act),
            waiting_days: waiting.since.latest().days_until(day).max(0),
            ..Self::plain(
                ("decision", words::pick(language, "decision", "待决")),
                (program.id.as_str(), program.name.get(language)),
                (Some(subject), name),
                (waiting.office, matter, label),
                (waiting.since.as_str(), &waiting.article),
                language,
            )
        }
    }

    fn plain(
        (kind, kind_label): (&'static str, &'static str),
        (program, program_name): (&str, &str),
        (subject, name): (Option<&SubjectId>, &str),
        (office, matter, label): (Office, &str, &str),
        (since, article): (&str, &str),
        language: Language,
    ) -> Self {
        let open = DutyStatus::Open.mark();
        Self {
            kind,
            kind_label,
            program: program.to_owned(),
            program_name: program_name.to_owned(),
            subject: subject.map(ToString::to_string),
            name: name.to_owned(),
            office: office.as_str(),
            office_label: words::office(office, language),
            with: Vec::new(),
            with_labels: Vec::new(),
            matter: matter.to_owned(),
            matter_label: label.to_owned(),
            act: None,
            act_label: None,
            since: since.to_owned(),
            waiting_days: 0,
            due_on: None,
            in_time_until: None,
            days_late: None,
            status: open,
            status_label: mark_label(open, language).to_owned(),
            uncertain: false,
            due_year: None,
            article: words::article(article, language).into_owned(),
            enrollment: subject.map(|subject| format!("/v1/enrollments/{program}/{subject}")),
            opened_by: None,
        }
    }

    /// The same in a calendar or a feed.
    pub(super) fn entry(&self, call: &Call) -> Entry {
        let language = call.language;
        let opened = self.opened_by.map(|by| by.to_string()).unwrap_or_default();
        let year = self.due_year.map(|year| year.to_string()).unwrap_or_default();
        let subject = self.subject.as_deref().unwrap_or_default();
        let of = match self.act {
            // What waits for a decision anew waits since another day.
            Some(_) => self.since.clone(),
            None => opened,
        };
        let parts = [
            self.in_time_until.map(|until| in_time(until, language)),
            Some(self.office_label.to_owned()),
            self.act_label.map(str::to_owned),
            Some(self.status_label.clone()),
            days(self.days_late, "{} days late", "逾期{}天", language),
            days(Some(self.waiting_days), "waiting for {} days", "已等待{}天", language),
            Some(self.article.clone()),
        ];
        Entry {
            id: id(call, &[&self.program, subject, &self.matter, &of, &year]),
            title: format!("{}: {}", self.name, self.matter_label),
            in_time_until: self.in_time_until,
            since: self.since.clone(),
            said: joined(parts, language),
            path: self.enrollment.clone(),
            program_name: self.program_name.clone(),
        }
    }
}
