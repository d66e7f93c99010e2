//! The commands that read: on a log without a server, beside one, and through it.

use std::collections::BTreeSet;

use docket::cli::demo::data::{DataSet, What};
use serde_json::Value;

use crate::support::{Server, command, demo, demo_copy, docket, run, text};

fn ask(args: &[&str]) -> Value {
    let place = ["--output", "json", "--lang", "en", "--data-dir", text(demo())];
    docket(&[args, &place].concat()).json()
}

fn table(args: &[&str]) -> String {
    docket(&[args, &["--data-dir", text(demo())]].concat()).done()
}

fn subjects(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|i| i["subject"].as_str().unwrap()).collect()
}

/// The Ministry's table of 2017 names 13 pilot provinces.
#[test]
fn the_real_list_has_its_thirteen_pilots_and_no_exercise() {
    let pilots = ask(&["status", "--list", "--program", "strong_province", "--phase", "pilot"]);
    assert_eq!(subjects(&pilots).len(), 13);
    assert!(subjects(&pilots).contains(&"440000"));
    let everyone = ask(&["status", "--list"]);
    let exercise = |item: &Value| item["exercise"] == true;
    assert!(!everyone["items"].as_array().unwrap().iter().any(exercise));
    let exercises = ask(&["status", "--list", "--exercise"]);
    let exercises = exercises["items"].as_array().unwrap();
    assert!(exercises.len() > 20 && exercises.iter().all(exercise));
}

/// Whatever is shown of an exercise says so on its first line (G16), a list without items too.
#[test]
fn what_is_invented_says_so_first() {
    let (program, subject) = ("exercise_strong_province", "x01");
    let shown: [&[&str]; 9] = [
        &["status", program, subject],
        &["audit", program, subject],
        &["timeline", program, subject],
        &["obligations", program, subject],
        &["obligations", program],
        &["obligations", program, "--due-before", "1990-01-01"],
        &["obligations", "--exercise"],
        &["status", "--list", "--exercise"],
        &["status", "--list", "--program", program],
    ];
    for args in shown {
        let first =
            |lang| table(&[args, &["--lang", lang]].concat()).lines().next().map(str::to_owned);
        assert!(first("en").unwrap().starts_with("EXERCISE: "), "{args:?}");
        assert!(first("zh-CN").unwrap().starts_with("演练"), "{args:?}");
        assert_eq!(ask(args)["exercise"], true, "{args:?}");
    }
    for args in
        [&["status", "--list"][..], &["obligations"], &["audit", "strong_province", "440000"]]
    {
        assert!(!table(&[args, &["--lang", "en"]].concat()).contains("EXERCISE"), "{args:?}");
    }
}

#[test]
fn status_answers_for_any_day() {
    let status = |day| ask(&["status", "exercise_strong_province", "x01", "--as-of", day]);
    assert_eq!(status("2015-11-01")["stands_at"], Value::Null);
    assert_eq!(status("2018-06-30")["stands_at"]["phase"], "pilot");
    assert_eq!(status("2018-06-30")["title"], Value::Null);
    assert_ne!(status("2026-01-01")["stands_at"]["phase"], "pilot");
    let known = ["--lang", "en", "--known-at", "2020-01-01T00:00:00+08:00"];
    let place = ["--data-dir", text(demo())];
    let before = [&["status", "exercise_strong_province", "x01"], &known[..], &place].concat();
    docket(&before).refused(5, &["nothing was on record"]);
}

#[test]
fn lists_answer_for_both_times() {
    let list = ["status", "--list", "--program", "exercise_strong_province"];
    let then = |more: &[&str]| ask(&[&list[..], more].concat());
    let before = then(&["--known-at", "2020-01-01T00:00:00+08:00"]);
    assert_eq!((subjects(&before).len(), &before["known_to_sequence"]), (0, &Value::Null));
    let (early, now) = (then(&["--as-of", "2015-11-01"]), then(&["--as-of", "2018-06-30"]));
    assert!(subjects(&early).len() < subjects(&now).len());
    let later = then(&["--as-of", "2018-06-30", "--known-at", "2100-01-01T00:00:00+08:00"]);
    assert_eq!(later["items"], now["items"]);
    assert_eq!(later["known_to_sequence"], later["projection"]["sequence"]);
    let sequence = later["known_to_sequence"].as_str().unwrap();
    let obligations = ["obligations", "exercise_strong_province", "--as-of", "2018-06-30"];
    let known = ask(&[&obligations[..], &["--at-sequence", sequence]].concat());
    assert!(!known["items"].as_array().unwrap().is_empty());
    assert_eq!(known["items"], ask(&obligations)["items"]);
    assert_eq!(known["known_to_sequence"], sequence);
    let nothing = ask(&[&obligations[..], &["--at-sequence", "0"]].concat());
    assert_eq!(nothing["items"], serde_json::json!([]));
}

#[test]
fn people_get_tables_in_their_language() {
    let english = table(&["status", "cluster_area", "futian", "--lang", "en"]);
    assert!(english.contains("Futian District, Shenzhen  cluster_area / futian"), "{english}");
    assert!(english.contains("Demonstrative area  [demonstrative]") && english.contains("2017"));
    let chinese = table(&["status", "cluster_area", "futian", "--lang", "zh-CN"]);
    assert!(chinese.contains("示范") && chinese.contains("所处阶段"), "{chinese}");
    assert!(!english.contains('\u{1b}'), "colours belong on terminals");

    let list = table(&["status", "--list", "--program", "strong_province", "--lang", "zh-CN"]);
    assert!(list.lines().any(|line| line.contains("440000") && line.contains("广东省")), "{list}");
}

/// The ids of the subjects that the demo registers.
fn registered() -> BTreeSet<String> {
    let sets = [DataSet::real().unwrap(), DataSet::exercise().unwrap()];
    let steps = sets.iter().flat_map(|set| &set.steps);
    let ids = steps.filter_map(|step| match &step.what {
        What::Register(registration) => Some(registration.id.to_string()),
        _ => None,
    });
    ids.collect()
}

/// G8: what programs read (ids, names of acts, statuses) is said in words; only what is asked about
/// stays as it was asked.
#[test]
fn chinese_tables_hold_no_codes() {
    let one = ["exercise_strong_province", "x01"];
    let area = ["exercise_cluster_area", "exercise_b"];
    let asked: [&[&str]; 10] = [
        &["status", one[0], one[1]],
        &["obligations", one[0]],
        &["status", area[0], area[1], "--as-of", "2016-03-10"],
        &["status", "cluster_area", "futian"],
        &["obligations", area[0], area[1]],
        &["obligations", area[0], "--status", "OVERDUE,LATE"],
        &["timeline", one[0], one[1]],
        &["audit", area[0], area[1]],
        &["status", "--list", "--exercise"],
        &["status", "--list"],
    ];
    let registered = registered();
    for args in asked {
        let shown = table(&[args, &["--lang", "zh-CN"]].concat());
        for word in shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_code = word.contains('_') || word.len() > 3 && word == word.to_uppercase();
            let is_number = word.bytes().all(|b| b.is_ascii_digit());
            let is_subject = word == "XPCC" || registered.contains(word);
            assert!(!is_code || is_number || is_subject, "{word} in {args:?}:\n{shown}");
        }
        assert!(!shown.contains("Art. "), "{args:?}:\n{shown}");
    }
}

#[test]
fn the_audit_trail_is_sentences_with_articles() {
    let trail = ask(&["audit", "exercise_strong_province", "x01"]);
    let items = trail["items"].as_array().unwrap();
    assert_eq!(items.len(), 21);
    for item in items {
        assert!(item["sentence"].as_str().unwrap().ends_with('.'), "{item}");
        assert!(item["article"].is_string(), "{item}");
    }
    let shown = table(&["audit", "exercise_strong_province", "x01", "--lang", "en"]);
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("EXERCISE: invented, no real record"));
    assert!(lines.next().unwrap().starts_with("2015-11-12  "), "{shown}");
    assert!(shown.contains("0 Applied · "), "{shown}");
    let chinese = table(&["audit", "exercise_strong_province", "x01", "--lang", "zh-CN"]);
    assert!(chinese.contains('。') && chinese.contains("入档"), "{chinese}");
}

#[test]
fn the_timeline_is_drawn_and_told() {
    let line = ask(&["timeline", "exercise_strong_province", "x01"]);
    let phases: Vec<_> = line["phases"].as_array().unwrap().iter().map(|p| &p["phase"]).collect();
    assert_eq!(phases, ["candidate", "pilot", "demonstration", "powerful"]);
    assert_eq!(line["stages"].as_array().unwrap().len(), 3);
    let shown = table(&["timeline", "exercise_strong_province", "x01", "--lang", "en"]);
    let row = |label: &str| shown.lines().find(|line| line.starts_with(label)).unwrap();
    let at = |line: &str, c: char| line.chars().position(|found| found == c).unwrap();
    let years = shown.lines().find(|line| line.trim_start().starts_with("2015 2016")).unwrap();
    // The pilot begins in the first quarter of 2016, and the approval marks it.
    let begins = years.find("2016").unwrap();
    assert_eq!(at(row("Pilot province"), '█'), begins);
    assert_eq!(row("acts").chars().nth(begins), Some('|'));
    assert!(shown.contains("Phases\n") && shown.contains("III(I)1"), "{shown}");
}

#[test]
fn obligations_are_judged_and_say_how_they_follow() {
    let one = ask(&["obligations", "exercise_cluster_area", "exercise_b", "--as-of", "2016-03-10"]);
    let plan =
        |item: &&Value| item["obligation"] == "submit_plan" || item["due"]["on"] == "2016-03-07";
    let plan = one["items"].as_array().unwrap().iter().find(plan).unwrap();
    assert_eq!((&plan["status"], &plan["article"]), (&"OVERDUE".into(), &"Art. 10".into()));
    assert!(plan["due"]["arithmetic"].as_str().unwrap().contains("P3M"));

    let late = ask(&["obligations", "exercise_cluster_area", "--status", "LATE"]);
    let late = late["items"].as_array().unwrap();
    assert!(late.len() >= 3 && late.iter().all(|item| item["status"] == "LATE"));
    let real = ask(&["obligations"]);
    assert!(real["items"].as_array().unwrap().iter().all(|item| item["exercise"] == false));
    let shown = table(&["obligations", "exercise_cluster_area", "exercise_b", "--lang", "en"]);
    assert!(shown.contains("\nobligation ") && shown.contains("Art. 10"), "{shown}");
}

/// What is owed for a program as a whole is in the list, with the program named (P7, P19).
#[test]
fn what_is_owed_for_a_program_as_a_whole_is_listed() {
    let asked = ["obligations", "strong_province", "--owes", "national_office"];
    let list = ask(&asked);
    let whole = list["items"].as_array().unwrap().iter().filter(|item| item["subject"].is_null());
    let ids: BTreeSet<_> = whole.map(|item| item["obligation"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from(["classified_guidance", "indicator_system", "key_works"]));
    let shown = |lang| table(&[&asked[..], &["--lang", lang]].concat());
    let row = |shown: &str, whose: &str| {
        shown.lines().filter(|line| line.contains(whose)).map(str::to_owned).collect::<Vec<_>>()
    };
    let english = row(&shown("en"), "(the program as a whole)");
    assert!(english.len() == 3 && english[0].contains("strong_province"), "{english:?}");
    let chinese = row(&shown("zh-CN"), "（项目整体）");
    assert!(chinese.len() == 3 && chinese[0].contains("知识产权强省建设"), "{chinese:?}");
}

/// Instants are said one way, whichever command says them.
#[test]
fn instants_are_said_in_utc() {
    let known = "2100-01-01T08:00:00+08:00";
    let status = ["status", "cluster_area", "futian", "--lang", "en", "--known-at", known];
    let shown = table(&status);
    assert!(shown.contains(" 2100-01-01 00:00:00 UTC"), "{shown}");
    let trail = table(&["audit", "cluster_area", "futian", "--lang", "en"]);
    assert!(trail.lines().filter(|line| line.ends_with(" UTC")).count() > 3, "{trail}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let place = ["--lang", "en", "--data-dir", text(demo())];
    let ask = |args: &[&str]| docket(&[args, &place].concat());
    ask(&["status", "strong_province", "999999"]).refused(5, &["no subject 999999"]);
    ask(&["audit", "nothing", "440000"]).refused(5, &["no program", "strong_province"]);
    ask(&["timeline", "strong_province", "../../x"]).refused(5, &["docket: "]);
    ask(&["status", "strong_province", "440000", "--as-of", "2016-02-30"]).refused(2, &["as_of"]);
    ask(&["status", "--list", "--program", "nothing"]).refused(5, &["no program"]);
}

/// The promise of `ask`: with a server, without one, and beside one the answer is the same.
#[test]
fn a_server_and_its_log_give_the_same_answers() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let data_dir = ["--data-dir", text(folder.path())];
    let token = ["token", "--role", "auditor", "--office", "audit-office"];
    let token = docket(&[&token[..], &data_dir].concat()).done().trim().to_owned();
    let questions: &[&[&str]] = &[
        &["status", "cluster_area", "futian"],
        &["status", "exercise_strong_province", "x02", "--as-of", "2019-06-30"],
        &["audit", "strong_province", "440000"],
        &["timeline", "exercise_cluster_area", "exercise_b"],
        &["obligations", "exercise_cluster_area", "exercise_b"],
        &["obligations", "exercise_cluster_area"],
        &["status", "--list", "--exercise"],
    ];
    for question in questions {
        for form in [["--output", "json"], ["--lang", "en"]] {
            let question = [*question, &form].concat();
            let beside = docket(&[&question[..], &data_dir].concat()).done();
            let through = [&question[..], &["--server", &server.base]].concat();
            let through = run(command(&through).env("DOCKET_TOKEN", &token)).done();
            assert_eq!(beside, through, "{question:?}");
        }
    }
    let question = ["status", "cluster_area", "futian"];
    let mut by_environment = command(&question);
    by_environment.env("DOCKET_SERVER", &server.base).env("DOCKET_TOKEN", &token);
    assert!(run(&mut by_environment).done().contains("futian"));
    let through = [&question[..], &["--server", &server.base]].concat();
    docket(&through).refused(2, &["asks for a token", "DOCKET_TOKEN"]);
    run(command(&through).env("DOCKET_TOKEN", "a.b.c")).refused(6, &["access token"]);
    let base = server.base.clone();
    server.stop("TERM");
    let through = [&question[..], &["--server", &base]].concat();
    run(command(&through).env("DOCKET_TOKEN", &token)).refused(8, &["can't be reached", &base]);
}

/// `docket audit … | head` ends quietly.
#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let mut reading = command(&["config", "print", "--origins"]);
    reading.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = reading.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// `exercise/a` was answered about `exercise_a`.
#[test]
fn what_no_address_holds_is_an_error_and_never_another_subject() {
    let place = ["--lang", "en", "--data-dir", text(demo())];
    let ask = |command: &str, subject: &str| {
        docket(&[&[command, "exercise_cluster_area", subject], &place[..]].concat())
    };
    for command in ["status", "audit", "timeline", "obligations"] {
        ask(command, "exercise/a").refused(5, &["is not a subject"]);
        ask(command, "..").refused(2, &["no address can hold it"]);
    }
    for other in ["exercise a", "exercise?a", "exercise#a", "exercise%5Fa"] {
        ask("status", other).refused(5, &["is not a subject"]);
    }
    for none in ["", "."] {
        ask("status", none).refused(2, &["no address can hold it"]);
    }
    // Ids are compared without case.
    let known = ask("status", "EXERCISE_A").done();
    assert!(known.contains("exercise_cluster_area / exercise_a"), "{known}");
}
