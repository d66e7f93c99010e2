//! That what must be said in words is not left blank: a reason, an opinion, a finding, a source.

use super::Deciding;
use crate::domain::act::{Act, Common};
use crate::domain::refusal::{Refusal, field};
use crate::domain::text::says_something;

impl Deciding<'_> {
    /// Refuses texts that are stated and empty.
    pub(super) fn check_said(&self) -> Result<(), Refusal> {
        let mut said = content(&self.request.act);
        common(&self.request.common, &mut said);
        let blank = said.into_iter().filter(|(_, text)| !says_something(text));
        let errors: Vec<_> = blank
            .map(|(at, _)| field(at, "say it in words; this is blank", "须以文字说明，不得留空"))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(self.invalid(errors)) }
    }
}

fn common<'a>(common: &'a Common, said: &mut Vec<(String, &'a str)>) {
    if let Some(archive) = &common.archive {
        said.push(("/archive/source".to_owned(), &archive.source));
    }
    if let Some(kept) = &common.kept_since {
        said.push(("/kept_since/reason".to_owned(), &kept.reason));
    }
    if let Some(document) = &common.document {
        said.push(("/document/title".to_owned(), &document.title));
    }
    for (index, material) in common.materials.iter().enumerate() {
        said.push((format!("/materials/{index}/name"), &material.name));
    }
}

fn content(act: &Act) -> Vec<(String, &str)> {
    let one = |at: &str, text| vec![(at.to_owned(), text)];
    match act {
        Act::Apply(content) => {
            let justification = content.justification.as_deref();
            justification.map(|text| one("/justification", text)).unwrap_or_default()
        }
        Act::Recommend(content) => one("/opinion", &content.opinion),
        Act::Return(content)
        | Act::Reject(content)
        | Act::RejectAmendment(content)
        | Act::ReturnScheme(content)
        | Act::RejectScheme(content)
        | Act::RejectAdjustment(content)
        | Act::DeclareExit(content)
        | Act::EndStanding(content) => one("/reason", &content.reason),
        Act::SubmitAmendment(content) => {
            let mut said = one("/opinion", &content.opinion);
            said.extend(one("/explanation", &content.explanation));
            said
        }
        Act::SubmitScheme(content) => {
            let tasks = content.tasks.iter();
            tasks.map(|(task, text)| (format!("/tasks/{task}"), text.as_str())).collect()
        }
        Act::ReportProgress(content) => one("/text", &content.text),
        Act::RequestAdjustment(content) => one("/reason", &content.reason),
        Act::SubmitPromotionPlan(content) => one("/summary", &content.summary),
        Act::Designate(content) => one("/text", &content.text),
        Act::SubmitReport(content) => {
            let mut said = one("/summary", &content.summary);
            said.extend(one("/next_year_plan", &content.next_year_plan));
            said
        }
        Act::Inspect(content) => one("/findings", &content.findings),
        Act::EvaluateAnnually(content) => one("/result", &content.result),
        Act::OpenEvaluation(content) => one("/scope", &content.scope),
        Act::Evaluate(content) => one("/findings", &content.findings),
        Act::List(content) => one("/batch", &content.batch),
        Act::RequestAcceptance(content)
        | Act::ReportRectification(content)
        | Act::Note(content) => one("/text", &content.text),
        Act::Review(content) => one("/findings", &content.findings),
        Act::RecordDeliverable(content) => one("/title", &content.title),
        Act::AttestStanding(content) => one("/source", &content.source),
        Act::RecordUnderUnknownRule(content) => one("/what", &content.what),
        Act::Correct(content) => one("/reason", &content.reason),
        Act::Approve(_)
        | Act::SubmitPlan(_)
        | Act::AcceptAmendment(_)
        | Act::ApproveScheme(_)
        | Act::ApproveAdjustment(_)
        | Act::Accept(_)
        | Act::Confirm(_)
        | Act::ConfirmStanding(_)
        | Act::AcknowledgeReceipt(_) => Vec::new(),
    }
}
