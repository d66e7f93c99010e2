//! Signing in: the token in a cookie that only pages read. The REST interface never reads it.
//!
//! What must hold: a token stands in no address; a form counts only where it comes from a page of this
//! server (`Sec-Fetch-Site`, else `Origin`); the cookie lives no longer than the browser's session and
//! is worth nothing once the token has expired or was revoked, since each request verifies it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use hmac::{Hmac, KeyInit as _, Mac as _};
use maud::html;
use sha2::Sha256;

use super::asking::{Failure, Page, html as respond, pairs};
use super::frame::{Head, whole};
use super::links::address;
use super::{Settings, see_other};
use crate::codec::hex;
use crate::views::headers::NO_STORE;
use crate::views::inside::Inside;

/// The cookie's name where the connection is encrypted; browsers then hold it to this host.
const SECURE: &str = "__Host-docket";
/// The name on a plain loopback address.
const PLAIN: &str = "docket";
/// Where one is signed out here, and perhaps not at the provider.
const LEFT: &str = "/console/login?left=here";
/// The longest body of a form.
pub const MAX_FORM_BYTES: usize = 16 * 1024;

/// Links that sign in, made where this process starts, as the demo does; gone when it ends.
#[derive(Default)]
pub struct SignIns(Mutex<HashMap<String, String>>);

impl SignIns {
    /// The code of a new link.
    pub fn link(&self, code: [u8; 16], token: &str) -> String {
        let code = hex(&code);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(code.clone(), token.to_owned());
        code
    }

    fn token(&self, code: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }
}

/// The token that a browser brings.
pub fn token_of(http: &HttpRequest) -> Option<String> {
    let cookie = http.cookie(SECURE).or_else(|| http.cookie(PLAIN))?;
    (!cookie.value().is_empty()).then(|| cookie.value().to_owned())
}

/// The page to sign in; a link with a code signs in at once.
pub async fn ask(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    if let Some(token) = page.settings.sign_ins.token(page.parameter("code")) {
        return signed_in(&page, &token, page.parameter("next"));
    }
    form(&page, None).await
}

async fn form(page: &Page, wrong: Option<&str>) -> HttpResponse {
    let (title, next) = (page.say("Sign in", "登录"), page.parameter("next"));
    let body = html! {
        h1 { (title) }
        @if let Some(wrong) = wrong { p.alarm role="alert" { (wrong) } }
        @if let Some(provider) = &page.settings.provider {
            @if page.parameter("left") == "here" {
                p role="status" {
                    (page.say("You are signed out here. At the provider you may still be signed in: ", "您已退出本系统，但在身份提供方处可能仍处于登录状态："))
                    a href=(address("/console/login/leave", [])) { (page.say("sign out there too", "同时退出身份提供方")) }
                }
            }
            p { a.button href=(address("/console/login/provider", [("next", next)])) {
                (page.say("Sign in with", "登录方式：")) " " (provider.by.name())
            } }
            h2 { (page.say("With a token", "使用令牌")) }
        }
        p { (page.say(
            "Paste the token that your operator gave you. It is kept in a cookie until the browser is closed, and is good only as long as the token.",
            "请粘贴运维人员发给您的令牌。令牌保存在 Cookie 中，关闭浏览器即失效，且不超过令牌自身的有效期。"
        )) }
        form.stacked method="post" action="/console/login" {
            input type="hidden" name="next" value=(next);
            label for="token" { (page.say("Token", "令牌")) }
            textarea #token name="token" rows="4" autocomplete="off" spellcheck="false" required {}
            button { (title) }
        }
    };
    let head = Head { title: title.to_owned(), ..Head::default() };
    let body = whole(page, head, &body).await;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    respond(status, page.language)
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .body(body.into_string())
}

/// Takes a token.
pub async fn sign_in(
    http: HttpRequest,
    body: Bytes,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    if !is_from_here(&http, &settings) {
        return refused();
    }
    let mut page = Page::of(http, settings, inside);
    let Some(given) = std::str::from_utf8(&body).ok().filter(|_| body.len() <= MAX_FORM_BYTES)
    else {
        return HttpResponse::PayloadTooLarge().finish();
    };
    page.query = pairs(given);
    let token = page.parameter("token").to_owned();
    let tried = page.signed(&token).get_at("/v1/programs").await;
    match tried {
        Err(Failure::SignIn) => {
            let wrong = page.say(
                "This token is not accepted: it has expired, was revoked, or is not whole.",
                "该令牌不被接受：已过期、已吊销或不完整。",
            );
            form(&page, Some(wrong)).await
        }
        Ok(_) | Err(Failure::Problem(..)) => {
            let next = page.parameter("next").to_owned();
            signed_in(&page, &token, &next)
        }
    }
}

/// Forgets the token.
pub async fn sign_out(http: HttpRequest, settings: web::Data<Settings>) -> HttpResponse {
    if !is_from_here(&http, &settings) {
        return refused();
    }
    let by_provider = is_by_provider(&http, &settings);
    let mut response = see_other(if by_provider { LEFT } else { "/console/login" });
    for name in [SECURE, PLAIN] {
        let mut gone = cookie(&settings, name, "");
        gone.make_removal();
        // Only what can't be written as a header is refused, and a removal can.
        let _ = response.add_cookie(&gone);
    }
    response
}

/// Whether who is signed in was by the provider.
fn is_by_provider(http: &HttpRequest, settings: &Settings) -> bool {
    let provider = settings.provider.as_ref();
    provider.zip(token_of(http)).is_some_and(|(provider, token)| provider.by.signed_in(&token))
}

/// The answer that signs in, and leads to a page of this server.
pub fn signed_in(page: &Page, token: &str, next: &str) -> HttpResponse {
    // Only to a page of this server.
    let mut response = see_other(if is_ours(next) { next } else { "/console" });
    let name = if is_secure(&page.settings) { SECURE } else { PLAIN };
    let _ = response.add_cookie(&cookie(&page.settings, name, token));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static(NO_STORE));
    response
}

/// Whether an address is that of a page of this server: a path of the console, and no other site's.
fn is_ours(next: &str) -> bool {
    let rest = next.strip_prefix("/console");
    let is_console = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    is_console && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn cookie<'a>(settings: &Settings, name: &'a str, value: &'a str) -> Cookie<'a> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(settings))
        .finish()
}

pub fn is_secure(settings: &Settings) -> bool {
    settings.public_url.starts_with("https:")
}

/// Whether a form comes from a page of this server.
pub fn is_from_here(http: &HttpRequest, settings: &Settings) -> bool {
    let value = |name| http.headers().get(name).and_then(|value| value.to_str().ok());
    match (value("sec-fetch-site"), value("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = value("host").unwrap_or_default();
            origin == settings.public_url || origin.split("://").nth(1) == Some(host)
        }
        (None, None) => false,
    }
}

/// The answer to a form that another site sends.
pub fn refused() -> HttpResponse {
    HttpResponse::Forbidden().body("This form is not of this site. 该表单并非来自本站。")
}

/// A key for one form, signed for who is signed in.
pub fn minted(page: &Page) -> String {
    let nonce = hex(&(page.settings.random)());
    format!("{nonce}.{}", signature(page, &nonce))
}

fn signature(page: &Page, nonce: &str) -> String {
    // A key of any length is taken.
    let mac = Hmac::<Sha256>::new_from_slice(page.token().as_bytes());
    let signed = mac.map(|mac| hex(&mac.chain_update(nonce).finalize().into_bytes()));
    signed.map_or_else(|_| String::new(), |signed| signed[..32].to_owned())
}

/// Whether a form's key was made for who is signed in.
pub fn is_signed(page: &Page, key: &str) -> bool {
    let (nonce, given) = key.split_once('.').unwrap_or_default();
    let expected = signature(page, nonce);
    // Without telling by the time where they differ.
    let differs = expected.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    !page.token().is_empty() && expected.len() == given.len() && differs == 0
}
