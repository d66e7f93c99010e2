//! No word of a program's law stands in code: ids of programs, obligations, matters, outcomes and what
//! else measures declare are looked for among the string literals.

use std::collections::BTreeMap;

use docket::domain::act::ActKind;
use toml::{Table, Value};

/// Where such a word has no place.
const PURE: [&str; 4] = ["src/domain/", "src/projection/", "src/views/", "src/api/"];

/// Words that mean something else where they stand: the scheme of an HTTP authentication, a kind of
/// subject.
const OTHERWISE: [(&str, &str); 2] =
    [("src/api/serving/openapi.rs", "scheme"), ("src/domain/words.rs", "cluster_area")];

/// Lists of a measure whose members declare ids, and what an id of each is called.
const DECLARED: [(&str, &str); 3] =
    [("obligation", "an obligation"), ("matter", "a matter"), ("outcome_name", "an outcome")];

/// The words that measures define: what each is, by the id.
pub fn words(texts: &[(String, String)]) -> BTreeMap<String, &'static str> {
    let mut words = BTreeMap::new();
    for (path, text) in texts.iter().filter(|(path, _)| is_measure(path)) {
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        for at in [table.get("id"), table.get("exercise").and_then(|exercise| exercise.get("id"))] {
            words.extend(at.and_then(Value::as_str).map(|id| (id.to_owned(), "a program")));
        }
        for (list, what) in DECLARED {
            let items = table.get(list).and_then(Value::as_array).into_iter().flatten();
            let ids = items.filter_map(|item| item.get("id")?.as_str());
            words.extend(ids.map(|id| (id.to_owned(), what)));
        }
        for act in table.get("act").and_then(Value::as_array).into_iter().flatten() {
            let outcomes = act.get("outcome").and_then(Value::as_table).into_iter().flatten();
            words.extend(outcomes.map(|(id, _)| (id.clone(), "an outcome")));
            for member in ["opens", "decides", "answers"] {
                let matter = act.get(member).and_then(Value::as_str);
                words.extend(matter.map(|id| (id.to_owned(), "a matter")));
            }
        }
    }
    // Code's own words: acts, and the outcome of an act that has none.
    words.retain(|id, _| id != "done" && ActKind::parse(id).is_none());
    words
}

fn is_measure(path: &str) -> bool {
    path.starts_with("schemas/measures/") && path.ends_with(".toml")
}

/// Each literal that is such a word, with its place.
pub fn faults(texts: &[(String, String)], words: &BTreeMap<String, &'static str>) -> Vec<String> {
    let pure = texts.iter().filter(|(path, _)| {
        PURE.iter().any(|folder| path.starts_with(folder))
            && path.ends_with(".rs")
            && !path.ends_with("tests.rs")
    });
    let mut faults = Vec::new();
    for (path, text) in pure {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            for literal in literals(line) {
                let what = words.get(literal).filter(|_| !OTHERWISE.contains(&(path, literal)));
                if let Some(what) = what {
                    let number = number + 1;
                    faults.push(format!("{path}:{number}: {literal:?} is {what} of a measure"));
                }
            }
        }
    }
    faults
}

/// Where a measure is applied or a subject registered, sentences are made by `said!` from what they name,
/// in both languages at once: none is put together by hand, with an id in it.
const OF_REFUSALS: [&str; 7] = [
    "src/domain/decide",
    "src/domain/history_decide",
    "src/domain/permitted.rs",
    "src/domain/fulfilment.rs",
    "src/domain/subject",
    "src/app/registration",
    "src/app/places",
];

/// Each `format!` there that writes Chinese.
pub fn sentences_by_hand(texts: &[(String, String)]) -> Vec<String> {
    let refusing =
        texts.iter().filter(|(path, _)| OF_REFUSALS.iter().any(|at| path.starts_with(at)));
    let mut faults = Vec::new();
    for (path, text) in refusing {
        for (at, _) in text.match_indices("format!(") {
            let literal = text[at..].split('"').nth(1).unwrap_or_default();
            if literal.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
                let line = text[..at].lines().count();
                faults.push(format!("{path}:{line}: make the sentence by said!: {literal}"));
            }
        }
    }
    faults
}

/// The string literals of a line, which are closed on it; comments have none.
fn literals(line: &str) -> Vec<&str> {
    if line.trim_start().starts_with("//") {
        return Vec::new();
    }
    line.split('"').skip(1).step_by(2).collect()
}
