//! Dates in words, as sharp as their source (rule G11).

use crate::domain::date::CivilDate;
use crate::domain::ids::Language;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A date without a preposition: `30 November 2014`, `September 2013`, `2016`, `by 31 December 2016`.
pub fn date(date: &CivilDate, language: Language) -> String {
    match (date.as_str().split_once('/'), language) {
        (None, _) => part(date.as_str(), language),
        (Some(("..", end)), Language::En) => format!("{} or earlier", part(end, language)),
        (Some(("..", end)), Language::Zh) => format!("{}或更早", part(end, language)),
        (Some((start, end)), Language::En) => {
            format!("{} to {}", part(start, language), part(end, language))
        }
        (Some((start, end)), Language::Zh) => {
            format!("{}至{}", part(start, language), part(end, language))
        }
    }
}

/// When something happened: `On 30 November 2014`, `In September 2013`, `By 31 December 2016`.
pub fn when(date: &CivilDate, language: Language) -> String {
    let text = date.as_str();
    match (text.split_once('/'), language) {
        (None, Language::En) if date.is_day() => format!("On {}", part(text, language)),
        (None, Language::En) => format!("In {}", part(text, language)),
        (None, Language::Zh) => part(text, language),
        (Some(("..", end)), Language::En) => format!("By {}", part(end, language)),
        (Some(("..", end)), Language::Zh) => format!("最迟{}", part(end, language)),
        (Some((start, end)), Language::En) => {
            format!("Between {} and {}", part(start, language), part(end, language))
        }
        (Some((start, end)), Language::Zh) => {
            format!("{}至{}之间", part(start, language), part(end, language))
        }
    }
}

/// By when something is due.
pub fn by(date: &CivilDate, language: Language) -> String {
    match (date.is_day(), language) {
        (true, Language::En) => format!("by {}", part(date.as_str(), language)),
        (true, Language::Zh) => format!("不晚于{}", part(date.as_str(), language)),
        (false, Language::En) => format!("by a day in {}", self::date(date, language)),
        (false, Language::Zh) => format!("不晚于{}间的某日", self::date(date, language)),
    }
}

/// A day, month or year.
fn part(text: &str, language: Language) -> String {
    let mut numbers = text.split('-').map(|number| number.parse::<u32>().unwrap_or_default());
    let (year, month, day) = (numbers.next(), numbers.next(), numbers.next());
    let Some(year) = year else { return text.to_owned() };
    let name = |month: u32| {
        let index = usize::try_from(month).unwrap_or_default().saturating_sub(1);
        MONTHS.get(index).copied().unwrap_or_default()
    };
    match (month, day, language) {
        (Some(month), Some(day), Language::En) => format!("{day} {} {year}", name(month)),
        (Some(month), None, Language::En) => format!("{} {year}", name(month)),
        (None, _, Language::En) => year.to_string(),
        (Some(month), Some(day), Language::Zh) => format!("{year}年{month}月{day}日"),
        (Some(month), None, Language::Zh) => format!("{year}年{month}月"),
        (None, _, Language::Zh) => format!("{year}年"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_said_as_sharp_as_its_source() {
        for (text, en, zh) in [
            ("2016-06-13", "On 13 June 2016", "2016年6月13日"),
            ("2013-09", "In September 2013", "2013年9月"),
            ("2016", "In 2016", "2016年"),
            ("2013/2016-06-13", "Between 2013 and 13 June 2016", "2013年至2016年6月13日之间"),
            ("../2016-12-31", "By 31 December 2016", "最迟2016年12月31日"),
        ] {
            let date = CivilDate::parse(text).unwrap();
            assert_eq!(
                (when(&date, Language::En), when(&date, Language::Zh)),
                (en.into(), zh.into())
            );
        }
    }

    #[test]
    fn what_is_due_within_an_interval_is_not_given_a_day() {
        let date = CivilDate::parse("2015-01/2015-03").unwrap();
        assert_eq!(by(&date, Language::En), "by a day in January 2015 to March 2015");
        assert_eq!(
            by(&CivilDate::parse("2015-02-28").unwrap(), Language::Zh),
            "不晚于2015年2月28日"
        );
    }
}
