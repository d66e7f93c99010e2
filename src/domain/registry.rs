//! The one registry of acts and event types: names, the kind of stream that each event stands in, its
//! version, its body, and what people call it in both languages (rule G8).
//!
//! A new act is one entry here, its content in `act/content.rs`, and its words in the audit trail; a
//! new event of Docket's own is one entry and its body. Everything that lists types takes them from
//! here: stored bytes, schemas, counters, filters, labels. Acts of an enrollment can also be done for
//! a program as a whole, in its own stream, where its measure says so. A new shape of a type's data is the next
//! version here, with its upcast in `codec/upcast.rs`.
//!
//! The table is a macro that hands itself to another, which makes of it what it needs where the
//! bodies are known.

use super::ids::Language;

/// What something fixed is called, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// English.
    pub en: &'static str,
    /// Chinese (zh-CN).
    pub zh: &'static str,
}

impl Label {
    /// The label in one language.
    pub fn get(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }
}

/// Acts as `Act(Content) "name" ("Label", "名称") => Event version ("Label", "名称")`, events that no
/// act becomes as `Event(Body) version ("Label", "名称")`, both by the kind of stream they stand in.
macro_rules! registry {
    ($with:ident) => {
        $with! {
            acts of Enrollment {
                /// Applies to take part in the program.
                Apply(Application) "apply" ("Apply", "申报")
                    => Applied 1 ("Applied", "已申报");
                /// Recommends an application after verifying it.
                Recommend(Recommendation) "recommend" ("Recommend", "推荐")
                    => Recommended 1 ("Recommended", "已推荐");
                /// Returns an application.
                Return(Declined) "return" ("Return", "退回")
                    => Returned 1 ("Returned", "已退回");
                /// Approves an application.
                Approve(Approval) "approve" ("Approve", "批准")
                    => Approved 2 ("Approved", "已批准");
                /// Rejects an application.
                Reject(Declined) "reject" ("Reject", "不予批准")
                    => Rejected 1 ("Rejected", "未予批准");
                /// Submits the construction plan.
                SubmitPlan(Plan) "submit_plan" ("Submit the plan", "提交建设方案")
                    => PlanSubmitted 1 ("Plan submitted", "已提交建设方案");
                /// Submits an amendment of the plan.
                SubmitAmendment(Amendment) "submit_amendment" ("Submit an amendment", "提交方案修改")
                    => AmendmentSubmitted 1 ("Amendment submitted", "已提交方案修改");
                /// Accepts an amendment of the plan.
                AcceptAmendment(Decision) "accept_amendment" ("Accept the amendment", "同意方案修改")
                    => AmendmentAccepted 1 ("Amendment accepted", "已同意方案修改");
                /// Rejects an amendment of the plan.
                RejectAmendment(Reasoned) "reject_amendment" ("Reject the amendment", "不同意方案修改")
                    => AmendmentRejected 1 ("Amendment rejected", "未同意方案修改");
                /// Submits the implementation scheme.
                SubmitScheme(Scheme) "submit_scheme" ("Submit the scheme", "提交实施方案")
                    => SchemeSubmitted 1 ("Scheme submitted", "已提交实施方案");
                /// Approves the implementation scheme.
                ApproveScheme(Decision) "approve_scheme" ("Approve the scheme", "批准实施方案")
                    => SchemeApproved 1 ("Scheme approved", "已批准实施方案");
                /// Returns the implementation scheme.
                ReturnScheme(Reasoned) "return_scheme" ("Return the scheme", "退回实施方案")
                    => SchemeReturned 1 ("Scheme returned", "已退回实施方案");
                /// Rejects the implementation scheme.
                RejectScheme(Reasoned) "reject_scheme" ("Reject the scheme", "不予批准实施方案")
                    => SchemeRejected 1 ("Scheme rejected", "未予批准实施方案");
                /// Reports progress on a main task.
                ReportProgress(Progress) "report_progress" ("Report progress", "报告进展")
                    => ProgressReported 1 ("Progress reported", "已报告进展");
                /// Asks for another category.
                RequestAdjustment(AdjustmentRequest) "request_adjustment"
                    ("Request an adjustment", "申请调整类型")
                    => AdjustmentRequested 1 ("Adjustment requested", "已申请调整类型");
                /// Grants another category.
                ApproveAdjustment(Decision) "approve_adjustment"
                    ("Approve the adjustment", "同意调整类型")
                    => AdjustmentApproved 1 ("Adjustment approved", "已同意调整类型");
                /// Refuses another category.
                RejectAdjustment(Reasoned) "reject_adjustment"
                    ("Reject the adjustment", "不同意调整类型")
                    => AdjustmentRejected 1 ("Adjustment rejected", "未同意调整类型");
                /// Declares the exit.
                DeclareExit(Reasoned) "declare_exit" ("Declare the exit", "声明退出")
                    => ExitDeclared 1 ("Exit declared", "已声明退出");
                /// Submits a comprehensive strength promotion plan.
                SubmitPromotionPlan(PromotionPlan) "submit_promotion_plan"
                    ("Submit a promotion plan", "提交综合实力提升计划")
                    => PromotionPlanSubmitted 1 ("Promotion plan submitted", "已提交综合实力提升计划");
                /// Designates a department, agencies, personnel or funds.
                Designate(Designation) "designate" ("Designate", "明确机构、人员、经费")
                    => Designated 1 ("Designated", "已明确机构、人员、经费");
                /// Submits the report on a year.
                SubmitReport(Report) "submit_report" ("Submit the annual report", "提交年度工作报告")
                    => ReportSubmitted 1 ("Annual report submitted", "已提交年度工作报告");
                /// Inspects.
                Inspect(Inspection) "inspect" ("Inspect", "检查")
                    => Inspected 1 ("Inspected", "已检查");
                /// Evaluates a year.
                EvaluateAnnually(AnnualEvaluation) "evaluate_annually" ("Evaluate the year", "年度评价")
                    => AnnuallyEvaluated 1 ("Year evaluated", "已作年度评价");
                /// Opens a stage evaluation.
                OpenEvaluation(EvaluationOpening) "open_evaluation" ("Open the evaluation", "启动评估")
                    => EvaluationOpened 1 ("Evaluation opened", "已启动评估");
                /// Records the result of a stage evaluation.
                Evaluate(Evaluation) "evaluate" ("Evaluate", "评估")
                    => Evaluated 2 ("Evaluated", "已评估");
                /// Lists in a rank.
                List(Listing) "list" ("List", "列名")
                    => Listed 2 ("Listed", "已列名");
                /// Checks and accepts.
                Accept(AcceptanceCheck) "accept" ("Check and accept", "验收")
                    => AcceptanceDecided 1 ("Checked and accepted", "已验收");
                /// Confirms as demonstrative area.
                Confirm(Confirmation) "confirm" ("Confirm the title", "确认称号")
                    => TitleConfirmed 1 ("Title confirmed", "已确认称号");
                /// Asks for another check and acceptance.
                RequestAcceptance(Statement) "request_acceptance"
                    ("Request another acceptance", "申请再次验收")
                    => AcceptanceRequested 1 ("Another acceptance requested", "已申请再次验收");
                /// Reports that rectification is done.
                ReportRectification(Statement) "report_rectification"
                    ("Report the rectification", "报告整改情况")
                    => RectificationReported 1 ("Rectification reported", "已报告整改情况");
                /// Reviews the title.
                Review(Review) "review" ("Review", "复核")
                    => Reviewed 1 ("Reviewed", "已复核");
                /// Ends a standing by another document than the measure.
                EndStanding(Reasoned) "end_standing" ("End the standing", "终止资格")
                    => StandingEnded 1 ("Standing ended", "资格已终止");
                /// Records a deliverable.
                RecordDeliverable(Deliverable) "record_deliverable" ("Record a deliverable", "登记成果")
                    => DeliverableRecorded 2 ("Deliverable recorded", "已登记成果");
                /// Records guidance that an office gave.
                RecordGuidance(Statement) "record_guidance" ("Record guidance", "登记工作指导")
                    => GuidanceRecorded 1 ("Guidance recorded", "已登记工作指导");
                /// Records support that an office gave.
                RecordSupport(Support) "record_support" ("Record support", "登记支持事项")
                    => SupportRecorded 1 ("Support recorded", "已登记支持事项");
                /// Records how the office that may interpret the measure interprets an article.
                RecordInterpretation(Interpretation) "record_interpretation"
                    ("Record an interpretation", "登记条文解释")
                    => InterpretationRecorded 1 ("Interpretation recorded", "已登记条文解释");
                /// Records an arrangement of the office that leads the work.
                RecordArrangement(Arrangement) "record_arrangement"
                    ("Record an arrangement", "登记工作安排")
                    => ArrangementRecorded 1 ("Arrangement recorded", "已登记工作安排");
                /// Records a system of evaluation indicators.
                RecordIndicatorSystem(IndicatorSystem) "record_indicator_system"
                    ("Record the indicator system", "登记考核评价指标体系")
                    => IndicatorSystemRecorded 1 ("Indicator system recorded", "已登记考核评价指标体系");
                /// Files something, which asks for no approval.
                File(Filing) "file" ("File", "备案")
                    => Filed 1 ("Filed", "已备案");
                /// Concludes what a subject was selected for.
                Conclude(Decision) "conclude" ("Conclude", "结束")
                    => Concluded 1 ("Concluded", "已结束");
                /// States a project under a scheme.
                StateProject(Project) "state_project" ("State a project", "列报项目")
                    => ProjectStated 1 ("Project stated", "已列报项目");
                /// Records the result of a project.
                RecordProjectResult(ProjectResult) "record_project_result"
                    ("Record the result of a project", "登记项目结果")
                    => ProjectResultRecorded 1 ("Project result recorded", "已登记项目结果");
                /// Reports on the work, for no year.
                ReportWork(Statement) "report_work" ("Report on the work", "报告工作情况")
                    => WorkReported 1 ("Work reported", "已报告工作情况");
                /// Evaluates the performance by a set of indicators.
                EvaluatePerformance(Performance) "evaluate_performance"
                    ("Evaluate the performance", "绩效评价")
                    => PerformanceEvaluated 1 ("Performance evaluated", "已作绩效评价");
                /// Records a fact without effect.
                Note(Statement) "note" ("Note", "备注")
                    => Noted 1 ("Noted", "已备注");
                /// Records a standing known only from evidence.
                AttestStanding(Attestation) "attest_standing" ("Attest a standing", "补录状态")
                    => StandingAttested 2 ("Standing attested", "已补录状态");
                /// Confirms an attested standing.
                ConfirmStanding(Decision) "confirm_standing"
                    ("Confirm the attested standing", "确认补录状态")
                    => StandingConfirmed 1 ("Attested standing confirmed", "已确认补录状态");
                /// Records an act under a rule that is not known.
                RecordUnderUnknownRule(UnknownRule) "record_under_unknown_rule"
                    ("Record under an unknown rule", "依据不详补录")
                    => RecordedUnderUnknownRule 1 ("Recorded under an unknown rule", "已依据不详补录");
                /// Acknowledges the day on which another office's act was received.
                AcknowledgeReceipt(Receipt) "acknowledge_receipt" ("Acknowledge receipt", "确认收到")
                    => ReceiptAcknowledged 1 ("Receipt acknowledged", "已确认收到");
                /// Mends a wrong record.
                Correct(Correction) "correct" ("Correct", "更正")
                    => Corrected 1 ("Corrected", "已更正");
            }
            acts of Program {
                /// Records that the list of who takes part is complete as of a day.
                RecordListComplete(ListComplete) "record_list_complete"
                    ("Record that the list is complete", "登记名单完整")
                    => ListCompleteRecorded 1 ("List recorded as complete", "已登记名单完整");
                /// Records a figure of the program that names no subjects.
                RecordFigure(Figure) "record_figure" ("Record an aggregate figure", "登记汇总数据")
                    => FigureRecorded 1 ("Aggregate figure recorded", "已登记汇总数据");
            }
            own of Enrollment {
                ApprovalAbandoned(ApprovalAbandoned) 1 ("Approval abandoned", "审批已放弃");
                ObligationLapsed(ObligationLapsed) 1 ("Due date passed in silence", "逾期未收到");
                MeasureSucceeded(MeasureSucceeded) 1 ("A later version took hold", "适用新版办法");
            }
            own of Subject {
                SubjectRegistered(Registration) 1 ("Subject registered", "主体已登记");
                SubjectRenamed(Renaming) 1 ("Subject renamed", "主体已更名");
                SubjectCorrected(SubjectCorrected) 1 ("Registration corrected", "主体登记已更正");
            }
            own of Indicator {
                IndicatorRecorded(Observation) 1 ("Indicator recorded", "指标数据已登记");
                IndicatorCorrected(ObservationCorrected) 1 ("Indicator corrected", "指标数据已更正");
            }
            own of Quota {
                PlaceReserved(PlaceReserved) 1 ("Place reserved", "名额已预留");
                ReservationReleased(ReservationReleased) 1 ("Reservation released", "名额预留已释放");
                PlacesRestated(PlacesRestated) 1 ("Places restated", "名额占用已更新");
            }
            own of Log {
                LogCreated(LogCreated) 1 ("Log created", "日志已建立");
                LossAccepted(LossAccepted) 1 ("Loss accepted", "记录丢失已确认");
                KeyRotated(KeyRotated) 1 ("Key rotated", "签名密钥已更换");
                ClockConfirmed(ClockConfirmed) 1 ("Clock confirmed", "时钟已确认");
            }
            own of Measure {
                MeasureAdopted(MeasureAdopted) 1 ("Measure adopted", "办法已采用");
            }
            own of Calendar {
                CalendarAdopted(CalendarAdopted) 1 ("Calendar adopted", "日历已采用");
            }
            own of Erasure {
                HoldPlaced(HoldPlaced) 1 ("Legal hold placed", "已依法要求保全");
                HoldLifted(HoldLifted) 1 ("Legal hold lifted", "已解除依法保全");
                PersonErased(PersonErased) 1 ("Personal data erased", "个人信息已删除");
            }
            own of Access {
                PersonOpened(PersonOpened) 1 ("Personal data opened", "个人信息已查看");
            }
        }
    };
}
pub(crate) use registry;
