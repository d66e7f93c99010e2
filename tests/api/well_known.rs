//! What stands at the well-known addresses.

use super::support::*;
use docket::api::ApiSettings;
use serde_json::json;

fn settings(contact: Option<&str>) -> ApiSettings {
    ApiSettings {
        public_url: "https://docket.example".to_owned(),
        authorization_server: Some("https://idp.example".to_owned()),
        security_contact: contact.map(ToOwned::to_owned),
        ..ApiSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_leads_to_what_is_there() {
    let server = server_with(settings(None)).await;
    let at = "/.well-known/api-catalog";
    let reply = send(server.request("GET", at)).await.ok(200);
    assert!(reply.header("content-type").starts_with("application/linkset+json; profile="));
    // RFC 9727, 2: also a HEAD says where it is.
    let head = send(server.request("HEAD", at)).await.ok(200);
    let link = "<https://docket.example/.well-known/api-catalog>; rel=\"api-catalog\"";
    assert_eq!(head.header("link"), link);
    let links = &reply.json()["linkset"][0];
    assert_eq!(links["anchor"], "https://docket.example/v1");
    for relation in ["service-desc", "service-doc", "status"] {
        let target = &links[relation][0];
        let path = target["href"].as_str().unwrap().strip_prefix("https://docket.example").unwrap();
        let found = send(server.request("GET", path)).await.ok(200);
        let media = target["type"].as_str().unwrap().split(';').next().unwrap();
        let is = found.header("content-type").split(';').next().unwrap();
        // RFC 9727 wants the description's type to be told; it is served as JSON.
        assert!(
            is == media || (is, media) == ("application/json", "application/vnd.oai.openapi+json")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn which_tokens_are_taken_is_said_where_a_refusal_leads() {
    let server = server_with(settings(None)).await;
    let refused = send(server.request("GET", "/v1/programs")).await.ok(401);
    let challenge = refused.header("www-authenticate");
    let at = challenge.split("resource_metadata=\"https://docket.example").nth(1).unwrap();
    let said = send(server.request("GET", at.trim_end_matches('"'))).await.ok(200).json();
    let expected = json!({
        "resource": "https://docket.example",
        "authorization_servers": ["https://idp.example"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Docket",
        "resource_documentation": "https://docket.example/docs",
    });
    assert_eq!(said, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_weakness_is_reported_is_said_once_it_is_known() {
    let at = "/.well-known/security.txt";
    let server = server_with(settings(Some("mailto:security@docket.example"))).await;
    let reply = send(server.request("GET", at)).await.ok(200);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let expected = [
        "Contact: mailto:security@docket.example",
        // The tests' clock stands at 2026-11-22; RFC 9116 wants less than a year.
        "Expires: 2027-05-23T00:00:00Z",
        "Preferred-Languages: zh, en",
        "Canonical: https://docket.example/.well-known/security.txt",
    ];
    assert_eq!(lines, expected);
    let server = server_with(settings(None)).await;
    let none = send(server.request("GET", at)).await.ok(404).json();
    assert!(none["detail"].as_str().unwrap().contains("server.security_contact"), "{none}");
}
