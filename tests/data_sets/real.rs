//! The real set against the facts as they were gathered, listed here once more by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::replay::Replay;
use docket::cli::demo::data::{DataSet, What};
use docket::domain::act::Act;
use docket::domain::ids::Provenance;

/// Each fact: its id, subject, date, and what it says. `=` an attested standing, `~` an inferred
/// one, `.` none.
const FACTS: [(&str, &str, &str, &str); 47] = [
    ("pp-01", "440000", "2016-06-13", "."),
    ("pp-01-standing", "440000", "../2016-06-13", "= pilot leading"),
    ("pp-02", "440000", "2016-06-14", "."),
    ("pp-03", "440000", "../2016-07-29", "= pilot leading"),
    ("pp-04", "320000", "../2016-07-29", "= pilot leading"),
    ("pp-05", "320000", "../2017-05-12", "~ pilot leading"),
    ("pp-06", "440000", "../2017-05-12", "~ pilot leading"),
    ("pp-07", "310000", "../2017-05-12", "~ pilot leading"),
    ("pp-08", "510000", "../2017-05-12", "~ pilot leading"),
    ("pp-09", "510000", "2019-05", "."),
    ("pp-10", "310000", "../2021-12-31", "."),
    ("pp-11", "330000", "../2021-08-04", "."),
    ("pp-12", "410000", "2016", "= pilot supporting"),
    ("pp-13", "410000", "../2017-05-12", "= pilot supporting"),
    ("pp-14", "430000", "2016-12-20", "."),
    ("pp-15", "430000", "../2017-05-12", "= pilot supporting"),
    ("pp-16", "370000", "../2017-05-12", "= pilot supporting"),
    ("pp-17", "610000", "../2017-05-12", "= pilot supporting"),
    ("pp-18", "500000", "../2017-05-12", "= pilot supporting"),
    ("pp-19", "350000", "../2017-05-12", "= pilot supporting"),
    ("pp-20", "620000", "2016/2017-05-12", "= pilot characteristic"),
    ("pp-21", "450000", "../2017-05-12", "= pilot characteristic"),
    ("pp-22", "450000", "../2021-11-26", "."),
    ("pp-23", "360000", "../2016-11-12", "."),
    ("pp-23-standing", "360000", "../2016-11-12", "= pilot characteristic"),
    ("pp-24", "360000", "../2017-05-12", "= pilot characteristic"),
    ("ce-05", "zhongguancun", "2013/2016-04-29", "~ under_construction"),
    ("ce-06", "zhongguancun", "2016-04-29", "= demonstrative"),
    ("ce-07", "caohejing", "../2016-12-31", "."),
    ("ce-08", "caohejing", "../2021-01-15", "~ demonstrative"),
    ("ce-09", "caohejing", "2024-04-01", "."),
    ("ce-10", "futian", "2013-09", "= under_construction"),
    ("ce-11", "futian", "2013-11", "."),
    ("ce-12", "futian", "2016-10", "= under_construction.excellent"),
    ("ce-13", "futian", "2017", "= demonstrative"),
    ("ce-14", "futian", "2020-12-07", "= demonstrative"),
    ("ce-15", "zhengzhou", "../2015-04-29", "= under_construction"),
    ("ce-16", "zhengzhou", "../2017-09-12", "~ demonstrative"),
    ("ce-17", "chengdu_hitech", "../2022-03-30", "= demonstrative"),
    ("ce-22", "xian_hitech", "../2017-12-13", "~ under_construction"),
    ("ce-23", "kunming_hitech", "2021-09", "."),
    ("ce-24", "kunming_hitech", "2023-12", "= high_quality_experimental"),
    ("ce-25", "dalian_hitech", "2023-12", "= high_quality_experimental"),
    ("ce-26", "changchun_newarea", "../2024-01-23", "= high_quality_experimental"),
    ("ce-27", "hefei_hitech", "2025/2026", "~ high_quality_demonstration"),
    ("ce-28", "tianjin_binhai", "../2022-09-29", "= experimental"),
    ("ce-29", "guiyang_hitech", "../2026-03-06", "= high_quality_creation"),
];

#[test]
fn the_real_set_says_what_the_sources_say_and_nothing_else() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let gathered = |key: &str| key.starts_with("real-pp-") || key.starts_with("real-ce-");
    let said: BTreeSet<_> = replay
        .accepted
        .iter()
        .filter(|accepted| gathered(&accepted.key))
        .map(|accepted| {
            let subject = accepted.stream.split_once('-').unwrap().1.to_owned();
            let on = accepted.request.common.effective_on.to_string();
            (accepted.key.clone(), subject, on, standing(&accepted.request.act))
        })
        .collect();
    let facts: BTreeSet<_> = FACTS
        .iter()
        .map(|(id, subject, on, what)| {
            (format!("real-{id}"), (*subject).to_owned(), (*on).to_owned(), (*what).to_owned())
        })
        .collect();
    assert_eq!(said, facts);
}

fn standing(act: &Act) -> String {
    match act {
        Act::AttestStanding(attestation) => {
            let sign = match attestation.confidence {
                Provenance::Attested => "=",
                Provenance::Inferred => "~",
                Provenance::Recorded => panic!("evidence is no act"),
            };
            let category = attestation.category.iter().map(|category| format!(" {category}"));
            format!("{sign} {}{}", attestation.stands_at, category.collect::<String>())
        }
        Act::Note(_) => ".".to_owned(),
        other => panic!("{} is no evidence", other.kind().as_str()),
    }
}

/// P4, G9: the thirteen pilots that sources name, 4, 6 and 3, within the limits; Zhejiang describes
/// itself so and holds no standing.
#[test]
fn thirteen_pilots_stand_by_evidence() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let mut pilots: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (stream, history) in &replay.histories {
        let state = history.state();
        if let Some(subject) = stream.strip_prefix("strong_province-")
            && let Some(phase) = state.phase()
        {
            assert_eq!(phase, "pilot", "{stream}");
            assert!(state.is_evidenced_only(), "{stream}");
            pilots.entry(state.category.unwrap().to_string()).or_default().push(subject);
        }
    }
    assert_eq!(pilots["leading"], ["310000", "320000", "440000", "510000"]);
    assert_eq!(pilots["supporting"], ["350000", "370000", "410000", "430000", "500000", "610000"]);
    assert_eq!(pilots["characteristic"], ["360000", "450000", "620000"]);
    let zhejiang = replay.histories["strong_province-330000"].state();
    assert_eq!((zhejiang.node, zhejiang.acts), (None, 1));
    for ((_, category), quota) in &replay.quotas {
        assert_eq!(quota.holders_on(replay.now.civil_day()).len(), pilots[&**category].len());
        assert_eq!(quota.days_over(4 + u32::from(category != "leading") * 2), []);
    }
}

/// G9, G10, G16: no office is said to have acted, nothing is due, every fact names its source.
#[test]
fn no_real_fact_is_an_act_of_an_office() {
    let replay = Replay::of(&DataSet::real().unwrap());
    for accepted in &replay.accepted {
        let common = &accepted.request.common;
        if publishes(&accepted.request.act) {
            let reported =
                common.document.as_ref().and_then(|document| document.reported_by.as_ref());
            assert!(reported.is_some(), "{}", accepted.key);
            continue;
        }
        assert!(common.archive.is_none() && common.over_limit.is_none(), "{}", accepted.key);
        assert!(common.materials.is_empty() && common.decided_on.is_none(), "{}", accepted.key);
        assert!(common.kept_since.is_none(), "{}", accepted.key);
        let said = match &accepted.request.act {
            Act::AttestStanding(attestation) => &attestation.source,
            Act::Note(note) => &note.text,
            Act::RecordFigure(figure) => &figure.source,
            _ => panic!("{}", accepted.key),
        };
        let reported = said.contains("Reported by ") && said.ends_with("; original not seen");
        let read = common.document.as_ref().is_some_and(|document| document.reported_by.is_some());
        let read = read || said.ends_with(", read");
        assert!(reported || read, "{} names no source: {said}", accepted.key);
    }
    for (stream, history) in &replay.histories {
        assert!(history.state().duties.is_empty(), "{stream}");
        assert_eq!(history.state().unsupported.len(), 0, "{stream}");
    }
}

/// A result that an office published: its own act, which a source tells.
fn publishes(act: &Act) -> bool {
    matches!(act, Act::RecordDeliverable(deliverable) if deliverable.kind == "research_result")
}

/// P2, C3, T, N: the 31 divisions and the Corps, and the areas, cities, counties and parks of which a
/// source says something.
#[test]
fn the_subjects_are_the_divisions_the_corps_and_the_areas() {
    let set = DataSet::real().unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for step in &set.steps {
        if let What::Register(subject) = &step.what {
            *kinds.entry(&subject.kind).or_default() += 1;
            assert!(!subject.invented && !subject.source.is_empty());
            assert!(subject.zones.is_empty() && subject.responsible_office.is_none());
            codes.extend(subject.code.clone());
        }
    }
    let expected = [("city", 57), ("cluster_area", 12), ("corps", 1), ("county", 16)];
    let expected = expected.into_iter().chain([("park", 7), ("province", 31)]);
    assert_eq!(kinds, expected.collect());
    // All but the Corps, the areas and six of the parks have one.
    assert_eq!(codes.len(), 31 + 57 + 16 + 1);
    let replay = Replay::of(&set);
    assert_eq!(replay.subjects["XPCC"].registration.province.as_ref().unwrap().as_str(), "XPCC");
    assert!(replay.subjects["XPCC"].registration.code.is_none());
    for subject in replay.subjects.values() {
        let province = subject.registration.province.as_ref().unwrap();
        assert!(replay.subjects.contains_key(province.as_str()), "{province}");
    }
}

/// Futian: the whole course by evidence, and where it stood on each day of it (C8, C15, C17, C18).
#[test]
fn futian_from_approval_to_review() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let futian = &replay.histories["cluster_area-futian"];
    let at = |day| {
        let state = futian.state_at(docket::domain::date::Day::parse(day).unwrap());
        state.node.map(|node| node.to_string())
    };
    assert_eq!(at("2013-08-31"), None);
    assert_eq!(at("2013-09-30").as_deref(), Some("under_construction"));
    assert_eq!(at("2016-10-31").as_deref(), Some("under_construction.excellent"));
    assert_eq!(at("2017-12-31").as_deref(), Some("demonstrative"));
    let state = futian.state();
    assert_eq!(state.title.as_ref().unwrap().title, "demonstrative");
    assert_eq!(state.last_evidenced_on.unwrap().to_string(), "2020-12-07");
    // The review is shown as one: it keeps the title for three more years.
    assert_eq!(state.title.as_ref().unwrap().until.unwrap().to_string(), "2023-12-07");
}
