//! What is answered while a server does not yet have what it serves: that the process lives, that it
//! is not ready, and what it waits for.
//!
//! What must hold: the address is taken once. The server proper goes on listening on the same socket,
//! so that nobody is refused between the two.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::http::{KeepAlive, header};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rustls::ServerConfig;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::serve_error::{ServeError, ended};
use crate::api::asking::header_list::HeaderList;
use crate::api::asking::language::negotiated;
use crate::api::asking::render::ProblemSettings;
use crate::views::headers::NO_STORE;
use crate::views::problem::{Code, Problem, TraceId};

/// An address that is listened on; connections wait until somebody serves them.
pub struct Bound {
    /// The address; with port 0 asked for, the port found.
    pub address: SocketAddr,
    pub(super) listener: TcpListener,
}

/// Listens, and serves nothing yet.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn bind(listen: SocketAddr) -> Result<Bound, ServeError> {
    let failed = |source| ServeError::Listen { listen, source };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Bound { address, listener })
}

/// What a start waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The store, without passwords.
    pub waiting_for: String,
    /// Why it can't be used yet.
    pub reason: String,
}

/// What answers during the start.
pub struct Starting {
    bound: Bound,
    waits: watch::Sender<Option<Waiting>>,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

/// What a probe reads during the start.
#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    #[serde(flatten)]
    waiting: Option<&'a Waiting>,
}

impl Starting {
    /// Answers on the address from now on. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ServeError::Listen`].
    pub fn answer(
        bound: Bound,
        problems: ProblemSettings,
        tls: Option<ServerConfig>,
    ) -> Result<Self, ServeError> {
        let listen = bound.address;
        let failed = |source| ServeError::Listen { listen, source };
        let (waits, waiting) = watch::channel(None);
        let (waiting, problems) = (web::Data::new(waiting), web::Data::new(problems));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(waiting.clone())
                .app_data(problems.clone())
                .route("/health/live", web::to(live))
                .route("/health/ready", web::to(not_ready))
                .route("/health/startup", web::to(not_ready))
                .default_service(web::to(refuse))
        });
        // One connection, one answer: nobody is held when the server proper takes over.
        let server = server.disable_signals().workers(1).keep_alive(KeepAlive::Disabled);
        let own = bound.listener.try_clone().map_err(failed)?;
        let server = server.shutdown_timeout(1);
        let server = match tls {
            None => server.listen(own),
            Some(tls) => server.listen_rustls_0_23(own, tls),
        };
        let server = server.map_err(failed)?.run();
        let handle = server.handle();
        Ok(Self { bound, waits, handle, task: tokio::spawn(server) })
    }

    /// Says from now on what the start waits for.
    pub fn waits_for(&self, waiting: Option<Waiting>) {
        self.waits.send_replace(waiting);
    }

    /// Answers no more, and hands over the address.
    ///
    /// # Errors
    /// [`ServeError::Failed`] when it had ended by itself.
    pub async fn over(self) -> Result<Bound, ServeError> {
        self.handle.stop(true).await;
        ended(self.task.await)?;
        Ok(self.bound)
    }
}

type Waits = web::Data<watch::Receiver<Option<Waiting>>>;

async fn live() -> HttpResponse {
    health(&mut HttpResponse::Ok(), &Health { status: "UP", waiting: None })
}

async fn not_ready(waits: Waits) -> HttpResponse {
    let waiting = waits.borrow().clone();
    let health_now = Health { status: "DOWN", waiting: waiting.as_ref() };
    health(&mut HttpResponse::ServiceUnavailable(), &health_now)
}

fn health(response: &mut actix_web::HttpResponseBuilder, body: &Health<'_>) -> HttpResponse {
    response.insert_header((header::CACHE_CONTROL, NO_STORE)).json(body)
}

async fn refuse(request: HttpRequest, problems: web::Data<ProblemSettings>) -> HttpResponse {
    let accept = HeaderList::of(request.headers(), header::ACCEPT_LANGUAGE);
    let language = negotiated(accept.as_ref(), problems.default_language);
    let problem = Problem::new(Code::Starting).trace(TraceId::of(&request));
    problem.respond(language, &problems.public_url)
}
