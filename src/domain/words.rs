//! What is said alike everywhere, in English and Chinese (rule G8): offices with their articles,
//! dates, citations, lists, numbers of batches.
//!
//! What must hold: one word for one thing in both languages, and nothing that only programs read
//! (ids, names of members) in a Chinese text. What a measure names has its labels there.

mod dates;
mod forms;
mod members;
mod said;

pub use dates::{by, date, day, unsure, when};
pub use members::member;
pub(crate) use said::said;
pub use said::{AllOf, Arithmetic, Clauses, Given, Member, OneOf, Quoted, Said, When, quoted};

use std::borrow::Cow;

use super::act::ActKind;
use super::date::CivilDate;
use super::event_type::EventType;
use super::ids::{Language, Office, Text, digits};
use super::period::Period;

/// A text in both languages, said by one function.
pub fn both(said: impl Fn(Language) -> String) -> Text {
    Text { en: said(Language::En), zh: said(Language::Zh) }
}

/// A day or date in Chinese.
pub fn zh(date: impl Into<CivilDate>) -> String {
    self::date(&date.into(), Language::Zh)
}

/// What an act is called, by its name.
pub fn act(name: &str, language: Language) -> &str {
    ActKind::parse(name).map_or(name, |kind| kind.label().get(language))
}

/// What a type of event is called, by its name.
pub fn event(name: &str, language: Language) -> &str {
    EventType::find(name).map_or(name, |found| found.label.get(language))
}

/// What kind of office acts, with its article.
pub fn office(office: Office, language: Language) -> &'static str {
    let (en, zh) = match office {
        Office::NationalOffice => ("the national IP office", "国家知识产权局"),
        Office::ProvincialDepartment => ("the provincial IP department", "省级知识产权主管部门"),
        Office::Province => ("the province", "省（区、市）"),
        Office::LocalGovernment => ("the local people's government", "地方人民政府"),
        Office::Registrar => ("the registrar", "登记员"),
        Office::Docket => ("Docket", "系统"),
    };
    pick(language, en, zh)
}

/// Who calls, by the name of the role.
pub fn role(name: &str, language: Language) -> &str {
    match (Office::parse(name), name) {
        (Some(kind), _) => office(kind, language),
        (None, "auditor") => pick(language, "the auditor", "审计员"),
        (None, "custodian") => {
            pick(language, "the custodian of personal data", "个人信息保护负责人")
        }
        (None, "operator") => pick(language, "the operator", "运维人员"),
        (None, other) => other,
    }
}

/// A mark of a fact, an event or an obligation, as answers name it: `ATTESTED` is `attested`, `佐证`.
pub fn marked(mark: &str, language: Language) -> Option<&'static str> {
    const MARKS: [(&str, &str, &str); 13] = [
        ("open", "open", "待履行"),
        ("recorded", "recorded", "入档"),
        ("attested", "attested", "佐证"),
        ("inferred", "inferred", "推定"),
        ("met", "met", "已履行"),
        ("late", "late", "逾期履行"),
        ("overdue", "overdue", "逾期"),
        ("waived", "waived", "免除"),
        ("not_in_the_record", "not in the record", "不在记录中"),
        ("stands", "stands", "有效"),
        ("corrected", "corrected", "已更正"),
        ("annulled", "annulled", "已撤销"),
        ("unsupported", "without ground", "已失依据"),
    ];
    let found = MARKS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(mark));
    found.map(|(_, en, zh)| pick(language, en, zh))
}

/// How a date follows from another, as it was carried: `2014-11-30 + P3M = 2015-02-28` is there
/// `2014年11月30日＋3个月＝2015年2月28日`.
pub fn arithmetic(text: &str, language: Language) -> Cow<'_, str> {
    if language == Language::En {
        return text.into();
    }
    let (sum, note) = text.split_once(" (").map_or((text, None), |(sum, note)| (sum, Some(note)));
    for (by, said) in [("decision", "由决定载明"), ("document", "由文件载明")] {
        if let Some(date) = sum.strip_suffix(&format!(", as the {by} states")) {
            return format!("{}，{said}", token(date)).into();
        }
    }
    let mut said = String::with_capacity(text.len() * 2);
    sum.split(' ').for_each(|part| said.push_str(&token(part)));
    said.push_str(match note {
        None => "",
        Some(note) if note.starts_with("no corresponding day") => "（无对应日，取当月最后一日）",
        Some(_) => "（记录所能容纳的最后一日）",
    });
    said.into()
}

fn token(text: &str) -> Cow<'_, str> {
    match text.as_bytes() {
        b"+" => return "＋".into(),
        b"=" => return "＝".into(),
        b"in" => return "，".into(),
        [b'P', ..] => return Period::parse(text).map_or(text.into(), |p| period_said(p).into()),
        [b'-', b'-', rest @ ..] => {
            // A day of every year.
            let rest = str::from_utf8(rest).ok().and_then(|rest| rest.split_once('-'));
            return rest.map_or(text.into(), |(month, day)| {
                let (month, day) = (month.trim_start_matches('0'), day.trim_start_matches('0'));
                format!("每年{month}月{day}日").into()
            });
        }
        _ => {}
    }
    CivilDate::parse(text).map_or(text.into(), |date| self::date(&date, Language::Zh).into())
}

fn period_said(period: Period) -> String {
    let text = period.to_string();
    let mut said = String::new();
    for part in text.trim_start_matches('P').split_inclusive(['Y', 'M', 'D']) {
        let (number, unit) = part.split_at(part.len() - 1);
        let unit = match unit {
            "Y" => "年",
            "M" => "个月",
            _ => "日",
        };
        said.push_str(&format!("{number}{unit}"));
    }
    said
}

/// Offices of which any may act: `the province or the registrar`.
pub fn any_office(offices: &[Office], language: Language) -> String {
    let names: Vec<_> = offices.iter().map(|one| office(*one, language)).collect();
    listed(&names, language, (" or ", "或"))
}

/// All of a list: `a, b and c`, `甲、乙和丙`.
pub fn all_of<T: AsRef<str>>(items: &[T], language: Language) -> String {
    listed(items, language, (" and ", "、"))
}

/// One of a list: `a, b or c`, `甲、乙或丙`.
pub fn one_of<T: AsRef<str>>(items: &[T], language: Language) -> String {
    listed(items, language, (" or ", "或"))
}

fn listed<T: AsRef<str>>(items: &[T], language: Language, last: (&str, &str)) -> String {
    let (between, last) = (pick(language, ", ", "、"), pick(language, last.0, last.1));
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(if at + 1 == items.len() { last } else { between });
        }
        text.push_str(item.as_ref());
    }
    text
}

/// A citation: `Art. 5, Art. 6(3)` in Chinese `第五条、第六条第（三）项`, `III(I)1` there
/// `第三部分（一）1`.
pub fn article(text: &str, language: Language) -> Cow<'_, str> {
    match (language, text.split_once(", ")) {
        (Language::En, _) => text.into(),
        (Language::Zh, None) => cited(text),
        (Language::Zh, Some(_)) => {
            let parts: Vec<_> = text.split(", ").map(cited).collect();
            parts.join("、").into()
        }
    }
}

/// The numbers of the articles in a citation in English; nothing where a part of it names none.
pub fn article_numbers(text: &str) -> Option<Vec<u32>> {
    let number = |part: &str| leading(part.strip_prefix("Art. ")?).0;
    text.split(", ").map(number).collect()
}

fn cited(part: &str) -> Cow<'_, str> {
    match part {
        "not known" => return "条款不详".into(),
        "Circular (addressees)" => return "通知主送单位".into(),
        "date of the notice" => return "通知印发日期".into(),
        "Annex" => return "附件".into(),
        "last sentence" => return "末句".into(),
        _ => {}
    }
    if let Some(said) = counted(part) {
        return said.into();
    }
    if let Some(rest) = part.strip_prefix("Art. ") {
        let (number, rest) = leading(rest);
        let item = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        return match (number, item.and_then(|item| item.parse().ok())) {
            (Some(number), Some(item)) => {
                format!("第{}条第（{}）项", numeral(number), numeral(item)).into()
            }
            (Some(number), None) => format!("第{}条{rest}", numeral(number)).into(),
            (None, _) => part.into(),
        };
    }
    // A rule of the record itself, which no document prints.
    if let (Some(number), "") = part.strip_prefix('G').map_or((None, part), leading) {
        return format!("记录规则第{}条", numeral(number)).into();
    }
    section(part).map_or(part.into(), Cow::from)
}

/// What has no articles is cited by what can be counted in it: `2nd paragraph`, `list 1`, the section `05`.
fn counted(part: &str) -> Option<String> {
    if let Some(item) = part.strip_prefix("list ") {
        return Some(format!("所列第{item}项"));
    }
    if let Some(ordinal) = part.strip_suffix(" paragraph") {
        let (number, _) = leading(ordinal);
        return Some(format!("第{}段", numeral(number?)));
    }
    digits(part).map(|_| format!("第{part}节"))
}

/// `III(I)1`, `I(II) "Dynamic Adjustment"`: part, section, point, heading.
fn section(text: &str) -> Option<String> {
    let (section, heading) = match text.split_once(" \"") {
        Some((section, heading)) => (section, Some(heading.strip_suffix('"')?)),
        None => (text, None),
    };
    let (part, rest) = section.split_once('(').map_or((section, None), |(p, rest)| (p, Some(rest)));
    let mut said = format!("第{}部分", numeral(roman(part)?));
    if let Some(rest) = rest {
        let (section, point) = rest.split_once(')')?;
        said.push_str(&format!("（{}）{point}", numeral(roman(section)?)));
    }
    if let Some(heading) = heading {
        let heading = match heading {
            "Dynamic Adjustment" => "动态调整",
            "Overall Upgrade" => "整体提升",
            other => other,
        };
        said.push_str(&format!("“{heading}”"));
    }
    Some(said)
}

fn roman(text: &str) -> Option<u32> {
    let known = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"];
    let at = known.iter().position(|numeral| *numeral == text)?;
    u32::try_from(at + 1).ok()
}

fn leading(text: &str) -> (Option<u32>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    (number.parse().ok(), rest)
}

/// A number below a hundred in Chinese; others in digits.
pub fn numeral(number: u32) -> String {
    const DIGITS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied();
    match (number / 10, number % 10) {
        (10.., _) => number.to_string(),
        (0, ones) => digit(ones).unwrap_or_default().to_owned(),
        (tens, ones) => {
            let tens = if tens == 1 { "" } else { digit(tens).unwrap_or_default() };
            let ones = if ones == 0 { "" } else { digit(ones).unwrap_or_default() };
            format!("{tens}十{ones}")
        }
    }
}

/// A batch as an act states it: `1` is `batch 1`, `第一批`.
pub fn batch(batch: &str, language: Language) -> String {
    match (batch.parse(), language) {
        (_, Language::En) => format!("batch {batch}"),
        (Ok(number), Language::Zh) => format!("第{}批", numeral(number)),
        (Err(_), Language::Zh) if batch.contains('批') => batch.to_owned(),
        (Err(_), Language::Zh) => format!("“{batch}”批次"),
    }
}

/// A round as an act states it: `2014` is `the round of 2014`, `2014年度`.
pub fn round(round: &str, language: Language) -> String {
    let number = digits(round).and_then(|number| u32::try_from(number).ok());
    match (language, number) {
        (Language::En, Some(1..100)) => format!("round {round}"),
        (Language::En, _) => format!("the round of {round}"),
        (Language::Zh, Some(number @ 1..100)) => format!("第{}轮", numeral(number)),
        (Language::Zh, Some(1000..10_000)) => format!("{round}年度"),
        (Language::Zh, _) => format!("“{round}”轮次"),
    }
}

/// The one of two texts that is in a language.
pub fn pick<'t>(language: Language, en: &'t str, zh: &'t str) -> &'t str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// A sentence with its full stop, none after a text that brings its own.
pub fn ended(mut text: String, language: Language) -> String {
    let stops = ['.', '。', '!', '！', '?', '？', '…'];
    if !text.ends_with(stops) {
        text.push_str(pick(language, ".", "。"));
    }
    text
}

/// The first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_said_as_documents_say_them() {
        for (text, zh) in [
            ("Art. 8", "第八条"),
            ("Art. 15", "第十五条"),
            ("Art. 20", "第二十条"),
            ("Art. 5, Art. 6(3)", "第五条、第六条第（三）项"),
            ("III(I)1", "第三部分（一）1"),
            ("I(II), III(II)", "第一部分（二）、第三部分（二）"),
            ("I(II) \"Dynamic Adjustment\"", "第一部分（二）“动态调整”"),
            ("II", "第二部分"),
            ("G12", "记录规则第十二条"),
            ("not known", "条款不详"),
        ] {
            assert_eq!(article(text, Language::Zh), zh);
            assert_eq!(article(text, Language::En), text);
        }
    }

    #[test]
    fn arithmetic_is_said_in_chinese() {
        for (text, zh) in [
            ("2014-11-30 + P3M = 2015-02-28", "2014年11月30日＋3个月＝2015年2月28日"),
            (
                "2014-11-30 + P3M = 2015-02-28 (no corresponding day: last of the month)",
                "2014年11月30日＋3个月＝2015年2月28日（无对应日，取当月最后一日）",
            ),
            ("2012-06 + P3Y = 2015-06-01/2015-06-30", "2012年6月＋3年＝2015年6月"),
            ("2018-03-01, as the decision states", "2018年3月1日，由决定载明"),
            ("--01-31 in 2016 = 2016-01-31", "每年1月31日，2016年＝2016年1月31日"),
        ] {
            assert_eq!(arithmetic(text, Language::Zh), zh);
            assert_eq!(arithmetic(text, Language::En), text);
        }
    }

    #[test]
    fn batches_rounds_and_lists() {
        assert_eq!(batch("1", Language::Zh), "第一批");
        assert_eq!(batch("12", Language::Zh), "第十二批");
        assert_eq!(batch("首批", Language::Zh), "首批");
        assert_eq!(round("2014", Language::Zh), "2014年度");
        assert_eq!(
            (round("3", Language::En), round("3", Language::Zh)),
            ("round 3".into(), "第三轮".into())
        );
        assert_eq!(numeral(99), "九十九");
        let offices = [Office::Registrar, Office::Province, Office::NationalOffice];
        assert_eq!(
            any_office(&offices, Language::En),
            "the registrar, the province or the national IP office"
        );
        assert_eq!(all_of(&["甲", "乙", "丙"], Language::Zh), "甲、乙、丙");
    }

    #[test]
    fn a_sentence_ends_once() {
        assert_eq!(ended("备注：挂牌。".into(), Language::Zh), "备注：挂牌。");
        assert_eq!(ended("noted".into(), Language::En), "noted.");
    }
}
