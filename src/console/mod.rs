//! The record to look at: pages made by the server, each a second rendering of what the REST interface
//! answers. The console knows no rule: who may see what, what holds on a day and what an act needs is
//! asked of the interface, from inside ([`crate::views::inside`]) and with the reader's own token.
//!
//! What must hold: both times stand in every address and are carried by every link; a page needs no
//! script and loads nothing from elsewhere; what is invented cannot be taken for real.

mod ahead;
mod asking;
mod beside;
mod changes;
mod compared;
mod course;
mod enrollment;
mod event;
mod exceptions;
mod files;
mod form;
mod frame;
mod json;
mod keys;
mod links;
mod log;
mod measures;
mod moves;
mod near;
mod obligations;
mod openings;
mod outlook;
mod places;
mod proof;
mod provider;
mod record;
mod register;
mod session;
mod sheet;
mod standstill;
mod tiles;
mod timeline;
mod totals;
mod two;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::ids::Language;
use crate::oidc::SignInBy;
use crate::views::inside::Inside;
use crate::views::look::{Loaded, STYLE, style_address};
use asking::{Page, now, shown};
use provider::ByProvider;
use session::SignIns;

const KEYS_SCRIPT: Loaded =
    Loaded { path: "/console/keys.js", content: include_str!("keys.js"), media: "text/javascript" };
const NEWER_SCRIPT: Loaded = Loaded {
    path: "/console/newer.js",
    content: include_str!("newer.js"),
    media: "text/javascript",
};
const PROOF_SCRIPT: Loaded = Loaded {
    path: "/console/proof.js",
    content: include_str!("proof.js"),
    media: "text/javascript",
};

/// The console of a node.
#[derive(Clone)]
pub struct Console(Arc<Settings>);

/// What pages need beside the interface.
struct Settings {
    /// Where readers reach the server.
    public_url: String,
    /// The language of who names none.
    default_language: Language,
    /// Links that sign in.
    sign_ins: SignIns,
    /// The provider by which people sign in, where there is one.
    provider: Option<ByProvider>,
    /// Gives what nobody can guess.
    random: fn() -> [u8; 16],
    /// The address of the style, with the digest of its content.
    style: &'static str,
    /// The same of the script of the keys.
    keys_script: String,
    /// The same of the script that says that there are newer events.
    newer_script: String,
    /// The same of the script that checks a proof.
    proof_script: String,
}

impl Console {
    /// A console for a server with this public address; `random` gives what nobody can guess, `by` is
    /// the provider by which people sign in, where there is one.
    pub fn new(
        public_url: &str,
        default_language: Language,
        random: fn() -> [u8; 16],
        by: Option<SignInBy>,
    ) -> Self {
        Self(Arc::new(Settings {
            public_url: public_url.to_owned(),
            default_language,
            sign_ins: SignIns::default(),
            provider: by.map(ByProvider::new),
            random,
            style: style_address(),
            keys_script: KEYS_SCRIPT.address(),
            newer_script: NEWER_SCRIPT.address(),
            proof_script: PROOF_SCRIPT.address(),
        }))
    }

    /// The path of a link that signs in with a token, as long as this process runs.
    pub fn sign_in_link(&self, token: &str) -> String {
        format!("/console/login?code={}", self.0.sign_ins.link((self.0.random)(), token))
    }

    /// The pages, as the server takes them.
    pub fn pages(&self) -> Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync> {
        let settings = web::Data::from(Arc::clone(&self.0));
        Arc::new(move |config| {
            config.app_data(settings.clone());
            configure(config);
        })
    }
}

fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path).name(path);
    config
        .service(get("/").route(web::get().to(home)))
        .service(get("/console").route(web::get().to(home)))
        .service(get(STYLE.path).route(web::get().to(async || loaded(STYLE))))
        .service(get(KEYS_SCRIPT.path).route(web::get().to(async || loaded(KEYS_SCRIPT))))
        .service(get("/console/keys").route(now(keys::page)))
        .service(get(PROOF_SCRIPT.path).route(web::get().to(async || loaded(PROOF_SCRIPT))))
        .service(
            get("/console/login")
                .route(web::get().to(session::ask))
                .route(web::post().to(session::sign_in)),
        )
        .service(get("/console/login/provider").route(web::get().to(provider::send)))
        .service(get("/console/login/callback").route(web::get().to(provider::take)))
        .service(get("/console/login/leave").route(web::get().to(provider::leave)))
        .service(get("/console/logout").route(web::post().to(session::sign_out)))
        .service(get("/console/find").route(web::get().to(register::find)))
        .service(get("/console/slide").route(web::get().to(course::slide)))
        .service(get("/console/register/{program}").route(shown(register::page)))
        .service(get("/console/move").route(shown(moves::page)))
        .service(get("/console/move/as/{form}").route(web::get().to(ahead::file)))
        .service(get("/console/totals").route(shown(totals::page)))
        .service(get("/console/obligations").route(shown(obligations::page)))
        .service(get("/console/exceptions").route(shown(exceptions::page)))
        .service(get("/console/quotas/{program}").route(shown(places::page)))
        .service(get("/console/log").route(shown(log::page)))
        .service(get("/console/log/newer").route(web::get().to(log::newer)))
        .service(get(NEWER_SCRIPT.path).route(web::get().to(async || loaded(NEWER_SCRIPT))))
        .service(get("/console/log/{sequence}").route(shown(event::page)))
        .service(get("/console/log/{sequence}/beside").route(shown(beside::page)))
        .service(get("/console/log/{sequence}/proof").route(now(proof::page)))
        .service(
            get("/console/log/{sequence}/openings")
                .route(web::get().to(openings::ask))
                .route(web::post().to(openings::open)),
        )
        .service(get("/console/log/{sequence}/proof/file").route(web::get().to(proof::file)))
        .service(get("/console/measures").route(shown(measures::list)))
        .service(get("/console/measures/{program}/{version}").route(shown(measures::page)))
        .service(
            get("/console/measures/{program}/{version}/graph")
                .route(web::get().to(measures::graph)),
        )
        .service(
            get("/console/measures/{program}/{version}/diff/{other}").route(now(compared::page)),
        )
        .service(
            get("/console/{program}/{subject}/acts/new")
                .route(now(record::ask))
                .route(web::post().to(record::take)),
        )
        .service(
            get("/console/{program}/{subject}/corrections/{sequence}").route(shown(changes::page)),
        )
        .service(get("/console/{program}/{subject}").route(shown(enrollment::page)))
        .service(get("/console/{rest:.*}").route(shown(frame::nowhere)));
}

/// The front page is where the reader begins, at the times that are asked for.
async fn home(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let query = http.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    let page = Page::of(http, settings, inside);
    match frame::beginning(&page) {
        part if part.starts_with("/console") => see_other(&format!("{part}{query}")),
        elsewhere => see_other(elsewhere),
    }
}

fn loaded(what: Loaded) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, format!("{}; charset=utf-8", what.media)))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(what.content)
}

fn see_other(target: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, target)).finish()
}
