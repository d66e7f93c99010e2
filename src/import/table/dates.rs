//! Dates as spreadsheets and documents write them, as the record has them.

use chrono::{Days, NaiveDate};

use crate::domain::date::CivilDate;
use crate::domain::ids::Text;

/// What a text says of a day.
pub enum Read {
    /// The date, in the form of the record.
    Is(String),
    /// What is wrong with it.
    Not(Text),
}

/// How spreadsheets count days: day 60 is a 29 February 1900 that never was, so from then on day 0 is the
/// 30 December 1899.
const SERIALS: std::ops::RangeInclusive<u64> = 20_000..=80_000;

/// Whether a member of this name is a date.
pub fn is_a_day(name: &str) -> bool {
    name.ends_with("_on") || matches!(name, "on" | "day" | "period")
}

/// Reads a date: as the record writes it, with slashes or dots, or in Chinese. Anything else goes on as
/// it is, to be named by whoever reads the line.
pub fn read(written: &str) -> Read {
    let text = without_midnight(&narrow(written));
    if CivilDate::parse(&text).is_ok() {
        return Read::Is(text);
    }
    if let Some(serial) = text.parse::<u64>().ok().filter(|serial| SERIALS.contains(serial)) {
        return Read::Not(of_serial(serial));
    }
    Read::Is(numbers(&text).and_then(|numbers| date_of(&numbers)).unwrap_or(text))
}

fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | '／' | '．' | '－' | '：' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
        }
        '　' => ' ',
        c => c,
    };
    text.chars().map(narrow).collect::<String>().trim().to_owned()
}

/// A sheet's date without the time of day that it has as a cell.
fn without_midnight(text: &str) -> String {
    let is_midnight = |time: &str| time.chars().all(|c| matches!(c, '0' | ':' | '.'));
    match text.split_once([' ', 'T']) {
        Some((day, time)) if !time.is_empty() && is_midnight(time) => day.to_owned(),
        _ => text.to_owned(),
    }
}

fn of_serial(serial: u64) -> Text {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30);
    let day = zero.and_then(|zero| zero.checked_add_days(Days::new(serial)));
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    Text {
        en: format!(
            "{serial} is how a spreadsheet counts days, {day} if it is one: write the date, or format the column as a date before saving"
        ),
        zh: format!(
            "{serial} 为电子表格的日期序号（若是，即 {day}）；请写明日期，或将该列设为日期格式后再保存"
        ),
    }
}

/// Year, month and day of `2016/9/1`, `2016.9`, `2016年9月1日`, `二〇一六年九月`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let parts: Vec<&str> = match text.contains('年') {
        true => text.trim_end_matches(['日', '号', '月', '年']).split(['年', '月']).collect(),
        false => text.split(['/', '.', '-']).collect(),
    };
    let parts = parts.into_iter().map(str::trim);
    parts.map(|part| part.parse().ok().or_else(|| chinese(part))).collect()
}

fn digit(c: char) -> Option<u32> {
    let mut digits = "〇一二三四五六七八九".chars();
    match c {
        '零' | '○' => Some(0),
        '元' => Some(1),
        c => digits.position(|digit| digit == c).and_then(|at| u32::try_from(at).ok()),
    }
}

/// 二〇一六, 九, 十, 十二, 二十, 三十一.
fn chinese(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let Some((tens, ones)) = text.split_once('十') else {
        return text.chars().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(digit(c)?));
    };
    let one = |text: &str, empty: u32| match text.chars().collect::<Vec<_>>()[..] {
        [] => Some(empty),
        [c] => digit(c),
        _ => None,
    };
    Some(one(tens, 1)? * 10 + one(ones, 0)?)
}

fn date_of(numbers: &[u32]) -> Option<String> {
    let (year, rest) = numbers.split_first().filter(|(year, _)| **year >= 1000)?;
    let text = match *rest {
        [] => year.to_string(),
        [month] => format!("{year}-{month:02}"),
        [month, day] => format!("{year}-{month:02}-{day:02}"),
        _ => return None,
    };
    CivilDate::parse(&text).is_ok().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Read, read};

    fn is(text: &str) -> String {
        match read(text) {
            Read::Is(date) => date,
            Read::Not(text) => panic!("{}", text.en),
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (written, date) in [
            ("2016-09-01", "2016-09-01"),
            ("2013-09/2016", "2013-09/2016"),
            ("2013/2016", "2013/2016"),
            ("../2016-12-31", "../2016-12-31"),
            ("2016/9/1", "2016-09-01"),
            ("2016/09/01 0:00:00", "2016-09-01"),
            ("2016-09-01T00:00:00", "2016-09-01"),
            ("2016.9.1", "2016-09-01"),
            ("2016-9-1", "2016-09-01"),
            ("２０１６／９／１", "2016-09-01"),
            ("2016/9", "2016-09"),
            ("2016年9月1日", "2016-09-01"),
            ("2016 年 9 月", "2016-09"),
            ("2016年", "2016"),
            ("二〇一六年九月", "2016-09"),
            ("二○一六年十月三十一日", "2016-10-31"),
            ("二零一六年十二月二十日", "2016-12-20"),
            ("一九九九年十月十日", "1999-10-10"),
        ] {
            assert_eq!(is(written), date, "{written}");
        }
        // Goes on as it is, for the line's reader to refuse.
        for other in [
            "yesterday",
            "1/9/2016",
            "2016/13/1",
            "二〇一六年十三月",
            "2016-09-01 14:30",
            "9月",
            "年",
        ] {
            assert_eq!(is(other), other, "{other}");
        }
        let Read::Not(text) = read("42614") else { panic!("a serial number") };
        assert!(text.en.contains("2016-09-01") && text.zh.contains("2016-09-01"), "{}", text.en);
    }
}
