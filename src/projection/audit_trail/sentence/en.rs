//! What was done, in English: follows the office's name.

use super::super::dates::date;
use super::Words;
use crate::domain::act::{
    AcceptanceCheck, Act, Application, Approval, Attestation, Correction, Designation, Inspection,
};
use crate::domain::ids::{Language, Provenance};
use crate::domain::text::Said;

pub(super) fn done(words: &Words<'_>, act: &Act) -> String {
    let s = words.subject;
    match act {
        Act::Apply(apply) => applied(words, apply),
        Act::Recommend(_) => format!("verified and recommended the application of {s}"),
        Act::Return(c) => format!("returned the application of {s}: {}", c.reason),
        Act::Approve(approval) => approved(s, approval),
        Act::Reject(c) => format!("rejected the application of {s}: {}", c.reason),
        Act::SubmitPlan(_) => format!("submitted the Construction Plan of {s}"),
        Act::SubmitAmendment(_) => format!("submitted an amendment of the plan of {s}"),
        Act::AcceptAmendment(c) => because(format!("accepted the amendment of {s}"), &c.reason),
        Act::RejectAmendment(c) => format!("rejected the amendment of {s}: {}", c.reason),
        Act::SubmitScheme(_) => format!("submitted the implementation scheme of {s}"),
        Act::ApproveScheme(c) => because(format!("approved the scheme of {s}"), &c.reason),
        Act::ReturnScheme(c) => format!("returned the scheme of {s}: {}", c.reason),
        Act::RejectScheme(c) => format!("rejected the scheme of {s}: {}", c.reason),
        Act::ReportProgress(c) => {
            format!("reported progress of {s} on “{}”: {}", words.task(&c.task), c.text)
        }
        Act::RequestAdjustment(c) => {
            let category = words.category(&c.category);
            format!("asked to move {s} to the category “{category}”: {}", c.reason)
        }
        Act::ApproveAdjustment(c) => {
            because(format!("granted {s} the change of its category"), &c.reason)
        }
        Act::RejectAdjustment(c) => {
            format!("refused {s} the change of its category: {}", c.reason)
        }
        Act::DeclareExit(c) => format!("declared the exit of {s}: {}", c.reason),
        Act::SubmitPromotionPlan(_) => {
            format!("submitted the comprehensive strength promotion plan of {s}")
        }
        Act::Designate(c) => designated(s, c),
        Act::SubmitReport(c) => format!("submitted the report of {s} on the year {}", c.year),
        Act::Inspect(inspection) => inspected(s, inspection),
        Act::EvaluateAnnually(c) => format!("evaluated {s} for the year {}: {}", c.year, c.result),
        Act::OpenEvaluation(c) => format!("opened the stage evaluation of {s}: {}", c.scope),
        Act::Evaluate(c) => {
            format!("evaluated {s} with the result “{}”: {}", words.result(&c.result), c.findings)
        }
        Act::List(c) => format!("listed {s} as “{}” in batch {}", words.phase(&c.rank), c.batch),
        Act::Accept(check) => accepted(words, check),
        Act::Confirm(_) => format!("confirmed the title of {s}"),
        Act::RequestAcceptance(_) => format!("asked for another check and acceptance of {s}"),
        Act::ReportRectification(_) => format!("reported the rectification of {s} as done"),
        Act::Review(c) => {
            format!("reviewed the title of {s} with the result “{}”", words.result(&c.result))
        }
        Act::EndStanding(c) => format!("ended the standing of {s}: {}", c.reason),
        Act::RecordDeliverable(c) => format!("recorded a deliverable of {s}: {}", c.title),
        Act::Note(c) => format!("noted on {s}: {}", c.text),
        Act::AttestStanding(c) => attested(words, c),
        Act::ConfirmStanding(c) => {
            because(format!("confirmed the standing of {s} known from evidence"), &c.reason)
        }
        Act::RecordUnderUnknownRule(c) => {
            format!("recorded for {s}, under a rule that is not known: {}", c.what)
        }
        Act::AcknowledgeReceipt(c) => {
            let received = date(&c.receipt_on.into(), Language::En);
            let of = c.of.revision;
            format!("acknowledged that revision {of} of {s} was received on {received}")
        }
        Act::Correct(correction) => corrected(words, correction),
    }
}

fn because(text: String, reason: &Option<Said>) -> String {
    match reason {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}

fn applied(words: &Words<'_>, apply: &Application) -> String {
    let mut text = format!("applied for {}", words.subject);
    if let Some(category) = &apply.category {
        text.push_str(&format!(" in the category “{}”", words.category(category)));
    }
    if let Some(rank) = &apply.rank {
        text.push_str(&format!(" as “{}”", words.phase(rank)));
    }
    text
}

fn approved(subject: &str, approval: &Approval) -> String {
    let round = approval.round.as_ref().map(|round| format!(" in the round of {round}"));
    let batch = approval.batch.as_ref().map(|batch| format!(" in batch {batch}"));
    let (round, batch) = (round.unwrap_or_default(), batch.unwrap_or_default());
    format!("approved the application of {subject}{round}{batch}")
}

fn designated(subject: &str, designation: &Designation) -> String {
    let what = match designation.designates.as_str() {
        "department" => "the department in charge",
        other => other,
    };
    format!("designated {what} of {subject}: {}", designation.text)
}

fn inspected(subject: &str, inspection: &Inspection) -> String {
    let following = inspection
        .follows
        .as_ref()
        .map(|report| format!(" following its report (revision {})", report.revision))
        .unwrap_or_default();
    format!("inspected {subject}{following}: {}", inspection.findings)
}

fn accepted(words: &Words<'_>, check: &AcceptanceCheck) -> String {
    let (subject, result) = (words.subject, words.result(&check.result));
    let against = check
        .plan_version
        .map(|version| format!(", measured against version {version} of its plan"))
        .unwrap_or_default();
    format!("decided the check and acceptance of {subject} as “{result}”{against}")
}

fn attested(words: &Words<'_>, attestation: &Attestation) -> String {
    let how = match attestation.confidence {
        Provenance::Recorded | Provenance::Attested => "recorded from evidence",
        Provenance::Inferred => "inferred from evidence",
    };
    let (subject, node) = (words.subject, words.node(&attestation.stands_at));
    format!("{how} that {subject} stood at “{node}”: {}", attestation.source)
}

fn corrected(words: &Words<'_>, correction: &Correction) -> String {
    let (revision, subject) = (correction.corrects.revision, words.subject);
    match &correction.replacement {
        None => format!("annulled revision {revision} of {subject}: {}", correction.reason),
        Some(mended) => format!(
            "corrected revision {revision} of {subject}: {}; it should say that the office, {}, {}",
            correction.reason,
            super::when(&mended.common.effective_on, Language::En).to_lowercase_first(),
            done(words, &mended.act),
        ),
    }
}

trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for String {
    /// `On 30 November 2014` within a sentence.
    fn to_lowercase_first(&self) -> String {
        let mut letters = self.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    }
}
