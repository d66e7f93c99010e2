//! Binding, serving and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, map_config};
use actix_web::dev::{AppConfig, Server, ServerHandle, fn_service};
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, Error, web};
use tokio::task::JoinHandle;

use super::compressed::compressed;
use super::inside::inside;
use super::serve_error::{ServeError, ended};
use super::starting::{Bound, bind};
use super::wire::framed;
use super::{dispatch, expectation};
use crate::api::asking::render::{ProblemSettings, render};
use crate::api::asking::state::ApiState;
use crate::api::asking::tls::Tls;

/// How long a client may go on sending what is no longer read, so that it gets its answer.
const LINGER: Duration = Duration::from_secs(1);

/// A server that runs.
pub struct Served {
    /// The address it listens on; with port 0 asked for, the port found.
    pub address: SocketAddr,
    state: Arc<ApiState>,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

/// Listens, and serves until [`Served::stop`]. To be called within a tokio runtime; signals are the
/// caller's.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn serve(listen: SocketAddr, state: Arc<ApiState>) -> Result<Served, ServeError> {
    serve_on(bind(listen)?, state)
}

/// As [`serve`], on an address that is listened on already.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn serve_on(bound: Bound, state: Arc<ApiState>) -> Result<Served, ServeError> {
    let Bound { address, listener } = bound;
    let failed = |source| ServeError::Listen { listen: address, source };
    leave_who_takes_nothing(&listener, state.settings.limits.patience).map_err(failed)?;
    let settings = state.settings.clone();
    let shared = web::Data::from(state.clone());
    let problems = web::Data::new(ProblemSettings {
        public_url: settings.public_url.clone(),
        default_language: settings.default_language,
    });
    let mut server =
        Server::build().disable_signals().shutdown_timeout(settings.shutdown_grace.as_secs());
    if let Some(workers) = settings.workers {
        server = server.workers(workers);
    }
    let draining = server.graceful_shutdown_signal();
    // As `HttpServer` would, but for what a client is told that waits before it sends its body. A macro,
    // since the kind of connection is a part of the service's type.
    macro_rules! service {
        () => {{
            let app = App::new()
                .app_data(shared.clone())
                .app_data(problems.clone())
                .wrap(from_fn(render))
                .wrap(said_always(shared.tls.is_some()))
                .wrap(from_fn(compressed))
                .wrap(from_fn(framed))
                .configure(dispatch::configure);
            let app = match shared.pages.clone() {
                None => app,
                Some(pages) => {
                    let (state, problems) = (shared.clone(), problems.clone());
                    app.data_factory(move || inside(state.clone(), problems.clone()))
                        .configure(|config| pages(config))
                }
            };
            let app = app.into_factory().map_err(|error: Error| error.error_response());
            let (state, problems, draining) = (shared.clone(), problems.clone(), draining.clone());
            let expected = move |request: Request| {
                let (state, problems) = (state.clone(), problems.clone());
                async move {
                    let refused = expectation::refused(request.head(), &state, &problems).await;
                    refused.map_or(Ok(request), |refused| Err(Response::from(refused)))
                }
            };
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let draining = draining.clone();
                    async move { draining.notified().await }
                })
                .client_request_timeout(settings.request_timeout)
                .client_disconnect_timeout(LINGER)
                .expect(fn_service(expected))
                .finish(map_config(app, |()| AppConfig::default()))
        }};
    }
    let server = match shared.tls.as_ref().map(Tls::config).transpose()? {
        None => server.listen("docket", listener, move || service!().tcp()),
        Some(tls) => {
            let encrypted = move || service!().rustls_0_23(tls.clone());
            server.listen("docket", listener, encrypted)
        }
    };
    let server = server.map_err(failed)?.run();
    let handle = server.handle();
    let task = tokio::spawn(server);
    Ok(Served { address, state, handle, task })
}

/// What every answer says, whatever it is.
fn said_always(over_tls: bool) -> DefaultHeaders {
    let said = DefaultHeaders::new().add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    match over_tls {
        true => said.add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")),
        false => said,
    }
}

/// Has the system end each connection whose client takes nothing of what waits for it so long:
/// whatever an answer is made of, nothing else can tell that from a slow client. Connections take the
/// setting over from what they came in by.
fn leave_who_takes_nothing(
    listener: &std::net::TcpListener,
    patience: Duration,
) -> std::io::Result<()> {
    let patience_ms = patience.as_millis().try_into().unwrap_or(u32::MAX);
    rustix::net::sockopt::set_tcp_user_timeout(listener, patience_ms)?;
    Ok(())
}

impl Served {
    /// Stops: not ready any more, running requests are finished within the grace, then nothing.
    ///
    /// # Errors
    /// [`ServeError::Failed`] when the server had stopped by itself.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.state.stop();
        self.handle.stop(true).await;
        ended(self.task.await)
    }

    /// Waits until the server stops by itself, which is a failure.
    ///
    /// # Errors
    /// [`ServeError::Failed`] with what it failed by.
    pub async fn ended(&mut self) -> Result<(), ServeError> {
        ended((&mut self.task).await)
    }
}
