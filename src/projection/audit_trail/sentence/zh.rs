//! What was done, in Chinese: follows the office's name.

use super::super::dates::{date, when};
use super::Words;
use crate::domain::act::{
    AcceptanceCheck, Act, Application, Approval, Attestation, Correction, Designation,
};
use crate::domain::ids::{Language, Provenance};
use crate::domain::text::Said;

pub(super) fn done(words: &Words<'_>, act: &Act) -> String {
    let s = words.subject;
    match act {
        Act::Apply(apply) => applied(words, apply),
        Act::Recommend(_) => format!("核实并推荐了{s}的申请"),
        Act::Return(c) => format!("退回了{s}的申请：{}", c.reason),
        Act::Approve(approval) => approved(s, approval),
        Act::Reject(c) => format!("对{s}的申请不予批准：{}", c.reason),
        Act::SubmitPlan(_) => format!("提交了{s}的建设方案"),
        Act::SubmitAmendment(_) => format!("提交了{s}建设方案的修改"),
        Act::AcceptAmendment(c) => because(format!("接受了{s}的方案修改"), &c.reason),
        Act::RejectAmendment(c) => format!("未接受{s}的方案修改：{}", c.reason),
        Act::SubmitScheme(_) => format!("提交了{s}的实施方案"),
        Act::ApproveScheme(c) => because(format!("批准了{s}的实施方案"), &c.reason),
        Act::ReturnScheme(c) => format!("退回了{s}的实施方案：{}", c.reason),
        Act::RejectScheme(c) => format!("对{s}的实施方案不予批准：{}", c.reason),
        Act::ReportProgress(c) => {
            format!("报告了{s}在“{}”方面的进展：{}", words.task(&c.task), c.text)
        }
        Act::RequestAdjustment(c) => {
            format!("申请将{s}调整为“{}”类别：{}", words.category(&c.category), c.reason)
        }
        Act::ApproveAdjustment(c) => because(format!("同意{s}调整类别"), &c.reason),
        Act::RejectAdjustment(c) => format!("不同意{s}调整类别：{}", c.reason),
        Act::DeclareExit(c) => format!("声明{s}退出：{}", c.reason),
        Act::SubmitPromotionPlan(_) => format!("提交了{s}的综合实力提升计划"),
        Act::Designate(c) => designated(s, c),
        Act::SubmitReport(c) => format!("提交了{s} {} 年度工作报告", c.year),
        Act::Inspect(c) => match &c.follows {
            Some(report) => {
                format!("根据{s}的报告（修订号 {}）进行了检查：{}", report.revision, c.findings)
            }
            None => format!("检查了{s}：{}", c.findings),
        },
        Act::EvaluateAnnually(c) => format!("对{s} {} 年度工作作出评价：{}", c.year, c.result),
        Act::OpenEvaluation(c) => format!("启动了{s}的阶段评估：{}", c.scope),
        Act::Evaluate(c) => {
            format!("评估了{s}，结果为“{}”：{}", words.result(&c.result), c.findings)
        }
        Act::List(c) => format!("将{s}列为“{}”（{}）", words.phase(&c.rank), c.batch),
        Act::Accept(check) => accepted(words, check),
        Act::Confirm(_) => format!("确认了{s}的称号"),
        Act::RequestAcceptance(_) => format!("申请对{s}再次验收"),
        Act::ReportRectification(_) => format!("报告{s}已完成整改"),
        Act::Review(c) => format!("复核了{s}的称号，结果为“{}”", words.result(&c.result)),
        Act::EndStanding(c) => format!("终止了{s}的资格：{}", c.reason),
        Act::RecordDeliverable(c) => format!("记录了{s}的一项成果：{}", c.title),
        Act::Note(c) => format!("就{s}备注：{}", c.text),
        Act::AttestStanding(c) => attested(words, c),
        Act::ConfirmStanding(c) => because(format!("确认了{s}凭证据记录的状态"), &c.reason),
        Act::RecordUnderUnknownRule(c) => {
            format!("在规则不明的情况下记录了{s}的一项行为：{}", c.what)
        }
        Act::AcknowledgeReceipt(c) => {
            let received = date(&c.receipt_on.into(), Language::Zh);
            format!("确认{s}的修订号 {} 于{received}收到", c.of.revision)
        }
        Act::Correct(correction) => corrected(words, correction),
    }
}

fn because(text: String, reason: &Option<Said>) -> String {
    match reason {
        Some(reason) => format!("{text}：{reason}"),
        None => text,
    }
}

fn applied(words: &Words<'_>, apply: &Application) -> String {
    let mut text = format!("为{}提出申请", words.subject);
    if let Some(category) = &apply.category {
        text.push_str(&format!("，类别为“{}”", words.category(category)));
    }
    if let Some(rank) = &apply.rank {
        text.push_str(&format!("，申报“{}”", words.phase(rank)));
    }
    text
}

fn approved(subject: &str, approval: &Approval) -> String {
    let round = approval.round.as_ref().map(|round| format!("（{round} 年度）"));
    let batch = approval.batch.as_ref().map(|batch| format!("（批次：{batch}）"));
    format!("批准了{subject}的申请{}{}", round.unwrap_or_default(), batch.unwrap_or_default())
}

fn designated(subject: &str, designation: &Designation) -> String {
    let what = match designation.designates.as_str() {
        "department" => "主管部门",
        "agencies" => "工作机构",
        "personnel" => "人员",
        "funds" => "经费",
        other => other,
    };
    format!("明确了{subject}的{what}：{}", designation.text)
}

fn accepted(words: &Words<'_>, check: &AcceptanceCheck) -> String {
    let against = check
        .plan_version
        .map(|version| format!("，依据其方案第 {version} 版"))
        .unwrap_or_default();
    format!("对{}作出验收结论“{}”{against}", words.subject, words.result(&check.result))
}

fn attested(words: &Words<'_>, attestation: &Attestation) -> String {
    let how = match attestation.confidence {
        Provenance::Recorded | Provenance::Attested => "凭证据记录",
        Provenance::Inferred => "由证据推知",
    };
    let node = words.node(&attestation.stands_at);
    format!("{how}{}处于“{node}”：{}", words.subject, attestation.source)
}

fn corrected(words: &Words<'_>, correction: &Correction) -> String {
    let (revision, subject) = (correction.corrects.revision, words.subject);
    match &correction.replacement {
        None => format!("撤销了{subject}的修订号 {revision}：{}", correction.reason),
        Some(mended) => format!(
            "更正了{subject}的修订号 {revision}：{}；应为：{}，原机关{}",
            correction.reason,
            when(&mended.common.effective_on, Language::Zh),
            done(words, &mended.act),
        ),
    }
}
