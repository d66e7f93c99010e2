//! Signing in to the console by the provider.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use super::provider::{Key, Promised, Provider};
use super::{now, serve, with};

/// A browser: it keeps cookies, and follows nothing by itself.
struct Browser<'a> {
    provider: &'a Provider,
    http: Client,
    base: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

struct Shown {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

impl<'a> Browser<'a> {
    fn new(provider: &'a Provider, base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let (http, base) = (http.build().unwrap(), base.to_owned());
        Self { provider, http, base, cookies: RefCell::default() }
    }

    fn get(&self, path: &str) -> Shown {
        let kept = self.cookies.borrow().clone();
        let pairs: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(format!("{}{path}", self.base));
        let request = request.header("cookie", pairs.join("; ")).header("accept-language", "en");
        let shown = self.provider.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let all = |name: &str| -> Vec<String> {
                let values = answer.headers().get_all(name).iter();
                values.map(|value| value.to_str().unwrap().to_owned()).collect()
            };
            let (location, cookies) = (all("location").concat(), all("set-cookie"));
            let status = answer.status().as_u16();
            Shown { status, location, cookies, body: answer.text().await.unwrap() }
        });
        for cookie in &shown.cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut kept = self.cookies.borrow_mut();
            match value {
                "" => kept.remove(name),
                value => kept.insert(name.to_owned(), value.to_owned()),
            };
        }
        shown
    }

    /// Goes to the provider: what it is asked for.
    fn sent(&self, next: &str) -> BTreeMap<String, String> {
        let shown = self.get(&format!("/console/login/provider?next={next}"));
        assert_eq!(shown.status, 303, "{}", shown.body);
        let to = Url::parse(&shown.location).unwrap();
        assert!(shown.location.starts_with(&format!("{}/authorize?", self.provider.issuer)));
        to.query_pairs().into_owned().collect()
    }

    /// Comes back from the provider, which gives a token of these claims for the code.
    fn back(&self, asked: &BTreeMap<String, String>, key: &Key, claims: &Value) -> Shown {
        let (challenge, token) = (asked["code_challenge"].clone(), key.sign(claims));
        self.provider.promise("c0de", Promised { challenge, token });
        self.get(&format!("/console/login/callback?code=c0de&state={}", asked["state"]))
    }
}

const CLIENT: [&str; 4] = [
    "auth.oidc.client_id=docket-console",
    "auth.oidc.client_secret=s:cret",
    "auth.oidc.session_s=900",
    "server.public_url=https://docket.example",
];

fn claims(provider: &Provider, asked: &BTreeMap<String, String>) -> Value {
    json!({
        "iss": provider.issuer, "aud": "docket-console", "sub": "u-1", "iat": now(),
        "exp": now() + 300, "nonce": asked["nonce"], "roles": "audit", "office": "audit-office",
    })
}

#[test]
fn who_signs_in_by_the_provider_ends_at_the_page_wanted_with_a_short_token() {
    let key = Key::new("RS256", "r");
    let provider = Provider::start(&[&key]);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &CLIENT);
    let browser = Browser::new(&provider, &server.base);
    let wanted = browser.get("/console/register/strong_province?as_of=2016-12-31");
    assert_eq!(wanted.status, 303);
    let page = browser.get(&wanted.location).body;
    assert!(page.contains("Sign in with 127.0.0.1") && page.contains("name=\"token\""), "{page}");
    let link = page.split("href=\"").find(|part| part.starts_with("/console/login/provider"));
    let link = link.unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let asked = browser.sent(link.split_once("next=").unwrap().1);
    let expected = [
        ("response_type", "code"),
        ("client_id", "docket-console"),
        ("redirect_uri", "https://docket.example/console/login/callback"),
        ("scope", "openid"),
        ("code_challenge_method", "S256"),
        ("tenant", "a"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[name], value, "{name}");
    }
    let as_sent = browser.cookies.borrow().clone();
    let back = browser.back(&asked, &key, &claims(&provider, &asked));
    assert_eq!(back.status, 303, "{}", back.body);
    assert_eq!(back.location, "/console/register/strong_province?as_of=2016-12-31");
    let kept = back.cookies.iter().find(|cookie| cookie.starts_with("__Host-docket=")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(kept.contains(part) && !kept.contains("Max-Age"), "{kept} lacks {part}");
    }
    let token = kept.split(['=', ';']).nth(1).unwrap();
    let said = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let said: Value = serde_json::from_slice(&said).unwrap();
    assert_eq!((&said["iss"], &said["role"]), (&json!("docket"), &json!("auditor")));
    // The record will name the person as by a token of the provider.
    assert_eq!((&said["sub"], &said["sub_iss"]), (&json!("u-1"), &json!(provider.issuer)));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 900);
    let shown = browser.get(&back.location);
    assert_eq!(shown.status, 200, "{}", shown.body);
    // The same address once more, with the cookie put back: a state counts once.
    *browser.cookies.borrow_mut() = as_sent;
    let replayed = browser.back(&asked, &key, &claims(&provider, &asked));
    assert_eq!((replayed.status, replayed.location.as_str()), (400, ""));
    assert!(replayed.body.contains("Begin again"), "{}", replayed.body);
}

#[test]
fn what_comes_back_wrong_signs_nobody_in_and_is_told_plainly() {
    let key = Key::new("ES256", "e");
    let mut provider = Provider::start(&[&key]);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &CLIENT);
    {
        let refused = |back: &Shown, status: u16, says: &str| {
            assert_eq!(back.status, status, "{}", back.body);
            assert!(back.body.contains(says), "{} lacks {says:?}", back.body);
            let signed = back.cookies.iter().any(|cookie| cookie.starts_with("__Host-docket="));
            assert!(!signed && back.location.is_empty(), "{:?}", back.cookies);
        };
        let browser = Browser::new(&provider, &server.base);
        let came = |claims: &dyn Fn(Value) -> Value| {
            let asked = browser.sent("/console/log");
            let said = claims(self::claims(&provider, &asked));
            browser.back(&asked, &key, &said)
        };
        let said =
            |name: &'static str, value: Value| came(&|claims| with(claims, name, value.clone()));
        refused(&said("nonce", json!("another")), 502, "nonce is that of another sign-in");
        refused(&said("aud", json!("docket-api")), 502, "another service");
        refused(&said("azp", json!("another")), 502, "another service");
        refused(&said("exp", json!(now() - 600)), 502, "has expired");
        refused(&said("roles", json!(["nobody"])), 403, "roles names no role");
        // A state that was not sent, one of another browser, and none at all.
        let asked = browser.sent("/console/log");
        let mut other = asked.clone();
        other.insert("state".to_owned(), "0".repeat(32));
        refused(&browser.back(&other, &key, &claims(&provider, &asked)), 400, "not begun in this");
        let asked = browser.sent("/console/log");
        let elsewhere = Browser::new(&provider, &server.base);
        let back = elsewhere.back(&asked, &key, &claims(&provider, &asked));
        refused(&back, 400, "not begun in this browser");
        refused(&elsewhere.get("/console/login/callback"), 400, "not begun in this browser");
        // A code that was asked for with another verifier.
        let asked = browser.sent("/console/log");
        let mut other = asked.clone();
        other.insert("code_challenge".to_owned(), "x".to_owned());
        refused(&browser.back(&other, &key, &claims(&provider, &asked)), 502, "invalid_grant");
        // What the provider says is text.
        let asked = browser.sent("/console/log");
        let back = browser.get(&format!(
            "/console/login/callback?state={}&error=access_denied&error_description=%3Cb%3Eno%3C/b%3E",
            asked["state"]
        ));
        refused(&back, 403, "access_denied: &lt;b&gt;no&lt;/b&gt;");
        for away in [
            "https%3A%2F%2Fevil.example%2F",
            "%2F%2Fevil.example",
            "%2Fconsole%40evil.example",
            "%2Fconsole%5C..%5Cevil",
            "%2Fv1%2Fevents",
        ] {
            let asked = browser.sent(away);
            let back = browser.back(&asked, &key, &claims(&provider, &asked));
            assert_eq!((back.status, back.location.as_str()), (303, "/console"), "{away}");
        }
    }
    provider.stop();
    let away = Browser::new(&provider, &server.base).get("/console/login/provider");
    assert_eq!(away.status, 503);
    assert!(away.body.contains("does not answer"), "{}", away.body);
}

#[test]
fn who_signs_out_here_is_led_to_sign_out_at_the_provider() {
    let key = Key::new("RS256", "r");
    let mut provider = Provider::start(&[&key]);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &provider.issuer, &CLIENT);
    let out = |provider: &Provider, browser: &Browser| {
        let kept = browser.cookies.borrow().clone();
        let pairs: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = browser.http.post(format!("{}/console/logout", server.base));
        let request =
            request.header("cookie", pairs.join("; ")).header("sec-fetch-site", "same-origin");
        let answer = provider.runtime.block_on(request.send()).unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    {
        let browser = Browser::new(&provider, &server.base);
        let asked = browser.sent("/console/log");
        browser.back(&asked, &key, &claims(&provider, &asked));
        let location = out(&provider, &browser);
        let page = browser.get(&location).body;
        assert!(page.contains("At the provider you may still be signed in"), "{page}");
        assert!(page.contains("href=\"/console/login/leave\""), "{page}");
        let left = browser.get("/console/login/leave");
        assert_eq!(left.status, 303, "{}", left.body);
        assert!(left.location.starts_with(&format!("{}/end?tenant=a&", provider.issuer)));
        let pairs: BTreeMap<String, String> =
            Url::parse(&left.location).unwrap().query_pairs().into_owned().collect();
        assert_eq!(pairs["client_id"], "docket-console");
        assert_eq!(pairs["post_logout_redirect_uri"], "https://docket.example/console/login");
        // With a token of Docket's own there is nothing to end elsewhere.
        let own = super::own_token(folder.path());
        browser.cookies.borrow_mut().insert("__Host-docket".to_owned(), own);
        assert_eq!(out(&provider, &browser), "/console/login");
        assert!(!browser.get("/console/login").body.contains("/console/login/leave"));
    }
    provider.stop();
    let away = Browser::new(&provider, &server.base).get("/console/login/leave");
    assert_eq!(away.status, 503, "{}", away.body);
}

#[test]
fn ways_of_signing_in_that_are_required_are_asked_for_and_held_to() {
    let key = Key::new("RS256", "r");
    let provider = Provider::start(&[&key]);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = CLIENT.to_vec();
    settings.push("auth.oidc.required_acr=phr, https://refeds.org/profile/mfa");
    let server = serve(folder.path(), &provider.issuer, &settings);
    let browser = Browser::new(&provider, &server.base);
    let came = |acr: Value| {
        let asked = browser.sent("/console/log");
        assert_eq!(asked["acr_values"], "phr https://refeds.org/profile/mfa");
        browser.back(&asked, &key, &with(claims(&provider, &asked), "acr", acr))
    };
    for weak in [json!("password"), Value::Null, json!(["phr"])] {
        let back = came(weak);
        assert_eq!(back.status, 403, "{}", back.body);
        assert!(back.body.contains("phr, https://refeds.org/profile/mfa"), "{}", back.body);
    }
    assert_eq!(came(json!("https://refeds.org/profile/mfa")).status, 303);
    // An access token likewise; the challenge says how to sign in (RFC 9470).
    let asked = |acr: Value| {
        let token = key.sign(&with(super::claims(&provider.issuer), "acr", acr));
        let request = browser.http.get(format!("{}/v1/programs", server.base)).bearer_auth(token);
        let answer = provider.runtime.block_on(request.send()).unwrap();
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    };
    assert_eq!(asked(json!("phr")), (200, String::new()));
    let (status, challenge) = asked(json!("password"));
    assert_eq!(status, 401);
    for part in [
        "error=\"insufficient_user_authentication\"",
        "acr_values=\"phr https://refeds.org/profile/mfa\"",
        "resource_metadata=\"https://docket.example/.well-known/oauth-protected-resource\"",
    ] {
        assert!(challenge.contains(part), "{challenge} lacks {part}");
    }
    let said = provider.runtime.block_on(async {
        let at = format!("{}/.well-known/oauth-protected-resource", server.base);
        browser.http.get(at).send().await.unwrap().json::<Value>().await.unwrap()
    });
    assert_eq!(said["resource"], "https://docket.example");
    assert_eq!(said["authorization_servers"], json!([provider.issuer]));
}
