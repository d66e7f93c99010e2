//! The console as a browser without script sees it: signing in, what pages list, and recording an act.

use std::path::Path;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::support::{Server, demo_copy, docket, text};

/// A browser: it keeps one cookie, and follows nothing by itself.
pub(super) struct Browser {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    base: String,
    cookie: Option<String>,
}

pub(super) struct Shown {
    pub status: u16,
    headers: HeaderMap,
    pub body: String,
}

impl Shown {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    pub(super) fn new(base: &str) -> Self {
        // An error means that another test has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A connection that is kept may be ended by the server just when it is used again.
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Self { runtime, client, base: base.to_owned(), cookie: None }
    }

    fn send(&self, request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> Shown {
        let mut all = HeaderMap::new();
        let cookie = self.cookie.as_deref().map(|cookie| ("cookie", cookie));
        for (name, value) in headers.iter().copied().chain(cookie) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            all.insert(name, HeaderValue::from_str(value).unwrap());
        }
        self.runtime.block_on(async {
            let answer = request.headers(all).send().await.unwrap();
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Shown { status, headers, body: answer.text().await.unwrap() }
        })
    }

    pub(super) fn get(&self, path: &str) -> Shown {
        self.send(self.client.get(format!("{}{path}", self.base)), &[])
    }

    /// What an address that is no page answers to a token.
    pub(super) fn open(&self, token: &str, path: &str) -> Shown {
        let get = self.client.get(format!("{}{path}", self.base)).bearer_auth(token);
        self.send(get, &[])
    }

    pub(super) fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Shown {
        let encoded = |text: &str| {
            let byte = |byte: u8| format!("%{byte:02X}");
            text.bytes().map(byte).collect::<String>()
        };
        let body: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send(self.client.post(format!("{}{path}", self.base)).body(body.join("&")), headers)
    }

    pub(super) fn post_bytes(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Shown {
        self.send(self.client.post(format!("{}{path}", self.base)).body(body), headers)
    }

    /// Signs in; the cookie is kept.
    pub(super) fn sign_in(&mut self, token: &str) -> Shown {
        let ours = [("sec-fetch-site", "same-origin")];
        let shown =
            self.post("/console/login", &[("token", token), ("next", "/console/move")], &ours);
        let set = shown.header("set-cookie").to_owned();
        self.cookie = set.split(';').next().filter(|cookie| !cookie.is_empty()).map(str::to_owned);
        shown
    }

    /// Records an act with a token, whatever the revision is.
    pub(super) fn record(&self, token: &str, path: &str, act: &Value) {
        let post = self.client.post(format!("{}{path}", self.base)).bearer_auth(token).json(act);
        let key = ("idempotency-key", "c1a1d8a2-6f1c-4a51-8b0e-0b4a3a2f7d11");
        let answer = self.send(post, &[("if-match", "*"), key]);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// What the interface answers to a token.
    pub(super) fn json(&self, token: &str, path: &str) -> Value {
        let get = self.client.get(format!("{}{path}", self.base)).bearer_auth(token);
        serde_json::from_str(&self.send(get, &[("accept-language", "en")]).body).unwrap()
    }
}

pub(super) fn token(folder: &Path, role: &str) -> String {
    let args = ["token", "--role", role, "--office", "o", "--subject", "s"];
    let made = docket(&[&args[..], &["--data-dir", text(folder)]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    made.stdout.trim().to_owned()
}

#[test]
fn who_signs_in_gets_a_cookie_that_only_pages_read() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let away = browser.get("/console/cluster_area/futian?as_of=2016-12-31");
    assert_eq!(away.status, 303);
    let to = away.header("location");
    assert_eq!(to, "/console/login?next=%2Fconsole%2Fcluster_area%2Ffutian%3Fas_of%3D2016-12-31");
    assert!(browser.get(to).body.contains("name=\"token\""));
    let wrong = browser.sign_in("no.token.here");
    assert_eq!((wrong.status, browser.cookie.is_some()), (422, false));
    let auditor = token(folder.path(), "auditor");
    // Neither from another site, nor from who does not say from where.
    for headers in
        [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example")], &[]]
    {
        let refused = browser.post("/console/login", &[("token", &auditor)], headers);
        assert_eq!((refused.status, refused.header("set-cookie")), (403, ""), "{headers:?}");
    }
    let signed = browser.sign_in(&auditor);
    assert_eq!((signed.status, signed.header("location")), (303, "/console/move"));
    let cookie = signed.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");
    let leading_away = browser.post(
        "/console/login",
        &[("token", &auditor), ("next", "https://evil.example/")],
        &[("sec-fetch-site", "same-origin")],
    );
    assert_eq!(leading_away.header("location"), "/console");
    assert_eq!(browser.get("/console/cluster_area/futian").status, 200);
    assert_eq!(browser.get("/v1/programs").status, 401, "the interface reads no cookie");
    let out = browser.post("/console/logout", &[], &[("sec-fetch-site", "same-origin")]);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
}

#[test]
fn a_page_lists_what_the_interface_does() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let listed = browser.json(&auditor, "/v1/enrollments?program=strong_province&limit=500");
    let register = browser.get("/console/register/strong_province?lang=en").body;
    let table = register.split("id=\"register\"").nth(1).unwrap();
    let rows = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    assert_eq!(rows.matches("<tr>").count(), listed["items"].as_array().unwrap().len());
    for quota in
        browser.json(&auditor, "/v1/programs/strong_province/quotas")["quotas"].as_array().unwrap()
    {
        for holder in quota["holders"].as_array().unwrap() {
            let link = format!(
                "class=\"box {} attested\" href=\"/console/strong_province/{}",
                quota["category"]["id"].as_str().unwrap(),
                holder["subject"].as_str().unwrap()
            );
            assert!(register.contains(&link), "{link}");
        }
    }
}

#[test]
fn a_page_with_both_times_fixed_never_changes() {
    let folder = demo_copy();
    let fixed = [
        "/console/register/strong_province?as_of=2017-12-31&at_sequence=300&lang=en",
        "/console/cluster_area/futian?as_of=2019-01-01&at_sequence=300&lang=zh-CN",
        "/console/quotas/strong_province?as_of=2017-12-31&at_sequence=300&lang=en",
    ];
    let looked = |folder: &Path| {
        let server = Server::start(folder);
        let mut browser = Browser::new(&server.base);
        browser.sign_in(&token(folder, "auditor"));
        let pages = fixed.map(|page| browser.get(page));
        for page in &pages {
            assert_eq!(page.status, 200);
            assert!(page.header("cache-control").contains("immutable"));
        }
        assert_eq!(server.stop("INT").0, 0);
        pages.map(|page| page.body)
    };
    let before = looked(folder.path());
    assert_eq!(docket(&["rebuild", "--data-dir", text(folder.path())]).code, 0);
    let after = looked(folder.path());
    assert_eq!(before, after);
}

/// The value of a hidden member of a form.
pub(super) fn hidden<'b>(body: &'b str, name: &str) -> &'b str {
    let part = body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    part.split('"').next().unwrap()
}

#[test]
fn an_act_is_checked_then_recorded_once_and_nothing_typed_is_lost() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    let at = "/console/exercise_cluster_area/exercise_a/acts/new?lang=en";
    let of_one = "/v1/enrollments/exercise_cluster_area/exercise_a";
    let revision = || browser_of(&server).json(&auditor, of_one)["revision"].as_u64().unwrap();
    browser.sign_in(&auditor);
    assert!(browser.get(at).body.contains("You may record nothing here today"));
    let page = browser.get("/console/exercise_cluster_area/exercise_a?lang=en").body;
    assert!(!page.contains("/acts/new"), "what one may not do is not offered");
    browser.sign_in(&token(folder.path(), "national_office"));
    assert!(
        browser.get("/console/exercise_cluster_area/exercise_a?lang=en").body.contains("/acts/new")
    );
    assert!(browser.get(at).body.contains("act=inspect"));
    let form = browser.get(&format!("{at}&act=inspect")).body;
    let (key, rests_on) = (hidden(&form, "key").to_owned(), hidden(&form, "revision").to_owned());
    assert_eq!(rests_on, revision().to_string());
    let ours = [("sec-fetch-site", "same-origin")];
    let send = |step: &str, day: &str, findings: &str, key: &str, on: &str| {
        let form = [
            ("act", "inspect"),
            ("revision", on),
            ("key", key),
            ("effective_on", day),
            ("findings", findings),
            ("step", step),
        ];
        browser.post(at, &form, &ours)
    };
    // A day that does not exist is named at its field, and what was typed is there still.
    let refused = send("check", "2026-02-30", "All in \"order\"", &key, &rests_on).body;
    assert!(
        refused.contains("role=\"alert\"") && refused.contains("class=\"field wrong\""),
        "{refused}"
    );
    assert!(refused.contains("All in &quot;order&quot;") && refused.contains("2026-02-30"));
    let checked = send("check", "2026-11-30", "All in order", &key, &rests_on);
    assert!(checked.body.contains("This will be recorded"), "{}", checked.body);
    assert_eq!(revision().to_string(), rests_on, "a check records nothing");
    // Another's key, or none, records nothing; what was typed is there still.
    let forged = send("record", "2026-11-30", "All in order", "00.00", &rests_on);
    assert_eq!((forged.status, revision().to_string()), (200, rests_on.clone()));
    assert!(forged.body.contains("Check once more") && forged.body.contains("All in order"));
    let done = send("record", "2026-11-30", "All in order", &key, &rests_on);
    assert_eq!(done.status, 303, "{}", done.body);
    let to = done.header("location").to_owned();
    assert!(to.starts_with("/console/exercise_cluster_area/exercise_a?lang=en#e"), "{to}");
    assert_eq!(
        send("record", "2026-11-30", "All in order", &key, &rests_on).header("location"),
        to,
        "a double click"
    );
    assert_eq!(revision(), rests_on.parse::<u64>().unwrap() + 1);
    // Who rests on what stood before is told, keeps the input, and rests on what stands now.
    let form = browser.get(&format!("{at}&act=inspect")).body;
    let lost = send("record", "2026-11-30", "Seen late", hidden(&form, "key"), &rests_on).body;
    assert!(lost.contains("Seen late") && lost.contains("role=\"alert\""), "{lost}");
    assert_eq!(hidden(&lost, "revision"), revision().to_string());
}

fn browser_of(server: &Server) -> Browser {
    Browser::new(&server.base)
}
