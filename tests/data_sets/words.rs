//! What is said in Chinese is Chinese: no id, no name of a member, no English word in any sentence,
//! finding, refusal or label (rule G8). English sentences begin with a capital, end once, and give
//! offices their articles. What an act's author wrote is left as it was written.

use std::fs;
use std::path::Path;

use docket::cli::demo::data::DataSet;
use docket::domain::calendar::Calendars;
use docket::domain::ids::{Language, Text};
use docket::projection::audit_trail::entries;

use super::replay::Replay;

/// Words of every language.
const TAKEN_OVER: [&str; 4] = ["PCT", "GDP", "SHA", "EDTF"];

fn replays() -> [Replay; 2] {
    [Replay::of(&DataSet::real().unwrap()), Replay::of(&DataSet::exercise().unwrap())]
}

/// The free texts within a value: what nobody but its author worded.
fn written(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => {
            let is_code = text.bytes().all(|b| b.is_ascii_lowercase() || b"_.".contains(&b));
            if !is_code {
                texts.push(text.clone());
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| written(item, texts)),
        serde_json::Value::Object(members) => {
            // A plan calls its indicators as its authors do.
            let named = members.get("indicators").and_then(serde_json::Value::as_object);
            texts.extend(named.into_iter().flat_map(|named| named.keys().cloned()));
            members.values().for_each(|member| written(member, texts));
        }
        _ => {}
    }
}

/// A text without what others wrote, longest first, so that no part of it is left behind.
fn without(text: &str, mut given: Vec<String>) -> String {
    let trimmed: Vec<_> = given.iter().map(|text| text.trim_end_matches(['.', '。'])).collect();
    given.extend(trimmed.into_iter().map(str::to_owned).collect::<Vec<_>>());
    given.retain(|text| !text.is_empty());
    given.sort_by_key(|given| std::cmp::Reverse(given.len()));
    given.iter().fold(text.to_owned(), |text, given| text.replace(given.as_str(), "◦"))
}

fn foreign_words(chinese: &str) -> Vec<String> {
    let words = chinese.split(|c: char| !c.is_ascii_alphabetic() && c != '_');
    words.filter(|word| !word.is_empty() && !TAKEN_OVER.contains(word)).map(str::to_owned).collect()
}

fn faults_of_english(sentence: &str, own: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !sentence.starts_with(|c: char| c.is_uppercase()) {
        faults.push("begins without a capital".to_owned());
    }
    if !sentence.ends_with(['.', '!', '?']) || sentence.ends_with("..") {
        faults.push("does not end once".to_owned());
    }
    let lower = own.to_lowercase();
    for office in ["registrar", "local people's government", "provincial ip department"] {
        for (at, _) in lower.match_indices(office) {
            if !lower[..at].ends_with("the ") {
                faults.push(format!("{office} without an article"));
            }
        }
    }
    let words = own.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    faults.extend(words.filter(|word| word.contains('_')).map(|word| format!("the code {word}")));
    faults
}

#[test]
fn every_sentence_is_in_one_language() {
    let mut faults = Vec::new();
    for replay in replays() {
        for (stream, history) in &replay.histories {
            let (program, subject) = replay.of_stream(stream);
            let mut versions = replay.versions[&program].clone();
            if subject.is_program() {
                versions = versions.of_whole();
            }
            let said =
                |language| entries(history, &subject, &versions, &Calendars::default(), language);
            let mut of_plans = Vec::new();
            for event in history.events() {
                if let Some(fact) = event.event.fact() {
                    let act = serde_json::to_value(fact.act.read().unwrap()).unwrap();
                    written(&act, &mut of_plans);
                }
            }
            for ((zh, en), event) in
                said(Language::Zh).iter().zip(said(Language::En)).zip(history.events())
            {
                let mut given = of_plans.clone();
                if let Some(fact) = event.event.fact() {
                    let over = fact.over_limit.as_ref();
                    given.extend(over.map(|over| over.justification.to_string()));
                }
                let name = subject.name_on(event.meta.effective_on.latest());
                given.extend([name.zh.clone(), name.en.clone()]);
                let own = without(&zh.sentence, given.clone());
                for word in foreign_words(&own) {
                    faults.push(format!("{word}: {}", zh.sentence));
                }
                let own = without(&en.sentence, given);
                for fault in faults_of_english(&en.sentence, &own) {
                    faults.push(format!("{fault}: {}", en.sentence));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_finding_and_refusal_is_in_one_language() {
    let mut faults = Vec::new();
    for replay in replays() {
        let findings = replay.accepted.iter().flat_map(|accepted| {
            let mut given = Vec::new();
            for event in replay.histories[&accepted.stream].events() {
                if let Some(fact) = event.event.fact() {
                    let act = serde_json::to_value(fact.act.read().unwrap()).unwrap();
                    written(&act, &mut given);
                }
            }
            accepted.decision.fact.findings.iter().map(move |f| (&f.text, given.clone()))
        });
        let refusals = replay.refused.iter().map(|(_, stream, refusal)| {
            let (_, subject) = stream.split_once('-').unwrap();
            (&refusal.detail, vec![subject.to_owned()])
        });
        for (text, given) in findings.chain(refusals) {
            let Text { en, zh } = text;
            let words = foreign_words(&without(zh, given.clone()));
            faults.extend(words.iter().map(|word| format!("{word}: {zh}")));
            // A member is quoted as it is written: `effective_on`.
            let own = without(en, given);
            let ids = own.split_whitespace().filter(|word| word.contains('_'));
            let ids = ids.filter(|word| !word.starts_with('`') && !word.starts_with('/'));
            faults.extend(ids.map(|id| format!("the code {id}: {en}")));
            if en.chars().any(is_chinese) {
                faults.push(format!("Chinese in English: {en}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn labels(value: &toml::Value, found: &mut Vec<(String, String)>) {
    match value {
        toml::Value::Table(table) => {
            let text = |name| table.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            if let (Some(en), Some(zh)) = (text("en"), text("zh")) {
                found.push((en, zh));
            }
            table.values().for_each(|value| labels(value, found));
        }
        toml::Value::Array(items) => items.iter().for_each(|item| labels(item, found)),
        _ => {}
    }
}

fn toml_files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            toml_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_label_of_the_measures_is_in_one_language() {
    let mut files = Vec::new();
    toml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/measures"), &mut files);
    let mut texts = Vec::new();
    for file in &files {
        labels(&toml::from_str(file).unwrap(), &mut texts);
    }
    assert!(texts.len() > 150, "{} texts were found", texts.len());
    let mut faults = Vec::new();
    for (en, zh) in &texts {
        faults.extend(foreign_words(zh).iter().map(|word| format!("{word}: {zh}")));
        let wrong = ["以上", "省级知识产权管理部门", "省级人民政府", "类别为"];
        let wrong = wrong.iter().filter(|wrong| zh.contains(**wrong));
        faults.extend(wrong.map(|wrong| format!("{wrong}: {zh}")));
        if en.chars().any(is_chinese) {
            faults.push(format!("Chinese in English: {en}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
