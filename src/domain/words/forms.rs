//! What a value should have been, in both languages, where it has the wrong form.

use crate::domain::date::DateError;
use crate::domain::ids::{IdError, Text};

impl From<DateError> for Text {
    fn from(error: DateError) -> Self {
        let en = error.to_string();
        let zh = match error {
            DateError::NotADay(text) => {
                format!("“{text}”不是日期：请按 YYYY-MM-DD 填写，例如 2015-02-03")
            }
            DateError::NoSuchDay { text, year, days, .. } => {
                format!("日历上没有{text}：{year}年该月有{days}天")
            }
            DateError::NoSuchMonth { text } => format!("{text}中的月份不存在：月份为01至12"),
            DateError::OutsideYears { text } => {
                format!("{text}超出可以入档的年份（1900年至2200年）")
            }
            DateError::NotACivilDate(text) => format!(
                "“{text}”不是可以入档的日期：请填写某日（2016-06-13）、某月（2013-09）、某年（2016）、区间（2013/2016-06-13）或最晚日期（../2016-12-31）；日期不确定的，请填写其所在区间"
            ),
            DateError::EndsBeforeItBegins(text) => {
                format!("{text}的止日早于起日：请先写较早的日期")
            }
            DateError::NotAnInstant(text) => {
                format!("“{text}”不是时刻：请按 RFC 3339 填写，例如 2026-01-31T23:59:59+08:00")
            }
            DateError::NoOffset(text) => {
                format!("{text}未注明时区，不能确定时刻：请补充，例如 +08:00 或 Z")
            }
            DateError::FinerThanMicroseconds(text) => {
                format!("{text}比微秒更精细：秒后最多六位数字")
            }
            DateError::LeapSecond(text) => format!("{text}是闰秒，不能入档：请填写前一秒或后一秒"),
            DateError::NotAPeriod(text) => {
                format!("“{text}”不是期间：请按年、月、日填写，例如 P3Y、P3M、P1Y6M、P30D")
            }
            DateError::EmptyPeriod(text) => format!("{text}是空的期间：年、月、日至少一项大于0"),
            DateError::PeriodTooLong(text) => {
                format!("{text}过长：最多100年、1200个月、36525天")
            }
            DateError::NotYearly(text) => {
                format!("“{text}”不是每年的某日：请按 --MM-DD 填写，例如 --01-31")
            }
            DateError::NoSuchYearly { text, days, .. } => {
                format!("任何年份都没有{text}：该月最多{days}天")
            }
        };
        Self { en, zh }
    }
}

impl From<IdError> for Text {
    fn from(error: IdError) -> Self {
        let what = match error.what {
            "a program" => "项目标识（小写字母、数字和下划线，最多64个）",
            "a subject" => "主体标识（字母、数字、_、- 和中间的点，最多64个）",
            "a SHA-256 digest" => "SHA-256 摘要（64位小写十六进制数字）",
            "a node of a program" => "阶段标识",
            _ => "记录的引用",
        };
        Self { en: error.to_string(), zh: format!("“{}”不是{what}", error.value) }
    }
}
