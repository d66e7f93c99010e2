//! What an act would do, shown before it is done: beside the record and on the form's check.

use super::console::{Browser, hidden, token};
use super::support::{Server, demo_copy};

const ONE: &str = "/console/exercise_cluster_area/exercise_a?lang=en";
const OF_ONE: &str = "/v1/enrollments/exercise_cluster_area/exercise_a";

#[test]
fn what_permitted_acts_would_do_stands_beside_the_record() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let national = token(folder.path(), "national_office");
    browser.sign_in(&national);
    let before = browser.json(&national, OF_ONE)["revision"].clone();
    let page = browser.get(ONE).body;
    // Only for who asks for it.
    assert!(page.contains("try=1") && !page.contains("id=\"what-if\""), "{page}");
    let page = browser.get(&format!("{ONE}&try=1")).body;
    let shown = page.split("id=\"what-if\"").nth(1).unwrap();
    let acts = browser.json(&national, &format!("{OF_ONE}/permitted-acts"));
    let allowed = acts["acts"].as_array().unwrap().iter().filter(|act| act["allowed"] == true);
    let mut count = 0;
    for act in allowed {
        let form = format!("acts/new?lang=en&amp;act={}\"", act["act"].as_str().unwrap());
        assert!(shown.contains(&form), "{form}: {shown}");
        count += 1;
    }
    assert!(count > 2);
    assert_eq!(browser.json(&national, OF_ONE)["revision"], before, "trying records nothing");
    // Neither for another time, nor to who may not act.
    let past = browser.get(&format!("{ONE}&try=1&as_of=2026-11-29")).body;
    assert!(!past.contains("id=\"what-if\""));
    browser.sign_in(&token(folder.path(), "auditor"));
    assert!(!browser.get(&format!("{ONE}&try=1")).body.contains("what-if"));
}

#[test]
fn the_check_of_a_form_shows_the_sentence_that_is_then_recorded() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let national = token(folder.path(), "national_office");
    browser.sign_in(&national);
    let at = "/console/exercise_cluster_area/exercise_a/acts/new?lang=en";
    let form = browser.get(&format!("{at}&act=inspect")).body;
    let (key, revision) = (hidden(&form, "key").to_owned(), hidden(&form, "revision").to_owned());
    let send = |step: &str| {
        let form = [
            ("act", "inspect"),
            ("revision", revision.as_str()),
            ("key", key.as_str()),
            ("effective_on", "2026-11-30"),
            ("findings", "All in order"),
            ("step", step),
        ];
        browser.post(at, &form, &[("sec-fetch-site", "same-origin")])
    };
    let checked = send("check").body;
    assert!(checked.contains("Stands at: ") && checked.contains("(as before)"), "{checked}");
    assert_eq!(send("record").status, 303);
    let trail = browser.json(&national, &format!("{OF_ONE}/audit-trail"));
    let last = trail["items"].as_array().unwrap().last().unwrap();
    let sentence = last["sentence"].as_str().unwrap();
    assert!(sentence.contains("All in order"));
    let plain = |text: &str| {
        let mut inside = false;
        let kept = text.chars().filter(|sign| {
            inside = *sign == '<' || (inside && *sign != '>');
            !inside && *sign != '>'
        });
        kept.collect::<String>().replace("&quot;", "\"").replace("&amp;", "&")
    };
    assert!(plain(&checked).contains(sentence), "{sentence}: {checked}");
}
