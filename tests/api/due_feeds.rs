//! What is due as a calendar and as an Atom feed.

use super::law::Archive;
use super::support::*;

async fn fetched(server: &Server, query: &str, accept: &str) -> Reply {
    let request = server.auditor().request("GET", &format!("/v1/obligations?{query}"));
    let request = request.header("accept", accept).header("accept-language", "en");
    send(request.header("prefer", "wait=10")).await.ok(200)
}

async fn piloted(server: &Server) -> String {
    server.register(&["440000", "110000"]).await;
    let mut last = String::new();
    for id in ["440000", "110000"] {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", "2016-01-05")).await.ok(201);
        let reply = server.national().act(&enrollment, &approve("2016-03-01")).await.ok(201);
        reply.json()["sequence"].as_str().unwrap().clone_into(&mut last);
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atom_feed_has_each_duty_with_an_id_that_stays() {
    let server = server().await;
    let last = piloted(&server).await;
    let query = format!("min_sequence={last}&program=strong_province&as_of=2016-06-01");
    let reply = fetched(&server, &query, "application/atom+xml").await;
    assert!(reply.header("content-type").starts_with("application/atom+xml"));
    let feed = atom_syndication::Feed::read_from(&reply.body[..]).unwrap();
    assert!(!feed.entries().is_empty(), "{}", String::from_utf8_lossy(&reply.body));
    assert!(feed.links().iter().any(|link| link.rel() == "self"));
    let titles: Vec<&str> = feed.entries().iter().map(|entry| entry.title().as_str()).collect();
    assert!(titles.iter().any(|title| title.starts_with("Province 440000: ")), "{titles:?}");
    let mut ids: Vec<&str> = feed.entries().iter().map(|entry| entry.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), feed.entries().len());

    // The same question has the same bytes; on another day the ids are the same.
    assert_eq!(fetched(&server, &query, "application/atom+xml").await.body, reply.body);
    let later = query.replace("2016-06-01", "2016-06-02");
    let later = fetched(&server, &later, "application/atom+xml").await;
    let later = atom_syndication::Feed::read_from(&later.body[..]).unwrap();
    let mut same: Vec<&str> = later.entries().iter().map(|entry| entry.id()).collect();
    same.sort_unstable();
    assert_eq!(same, ids);
    // A province's own.
    let own = fetched(&server, &format!("{query}&province=110000"), "application/atom+xml").await;
    let own = atom_syndication::Feed::read_from(&own.body[..]).unwrap();
    assert!(!own.entries().is_empty());
    assert!(
        own.entries().iter().all(|entry| entry.title().as_str().starts_with("Province 110000: "))
    );
}

/// The plan of an area that was approved on 12 October 2014 is due three months later, on a Monday.
#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_has_a_day_for_each_duty_with_a_date() {
    let area = Archive::approved().await;
    let server = &area.server;
    let last = server.auditor().get("/v1/events?limit=1000").await;
    let last = last.header("docket-last-sequence").to_owned();
    let query = format!("min_sequence={last}&exercise=true&as_of=2014-12-15");
    let reply = fetched(server, &query, "text/calendar").await;
    assert!(reply.header("content-type").starts_with("text/calendar"));
    let calendar = String::from_utf8(reply.body).unwrap();
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n"), "{calendar}");
    assert!(calendar.ends_with("END:VCALENDAR\r\n"), "{calendar}");
    assert!(calendar.contains("DTSTART;VALUE=DATE:20150112"), "{calendar}");
    assert!(calendar.contains("TRANSP:TRANSPARENT"));
    let again = fetched(server, &query, "text/calendar").await;
    assert_eq!(String::from_utf8(again.body).unwrap(), calendar);
}
