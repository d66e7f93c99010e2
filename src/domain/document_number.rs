//! Document numbers as they are matched: kept as written, compared in any spelling.

/// A document's number, for comparing: brackets (〔〕, [], （）), spaces, full stops, case and width in any
/// spelling, without the word for a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// The number that a text writes; nothing where it names none.
    pub fn of(written: &str) -> Option<Self> {
        let narrow = |c: char| match c {
            '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        };
        let lower: String = written.chars().map(narrow).flat_map(char::to_lowercase).collect();
        let mut compared = String::new();
        let is_part = |c: char| c.is_alphanumeric() && !matches!(c, '年' | '号' | '第');
        for part in lower.split(|c| !is_part(c)).filter(|part| !matches!(*part, "" | "no")) {
            let mut in_number = false;
            for c in part.chars() {
                // Each number stands apart, so that 40 is no end of 140.
                if c.is_ascii_digit() && !in_number {
                    compared.push('|');
                }
                in_number = c.is_ascii_digit();
                compared.push(c);
            }
        }
        (!compared.is_empty()).then_some(Self(compared))
    }

    /// Whether this names that document: by its whole number or an end of it, such as the year and the
    /// number alone.
    pub fn names(&self, document: &Self) -> bool {
        document.0.ends_with(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentNumber;

    fn number(written: &str) -> DocumentNumber {
        DocumentNumber::of(written).unwrap()
    }

    #[test]
    fn one_document_has_one_number_however_it_is_written() {
        let printed = number("国知发管字〔2015〕59号");
        for spelling in [
            "国知发管字[2015]59号",
            "国知发管字（2015）59号",
            "国知发管字(2015)59号",
            "国知发管字【２０１５】５９号",
            "国知发管字 〔 2015 〕 第59号",
            "国知发管字　﹝2015﹞59 号",
            "国知发管字2015年59号",
        ] {
            assert_eq!(number(spelling), printed, "{spelling}");
        }
        assert!(number("〔2015〕59号").names(&printed) && number("59号").names(&printed));
        for other in ["国知发管字〔2015〕159号", "国知发管字〔2015〕5号", "国知发管函〔2015〕59号"]
        {
            assert_ne!(number(other), printed, "{other}");
        }
        assert!(!number("9号").names(&printed));
        assert_eq!(number("No. 59"), number("NO 59"));
        for nothing in ["", "　", "〔〕号", "No."] {
            assert_eq!(DocumentNumber::of(nothing), None, "{nothing}");
        }
    }
}
