//! The page for people who write clients: it shows what a body holds, and links to nothing that is
//! not there.

use super::support::*;
use docket::domain::act::ActKind;
use std::collections::BTreeSet;

fn between<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_every_act_and_type_member_by_member() {
    let server = server().await;
    for language in ["en", "zh-CN"] {
        let page = server.request("GET", "/docs").header("accept-language", language);
        let page = String::from_utf8(send(page).await.ok(200).body).unwrap();
        let there = between(&page, " id=\"").collect::<BTreeSet<_>>();
        let linked = between(&page, "href=\"#").collect::<BTreeSet<_>>();
        assert!(linked.contains("acts") && linked.contains("type-Registration"), "{linked:?}");
        let dangling = linked.difference(&there).collect::<Vec<_>>();
        assert!(dangling.is_empty(), "{dangling:?}");
        let asked = between(&page, "<code>GET ").map(|rest| rest.split('<').next().unwrap());
        let asked: Vec<String> = asked.map(str::to_owned).collect();
        assert_eq!(asked.len(), 6);
        let mut status = server.state.models_status.clone();
        status.wait_for(|status| status.copy.is_some()).await.unwrap();
        for address in asked {
            server.auditor().get(&address).await.ok(200);
        }
        for kind in ActKind::ALL {
            assert!(there.contains(format!("act-{}", kind.as_str()).as_str()), "{kind:?}");
        }
        let evaluate = page.split("id=\"act-evaluate\"").nth(1).unwrap();
        let evaluate = evaluate.split("<h3").next().unwrap();
        for part in ["<code>findings</code> *", "<code>result</code> *", "`failed`"] {
            assert!(evaluate.contains(part), "{part}: {evaluate}");
        }
        assert!(!evaluate.contains("<p></p>"), "it is described: {evaluate}");
        for elsewhere in ["src=\"http", "@import", "url(http", "<script"] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
    }
}
