//! The pages for people who write clients: they show what a body holds, link to nothing that is not
//! there, and the type of every problem is one of them.

use super::support::*;
use docket::domain::act::ActKind;
use docket::views::problem::Code;
use std::collections::{BTreeMap, BTreeSet};

fn between<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}

async fn page(server: &Server, address: &str, language: &str) -> String {
    let asked = server.request("GET", address).header("accept-language", language);
    let reply = send(asked).await.ok(200);
    assert_eq!(reply.header("content-language"), language, "{address}");
    let allowed = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    assert_eq!(reply.header("content-security-policy"), allowed, "{address}");
    let html = String::from_utf8(reply.body).unwrap();
    for elsewhere in ["src=", "style=", "<style", "href=\"http", "@import", "url(", "<script"] {
        assert!(!html.contains(elsewhere), "{address}: {elsewhere}");
    }
    html
}

/// Every page that the first one leads to, in a language, by its address.
async fn pages(server: &Server, language: &str) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut waiting = vec!["/docs".to_owned()];
    while let Some(address) = waiting.pop() {
        if pages.contains_key(&address) {
            continue;
        }
        let html = page(server, &address, language).await;
        let linked = between(&html, "href=\"").map(|to| to.split('#').next().unwrap());
        let inner = |to: &&str| to.starts_with("/docs") || to.starts_with("/problems/");
        waiting.extend(linked.filter(inner).filter(|to| !to.contains('?')).map(str::to_owned));
        pages.insert(address, html);
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_leads_to_a_page_and_to_a_place_on_it() {
    let server = server().await;
    for language in ["en", "zh-CN"] {
        let pages = pages(&server, language).await;
        for name in ["/docs/enrollments", "/docs/events", "/docs/server", "/docs/words"] {
            assert!(pages.contains_key(name), "{name}");
        }
        for code in Code::ALL {
            assert!(pages.contains_key(&format!("/problems/{}", code.name())), "{code:?}");
        }
        for (address, html) in &pages {
            for to in between(html, "href=\"").filter(|to| to.contains('#')) {
                let (path, place) = to.split_once('#').unwrap();
                let on = if path.is_empty() { html } else { &pages[path] };
                let there: BTreeSet<&str> = between(on, " id=\"").collect();
                assert!(there.contains(place), "{address}: {to}");
            }
        }
    }
}

/// Whatever a language is asked for by, a page says where it is in the other one.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_can_name_the_language() {
    let server = server().await;
    for address in ["/docs", "/docs/enrollments", "/problems/not-found"] {
        let named = format!("{address}?lang=zh-CN");
        let asked = server.request("GET", &named).header("accept-language", "en");
        let reply = send(asked).await.ok(200);
        assert_eq!(reply.header("content-language"), "zh-CN");
        let html = String::from_utf8(reply.body).unwrap();
        assert!(html.contains(&format!("href=\"{address}?lang=en\"")), "{address}");
        assert!(html.contains("href=\"/docs/words?lang=zh-CN\""), "links carry it: {address}");
    }
    send(server.request("GET", "/docs?lang=fr")).await.problem(400, "malformed-request");
    let unknown = send(server.request("GET", "/docs/nothing")).await;
    unknown.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acts_and_types_are_shown_member_by_member() {
    let server = server().await;
    for language in ["en", "zh-CN"] {
        let acts = page(&server, "/docs/acts", language).await;
        let there = between(&acts, " id=\"").collect::<BTreeSet<_>>();
        for kind in ActKind::ALL {
            assert!(there.contains(format!("act-{}", kind.as_str()).as_str()), "{kind:?}");
        }
        let evaluate = acts.split("id=\"act-evaluate\"").nth(1).unwrap();
        let evaluate = evaluate.split("<h2").next().unwrap();
        for part in ["<code>findings</code> *", "<code>result</code> *", "<code>failed</code>"] {
            assert!(evaluate.contains(part), "{part}: {evaluate}");
        }
        assert!(!evaluate.contains("<p lang=\"en\"></p>"), "it is described: {evaluate}");
        let types = page(&server, "/docs/types", language).await;
        assert!(types.contains("id=\"type-Registration\""));
    }
}

/// The type of a problem as an answer has it, and the same below the other pages.
#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_every_problem_says_what_it_means_and_what_helps() {
    let server = server().await;
    let refused = send(server.request("GET", "/v1/enrollments")).await.json();
    let given = refused["type"].as_str().unwrap();
    assert!(given.ends_with("/problems/invalid-token"), "{given}");
    for code in Code::ALL {
        for (language, helps) in
            [("en", ["The usual cause", "What helps"]), ("zh-CN", ["常见原因", "处理办法"])]
        {
            let address = format!("/problems/{}", code.name());
            let html = page(&server, &address, language).await;
            let below = page(&server, &format!("/docs{address}"), language).await;
            assert_eq!(
                html.replace(&address, ""),
                below.replace(&format!("/docs{address}"), "").replace(&address, "")
            );
            for part in helps {
                assert!(html.contains(&format!("<h2>{part}</h2><p>")), "{address}: {part}");
            }
            assert!(html.contains(&code.as_str()), "{address}");
        }
    }
}
