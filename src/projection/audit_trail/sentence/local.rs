//! What was done in the programs for cities, regions, centers and bases, in both languages: listings,
//! filings, projects, evaluations by indicators, figures.

use super::Words;
use crate::domain::act::{
    Act, Bound, Deliverable, Evaluation, Figure, Listing, Performance, Project, ProjectResult,
    StatedTerm,
};
use crate::domain::ids::{Id, Language};
use crate::domain::measure::Names;
use crate::domain::words::{batch, date, day, round, when};

/// What was done; nothing for acts that have their words elsewhere.
pub(super) fn done(words: &Words<'_>, act: &Act) -> String {
    let (s, language) = (words.subject, words.language);
    let because = |text: String, reason: Option<&str>| match reason {
        Some(reason) => format!("{text}{}{reason}", words.pick(": ", "：")),
        None => text,
    };
    match (act, language) {
        (Act::File(c), Language::En) => because(format!("filed {s}"), c.text.as_deref()),
        (Act::File(c), Language::Zh) => because(format!("将{s}备案"), c.text.as_deref()),
        (Act::Conclude(c), Language::En) => {
            because(format!("concluded the work of {s}"), c.reason.as_deref())
        }
        (Act::Conclude(c), Language::Zh) => {
            because(format!("结束{s}的相关工作"), c.reason.as_deref())
        }
        (Act::ReportWork(c), Language::En) if words.is_own() => {
            format!("reported on its work: {}", c.text)
        }
        (Act::ReportWork(c), Language::En) => format!("reported on the work of {s}: {}", c.text),
        (Act::ReportWork(c), Language::Zh) => format!("报告工作情况：{}", c.text),
        (Act::StateProject(c), _) => project(words, c),
        (Act::RecordProjectResult(c), _) => project_result(words, c),
        (Act::EvaluatePerformance(c), _) => performance(words, c),
        (Act::Evaluate(c), _) => evaluated(words, c),
        (Act::RecordDeliverable(c), _) => deliverable(words, c),
        (Act::RecordFigure(c), _) => figure(words, c),
        _ => String::new(),
    }
}

/// A listing, the rank as it is called of this subject.
pub(super) fn listed(words: &Words<'_>, listing: &Listing, rank: &str) -> String {
    let (s, language) = (words.subject, words.language);
    let theme = listing.theme.as_ref().map(|theme| match language {
        Language::En => format!("the theme “{theme}”"),
        Language::Zh => format!("主题为“{theme}”"),
    });
    let which = [
        listing.batch.as_deref().map(|text| batch(text, language)),
        listing.round.as_deref().map(|text| round(text, language)),
        theme,
    ];
    let which: Vec<String> = which.into_iter().flatten().collect();
    match (language, which.is_empty()) {
        (Language::En, true) => format!("listed {s} as “{rank}”"),
        (Language::En, false) => format!("listed {s} as “{rank}” in {}", which.join(", ")),
        (Language::Zh, true) => format!("将{s}列为{rank}"),
        (Language::Zh, false) => format!("将{s}列为{rank}（{}）", which.join("，")),
    }
}

/// What evidence shows beside a standing: its round, its theme, its term.
pub(super) fn evidenced(
    words: &Words<'_>,
    of_round: Option<&str>,
    theme: Option<&str>,
    term: Option<&StatedTerm>,
) -> Vec<String> {
    let language = words.language;
    let of_round = of_round.map(|text| match language {
        Language::En => format!("in {}", round(text, language)),
        Language::Zh => round(text, language),
    });
    let theme = theme.map(|theme| match language {
        Language::En => format!("with the theme “{theme}”"),
        Language::Zh => format!("主题为“{theme}”"),
    });
    let term = term.map(|term| {
        let (from, until) = (when(&term.from, language), when(&term.until, language));
        match language {
            Language::En => format!("for a term that begins {from} and ends {until}"),
            Language::Zh => format!("期限自{from}起，至{until}止"),
        }
    });
    [of_round, theme, term].into_iter().flatten().collect()
}

fn evaluated(words: &Words<'_>, evaluation: &Evaluation) -> String {
    let (s, result) = (words.subject, words.outcome(&evaluation.result));
    let said = match words.language {
        Language::En => {
            format!("evaluated {s} with the result “{result}”: {}", evaluation.findings)
        }
        Language::Zh => format!("评估{s}，结果为{result}：{}", evaluation.findings),
    };
    let (colon, semicolon) = (words.pick(": ", "："), words.pick("; ", "；"));
    let on = |id: &Id| words.label(Names::Characteristics, id);
    let found = evaluation.characteristics.iter();
    let found: String =
        found.map(|(id, text)| format!("{semicolon}{}{colon}{text}", on(id))).collect();
    format!("{said}{found}")
}

fn project(words: &Words<'_>, project: &Project) -> String {
    let language = words.language;
    let (title, owner, due) = (&project.title, &project.owner, day(project.due_on, language));
    let task = project.task.as_ref().map(|task| words.label(Names::Tasks, task));
    match (language, task) {
        (Language::En, None) => {
            format!("stated the project “{title}”, of which {owner} is in charge, due on {due}")
        }
        (Language::En, Some(task)) => format!(
            "stated the project “{title}” under “{task}”, of which {owner} is in charge, due on {due}"
        ),
        (Language::Zh, None) => {
            format!("列报项目“{title}”，责任单位：{owner}，完成期限：{due}")
        }
        (Language::Zh, Some(task)) => {
            format!("在“{task}”任务下列报项目“{title}”，责任单位：{owner}，完成期限：{due}")
        }
    }
}

fn project_result(words: &Words<'_>, project: &ProjectResult) -> String {
    let (by, result) = (project.of.revision, &project.result);
    match words.language {
        Language::En => format!("recorded the result of the project (revision {by}): {result}"),
        Language::Zh => format!("登记项目（修订号{by}）的结果：{result}"),
    }
}

fn performance(words: &Words<'_>, performance: &Performance) -> String {
    let (s, language) = (words.subject, words.language);
    let values = performance.indicators.iter().map(|(id, measured)| {
        let label = words.label(Names::Characteristics, id);
        match language {
            Language::En => format!("{label} {} {}", measured.value, measured.unit),
            Language::Zh => format!("{label}{}{}", measured.value, measured.unit),
        }
    });
    let values: Vec<String> = values.collect();
    let (period, findings) = (date(&performance.period, language), &performance.findings);
    match language {
        Language::En => format!(
            "evaluated the performance of {s} for {period} ({}): {findings}",
            values.join(", ")
        ),
        Language::Zh => {
            format!("对{s}{period}的绩效作出评价（{}）：{findings}", values.join("，"))
        }
    }
}

fn deliverable(words: &Words<'_>, deliverable: &Deliverable) -> String {
    let (s, title, language) = (words.subject, &deliverable.title, words.language);
    let version = deliverable.version.as_ref().map(|version| match language {
        Language::En => format!(" (version {version})"),
        Language::Zh => format!("（版本：{version}）"),
    });
    let version = version.unwrap_or_default();
    let draws_on = &deliverable.draws_on;
    let drawn = match (draws_on.len(), language) {
        (0, _) => String::new(),
        (1, Language::En) => ", which draws on one enrollment".to_owned(),
        (many, Language::En) => format!(", which draws on {many} enrollments"),
        (many, Language::Zh) => format!("，依据{many}个参加主体的情况形成"),
    };
    match (language, words.is_own()) {
        (Language::En, _) => format!("recorded a deliverable of {s}: {title}{version}{drawn}"),
        (Language::Zh, true) => format!("提交一项成果：{title}{version}{drawn}"),
        (Language::Zh, false) => format!("提交{s}的一项成果：{title}{version}{drawn}"),
    }
}

fn figure(words: &Words<'_>, figure: &Figure) -> String {
    let (s, counted, source) = (words.subject, &figure.counted, &figure.source);
    let value = bounded(figure.bound, figure.value.as_str(), words.language);
    match words.language {
        Language::En => format!("recorded a figure of {s}, {counted}: {value} ({source})"),
        Language::Zh => format!("登记{s}的汇总数据“{counted}”：{value}；来源：{source}"),
    }
}

/// A number with how the source bounds it.
pub fn bounded(bound: Bound, value: &str, language: Language) -> String {
    let (en, zh) = match bound {
        Bound::Exactly => ("", ""),
        Bound::MoreThan => ("more than ", "超过"),
        Bound::About => ("about ", "约"),
        Bound::AtLeast => ("at least ", "不少于"),
        Bound::AtMost => ("at most ", "不超过"),
    };
    match language {
        Language::En => format!("{en}{value}"),
        Language::Zh => format!("{zh}{value}"),
    }
}
