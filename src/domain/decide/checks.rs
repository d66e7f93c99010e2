//! What is checked before a measure's rules: who records, the dates, the subject, the version in
//! force, the office and its jurisdiction.

use std::sync::Arc;

use super::builtin::is_done_for;
use super::{Deciding, Decision, Footing, division_needed};
use crate::domain::act::ActKind;
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::Finding;
use crate::domain::ids::{Office, Text};
use crate::domain::measure::{Edition, Program, SubjectKind};
use crate::domain::refusal::{Called, Lack, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words::{AllOf, Clauses, Given, Member, OneOf, Quoted, said};

impl Deciding<'_> {
    /// Only the registrar records another office's act; auditor and operator never get here.
    pub(super) fn check_recorder(&self) -> Result<(), Refusal> {
        let common = &self.request.common;
        let registrar = self.ctx.actor.office == Office::Registrar;
        if common.archive.is_some() && !registrar {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            let text = said!(
                "only the registrar records another office's act from an archive; leave out `archive` to act in your own name",
                "只有登记员可以据档案补录其他机关的行为；以本机关名义行事，请勿填写档案补录"
            );
            return Err(self.refuse(reason, text).under("G2"));
        }
        let office_id = common.archive.as_ref().and_then(|archive| archive.office_id.as_ref());
        if office_id.is_some_and(|id| !says_something(id) || id.contains(char::is_whitespace)) {
            let text = said!(
                "an office's id is one word, such as cnipa; leave it out where it is not known",
                "机关标识应为一个词，例如 cnipa；不知其标识时请省略"
            );
            return Err(self.invalid(vec![field("/archive/office_id", text)]).under("G2"));
        }
        let recording = common.archive.is_some() || registrar;
        if (common.received_on.is_some() || common.kept_since.is_some()) && !recording {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            let text = said!(
                "`received_on` and `kept_since` are stated by the registrar; timeliness is judged by the day of recording, or by the receipt that the receiving office acknowledges (G12)",
                "收到日期和记录完整起始日只能由登记员填写；是否按期以入档日为准，或由接收机关另行确认收到日期"
            );
            let rule = if common.received_on.is_some() { "G12" } else { "G10" };
            return Err(self.refuse(reason, text).under(rule));
        }
        if common.kept_since.is_some() && self.state.kept_since.is_some() {
            let text = said!(
                "the record of this enrollment is open already; mend the day from which it is complete by correcting the act that opened it",
                "该记录已经开启；如需更改其完整起始日，请更正开启记录的行为"
            );
            return Err(self.invalid(vec![field("/kept_since", text)]).under("G10"));
        }
        if let Some(kept) = &common.kept_since
            && kept.day > self.ctx.now.civil_day()
        {
            let why = said!(
                "a record is complete only from a day that has come",
                "尚未发生的事项无所谓完整"
            );
            let text = self.ahead("day", kept.day, why);
            return Err(self.invalid(vec![field("/kept_since/day", text)]).under("G10"));
        }
        Ok(())
    }

    /// Only the national office goes over a soft limit, in writing, and only where one applies (P4).
    pub(super) fn check_override(&self, decision: &Decision) -> Result<(), Refusal> {
        let Some(over) = &self.request.common.over_limit else {
            return Ok(());
        };
        let place = decision.place.as_ref().filter(|place| place.quota.soft);
        let article = match (place, decision.fact.over_limit.is_some()) {
            (Some(place), _) => place.quota.article.as_str(),
            (None, true) => decision.article.as_deref().unwrap_or_default(),
            (None, false) => return self.check_no_override(),
        };
        if self.office != Office::NationalOffice {
            let reason = Reason::OfficeForbidden { required: vec![Office::NationalOffice] };
            let text = said!(
                "only the national office overrides, in writing",
                "只有国家知识产权局可以书面决定突破"
            );
            return Err(self.refuse(reason, text).under(article));
        }
        if !says_something(&over.justification) {
            let text = said!("an override needs a written justification", "突破须书面说明理由");
            let error = field("/override/justification", text);
            return Err(self.invalid(vec![error]).under(article));
        }
        Ok(())
    }

    /// Refuses an override where no soft limit applies: nothing stated is ignored.
    pub(super) fn check_no_override(&self) -> Result<(), Refusal> {
        if self.request.common.over_limit.is_none() {
            return Ok(());
        }
        let text = said!(
            "there is nothing here that an override could go over; leave out `override`",
            "此处没有可以突破的限制；请勿填写突破理由"
        );
        Err(self.invalid(vec![field("/override", text)]))
    }

    pub(super) fn check_dates(&self) -> Result<(), Refusal> {
        let today = self.ctx.now.civil_day();
        let common = &self.request.common;
        if let Some(decided) = common.decided_on
            && decided.earliest().is_some_and(|earliest| earliest > today)
        {
            let why = said!(
                "a decision is recorded once it is made; a later effect is stated by `effective_on`",
                "决定作出后方可入档；以后生效的，另填生效日期"
            );
            let text = self.ahead("decided_on", decided, why);
            return Err(self.refuse(Reason::DateConflict { with: None }, text).under("G2"));
        }
        if let Some(received) = common.received_on
            && received > today
        {
            let why = said!("nothing was received yet", "尚未收到");
            let text = self.ahead("received_on", received, why);
            return Err(self.refuse(Reason::DateConflict { with: None }, text).under("G12"));
        }
        if let Some(received) = common.received_on
            && self.office != Office::NationalOffice
            && common.effective_on.earliest().is_some_and(|earliest| received < earliest)
        {
            let text = said!(
                "`received_on`, {received}, lies before `effective_on`, {submitted}: nothing is received before it is submitted",
                "收到日期{received}早于提交日期{submitted}：未提交者不可能已收到",
                received = received,
                submitted = common.effective_on
            );
            return Err(self.refuse(Reason::DateConflict { with: None }, text).under("G12"));
        }
        if self.office != Office::NationalOffice
            && !self.ctx.program.is_exercise()
            && common.effective_on.earliest().is_some_and(|earliest| earliest > today)
            && (common.archive.is_some() || self.ctx.actor.office != Office::Registrar)
        {
            let why = said!(
                "what is submitted counts from the day it is submitted",
                "提交的材料自提交之日起算"
            );
            let text = self.ahead("effective_on", common.effective_on, why);
            return Err(self.refuse(Reason::DateConflict { with: None }, text).under("G2"));
        }
        Ok(())
    }
}

impl Deciding<'_> {
    /// What is recorded later than it was decided or took effect rests on its document (G2): in an
    /// exercise, and where a record is mended, that it has none is a finding.
    pub(super) fn check_dated_back(&self, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let common = &self.request.common;
        let today = self.ctx.now.civil_day();
        let earlier = [Some(common.effective_on), common.decided_on].into_iter().flatten();
        let Some(on) = earlier.filter(|on| on.latest() < today).min_by_key(|on| on.latest()) else {
            return Ok(());
        };
        if cites_source(self.kind) || common.document.is_some() {
            return Ok(());
        }
        let text = said!(
            "recorded on {today} as of {on}, and no document is cited",
            "{today}补录{on}的行为，未注明所依据的文件",
            today = today,
            on = on
        );
        if self.ctx.program.is_exercise() || self.ctx.mending.is_some() {
            findings.push(Finding::new("dated_back_without_document", text, "G2"));
            return Ok(());
        }
        let text = said!(
            "{text}: cite the document that says so, with its title, number and issuing office",
            "{text}：请注明文件的标题、文号和发文机关",
            text = text
        );
        Err(self.invalid(vec![field("/document", text)]).under("G2"))
    }
}

/// Whether an act names its source instead of a document, or, as a correction, says why (G2).
fn cites_source(kind: ActKind) -> bool {
    matches!(
        kind,
        ActKind::Note
            | ActKind::RecordListComplete
            | ActKind::RecordFigure
            | ActKind::AttestStanding
            | ActKind::Correct
            | ActKind::AcknowledgeReceipt
    )
}

/// Whether an act of a day is refused without a document, whatever the measure asks for (G2).
pub fn needs_document(program: &Program, kind: ActKind, on: Day, today: Day) -> bool {
    on < today && !program.is_exercise() && !cites_source(kind)
}

impl<'a> Footing<'a> {
    /// That the day of a member lies in the future, and why it may not.
    pub(super) fn ahead(&self, member: &str, on: impl Into<CivilDate>, why: Text) -> Text {
        said!(
            "{member}, {on}, lies in the future (today is {today}): {why}",
            "{member}{on}在将来（今天是{today}）：{why}",
            member = Member(member),
            on = on.into(),
            today = self.ctx.now.civil_day(),
            why = why
        )
    }

    /// Real and invented never mix (G16); only the program's kinds of subject enroll.
    pub(super) fn check_subject(&self) -> Result<(), Refusal> {
        let (program, registration) = (self.ctx.program, &self.ctx.subject.registration);
        let whole = self.ctx.subject.is_program();
        if !is_done_for(self.kind, self.ctx.subject) {
            let whom = match whole {
                true => said!("for a program as a whole", "就项目整体"),
                false => said!("for one subject", "就单个主体"),
            };
            let text = said!(
                "{act} is no act {whom}",
                "{act}不能{whom}作出",
                act = self.kind,
                whom = whom
            );
            return Err(self.not_permitted(Lack::Subject, text));
        }
        if whole {
            return Ok(());
        }
        let called = |kind: &SubjectKind| Called::new(&kind.id, kind.label.clone());
        let kinds = || program.subject_kinds.iter().map(called).collect();
        let reason = || Reason::IneligibleSubject { allowed_kinds: kinds() };
        if registration.invented != program.is_exercise() {
            let why = if registration.invented {
                said!(
                    "an invented subject takes part only in an exercise",
                    "虚构主体只能参加演练项目"
                )
            } else {
                said!("an exercise accepts only invented subjects", "演练项目只接受虚构主体")
            };
            let text = said!(
                "{subject} in “{program}”: {why}; real and invented never mix (G16)",
                "“{program}”与{subject}：{why}；真实数据与演练数据不得混同",
                subject = registration.name,
                program = program.name,
                why = why
            );
            return Err(self.refuse(reason(), text).under("G16"));
        }
        if !program.takes(&registration.kind) {
            let kinds = program.subject_kinds.iter().map(|kind| &kind.label).collect();
            let text = said!(
                "{subject} is not {kinds}, as the subjects of “{program}” are",
                "{subject}不是{kinds}，不属于“{program}”的主体",
                subject = registration.name,
                kinds = OneOf::<&Text>(kinds),
                program = program.name
            );
            return Err(self.refuse(reason(), text).under(&program.article));
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
            let text = said!(
                "no known version of the measure was in force on {day}; the registrar can record the act as done under an unknown rule (G14)",
                "{day}没有已知的有效办法；可由登记员按“依据不详”补录",
                day = self.day
            );
            return Err(self.refuse(Reason::NotInForce { versions: known }, text).under("G14"));
        };
        let measure = &edition.measure;
        if measure.known_in_part && measure.rules(self.kind).next().is_none() {
            let text = said!(
                "{number} is known in part and its rule for {act} is not known ({gaps}); the registrar can record the act as done under an unknown rule (G14)",
                "{number}仅部分可考，其关于{act}的规定不详（{gaps}）；可由登记员按“依据不详”补录",
                number = measure.cited(),
                act = self.kind,
                gaps = Clauses(measure.gaps.iter().collect::<Vec<_>>())
            );
            return Err(self.refuse(Reason::RuleUnknown, text).under("G14"));
        }
        Ok(edition)
    }

    /// That the actor acts for the division that the office has to act for.
    pub(super) fn check_jurisdiction(&self) -> Result<(), Refusal> {
        if self.ctx.actor.office == Office::Registrar {
            return Ok(());
        }
        let registration = &self.ctx.subject.registration;
        let Some(needed) = division_needed(self.office, registration) else { return Ok(()) };
        if self.ctx.actor.acts_for(needed) {
            return Ok(());
        }
        let reason = Reason::JurisdictionForbidden { division: needed.to_owned() };
        let own = self.ctx.actor.divisions.iter().map(|own| Quoted(Given(own))).collect::<Vec<_>>();
        let acts_for = if own.is_empty() {
            said!("acts for no division", "没有辖区")
        } else {
            said!("acts for {own}", "的辖区为{own}", own = AllOf(own))
        };
        let text = said!(
            "this token {acts_for}; {subject} needs one for “{needed}”",
            "该令牌{acts_for}；办理{subject}的事项须有辖区“{needed}”",
            acts_for = acts_for,
            subject = registration.name,
            needed = Given(needed)
        );
        Err(self.refuse(reason, text))
    }
}
