//! The log on pages: what it is counted by, what is newer; what cites an article; and the page of who is not listed.

use serde_json::{Value, json};

use super::console::{Browser, token};
use super::support::{Server, demo_copy};

/// The events that a page of the log shows, and those after it.
fn events(browser: &Browser, path: &str) -> Vec<String> {
    let (mut at, mut found) = (path.to_owned(), Vec::new());
    loop {
        let body = browser.get(&at).body;
        let rows = body.split("<td class=\"figure\"><a href=\"").skip(1);
        found.extend(
            rows.map(|row| row.split("\">#").nth(1).unwrap().split('<').next().unwrap().to_owned()),
        );
        let Some(before) = body.split("\">Later events<").next().filter(|part| *part != body)
        else {
            return found;
        };
        at = before.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
    }
}

/// The links of the parts of a page that can be folded away: each with its figure.
fn figures(body: &str) -> Vec<(String, usize)> {
    let lines = body.split("<li><a href=\"").skip(1);
    let figure = |line: &str| {
        let to = line.split('"').next()?.replace("&amp;", "&");
        let count = line.split("</a> <span class=\"figure\">").nth(1)?;
        Some((to, count.split('<').next()?.parse().ok()?))
    };
    lines.filter_map(|line| figure(line.split("</li>").next()?)).collect()
}

#[test]
fn the_log_is_counted_by_what_events_say_and_each_figure_opens_its_events() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    for page in [
        "/console/log?lang=en&program=exercise_strong_province",
        "/console/log?lang=en&program=exercise_cluster_area&type=PlanSubmitted",
        "/console/log?lang=en&as_of=2026-11-30&at_sequence=500&office=registrar&exercise=false",
    ] {
        let body = browser.get(page).body;
        let found = figures(&body);
        assert!(found.len() > 4, "{page}: {found:?}");
        // Those of other programs are as many as their page says; the longest lists are left out.
        for (to, count) in found.iter().filter(|(_, count)| *count < 40).step_by(4) {
            assert_eq!(events(&browser, to).len(), *count, "{page} leads to {to}");
        }
    }
    let typed = browser.get("/console/log?lang=en&subject=x04").body;
    assert!(figures(&typed).is_empty(), "what is typed in is not counted");
    let none = browser.get("/console/log?lang=en&program=strong_city&office=province").body;
    assert!(none.contains("No event here."), "{none}");
}

#[test]
fn an_article_says_how_many_events_cite_it() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let totals = "/v1/events/totals?by=article&program=exercise_cluster_area&measure=2014-40";
    let totals = browser.json(&auditor, totals);
    let body = browser.get("/console/measures/exercise_cluster_area/2014-40?lang=en").body;
    let items = totals["items"].as_array().unwrap();
    assert!(items.len() > 5, "{totals}");
    for item in items {
        let (count, article) = (&item["events"]["count"], item["article"].as_str().unwrap());
        let link = body.split("<a href=\"").find(|link| {
            let asks = format!("&amp;article={}\"", article.replace(' ', "%20"));
            link.contains(&asks) && link.contains(&format!("{count} events"))
        });
        assert!(link.is_some() || article.contains(['(', ',', ';']), "{article}: {count}");
    }
}

#[test]
fn what_is_newer_than_a_page_is_said_beside_it() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let registrar = token(folder.path(), "registrar");
    browser.sign_in(&registrar);
    let health = browser.json(&registrar, "/health/ready");
    let newest = health["log"]["sequence"].as_str().unwrap().trim_start_matches('0');
    let from: u64 = newest.parse().unwrap();
    let page = browser.get(&format!("/console/log?lang=en&from={}", from - 3)).body;
    assert!(page.contains("The end of the log."), "{page}");
    let asks = page.split("role=\"status\" data-asks=\"").nth(1).unwrap();
    let asks = asks.split('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(browser.get(&asks).status, 204);
    let past = browser.get(&format!("/console/log?lang=en&at_sequence={newest}&from={from}")).body;
    assert!(!past.contains("data-asks"), "a page of the past says nothing of what came after");
    let note = json!({ "act": "note", "effective_on": "2026-11-30", "text": "n" });
    let acts = "/v1/enrollments/exercise_cluster_area/exercise_i/acts";
    browser.record(&registrar, acts, &note);
    let newer: Value = serde_json::from_str(&browser.get(&asks).body).unwrap();
    assert_eq!(newer["text"], "1 newer event");
    assert_eq!(events(&browser, newer["to"].as_str().unwrap()), [(from + 1).to_string()]);
}

/// P12: a province that is not listed owes a promotion plan, without a date.
#[test]
fn a_province_that_is_not_listed_has_a_page_with_what_it_owes() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    let shown = browser.get("/console/strong_province/140000?lang=en");
    assert_eq!(shown.status, 200);
    for said in ["Shanxi", "Nothing is on record of it", "Comprehensive strength promotion plan"] {
        assert!(shown.body.contains(said), "{said}: {}", shown.body);
    }
    assert!(!shown.body.contains("Record the first act"), "an auditor records nothing");
    let registrar = token(folder.path(), "registrar");
    browser.sign_in(&registrar);
    let shown = browser.get("/console/strong_province/140000?lang=en").body;
    assert!(shown.contains("/console/strong_province/140000/acts/new"), "{shown}");
    // On whom nothing is laid there is no page, and those that are near it are named.
    assert_eq!(browser.get("/console/cluster_area/140000?lang=en").status, 404);
}

#[test]
fn a_register_shows_how_the_program_went_and_its_slider_leads_to_a_month() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let body = browser.get("/console/register/strong_province?lang=en&as_of=2016-12-31").body;
    let course = browser.json(&auditor, "/v1/programs/strong_province/course?as_of=2016-12-31");
    for item in course["items"].as_array().unwrap() {
        let link =
            format!("/console/register/strong_province?as_of={}", item["from"].as_str().unwrap());
        assert!(body.contains(&link), "{link}");
    }
    for one in course["standing"].as_array().unwrap() {
        let said = format!(
            "{} <strong>{}</strong>",
            one["category"]["label"].as_str().unwrap(),
            one["subjects"]
        );
        assert!(body.contains(&said), "{said}: {body}");
    }
    let slide = "/console/slide?program=strong_province&first=2012&lang=en&at_sequence=700&month=";
    let led = browser.get(&format!("{slide}50"));
    assert_eq!(led.status, 303);
    let to = led.header("location");
    assert!(to.starts_with("/console/register/strong_province?"), "{to}");
    for kept in ["as_of=2016-03-31", "at_sequence=700", "lang=en"] {
        assert!(to.contains(kept), "{to}");
    }
    // What is no month leads to the register as it was.
    let led = browser.get(&format!("{slide}-1"));
    assert!(!led.header("location").contains("as_of"), "{}", led.header("location"));
}

/// The sentence counts all, whichever of them the page lists.
#[test]
fn a_further_page_of_a_register_lists_the_rest_and_counts_all() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let all = browser.json(&auditor, "/v1/enrollments?program=strong_province&limit=500");
    let first = browser.json(&auditor, "/v1/enrollments?program=strong_province&limit=5");
    let next = first["next"].as_str().unwrap().split("cursor=").nth(1).unwrap();
    let next = next.split('&').next().unwrap();
    let body =
        browser.get(&format!("/console/register/strong_province?lang=en&cursor={next}")).body;
    let table = body.split("id=\"register\"").nth(1).unwrap();
    let rows = table.split("<tbody>").nth(1).unwrap().matches("<tr>").count();
    let items = all["items"].as_array().unwrap();
    assert_eq!(rows, items.len() - 5);
    let standing = items.iter().filter(|item| item["stands_at"]["phase"].is_string()).count();
    let said = format!("<strong>{standing}</strong> stand in the program: ");
    assert!(body.contains(&said), "{said}: {body}");
}
