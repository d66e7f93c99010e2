use super::*;
use std::collections::HashSet;

fn field<'a>(headers: &'a header::HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

#[test]
fn every_code_is_complete_and_unique() {
    let mut names = HashSet::new();
    for code in Code::ALL.iter().copied() {
        let name = code.name();
        assert!(names.insert(name), "{name} stands twice");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        let upper = code.as_str();
        assert!(upper.len() <= 63 && upper.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
        assert!(code.status().as_u16() >= 400, "{name}");
        for text in [code.title(Language::Zh), code.text(Language::Zh)] {
            assert!(!text.is_ascii() && text.chars().count() > 2, "{name}: {text}");
        }
        for text in [code.title(Language::En), code.text(Language::En)] {
            assert!(text.is_ascii() && text.len() > 10, "{name}: {text}");
        }
        let doc = documentation(code);
        assert!(doc.members.iter().all(|m| member_name_is_legal(m)), "{name}");
        assert_eq!((doc.code, doc.retryable), (upper, code.retryable()));
    }
}

#[test]
fn only_what_a_retry_can_help_says_when() {
    let retryable: HashSet<&str> =
        Code::ALL.iter().filter(|c| c.retryable()).map(|c| c.name()).collect();
    let expected = HashSet::from([
        "idempotency-request-in-progress",
        "projection-behind",
        "projection-rebuilding",
        "projection-failed",
        "read-models-unavailable",
        "starting",
        "event-store-unavailable",
        "log-moving",
        "documents-unavailable",
        "webhooks-unavailable",
        "person-keys-unavailable",
        "identity-provider-unavailable",
        "rate-limited",
        "server-busy",
        "outcome-unknown",
        "clock-unreliable",
    ]);
    assert_eq!(retryable, expected);
    let refused = Problem::new(Code::ActNotPermitted).retry_after(5);
    assert!(!refused.error_response().headers().contains_key("retry-after"));
    let behind = Problem::new(Code::ProjectionBehind).retry_after(7);
    assert_eq!(field(behind.error_response().headers(), "retry-after"), "7");
}

#[test]
fn member_names_follow_the_rfc() {
    for good in ["act", "current_revision", "limit2"] {
        assert!(member_name_is_legal(good), "{good}");
    }
    for bad in ["ab", "2nd", "violated-policies", "status", "trace_id", "", "名额数"] {
        assert!(!member_name_is_legal(bad), "{bad}");
    }
}

#[test]
fn challenges_follow_rfc_6750() {
    let challenge = |p: Problem| p.error_response().headers().get("www-authenticate").cloned();
    let missing = challenge(Problem::credentials_missing()).unwrap();
    assert_eq!(missing, r#"Bearer realm="docket""#);
    let invalid = challenge(Problem::new(Code::InvalidToken)).unwrap();
    assert_eq!(invalid, r#"Bearer realm="docket", error="invalid_token""#);
    let otherwise = Problem::signed_in_otherwise(&["phr".to_owned(), "mfa".to_owned()]);
    let expected =
        r#"Bearer realm="docket", error="insufficient_user_authentication", acr_values="phr mfa""#;
    assert_eq!(challenge(otherwise.clone()).unwrap(), expected);
    // Who knows its public address also says where it is written which tokens are taken (RFC 9728, 5.1).
    let known = otherwise.respond(Language::En, "https://docket.example");
    let known = known.headers().get("www-authenticate").unwrap().to_str().unwrap();
    let at = "https://docket.example/.well-known/oauth-protected-resource";
    assert_eq!(known, format!(r#"{expected}, resource_metadata="{at}""#));
    assert_eq!(challenge(Problem::new(Code::RoleForbidden)), None);
}

#[test]
fn an_existing_enrollment_is_a_failed_precondition_where_one_was_stated() {
    let exists = Problem::new(Code::EnrollmentExists);
    assert_eq!(exists.status(), StatusCode::CONFLICT);
    assert_eq!(exists.precondition_failed().status(), StatusCode::PRECONDITION_FAILED);
    let not_allowed =
        Problem::new(Code::MethodNotAllowed).header(header::ALLOW, "GET, HEAD".to_owned());
    assert_eq!(field(not_allowed.error_response().headers(), "allow"), "GET, HEAD");
}
