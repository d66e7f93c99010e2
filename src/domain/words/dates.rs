//! Dates in words, as sharp as their source and as it would write them (rule G11): an interval that
//! is a whole month or whole years is said as one.

use crate::domain::date::{CivilDate, Day, month_name};
use crate::domain::ids::Language;

/// A date without a preposition: `30 November 2014`, `September 2013`, `2016`, `2013 to 2016`.
pub fn date(date: &CivilDate, language: Language) -> String {
    let span = Span::of(date);
    match (span, language) {
        (Span::One(part), _) => part.said(language),
        (Span::UpTo(end), Language::En) => format!("{} or earlier", end.said(language)),
        (Span::UpTo(end), Language::Zh) => format!("{}或之前", end.said(language)),
        (Span::Between(start, end), Language::En) => {
            format!("{} to {}", start.said(language), end.said(language))
        }
        (Span::Between(start, end), Language::Zh) => {
            format!("{}至{}", start.said(language), end.said(language))
        }
    }
}

/// A day without a preposition.
pub fn day(day: Day, language: Language) -> String {
    date(&day.into(), language)
}

/// When something happened, within a sentence: `on 30 November 2014`, `in September 2013`,
/// `by 31 December 2016`.
pub fn when(date: &CivilDate, language: Language) -> String {
    match (Span::of(date), language) {
        (Span::One(part), Language::En) if part.day.is_some() => {
            format!("on {}", part.said(language))
        }
        (Span::One(part), Language::En) => format!("in {}", part.said(language)),
        (Span::One(part), Language::Zh) => part.said(language),
        (Span::UpTo(end), Language::En) => format!("by {}", end.said(language)),
        (Span::UpTo(end), Language::Zh) => format!("不晚于{}", end.said(language)),
        (Span::Between(start, end), Language::En) => {
            format!("between {} and {}", start.said(language), end.said(language))
        }
        (Span::Between(start, end), Language::Zh) => {
            format!("{}至{}间", start.said(language), end.said(language))
        }
    }
}

/// By when something is due.
pub fn by(date: &CivilDate, language: Language) -> String {
    let (span, unsure) = (Span::of(date), unsure(date, language));
    match (span, language) {
        (Span::One(part) | Span::UpTo(part), Language::En) if part.day.is_some() => {
            format!("by {}", part.said(language))
        }
        (Span::One(part) | Span::UpTo(part), Language::Zh) if part.day.is_some() => {
            format!("不晚于{}", part.said(language))
        }
        (Span::One(_) | Span::UpTo(_) | Span::Between(..), Language::En) => {
            format!("by a day in {}{unsure}", self::date(date, language))
        }
        (Span::One(_) | Span::UpTo(_) | Span::Between(..), Language::Zh) => {
            format!("不晚于{}{unsure}", self::date(date, language))
        }
    }
}

/// That the day itself is not known, where it is not.
pub fn unsure(date: &CivilDate, language: Language) -> &'static str {
    match (date.is_day(), language) {
        (true, _) => "",
        (false, Language::En) => " (the exact day is not known)",
        (false, Language::Zh) => "（具体日期不详）",
    }
}

/// A day, month or year.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Part {
    year: i32,
    month: Option<u32>,
    day: Option<u32>,
}

impl Part {
    fn parse(text: &str) -> Self {
        let mut numbers = text.split('-').map(|number| number.parse::<u32>().ok());
        let year = numbers.next().flatten().and_then(|year| i32::try_from(year).ok());
        let (month, day) = (numbers.next().flatten(), numbers.next().flatten());
        Self { year: year.unwrap_or_default(), month, day }
    }

    fn said(self, language: Language) -> String {
        let Self { year, month, day } = self;
        let name = |month| month_name(month).unwrap_or_default();
        match (month, day, language) {
            (Some(month), Some(day), Language::En) => format!("{day} {} {year}", name(month)),
            (Some(month), None, Language::En) => format!("{} {year}", name(month)),
            (None, _, Language::En) => year.to_string(),
            (Some(month), Some(day), Language::Zh) => format!("{year}年{month}月{day}日"),
            (Some(month), None, Language::Zh) => format!("{year}年{month}月"),
            (None, _, Language::Zh) => format!("{year}年"),
        }
    }

    fn is_last_of_month(self) -> bool {
        let last = self.month.and_then(|month| Day::last_of_month(self.year, month));
        self.day.is_some() && last.map(Day::day) == self.day
    }
}

/// The days of a date, as blunt as they are.
enum Span {
    One(Part),
    UpTo(Part),
    Between(Part, Part),
}

impl Span {
    fn of(date: &CivilDate) -> Self {
        let text = date.as_str();
        let (mut start, mut end) = match text.split_once('/') {
            None => return Self::One(Part::parse(text)),
            Some(("..", end)) => return Self::UpTo(Part::parse(end)),
            Some((start, end)) => (Part::parse(start), Part::parse(end)),
        };
        if start.day == Some(1) && end.is_last_of_month() {
            (start.day, end.day) = (None, None);
        }
        if start.month == Some(1) && end.month == Some(12) && start.day.or(end.day).is_none() {
            (start.month, end.month) = (None, None);
        }
        if start == end { Self::One(start) } else { Self::Between(start, end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_said_as_sharp_as_its_source() {
        for (text, en, zh) in [
            ("2016-06-13", "on 13 June 2016", "2016年6月13日"),
            ("2013-09", "in September 2013", "2013年9月"),
            ("2016", "in 2016", "2016年"),
            ("2013/2016-06-13", "between 2013 and 13 June 2016", "2013年至2016年6月13日间"),
            ("../2016-12-31", "by 31 December 2016", "不晚于2016年12月31日"),
            ("2015-06-01/2015-06-30", "in June 2015", "2015年6月"),
            (
                "2016-02-01/2016-02-28",
                "between 1 February 2016 and 28 February 2016",
                "2016年2月1日至2016年2月28日间",
            ),
            ("2019-01-01/2019-12-31", "in 2019", "2019年"),
            ("2013-01-01/2016-12-31", "between 2013 and 2016", "2013年至2016年间"),
            ("2013-01/2013-12", "in 2013", "2013年"),
        ] {
            let date = CivilDate::parse(text).unwrap();
            let said = (when(&date, Language::En), when(&date, Language::Zh));
            assert_eq!(said, (en.into(), zh.into()));
        }
    }

    #[test]
    fn what_is_due_within_an_interval_is_not_given_a_day() {
        for (text, en, zh) in [
            ("2015-02-28", "by 28 February 2015", "不晚于2015年2月28日"),
            ("../2019-09-30", "by 30 September 2019", "不晚于2019年9月30日"),
            (
                "2015-01/2015-03",
                "by a day in January 2015 to March 2015 (the exact day is not known)",
                "不晚于2015年1月至2015年3月（具体日期不详）",
            ),
        ] {
            let date = CivilDate::parse(text).unwrap();
            assert_eq!((by(&date, Language::En), by(&date, Language::Zh)), (en.into(), zh.into()));
        }
    }
}
