//! Tokens of a provider outside, and signing in by it: with a provider that signs with real keys.

#[path = "oidc/provider.rs"]
mod provider;
#[path = "oidc/signing_in.rs"]
mod signing_in;

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{Server, command, docket, text};
use provider::{Key, Provider, base64url};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "tokens are judged by the server's clock")]
pub fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// A server that takes the tokens of a provider, with other settings too.
fn serve(folder: &Path, issuer: &str, more: &[&str]) -> Server {
    let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder)];
    let issuer = format!("auth.oidc.issuer={issuer}");
    let settings = [
        &issuer,
        "auth.oidc.audience=docket-api",
        "auth.oidc.roles=audit=auditor,gd=provincial_department",
    ];
    args.extend(settings.iter().chain(more).flat_map(|setting| ["--set", *setting]));
    Server::spawn(&mut command(&args))
}

fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": ["other", "docket-api"], "sub": "u-1", "iat": now(), "exp": now() + 600,
        "roles": ["offline_access", "audit"], "office": "audit-office",
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// What the interface answers to a token: the status, what it says, and when to come again.
async fn asked(http: &Client, base: &str, token: &str) -> (u16, String, Option<String>) {
    let request = http.get(format!("{base}/v1/programs")).bearer_auth(token);
    let answer = request.header("accept-language", "en").send().await.unwrap();
    let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
    let said = serde_json::from_str::<Value>(&body).unwrap();
    (status, said["detail"].as_str().unwrap_or_default().to_owned(), after)
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

fn own_token(folder: &Path) -> String {
    let args = ["token", "--role", "auditor", "--office", "o", "--data-dir", text(folder)];
    docket(&args).done().trim().to_owned()
}

#[test]
fn a_providers_tokens_are_taken_as_the_map_says_and_no_others() {
    let keys = [Key::new("RS256", "r"), Key::new("ES256", "e"), Key::new("EdDSA", "d")];
    let [rsa, ec, ed] = &keys;
    let provider = Provider::start(&[rsa, ec, ed]);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &[]);
    let (http, good) = (client(), claims(&provider.issuer));
    let ask = |token: &str| {
        let (status, said, _) = provider.runtime.block_on(asked(&http, &server.base, token));
        (status, said)
    };
    for key in &keys {
        assert_eq!(ask(&key.sign(&good)).0, 200, "{}", key.algorithm());
    }
    assert_eq!(ask(&own_token(folder.path())).0, 200, "Docket's own tokens go on");
    let parts = |header: Value, signature: &dyn Fn(&str) -> Vec<u8>| {
        let input = format!("{}.{}", base64url(header.to_string()), base64url(good.to_string()));
        format!("{input}.{}", base64url(signature(&input)))
    };
    let none = parts(json!({"alg": "none", "kid": "r"}), &|_| Vec::new());
    // The public key, taken for a secret that both sides know.
    let published = rsa.published()["n"].as_str().unwrap().to_owned();
    let hmac = parts(json!({"alg": "HS256", "kid": "r"}), &|input| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, published.as_bytes());
        ring::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
    });
    let mixed = parts(json!({"alg": "ES256", "kid": "r"}), &|_| vec![0; 64]);
    // The signature of other claims.
    let (signed, other) = (ec.sign(&good), ec.sign(&with(good.clone(), "sub", json!("u-2"))));
    let (input, signature) =
        (signed.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    let forged = format!("{input}.{signature}");
    let said = |name: &str, value: Value| ec.sign(&with(good.clone(), name, value));
    let minutes = |minutes: i64| json!(now() + 60 * minutes);
    for (token, says) in [
        (none, "RS256, ES256, EdDSA"),
        (hmac, "RS256, ES256, EdDSA"),
        (mixed, "not accepted"),
        (forged, "signature does not fit"),
        (said("aud", json!("another-api")), "another service"),
        (said("iss", json!("https://other.example")), "EdDSA"),
        (said("exp", minutes(-2)), "has expired"),
        (said("exp", json!("soon")), "claim exp"),
        (said("nbf", minutes(2)), "not valid yet"),
        (said("nonce", json!("n")), "access token"),
        (said("roles", json!(["offline_access"])), "roles names no role"),
        (said("roles", json!("gd")), "divisions names no division"),
        (said("roles", json!(["gd", "audit"])), "several roles"),
        (said("office", Value::Null), "office names 0 offices"),
        (said("sub", json!("")), "claim sub"),
    ] {
        let (status, detail) = ask(&token);
        assert!(status == 401 && detail.contains(says), "{status} {detail:?} lacks {says:?}");
    }
    // Within what two clocks may differ by.
    assert_eq!(ask(&said("exp", json!(now() - 20))).0, 200);
    let (of_province, divisions) = (with(good.clone(), "roles", json!("gd")), json!(["440000"]));
    assert_eq!(ask(&ec.sign(&with(of_province, "divisions", divisions))).0, 200);
}

#[test]
fn keys_that_change_are_learnt_once_and_withdrawn_ones_end() {
    let (old, new, stranger) =
        (Key::new("ES256", "old"), Key::new("ES256", "new"), Key::new("ES256", "none"));
    let provider = Provider::start(&[&old]);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &[]);
    let (http, good) = (client(), claims(&provider.issuer));
    let ask = |token: &str| provider.runtime.block_on(asked(&http, &server.base, token)).0;
    let (before, after) = (old.sign(&good), new.sign(&good));
    assert_eq!(ask(&before), 200);
    let known = provider.keys_asked();
    provider.publish(&[&new]);
    assert_eq!(ask(&before), 200, "nobody has asked again");
    // Many at once with the new key: the provider is asked once.
    let many = (0..20).map(|n| new.sign(&with(good.clone(), "sub", json!(format!("u{n}")))));
    let many: Vec<_> = many.collect();
    let statuses = provider.runtime.block_on(async {
        let asked = many.iter().map(|token| asked(&http, &server.base, token));
        futures_util::future::join_all(asked).await
    });
    assert!(statuses.iter().all(|(status, ..)| *status == 200), "{statuses:?}");
    assert_eq!(ask(&after), 200);
    assert_eq!(ask(&before), 401, "its key was withdrawn, also where it was remembered");
    // And unknown keys do not make it be asked again so soon.
    for n in 0..20 {
        let unknown = stranger.sign(&with(good.clone(), "sub", json!(format!("s{n}"))));
        assert_eq!(ask(&unknown), 401);
    }
    assert_eq!(provider.keys_asked(), known + 1);
}

#[test]
fn a_provider_that_is_away_holds_up_nobody_else() {
    let key = Key::new("EdDSA", "d");
    let mut provider = Provider::hanging();
    // Connections wait, and nothing answers them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    provider.issuer = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &[]);
    let http = client();
    let token = key.sign(&claims(&provider.issuer));
    let own = own_token(folder.path());
    let first = provider.runtime.block_on(asked(&http, &server.base, &own));
    assert_eq!(first.0, 200, "{first:?}");
    let (status, _, after) = provider.runtime.block_on(asked(&http, &server.base, &token));
    assert_eq!((status, after.as_deref()), (503, Some("5")));
    provider.publish(&[&key]);
    provider.answer_on(listener);
    let until = Instant::now() + PATIENCE;
    while provider.runtime.block_on(asked(&http, &server.base, &token)).0 != 200 {
        assert!(Instant::now() < until, "it is there and its tokens are not taken");
        std::thread::sleep(Duration::from_millis(50));
    }
    provider.stop();
    let later = key.sign(&with(claims(&provider.issuer), "sub", json!("u-2")));
    let known = provider.runtime.block_on(asked(&http, &server.base, &later));
    assert_eq!(known.0, 200, "keys are kept: {known:?}");
}

#[test]
fn settings_of_a_provider_that_do_not_go_together_are_named() {
    let check = |settings: &[&str]| {
        let args = settings.iter().flat_map(|setting| ["--set", *setting]);
        docket(&["config", "check"].into_iter().chain(args).collect::<Vec<_>>())
    };
    let issuer = "auth.oidc.issuer=https://idp.example/realms/ip";
    check(&[issuer, "auth.oidc.audience=docket-api"]).done();
    check(&[issuer, "auth.oidc.client_id=console"]).done();
    for (settings, says) in [
        (&["auth.oidc.client_id=c"][..], "auth.oidc.client_id: auth.oidc.issuer is not given"),
        (&[issuer], "auth.oidc.issuer: give auth.oidc.audience"),
        (&["auth.oidc.issuer=idp"], "auth.oidc.issuer = \"idp\""),
        (&["auth.oidc.issuer=http://idp.example", "auth.oidc.audience=a"], "expected an https://"),
        (&["auth.oidc.issuer=https://u:pw@idp.example", "auth.oidc.audience=a"], "without user"),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.client_id=a"], "auth.oidc.audience: it is"),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.algorithms=RS256,HS256"], "\"HS256\""),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.algorithms=none"], "\"none\""),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.roles=x=king"], "\"x=king\""),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.roles=x=auditor,x=operator"], "once"),
        (&[issuer, "auth.oidc.client_id=a", "auth.oidc.scopes=profile"], "openid is not among"),
        (&[issuer, "auth.oidc.audience=a", "auth.issuer=https://idp.example/realms/ip"], "own"),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.leeway_s=3600"], "from 0 to 300"),
        (&[issuer, "auth.oidc.audience=a", "auth.oidc.required_acr=phr,\"mfa\""], "without quotes"),
        (&["auth.oidc.required_acr=phr"], "auth.oidc.required_acr: auth.oidc.issuer is not given"),
        (&["server.security_contact=nobody"], "server.security_contact = \"nobody\""),
    ] {
        let refused = check(settings);
        refused.refused(2, &[says]);
        assert!(!refused.stderr.contains("pw@"), "{}", refused.stderr);
    }
}
