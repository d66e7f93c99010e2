//! What is checked before a measure's rules: who records, the dates, the subject, the version in
//! force, the office and its jurisdiction.

use std::sync::Arc;

use super::builtin::is_done_for;
use super::{Deciding, Decision, Footing};
use crate::domain::act::ActKind;
use crate::domain::date::Day;
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Office, Text};
use crate::domain::measure::{Edition, Program};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words;

impl Deciding<'_> {
    /// Only the registrar records another office's act; auditor and operator never get here.
    pub(super) fn check_recorder(&self) -> Result<(), Refusal> {
        let common = &self.request.common;
        let registrar = self.ctx.actor.office == Office::Registrar;
        if common.archive.is_some() && !registrar {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            return Err(self.refuse(
                reason,
                "only the registrar records another office's act from an archive; leave out `archive` to act in your own name",
                "只有登记员可以据档案补录其他机关的行为；以本机关名义行事，请勿填写档案补录",
            ).under("G2"));
        }
        let office_id = common.archive.as_ref().and_then(|archive| archive.office_id.as_ref());
        if office_id.is_some_and(|id| !says_something(id) || id.contains(char::is_whitespace)) {
            return Err(self
                .invalid(vec![field(
                    "/archive/office_id",
                    "an office's id is one word, such as cnipa; leave it out where it is not known",
                    "机关标识应为一个词，例如 cnipa；不知其标识时请省略",
                )])
                .under("G2"));
        }
        let recording = common.archive.is_some() || registrar;
        if (common.received_on.is_some() || common.kept_since.is_some()) && !recording {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            return Err(self.refuse(
                reason,
                "`received_on` and `kept_since` are stated by the registrar; timeliness is judged by the day of recording, or by acknowledge_receipt of the receiving office (G12)",
                "收到日期和记录完整起始日只能由登记员填写；是否按期以入档日为准，或由接收机关另行确认收到日期",
            ).under(if common.received_on.is_some() { "G12" } else { "G10" }));
        }
        if common.kept_since.is_some() && self.state.kept_since.is_some() {
            return Err(self.invalid(vec![field(
                "/kept_since",
                "the record of this enrollment is open already; mend the day from which it is complete by correcting the act that opened it",
                "该记录已经开启；如需更改其完整起始日，请更正开启记录的行为",
            )]).under("G10"));
        }
        if let Some(kept) = &common.kept_since
            && kept.day > self.ctx.now.civil_day()
        {
            let (day, today) = (kept.day, self.ctx.now.civil_day());
            return Err(self.invalid(vec![field(
                "/kept_since/day",
                format!("{day} lies in the future (today is {today}): a record is complete only from a day that has come"),
                format!("{}在将来（今天是{}）：尚未发生的事项无所谓完整", words::zh(day), words::zh(today)),
            )]).under("G10"));
        }
        Ok(())
    }

    /// Only the national office goes over a soft limit, in writing, and only where one applies (P4).
    pub(super) fn check_override(&self, decision: &Decision) -> Result<(), Refusal> {
        let Some(over) = &self.request.common.over_limit else {
            return Ok(());
        };
        let place = decision.place.as_ref().filter(|place| place.soft);
        let article = match (place, decision.fact.over_limit.is_some()) {
            (Some(place), _) => place.article.as_str(),
            (None, true) => decision.article.as_deref().unwrap_or_default(),
            (None, false) => return self.check_no_override(),
        };
        if self.office != Office::NationalOffice {
            let reason = Reason::OfficeForbidden { required: vec![Office::NationalOffice] };
            return Err(self
                .refuse(
                    reason,
                    "only the national office overrides, in writing",
                    "只有国家知识产权局可以书面决定突破",
                )
                .under(article));
        }
        if !says_something(&over.justification) {
            let error = field(
                "/override/justification",
                "an override needs a written justification",
                "突破须书面说明理由",
            );
            return Err(self.invalid(vec![error]).under(article));
        }
        Ok(())
    }

    /// Refuses an override where no soft limit applies: nothing stated is ignored.
    pub(super) fn check_no_override(&self) -> Result<(), Refusal> {
        if self.request.common.over_limit.is_none() {
            return Ok(());
        }
        Err(self.invalid(vec![field(
            "/override",
            "there is nothing here that an override could go over; leave out `override`",
            "此处没有可以突破的限制；请勿填写突破理由",
        )]))
    }

    pub(super) fn check_dates(&self, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        self.check_dated_back(findings)?;
        let today = self.ctx.now.civil_day();
        let common = &self.request.common;
        if let Some(decided) = common.decided_on
            && decided.earliest().is_some_and(|earliest| earliest > today)
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("decided_on {decided} lies in the future (today is {today}): a decision is recorded once it is made; a later effect is stated by effective_on"),
                format!("决定日期{}在将来（今天是{}）：决定作出后方可入档；以后生效的，另填生效日期", words::zh(decided), words::zh(today)),
            ).under("G2"));
        }
        if let Some(received) = common.received_on
            && received > today
        {
            return Err(self
                .refuse(
                    Reason::DateConflict { with: None },
                    format!("received_on {received} lies in the future (today is {today})"),
                    format!("收到日期{}在将来（今天是{}）", words::zh(received), words::zh(today)),
                )
                .under("G12"));
        }
        if let Some(received) = common.received_on
            && self.office != Office::NationalOffice
            && common.effective_on.earliest().is_some_and(|earliest| received < earliest)
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("received_on {received} lies before effective_on {}: nothing is received before it is submitted", common.effective_on),
                format!("收到日期{}早于提交日期{}：未提交者不可能已收到", words::zh(received), words::zh(common.effective_on)),
            ).under("G12"));
        }
        if self.office != Office::NationalOffice
            && !self.ctx.program.is_exercise()
            && common.effective_on.earliest().is_some_and(|earliest| earliest > today)
            && (common.archive.is_some() || self.ctx.actor.office != Office::Registrar)
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("effective_on {} lies in the future (today is {today}): what is submitted counts from the day it is submitted", common.effective_on),
                format!("生效日期{}在将来（今天是{}）：提交的材料自提交之日起算", words::zh(common.effective_on), words::zh(today)),
            ).under("G2"));
        }
        Ok(())
    }
}

impl Deciding<'_> {
    /// What is recorded later than it was decided or took effect rests on its document (G2): in an
    /// exercise, and where a record is mended, that it has none is a finding.
    fn check_dated_back(&self, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let common = &self.request.common;
        let today = self.ctx.now.civil_day();
        let earlier = [Some(common.effective_on), common.decided_on].into_iter().flatten();
        let Some(on) = earlier.filter(|on| on.latest() < today).min_by_key(|on| on.latest()) else {
            return Ok(());
        };
        if cites_source(self.kind) || common.document.is_some() {
            return Ok(());
        }
        let text = Text {
            en: format!("recorded on {today} as of {on}, and no document is cited"),
            zh: format!("{}补录{}的行为，未注明所依据的文件", words::zh(today), words::zh(on)),
        };
        if self.ctx.program.is_exercise() || self.ctx.mending.is_some() {
            let code = Id::from("dated_back_without_document");
            findings.push(Finding { code, text, article: "G2".to_owned() });
            return Ok(());
        }
        let Text { en, zh } = text;
        Err(self.invalid(vec![field(
            "/document",
            format!(
                "{en}: cite the document that says so, with its title, number and issuing office"
            ),
            format!("{zh}：请注明文件的标题、文号和发文机关"),
        )])
        .under("G2"))
    }
}

/// Whether an act names its source instead of a document, or, as a correction, says why (G2).
fn cites_source(kind: ActKind) -> bool {
    matches!(
        kind,
        ActKind::Note
            | ActKind::RecordListComplete
            | ActKind::AttestStanding
            | ActKind::RecordUnderUnknownRule
            | ActKind::Correct
            | ActKind::AcknowledgeReceipt
    )
}

/// Whether an act of a day is refused without a document, whatever the measure asks for (G2).
pub fn needs_document(program: &Program, kind: ActKind, on: Day, today: Day) -> bool {
    on < today && !program.is_exercise() && !cites_source(kind)
}

impl<'a> Footing<'a> {
    /// Real and invented never mix (G16); only the program's kinds of subject enroll.
    pub(super) fn check_subject(&self) -> Result<(), Refusal> {
        let (program, registration) = (self.ctx.program, &self.ctx.subject.registration);
        let whole = self.ctx.subject.is_program();
        if !is_done_for(self.kind, self.ctx.subject) {
            let (en, zh) = match whole {
                true => ("for a program as a whole", "就项目整体"),
                false => ("for one subject", "就单个主体"),
            };
            return Err(self.not_permitted(
                "subject",
                format!("{} is no act {en}", self.kind.as_str()),
                format!("“{}”不能{zh}作出", words::act_zh(self.kind)),
            ));
        }
        if whole {
            return Ok(());
        }
        let reason = || Reason::IneligibleSubject { allowed_kinds: program.kinds() };
        if registration.invented != program.is_exercise() {
            let (en, zh) = if registration.invented {
                ("an invented subject takes part only in an exercise", "虚构主体只能参加演练项目")
            } else {
                ("an exercise accepts only invented subjects", "演练项目只接受虚构主体")
            };
            let en = format!(
                "{} in {}: {en}; real and invented never mix (G16)",
                registration.id, program.id
            );
            let refusal = self.refuse(reason(), en, format!("{zh}；真实数据与演练数据不得混同"));
            return Err(refusal.under("G16"));
        }
        if !program.takes(&registration.kind) {
            let kinds = program.kinds().join(", ");
            let all: Vec<&str> =
                program.subject_kinds.iter().map(|kind| kind.label.zh.as_str()).collect();
            return Err(self
                .refuse(
                    reason(),
                    format!(
                        "{} is of kind {}; subjects of {} are of kind {kinds}",
                        registration.id, registration.kind, program.id
                    ),
                    format!("“{}”不是{}，不属于本项目的主体", registration.id, all.join("或")),
                )
                .under(&program.article));
        }
        Ok(())
    }

    pub(super) fn governing(&self) -> Result<&'a Arc<Edition>, Refusal> {
        let versions = self.ctx.versions;
        let Some(edition) = self.edition else {
            let known = versions
                .all()
                .iter()
                .map(|e| (e.measure.version.clone(), e.measure.in_force_from))
                .collect();
            return Err(self.refuse(
                Reason::NotInForce { versions: known },
                format!("no known version of the measure was in force on {}; the registrar can record the act as done under an unknown rule (G14)", self.day),
                format!("{}没有已知的有效办法；可由登记员按“依据不详”补录", words::zh(self.day)),
            ).under("G14"));
        };
        let measure = &edition.measure;
        if measure.known_in_part && measure.rules(self.kind).next().is_none() {
            let gaps: Vec<_> = measure.gaps.iter().map(|gap| gap.en.clone()).collect();
            return Err(self.refuse(
                Reason::RuleUnknown,
                format!("measure {} is known in part and its rule for {} is not known ({}); the registrar can record the act as done under an unknown rule (G14)", measure.version, self.kind.as_str(), gaps.join("; ")),
                format!("{}仅部分可考，其关于“{}”的规定不详；可由登记员按“依据不详”补录", measure.number.zh, words::act_zh(self.kind)),
            ).under("G14"));
        }
        Ok(edition)
    }

    /// A local government acts for its own areas, a department in its province, a province for itself.
    pub(super) fn check_jurisdiction(&self) -> Result<(), Refusal> {
        if self.ctx.actor.office == Office::Registrar {
            return Ok(());
        }
        let registration = &self.ctx.subject.registration;
        let needed = match self.office {
            Office::NationalOffice | Office::Registrar | Office::Docket => return Ok(()),
            Office::ProvincialDepartment => {
                registration.province.as_ref().unwrap_or(&registration.id).as_str()
            }
            Office::Province | Office::LocalGovernment => registration.id.as_str(),
        };
        if self.ctx.actor.acts_for(needed) {
            return Ok(());
        }
        let reason = Reason::JurisdictionForbidden { division: needed.to_owned() };
        Err(self.refuse(
            reason,
            format!(
                "this token acts for {}; {} needs one for {needed}",
                listed(&self.ctx.actor.divisions),
                registration.id
            ),
            format!(
                "该令牌{}；办理“{}”的事项须有辖区“{needed}”",
                listed_zh(&self.ctx.actor.divisions),
                registration.id
            ),
        ))
    }
}

fn listed_zh(divisions: &[String]) -> String {
    if divisions.is_empty() {
        "没有辖区".to_owned()
    } else {
        format!("的辖区为“{}”", divisions.join("、"))
    }
}

fn listed(divisions: &[String]) -> String {
    if divisions.is_empty() { "no division".to_owned() } else { divisions.join(", ") }
}
