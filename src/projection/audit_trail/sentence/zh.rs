//! What was done, in Chinese: follows the office's name.

use super::{Words, local};
use crate::domain::act::{
    AcceptanceCheck, Act, ActKind, AdjustmentRequest, Application, Approval, Arrangement,
    Correction, IndicatorSystem, Inspection, Receipt, Support,
};
use crate::domain::ids::{Id, Language};
use crate::domain::measure::Names::{BaseConditions, Categories, Phases, Tasks};
use crate::domain::text::NonBlank;
use crate::domain::words::{article, batch, day, round, when};

const ZH: Language = Language::Zh;

pub(super) fn done(words: &Words<'_>, act: &Act) -> String {
    let s = words.subject;
    let of = |what: &str| if words.is_own() { what.to_owned() } else { format!("{s}的{what}") };
    match act {
        Act::Apply(apply) => applied(words, apply),
        Act::Recommend(_) => format!("核实并推荐{s}的申报"),
        Act::Return(c) => format!("退回{s}的申报：{}", c.reason),
        Act::Approve(approval) => approved(s, approval),
        Act::Reject(c) => format!("不予批准{s}的申报：{}", c.reason),
        Act::SubmitPlan(_) => format!("提交{}", of("建设方案")),
        Act::SubmitAmendment(_) => format!("提交{}", of("建设方案修改意见")),
        Act::AcceptAmendment(c) => because(format!("接受{s}的建设方案修改意见"), &c.reason),
        Act::RejectAmendment(c) => format!("不接受{s}的建设方案修改意见：{}", c.reason),
        Act::SubmitScheme(_) => format!("提交{}", of("实施方案")),
        Act::ApproveScheme(c) => because(format!("批准{s}的实施方案"), &c.reason),
        Act::ReturnScheme(c) => format!("退回{s}的实施方案：{}", c.reason),
        Act::RejectScheme(c) => format!("不予批准{s}的实施方案：{}", c.reason),
        Act::ReportProgress(c) => {
            format!("报告“{}”任务的进展：{}", words.label(Tasks, &c.task), c.text)
        }
        Act::RequestAdjustment(c) => adjusting(words, c),
        Act::ApproveAdjustment(c) => because(format!("同意{s}调整类型"), &c.reason),
        Act::RejectAdjustment(c) => format!("不同意{s}调整类型：{}", c.reason),
        Act::DeclareExit(c) if words.is_own() => format!("声明退出：{}", c.reason),
        Act::DeclareExit(c) => format!("声明{s}退出：{}", c.reason),
        Act::SubmitPromotionPlan(_) => format!("提交{}", of("综合实力提升计划")),
        Act::Designate(c) => format!("明确{s}的{}：{}", words.outcome(&c.designates), c.text),
        Act::SubmitReport(c) => format!("报送{}", of(&format!("{}年度工作书面报告", c.year))),
        Act::Inspect(c) => inspected(words, c),
        Act::EvaluateAnnually(c) => format!("对{s}作出{}年度评价：{}", c.year, c.result),
        Act::OpenEvaluation(c) => format!("启动对{s}的阶段评估：{}", c.scope),
        Act::List(c) => local::listed(words, c, &rank(words, &c.rank)),
        Act::Accept(check) => accepted(words, check),
        Act::Confirm(_) => format!("确认{s}的称号"),
        Act::RequestAcceptance(_) if words.is_own() => "申请再次验收".to_owned(),
        Act::RequestAcceptance(_) => format!("申请对{s}再次验收"),
        Act::ReportRectification(_) if words.is_own() => "报告已完成整改".to_owned(),
        Act::ReportRectification(_) => format!("报告{s}已完成整改"),
        Act::Review(c) => format!("复核{s}的称号，结果为{}", words.outcome(&c.result)),
        Act::EndStanding(c) => format!("终止{s}的资格：{}", c.reason),
        Act::ConfirmStanding(c) => because(format!("确认{s}凭佐证记录的状态"), &c.reason),
        Act::AcknowledgeReceipt(c) => received(s, c),
        Act::Correct(correction) => corrected(words, correction),
        Act::AttestStanding(c) => {
            format!("据佐证材料补录{s}{}：{}", stood(&words.node(&c.stands_at)), c.source)
        }
        Act::RecordGuidance(c) => format!("对{s}进行工作指导：{}", c.text),
        Act::RecordSupport(c) => supported(words, c),
        Act::RecordInterpretation(c) => format!("解释{}：{}", article(&c.article, ZH), c.text),
        Act::RecordArrangement(c) => arranged(words, c),
        Act::RecordIndicatorSystem(c) => indicators(s, c),
        Act::RecordListComplete(c) => format!("登记{s}参加名单自该日起完整：{}", c.source),
        Act::Note(c) => format!("就{s}备注：{}", c.text),
        Act::RecordUnderUnknownRule(c) => format!("补录{s}的事项（适用规定不详）：{}", c.what),
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

fn received(subject: &str, receipt: &Receipt) -> String {
    let on = day(receipt.receipt_on, ZH);
    format!("确认{subject}修订号{}的材料于{on}收到", receipt.of.revision)
}

/// Whether an act is one that an office decides, in the words of a document; the rest is done.
pub(super) fn decides(act: ActKind) -> bool {
    matches!(
        act,
        ActKind::Approve
            | ActKind::Reject
            | ActKind::AcceptAmendment
            | ActKind::RejectAmendment
            | ActKind::ApproveScheme
            | ActKind::RejectScheme
            | ActKind::ApproveAdjustment
            | ActKind::RejectAdjustment
            | ActKind::List
            | ActKind::Confirm
            | ActKind::EndStanding
            | ActKind::Conclude
    )
}

/// How a subject stood, by the label of where it did.
pub(super) fn stood(label: &str) -> String {
    if label.contains(['，', '：']) {
        format!("处于“{label}”状态")
    } else if label.ends_with(['期', '中']) {
        format!("处于{label}")
    } else {
        format!("为{label}")
    }
}

/// A rank, of a province without the other divisions that can have it.
fn rank(words: &Words<'_>, id: &Id) -> String {
    let label = words.label(Phases, id);
    match label.strip_suffix("（区、市）") {
        Some(province) if words.subject.ends_with('省') => province.to_owned(),
        _ => label,
    }
}

fn supported(words: &Words<'_>, support: &Support) -> String {
    let amount = support.amount.as_ref().map(|amount| format!("，{amount}")).unwrap_or_default();
    let kind = words.outcome(&support.kind);
    format!("对{}给予支持（{kind}{amount}）：{}", words.subject, support.text)
}

fn indicators(s: &str, system: &IndicatorSystem) -> String {
    because(format!("建立{s}考核评价指标体系《{}》", system.title), &system.text)
}

fn arranged(words: &Words<'_>, arrangement: &Arrangement) -> String {
    let year = arrangement.year.map(|year| format!("{year}年度")).unwrap_or_default();
    let kind = words.outcome(&arrangement.kind);
    format!("就{}作出{year}工作安排（{kind}）：{}", words.subject, arrangement.text)
}

fn because(text: String, reason: &Option<NonBlank>) -> String {
    match reason {
        Some(reason) => format!("{text}：{reason}"),
        None => text,
    }
}

fn applied(words: &Words<'_>, apply: &Application) -> String {
    let mut text = if words.is_own() {
        "提出申报".to_owned()
    } else {
        format!("为{}提出申报", words.subject)
    };
    if let Some(category) = &apply.category {
        text.push_str(&format!("，类型为{}", words.label(Categories, category)));
    }
    if let Some(rank) = &apply.rank {
        text.push_str(&format!("，申报{}", self::rank(words, rank)));
    }
    text
}

fn approved(subject: &str, approval: &Approval) -> String {
    let round = approval.round.as_deref().map(|text| round(text, ZH));
    let batch = approval.batch.as_deref().map(|text| batch(text, ZH));
    let which: Vec<_> = round.into_iter().chain(batch).collect();
    let which =
        if which.is_empty() { String::new() } else { format!("（{}）", which.join("，")) };
    format!("批准{subject}的申报{which}")
}

fn adjusting(words: &Words<'_>, request: &AdjustmentRequest) -> String {
    let category = words.label(Categories, &request.category);
    let whom = if words.is_own() { String::new() } else { format!("将{}", words.subject) };
    format!("申请{whom}调整为{category}：{}", request.reason)
}

fn inspected(words: &Words<'_>, inspection: &Inspection) -> String {
    let subject = words.subject;
    let inspected = match &inspection.follows {
        Some(report) => {
            format!("根据{subject}的年度报告（修订号{}）进行检查", report.revision)
        }
        None => format!("检查{subject}"),
    };
    let conditions: String = inspection
        .base_conditions
        .iter()
        .map(|(id, found)| format!("；{}：{found}", words.label(BaseConditions, id)))
        .collect();
    format!("{inspected}：{}{conditions}", inspection.findings)
}

fn accepted(words: &Words<'_>, check: &AcceptanceCheck) -> String {
    let against = check
        .plan_version
        .map(|version| format!("，对照其建设方案第{version}版"))
        .unwrap_or_default();
    format!("对{}作出验收结论：{}{against}", words.subject, words.outcome(&check.result))
}

fn corrected(words: &Words<'_>, correction: &Correction) -> String {
    let reason = correction.reason.trim_end_matches(['.', '。']);
    let revision = correction.corrects.revision;
    let said = words.corrected();
    let wrong = said.map(|said| format!("（{said}）")).unwrap_or_default();
    match &correction.replacement {
        None if words.corrects_correction() => {
            format!("撤销修订号{revision}的更正{wrong}，恢复其所更正的记录：{reason}")
        }
        None => format!("撤销修订号{revision}的记录{wrong}：{reason}"),
        Some(mended) => format!(
            "更正修订号{revision}的记录{wrong}：{reason}；应为：{}{}",
            when(&mended.common.effective_on, ZH),
            done(words, &mended.act),
        ),
    }
}
