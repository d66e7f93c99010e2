//! What was done, in English: follows the office's name.

use super::{Words, local};
use crate::domain::act::{
    AcceptanceCheck, Act, AdjustmentRequest, Application, Approval, Arrangement, Correction,
    IndicatorSystem, Inspection, Progress, Receipt, Support,
};
use crate::domain::date::CivilDate;
use crate::domain::ids::{Language, Office};
use crate::domain::measure::Names::{BaseConditions, Categories, Phases, Tasks};
use crate::domain::text::NonBlank;
use crate::domain::words::{self, batch, day, round, when};

const EN: Language = Language::En;

pub(super) fn done(words: &Words<'_>, act: &Act) -> String {
    let (s, change) = (words.subject, "the change of its category");
    let of = |what: &str| {
        if words.is_own() { format!("its {what}") } else { format!("the {what} of {s}") }
    };
    match act {
        Act::Apply(apply) => applied(words, apply),
        Act::Recommend(_) => format!("verified and recommended the application of {s}"),
        Act::Return(c) => format!("returned the application of {s}: {}", c.reason),
        Act::Approve(approval) => approved(s, approval),
        Act::Reject(c) => format!("rejected the application of {s}: {}", c.reason),
        Act::SubmitPlan(_) => format!("submitted {}", of("Construction Plan")),
        Act::SubmitAmendment(_) => format!("submitted an amendment of {}", of("plan")),
        Act::AcceptAmendment(c) => because(format!("accepted the amendment of {s}"), &c.reason),
        Act::RejectAmendment(c) => format!("rejected the amendment of {s}: {}", c.reason),
        Act::SubmitScheme(_) => format!("submitted {}", of("implementation scheme")),
        Act::ApproveScheme(c) => because(format!("approved the scheme of {s}"), &c.reason),
        Act::ReturnScheme(c) => format!("returned the scheme of {s}: {}", c.reason),
        Act::RejectScheme(c) => format!("rejected the scheme of {s}: {}", c.reason),
        Act::ReportProgress(c) => progressed(words, c),
        Act::RequestAdjustment(c) => adjusting(words, c),
        Act::ApproveAdjustment(c) => because(format!("granted {s} {change}"), &c.reason),
        Act::RejectAdjustment(c) => format!("refused {s} {change}: {}", c.reason),
        Act::DeclareExit(c) => format!("declared {}: {}", of("exit"), c.reason),
        Act::SubmitPromotionPlan(_) => {
            format!("submitted {}", of("comprehensive strength promotion plan"))
        }
        Act::Designate(c) => {
            format!("designated {} of {s}: {}", words.outcome(&c.designates), c.text)
        }
        Act::SubmitReport(c) => format!("submitted {} on the year {}", of("report"), c.year),
        Act::Inspect(inspection) => inspected(words, inspection),
        Act::EvaluateAnnually(c) => format!("evaluated {s} for the year {}: {}", c.year, c.result),
        Act::OpenEvaluation(c) => format!("opened the stage evaluation of {s}: {}", c.scope),
        Act::List(c) => local::listed(words, c, &words.label(Phases, &c.rank)),
        Act::Accept(check) => accepted(words, check),
        Act::Confirm(_) => format!("confirmed the title of {s}"),
        Act::RequestAcceptance(_) => "asked for another check and acceptance".to_owned(),
        Act::ReportRectification(_) => rectified(words),
        Act::Review(c) => {
            format!("reviewed the title of {s} with the result “{}”", words.outcome(&c.result))
        }
        Act::EndStanding(c) => format!("ended the standing of {s}: {}", c.reason),
        Act::ConfirmStanding(c) => {
            because(format!("confirmed the standing of {s} known from evidence"), &c.reason)
        }
        Act::AcknowledgeReceipt(c) => acknowledged(s, c),
        Act::Correct(correction) => corrected(words, correction),
        Act::RecordGuidance(c) => format!("gave guidance to {s}: {}", c.text),
        Act::RecordSupport(c) => supported(words, c),
        Act::RecordInterpretation(c) => format!("interpreted {} for {s}: {}", c.article, c.text),
        Act::RecordArrangement(c) => arranged(words, c),
        Act::RecordIndicatorSystem(c) => indicators(s, c),
        Act::AttestStanding(_)
        | Act::Note(_)
        | Act::RecordUnderUnknownRule(_)
        | Act::RecordListComplete(_) => recorded(words, act),
        Act::File(_)
        | Act::Conclude(_)
        | Act::StateProject(_)
        | Act::RecordProjectResult(_)
        | Act::ReportWork(_)
        | Act::EvaluatePerformance(_)
        | Act::Evaluate(_)
        | Act::RecordDeliverable(_)
        | Act::RecordFigure(_) => local::done(words, act),
    }
}

/// What the registrar records without acting, as a correction repeats it.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other act has its own words")]
fn recorded(words: &Words<'_>, act: &Act) -> String {
    let s = words.subject;
    match act {
        Act::AttestStanding(c) => {
            let node = words.node(&c.stands_at);
            format!("recorded from evidence that {s} stood at “{node}”: {}", c.source)
        }
        Act::RecordListComplete(c) => {
            format!("recorded that the list of who takes part in {s} is complete: {}", c.source)
        }
        Act::Note(c) => format!("noted of {s}: {}", c.text),
        Act::RecordUnderUnknownRule(c) => {
            format!("recorded of {s}, under a rule that is not known: {}", c.what)
        }
        _ => String::new(),
    }
}

/// From when something counts: `from 15 January 2027`, `from a day in January 2027`.
pub(super) fn from(date: &CivilDate) -> String {
    let in_span = !date.is_day() && date.earliest().is_some();
    let a_day_in = if in_span { "a day in " } else { "" };
    format!("from {a_day_in}{}", words::date(date, EN))
}

/// An office's name within a sentence. The national office's and a province's are names; the others
/// say what they are.
pub(super) fn with_article(name: &str, office: Office) -> String {
    let is_name = matches!(office, Office::NationalOffice | Office::Province | Office::Docket);
    if is_name || name.starts_with("the ") || name.starts_with("The ") {
        return name.to_owned();
    }
    match name.strip_prefix("Local people's government") {
        Some(rest) => format!("the local people's government{rest}"),
        None => format!("the {name}"),
    }
}

fn supported(words: &Words<'_>, support: &Support) -> String {
    let amount = support.amount.as_ref().map(|amount| format!(", {amount}")).unwrap_or_default();
    let kind = words.outcome(&support.kind);
    format!("gave support to {} ({kind}{amount}): {}", words.subject, support.text)
}

fn indicators(s: &str, system: &IndicatorSystem) -> String {
    because(format!("set up the indicator system of {s}, “{}”", system.title), &system.text)
}

fn arranged(words: &Words<'_>, arrangement: &Arrangement) -> String {
    let year = arrangement.year.map(|year| format!(" for {year}")).unwrap_or_default();
    let kind = words.outcome(&arrangement.kind);
    format!("made an arrangement for {} ({kind}){year}: {}", words.subject, arrangement.text)
}

fn because(text: String, reason: &Option<NonBlank>) -> String {
    match reason {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}

fn applied(words: &Words<'_>, apply: &Application) -> String {
    let mut text = if words.is_own() {
        "applied".to_owned()
    } else {
        format!("applied for {}", words.subject)
    };
    if let Some(category) = &apply.category {
        text.push_str(&format!(" in the category “{}”", words.label(Categories, category)));
    }
    if let Some(rank) = &apply.rank {
        text.push_str(&format!(" as “{}”", words.label(Phases, rank)));
    }
    text
}

fn approved(subject: &str, approval: &Approval) -> String {
    let round = approval.round.as_deref().map(|text| format!(" in {}", round(text, EN)));
    let batch = approval.batch.as_deref().map(|text| format!(" in {}", batch(text, EN)));
    let (round, batch) = (round.unwrap_or_default(), batch.unwrap_or_default());
    format!("approved the application of {subject}{round}{batch}")
}

fn inspected(words: &Words<'_>, inspection: &Inspection) -> String {
    let following = inspection
        .follows
        .as_ref()
        .map(|report| format!(" following its report (revision {})", report.revision))
        .unwrap_or_default();
    let conditions: String = inspection
        .base_conditions
        .iter()
        .map(|(id, found)| format!("; {}: {found}", words.label(BaseConditions, id)))
        .collect();
    format!("inspected {}{following}: {}{conditions}", words.subject, inspection.findings)
}

fn rectified(words: &Words<'_>) -> String {
    if words.is_own() {
        return "reported its rectification as done".to_owned();
    }
    format!("reported the rectification of {} as done", words.subject)
}

fn progressed(words: &Words<'_>, progress: &Progress) -> String {
    let (s, task, text) = (words.subject, words.label(Tasks, &progress.task), &progress.text);
    let whose =
        if words.is_own() { "its progress".to_owned() } else { format!("the progress of {s}") };
    format!("reported {whose} on “{task}”: {text}")
}

fn acknowledged(subject: &str, receipt: &Receipt) -> String {
    let (of, received) = (receipt.of.revision, day(receipt.receipt_on, EN));
    format!("acknowledged that revision {of} of {subject} was received on {received}")
}

fn accepted(words: &Words<'_>, check: &AcceptanceCheck) -> String {
    let (subject, result) = (words.subject, words.outcome(&check.result));
    let against = check
        .plan_version
        .map(|version| format!(", measured against version {version} of its plan"))
        .unwrap_or_default();
    format!("decided the check and acceptance of {subject} as “{result}”{against}")
}

fn adjusting(words: &Words<'_>, request: &AdjustmentRequest) -> String {
    let category = words.label(Categories, &request.category);
    let whom =
        if words.is_own() { "to move".to_owned() } else { format!("to move {}", words.subject) };
    format!("asked {whom} to the category “{category}”: {}", request.reason)
}

fn corrected(words: &Words<'_>, correction: &Correction) -> String {
    let reason = correction.reason.trim_end_matches(['.', '。']);
    let revision = correction.corrects.revision;
    let subject = words.subject;
    let said = words.corrected().map(|said| format!(" (“{said}”)")).unwrap_or_default();
    match &correction.replacement {
        None if words.corrects_correction() => format!(
            "annulled the correction at revision {revision} of {subject}{said}, so that what it corrected stands again: {reason}"
        ),
        None => format!("annulled revision {revision} of {subject}{said}: {reason}"),
        Some(mended) => format!(
            "corrected revision {revision} of {subject}{said}: {reason}; it should say that the office, {}, {}",
            when(&mended.common.effective_on, EN),
            done(words, &mended.act),
        ),
    }
}
