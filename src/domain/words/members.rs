//! What the members of an act are called in Chinese, for answers that say where one is wrong.

/// The Chinese name of the member at a JSON Pointer, with the number of an entry of a list; nothing
/// for a member that is not known here.
pub fn member(pointer: &str) -> Option<String> {
    let mut said = String::new();
    for part in pointer.split('/').filter(|part| !part.is_empty()) {
        match (part.parse::<usize>(), name(part)) {
            (Ok(index), _) => said.push_str(&format!("第{}项", index + 1)),
            (Err(_), Some(name)) => said.push_str(name),
            // What the act's author named himself, or a measure: the text says which.
            (Err(_), None) => {}
        }
    }
    (!said.is_empty()).then_some(said)
}

fn name(member: &str) -> Option<&'static str> {
    Some(match member {
        "act" => "行为",
        "amount" => "数额",
        "applicant_kind" => "申报主体类别",
        "archive" => "档案补录",
        "batch" => "批次",
        "category" => "类型",
        "base_conditions" => "基础条件",
        "confidence" => "可信程度",
        "contents" => "方案内容",
        "corrects" => "所更正的记录",
        "day" => "日期",
        "decided_on" => "决定日期",
        "designates" => "明确事项",
        "digest" => "摘要",
        "document" => "文件",
        "effective_on" => "生效日期",
        "explanation" => "修改说明",
        "findings" => "结论",
        "follows" => "所依据的报告",
        "guidelines" => "工作指引任务",
        "indicators" => "指标",
        "issuing_office" => "发文机关",
        "justification" => "理由",
        "kept_since" => "记录完整起始日",
        "kind" => "类别",
        "materials" => "材料",
        "media_type" => "文件格式",
        "name" => "名称",
        "next_year_plan" => "下一年度工作安排",
        "number" => "文号",
        "of" => "所收到的记录",
        "office" => "机关",
        "opinion" => "意见",
        "override" => "突破名额",
        "plan" => "方案",
        "plan_version" => "方案版本",
        "province" => "所在省",
        "rank" => "档次",
        "reason" => "理由",
        "receipt_on" => "收到日期",
        "received_on" => "收到日期",
        "rectify_by" => "整改期限",
        "replacement" => "更正后的内容",
        "reported_by" => "报道来源",
        "requirements" => "申报条件",
        "result" => "结果",
        "round" => "年度",
        "scope" => "评估范围",
        "shows" => "佐证内容",
        "source" => "来源",
        "stands_at" => "所处阶段",
        "summary" => "摘要内容",
        "task" | "tasks" => "任务",
        "text" => "文字",
        "title" => "标题",
        "title_from" => "称号起始日",
        "what" => "事项",
        "year" => "年度",
        "zones" | "zone" => "所属区域",
        "id" => "标识",
        "code" => "代码",
        "code_revision" => "代码版本",
        "responsible_office" => "负责机关",
        "invented" => "虚构标志",
        _ => return of_persons(member),
    })
}

/// Members of persons, and of what is decided of their data.
fn of_persons(member: &str) -> Option<&'static str> {
    Some(match member {
        "persons" => "联系人或签署人",
        "data_subject" => "信息主体标识",
        "role" => "身份",
        "position" => "职务",
        "telephone" => "电话",
        "email" => "电子邮箱",
        "ground" => "删除依据",
        "statement" => "说明",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn a_place_in_an_act_is_said_in_chinese() {
        assert_eq!(member("/kept_since/day").as_deref(), Some("记录完整起始日日期"));
        assert_eq!(member("/materials/0/name").as_deref(), Some("材料第1项名称"));
        assert_eq!(member("/tasks/basic_ability").as_deref(), Some("任务"));
        assert_eq!(member(""), None);
    }
}
