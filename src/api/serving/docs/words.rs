//! The words that everything here is said in, in both languages.

use maud::{Markup, html};

use crate::api::asking::reader::Reader;

/// In English, in Chinese, and what each means.
const WORDS: [(&str, &str, &str, &str); 16] = [
    (
        "program",
        "项目",
        "One policy instrument, by its id, such as the construction of strong IP provinces.",
        "一项政策工具，以标识区分，例如知识产权强省建设。",
    ),
    (
        "measure",
        "办法",
        "One dated version of a program's governing document; its edition is that document as data, article by article.",
        "项目依据文件的某一版本；其“编码版”为该文件的逐条数据。",
    ),
    (
        "subject",
        "主体",
        "Who takes part: a province, a cluster area, a city, a county, a park, a center.",
        "参加者：省（区、市）、集聚区、市、县、园区、中心。",
    ),
    (
        "enrollment",
        "项目记录",
        "One subject in one program, over all its attempts; it has an address, a revision and a history.",
        "某一主体在某一项目中的全部记录（含历次申报），有地址、修订号和历史。",
    ),
    (
        "act",
        "行为",
        "What an office does: apply, recommend, approve, report, inspect, accept, correct. The only thing that changes anything.",
        "机关的行为：申报、推荐、批准、报告、检查、验收、更正。唯有行为能使状态改变。",
    ),
    (
        "event",
        "事件",
        "The record of an act, in the past tense. It never changes; what was wrong is corrected by another.",
        "行为的记录，一经入档不再改变；有误者以另一事件更正。",
    ),
    (
        "phase",
        "阶段",
        "Where an enrollment stands in its measure: candidate, pilot, demonstration.",
        "项目记录在办法中所处的阶段：申报中、试点、示范。",
    ),
    (
        "stage",
        "国家阶段",
        "The national Stage I, II or III of the calendar.",
        "国家规划的第一、第二、第三阶段。",
    ),
    (
        "obligation",
        "义务",
        "Something due under an article: open, met, late, overdue, waived, or not in the record.",
        "依条款应履行之事：待履行、已履行、逾期履行、逾期、免除或不在记录中。",
    ),
    ("quota", "名额", "A limit on places of a category.", "某一类型的名额限制。"),
    (
        "effective_on",
        "生效日期",
        "The day from which an act counts: 2016-06-13, 2013-09, ../2016-12-31.",
        "行为起算之日：2016-06-13、2013-09、../2016-12-31。",
    ),
    (
        "as_of, known_at",
        "截至、已知至",
        "The two times of a question: what held on a day, and by what was on record at an instant.",
        "查询的两个时间：某日的状态，以及依据某一时刻已入档的内容。",
    ),
    (
        "sequence",
        "序号",
        "The number of an event in the whole log: 0, 1, 2, without a gap.",
        "事件在全部日志中的编号：0、1、2……，连续无缺。",
    ),
    (
        "revision",
        "修订号",
        "The number of an event in its enrollment, from 0; also its ETag.",
        "事件在其项目记录中的编号，自 0 起；亦为实体标签。",
    ),
    (
        "attested, inferred",
        "佐证、推定",
        "Known from evidence, not from an act recorded at its time; or concluded from it.",
        "依据佐证材料得知，而非当时登记的行为；或据此推定。",
    ),
    (
        "exercise",
        "演练",
        "A program with invented subjects, never in one list or figure with the real ones.",
        "主体均为虚构的项目，绝不与真实记录并列或合计。",
    ),
];

/// The page.
pub fn page(reader: &Reader) -> Markup {
    html! {
        h1 { (reader.say("Words", "词汇")) }
        (table(reader))
    }
}

/// The words with what they mean.
pub fn table(reader: &Reader) -> Markup {
    html! { dl.pairs { @for (en, zh, means_en, means_zh) in WORDS {
        dt { strong { (reader.say(en, zh)) } }
        dd { (reader.say(means_en, means_zh)) " " span.quiet lang=(reader.say("zh-CN", "en")) { (reader.say(zh, en)) } }
    } } }
}
