//! Tokens: who is let in as whom, and every way of being refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "auth/change.rs"]
mod change;
#[path = "auth/forge.rs"]
mod forge;

use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use docket::api::auth::{
    Authenticator, LocalVerifier, MAX_TOKEN_BYTES, MAX_TOKEN_LIFE_S, Principal, Role, TokenError,
    TokenKey, Verified, Verifier, issue,
};
use forge::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

#[test]
fn an_issued_token_stands_for_its_principal() {
    let keys = keys();
    let token = issue(&keys.key, &grant(), NOW, 600).unwrap();
    let verified = verifier(&keys).verify(&token, NOW).unwrap();
    assert_eq!(verified.expires_at, NOW + 600);
    assert_eq!(verified.key_id, keys.key.id());
    let principal = verified.principal;
    assert_eq!(principal.id(), "https://docket.example|u-17");
    assert_eq!(principal.role, Role::LocalGovernment);
    assert_eq!(principal.office, "gov-futian");
    assert_eq!(principal.divisions, ["futian"]);
    // The forger of the next test must be able to make a good one.
    let forged = forge(&keys, &header(&keys), claims().to_string().as_bytes());
    assert!(verifier(&keys).verify(&forged, NOW).is_ok());
}

/// Verifies each token and compares what is found wrong with it.
fn assert_refused(keys: &Keys, cases: Vec<(&str, String, TokenError)>) {
    for (what, token, expected) in cases {
        assert_eq!(verifier(keys).verify(&token, NOW), Err(expected), "{what}");
    }
}

fn claimed(keys: &Keys, claims: Value) -> String {
    forge(keys, &header(keys), claims.to_string().as_bytes())
}

fn headed(keys: &Keys, header: Value) -> String {
    forge(keys, &header, claims().to_string().as_bytes())
}

#[test]
fn a_wrong_header_is_refused() {
    use TokenError::{Algorithm, Critical, Type, UnknownKey};
    let keys = keys();
    let case = |name: &str, value: Value| headed(&keys, with(header(&keys), name, value));
    let lacking = |name: &str| headed(&keys, without(header(&keys), name));
    let unsigned = with(header(&keys), "alg", json!("none"));
    let unsigned = signing_input(&unsigned, claims().to_string().as_bytes());
    let hs256 = with(header(&keys), "alg", json!("HS256"));
    let hs256 = signing_input(&hs256, claims().to_string().as_bytes());
    let mac = hmac_sha256(keys.key.public().as_bytes(), hs256.as_bytes());
    let confused = format!("{hs256}.{}", URL_SAFE_NO_PAD.encode(mac));
    let cases = vec![
        ("type JWT", case("typ", json!("JWT")), Type),
        ("no type", lacking("typ"), Type),
        ("none", format!("{unsigned}."), Algorithm),
        ("HS256 with the public key", confused, Algorithm),
        ("RS256", case("alg", json!("RS256")), Algorithm),
        ("critical header", case("crit", json!(["exp"])), Critical),
        ("unknown kid", case("kid", json!("0123456789abcdef")), UnknownKey),
        ("no kid", lacking("kid"), UnknownKey),
    ];
    assert_refused(&keys, cases);
    for (what, token) in [
        ("long form of the type", case("typ", json!("application/at+jwt"))),
        ("address of keys, ignored", case("jku", json!("https://evil.example"))),
    ] {
        assert!(verifier(&keys).verify(&token, NOW).is_ok(), "{what}");
    }
}

#[test]
fn a_wrong_shape_or_signature_is_refused() {
    use TokenError::{Claims, Malformed, Signature, TooLong};
    let keys = keys();
    let valid = claimed(&keys, claims());
    let (input, _) = valid.rsplit_once('.').unwrap();
    let stranger = stranger(&keys);
    let x = URL_SAFE_NO_PAD.encode(stranger.pair.verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    let own_key = with(header(&keys), "jwk", jwk);
    let not_utf8 = forge(&keys, &header(&keys), b"{\"iss\":\"\xff\"}");
    let other_claims = format!("{}.{}", signing_input(&header(&keys), b"{}"), "AAAA");
    let cases = vec![
        ("stranger's key", claimed(&stranger, claims()), Signature),
        ("key in the token", headed(&stranger, own_key), Signature),
        ("other claims", other_claims, Signature),
        ("truncated", valid[..valid.len() - 6].to_owned(), Signature),
        ("no signature", input.to_owned(), Malformed),
        ("empty", String::new(), Malformed),
        ("not base64", "a b.c.d".to_owned(), Malformed),
        ("not UTF-8", not_utf8, Claims),
        ("not JSON", forge(&keys, &header(&keys), b"iss"), Claims),
        ("over-long", format!("{valid}{}", "A".repeat(MAX_TOKEN_BYTES)), TooLong),
    ];
    assert_refused(&keys, cases);
}

#[test]
fn a_wrong_claim_is_refused() {
    use TokenError::{Audience, Claims, Expired, Issuer, LastsTooLong, NotYetValid};
    const MAX_S: i64 = MAX_TOKEN_LIFE_S as i64;
    let too_long = LastsTooLong { max_s: MAX_TOKEN_LIFE_S };
    let keys = keys();
    let case = |name: &str, value: Value| claimed(&keys, with(claims(), name, value));
    let lacking = |name: &str| claimed(&keys, without(claims(), name));
    let cases = vec![
        ("other issuer", case("iss", json!("https://docket.example/")), Issuer),
        ("list of issuers", case("iss", json!([ISSUER])), Claims),
        ("no issuer", lacking("iss"), Claims),
        ("other audience", case("aud", json!("ledger")), Audience),
        ("no audience", lacking("aud"), Claims),
        ("no subject", lacking("sub"), Claims),
        ("empty subject", case("sub", json!("")), Claims),
        ("no expiry", lacking("exp"), Claims),
        ("unknown role", case("role", json!("minister")), Claims),
        ("no office", lacking("office"), Claims),
        ("no instant of issue", lacking("iat"), Claims),
        ("no id", lacking("jti"), Claims),
        ("an id that nobody sees", case("jti", json!("\u{200b}")), Claims),
        ("an office that nobody sees", case("office", json!("\u{3164}")), Claims),
        ("issued ahead", case("iat", json!(NOW + 61)), NotYetValid),
        ("for ever", case("exp", json!(i64::MAX)), LastsTooLong { max_s: MAX_TOKEN_LIFE_S }),
        ("a second too long", case("exp", json!(NOW + MAX_S + 1)), too_long),
        ("expired", case("exp", json!(NOW - 60)), Expired),
        ("not yet valid", case("nbf", json!(NOW + 61)), NotYetValid),
    ];
    assert_refused(&keys, cases);
    for (what, token) in [
        ("expired within the leeway", case("exp", json!(NOW - 59))),
        ("valid within the leeway", case("nbf", json!(NOW + 60))),
        ("the longest life", case("exp", json!(NOW + MAX_S))),
        ("one of several audiences", case("aud", json!(["ledger", "docket"]))),
    ] {
        assert!(verifier(&keys).verify(&token, NOW).is_ok(), "{what}");
    }
}

#[test]
fn the_key_file_is_made_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.pem");
    let first = TokenKey::open_or_create(&path, &mut rng()).unwrap();
    let again = TokenKey::open_or_create(&path, &mut rng()).unwrap();
    assert_eq!(first.id(), again.id());
    assert_eq!(first.id().len(), 16);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    assert!(!format!("{first:?}").contains("pair"));

    std::fs::write(&path, "not a key").unwrap();
    let error = TokenKey::open_or_create(&path, &mut rng()).unwrap_err().to_string();
    assert!(error.contains("token.pem") && error.contains("PKCS#8"), "{error}");
    let nowhere = folder.path().join("missing/token.pem");
    let error = TokenKey::open_or_create(&nowhere, &mut rng()).unwrap_err().to_string();
    assert!(error.contains("folder must exist"), "{error}");
}

/// Counts how often it is asked, and can withdraw its key.
struct Counting {
    inner: LocalVerifier,
    verified: AtomicUsize,
    withdrawn: AtomicBool,
}

impl Verifier for Counting {
    fn verify(&self, token: &str, now: i64) -> Result<Verified, TokenError> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        if self.withdrawn.load(Ordering::Relaxed) {
            return Err(TokenError::UnknownKey);
        }
        self.inner.verify(token, now)
    }

    fn still_accepts(&self, verified: &Verified, now: i64) -> bool {
        !self.withdrawn.load(Ordering::Relaxed) && self.inner.still_accepts(verified, now)
    }
}

#[test]
fn a_token_is_remembered_until_it_expires_or_its_key_is_withdrawn() {
    let keys = keys();
    let token = issue(&keys.key, &grant(), NOW, 600).unwrap();
    let counting = Arc::new(Counting {
        inner: verifier(&keys),
        verified: AtomicUsize::new(0),
        withdrawn: AtomicBool::new(false),
    });
    let clock = Arc::new(AtomicI64::new(NOW));
    let time = Arc::clone(&clock);
    let now = move || time.load(Ordering::Relaxed);
    let authenticator =
        Authenticator::new(Arc::clone(&counting) as Arc<dyn Verifier>, now, 1 << 20);
    for _ in 0..3 {
        assert!(authenticator.authenticate(&token).is_ok());
    }
    assert_eq!(counting.verified.load(Ordering::Relaxed), 1);
    clock.store(NOW + 660, Ordering::Relaxed);
    assert_eq!(authenticator.authenticate(&token), Err(TokenError::Expired));
    clock.store(NOW, Ordering::Relaxed);
    assert!(authenticator.authenticate(&token).is_ok());
    counting.withdrawn.store(true, Ordering::Relaxed);
    assert_eq!(authenticator.authenticate(&token), Err(TokenError::UnknownKey));
}

async fn ask(keys: &Keys, request: TestRequest) -> (u16, HeaderMap, String) {
    let authenticator = Authenticator::new(Arc::new(verifier(keys)), || NOW, 1 << 20);
    let app = init_service(
        App::new()
            .app_data(web::Data::new(authenticator))
            .route("/me", web::get().to(async |principal: Principal| principal.id())),
    )
    .await;
    let response = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    (status, headers, body)
}

#[actix_web::test]
async fn a_request_is_let_in_by_its_authorization_header_alone() {
    let keys = keys();
    let token = issue(&keys.key, &grant(), NOW, 600).unwrap();
    let me = || TestRequest::get().uri("/me");
    for scheme in ["Bearer", "bearer"] {
        let request = me().insert_header(("authorization", format!("{scheme} {token}")));
        let (status, _, body) = ask(&keys, request).await;
        assert_eq!((status, body.as_str()), (200, "https://docket.example|u-17"));
    }
    let in_query = TestRequest::get().uri(&format!("/me?access_token={token}"));
    let basic = me().insert_header(("authorization", "Basic dTpw"));
    for request in [me(), in_query, basic] {
        let (status, headers, body) = ask(&keys, request).await;
        assert_eq!(status, 401);
        assert_eq!(headers.get("www-authenticate").unwrap(), r#"Bearer realm="docket""#);
        assert!(body.contains("INVALID_TOKEN"), "{body}");
    }
    let wrong = [&b"Bearer x"[..], b"Bearer", b"Bearer \xe4\xb8\xad.\xff.x"];
    for value in wrong {
        let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
        let (status, headers, _) = ask(&keys, me().insert_header(("authorization", value))).await;
        assert_eq!(status, 401);
        let challenge = headers.get("www-authenticate").unwrap().to_str().unwrap();
        assert!(challenge.contains("invalid_token"), "{challenge}");
    }
    let twice = me()
        .append_header(("authorization", format!("Bearer {token}")))
        .append_header(("authorization", format!("Bearer {token}")));
    let (status, _, body) = ask(&keys, twice).await;
    assert_eq!(status, 400, "{body}");
}

#[test]
fn roles_are_written_as_in_tokens() {
    for role in Role::ALL {
        assert_eq!(Role::parse(role.as_str()), Some(role));
        assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
    }
    assert_eq!(Role::parse("minister"), None);
}
