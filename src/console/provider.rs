//! Signing in by a provider: sent there, and taken back with a code.
//!
//! What must hold: who comes back is who was sent, by the state in the address and in a cookie that only
//! this page reads; each state counts once; no address that comes from outside is gone to, but those of
//! the provider and the console's own pages.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;

use super::asking::{Page, html as respond};
use super::frame::{Head, whole};
use super::links::address;
use super::session::{is_secure, signed_in};
use super::{Settings, see_other};
use crate::codec::hex;
use crate::oidc::{Sent, SignInBy, SignInError, TokenError};
use crate::views::headers::NO_STORE;
use crate::views::inside::Inside;

const SECURE: &str = "__Host-docket-sent";
const PLAIN: &str = "docket-sent";
/// How long the way to the provider and back may take.
const PATIENCE: Duration = Duration::minutes(10);
/// States that came back, kept so that none counts twice; the provider takes no code twice either.
const KEPT: usize = 10_000;
/// The longest address to come back to: it is kept in a cookie.
const MAX_NEXT_BYTES: usize = 1024;

/// A provider, and which sign-ins came back from it.
pub struct ByProvider {
    /// The provider.
    pub by: SignInBy,
    back: Mutex<VecDeque<String>>,
}

impl ByProvider {
    /// Nobody came back yet.
    pub fn new(by: SignInBy) -> Self {
        Self { by, back: Mutex::default() }
    }

    /// Notes a state; false where it came back before.
    fn is_first(&self, state: &str) -> bool {
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        if back.iter().any(|known| known == state) {
            return false;
        }
        if back.len() == KEPT {
            back.pop_front();
        }
        back.push_back(state.to_owned());
        true
    }
}

/// Why nobody is signed in.
enum Wrong {
    /// No provider is configured.
    NoProvider,
    /// What came back was not sent from here, or came back before.
    NotSent,
    /// The provider signs nobody out that others send.
    NoWayOut,
    /// The provider says why.
    Refused(String),
    /// By the protocol.
    Failed(SignInError),
}

/// Sends a browser to the provider.
pub async fn send(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let Some(provider) = &page.settings.provider else {
        return told(&page, Wrong::NoProvider).await;
    };
    let random = page.settings.random;
    let next = page.parameter("next");
    let sent = Sent {
        state: hex(&random()),
        nonce: hex(&random()),
        verifier: URL_SAFE_NO_PAD.encode([random(), random()].concat()),
        next: if next.len() <= MAX_NEXT_BYTES { next.to_owned() } else { String::new() },
    };
    let kept = serde_json::to_vec(&sent).map(|sent| URL_SAFE_NO_PAD.encode(sent));
    match (provider.by.address(&sent).await, kept) {
        (Ok(to), Ok(kept)) => {
            let mut response = see_other(&to);
            let _ = response.add_cookie(&cookie(&page.settings, &kept));
            no_store(response)
        }
        (Err(error), _) => told(&page, Wrong::Failed(error)).await,
        (_, Err(error)) => told(&page, Wrong::Failed(SignInError::Answer(error.to_string()))).await,
    }
}

/// Takes a browser back.
pub async fn take(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let mut response = match taken(&page).await {
        Ok((token, next)) => signed_in(&page, &token, &next),
        Err(wrong) => told(&page, wrong).await,
    };
    let mut gone = cookie(&page.settings, "");
    gone.make_removal();
    let _ = response.add_cookie(&gone);
    response
}

/// Sends a browser to be signed out at the provider too.
pub async fn leave(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let Some(provider) = &page.settings.provider else {
        return told(&page, Wrong::NoProvider).await;
    };
    match provider.by.sign_out_address().await {
        Ok(Some(to)) => no_store(see_other(&to)),
        Ok(None) => told(&page, Wrong::NoWayOut).await,
        Err(error) => told(&page, Wrong::Failed(error)).await,
    }
}

async fn taken(page: &Page) -> Result<(String, String), Wrong> {
    let provider = page.settings.provider.as_ref().ok_or(Wrong::NoProvider)?;
    let kept = page.http.cookie(name(&page.settings)).ok_or(Wrong::NotSent)?;
    let kept = URL_SAFE_NO_PAD.decode(kept.value()).map_err(|_| Wrong::NotSent)?;
    let sent: Sent = serde_json::from_slice(&kept).map_err(|_| Wrong::NotSent)?;
    if sent.state.is_empty() || page.parameter("state") != sent.state {
        return Err(Wrong::NotSent);
    }
    if !provider.is_first(&sent.state) {
        return Err(Wrong::NotSent);
    }
    match (page.parameter("error"), page.parameter("code")) {
        ("", "") => Err(Wrong::NotSent),
        ("", code) => {
            let token = provider.by.token(code, &sent).await.map_err(Wrong::Failed)?;
            Ok((token, sent.next))
        }
        (error, _) => {
            let why = [error, page.parameter("error_description")];
            let why: Vec<_> = why.into_iter().filter(|text| !text.is_empty()).collect();
            Err(Wrong::Refused(why.join(": ").chars().take(300).collect()))
        }
    }
}

/// A page that says why nobody is signed in, and how to go on.
async fn told(page: &Page, wrong: Wrong) -> HttpResponse {
    let (status, en, zh, detail) = match wrong {
        Wrong::NoProvider => (
            StatusCode::NOT_FOUND,
            "No provider is configured here. Sign in with a token.",
            "本系统未配置身份提供方，请使用令牌登录。",
            None,
        ),
        Wrong::NotSent => (
            StatusCode::BAD_REQUEST,
            "This sign-in was not begun in this browser, took too long, or was used already. Begin again.",
            "此次登录并非由本浏览器发起，或已超时、已使用。请重新登录。",
            None,
        ),
        Wrong::NoWayOut => (
            StatusCode::NOT_FOUND,
            "You are signed out here. The provider names no address at which one is signed out: do so at its own pages, or close the browser.",
            "您已退出本系统。身份提供方未提供退出地址，请在其自身页面退出，或关闭浏览器。",
            None,
        ),
        Wrong::Refused(why) => (
            StatusCode::FORBIDDEN,
            "The provider did not sign you in. It says:",
            "身份提供方拒绝了登录，其说明为：",
            Some(why),
        ),
        Wrong::Failed(SignInError::Token(TokenError::Nobody(text))) => (
            StatusCode::FORBIDDEN,
            "The provider knows you, but does not say who you are in the programs. Ask your operator.",
            "身份提供方认识您，但未说明您在各项目中的身份。请联系运维人员。",
            Some(page.say(&text.en, &text.zh).to_owned()),
        ),
        Wrong::Failed(SignInError::Token(TokenError::Otherwise(ways))) => (
            StatusCode::FORBIDDEN,
            "You signed in at the provider in a way that is not enough here. Sign in there by one of these:",
            "您在身份提供方处采用的登录方式不符合本系统要求。请改用下列方式之一登录：",
            Some(ways.join(", ")),
        ),
        Wrong::Failed(error @ SignInError::Away(_)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The provider does not answer. Try again in a while, or sign in with a token.",
            "身份提供方暂无响应。请稍后再试，或使用令牌登录。",
            Some(error.to_string()),
        ),
        Wrong::Failed(error) => (
            StatusCode::BAD_GATEWAY,
            "What the provider answered can't be used. Begin again; if that does not help, ask your operator.",
            "身份提供方的答复无法使用。请重新登录；如仍不成功，请联系运维人员。",
            Some(error.to_string()),
        ),
    };
    if let Some(detail) = &detail {
        tracing::warn!(status = status.as_u16(), %detail, "nobody was signed in by the provider");
    }
    let title = page.say("Not signed in", "登录未成功");
    let body = html! {
        h1 { (title) }
        p.alarm role="alert" { (page.say(en, zh)) }
        @if let Some(detail) = detail { p { (detail) } }
        p { a href=(address("/console/login", [])) { (page.say("To sign in", "前往登录")) } }
    };
    let head = Head { title: title.to_owned(), ..Head::default() };
    let body = whole(page, head, &body).await;
    no_store(respond(status, page.language).body(body.into_string()))
}

fn no_store(mut response: HttpResponse) -> HttpResponse {
    let value = header::HeaderValue::from_static(NO_STORE);
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

fn name(settings: &Settings) -> &'static str {
    if is_secure(settings) { SECURE } else { PLAIN }
}

/// The cookie with what was sent. Lax: it comes back with the browser from the provider.
fn cookie<'a>(settings: &Settings, value: &'a str) -> Cookie<'a> {
    Cookie::build(name(settings), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(settings))
        .max_age(PATIENCE)
        .finish()
}
