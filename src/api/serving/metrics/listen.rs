//! The listener: `GET /metrics`, and nothing else. Without authentication, so it is for the
//! operator's own network, and off unless an address is configured.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, guard, web};
use tokio::task::JoinHandle;

use super::{Exposition, Form};
use crate::api::asking::negotiate::accepted;
use crate::api::serving::serve_error::ServeError;

/// The newer of the two forms.
const OPEN: &str = "application/openmetrics-text";
/// The forms that there are, the one for who does not say first.
const FORMS: &[&str] = &["text/plain", OPEN];

/// A listener that runs.
pub struct ServedMetrics {
    /// The address it listens on; with port 0 asked for, the port found.
    pub address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

/// Listens, and answers until [`ServedMetrics::stop`]. To be called within a tokio runtime.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn serve_metrics(
    listen: SocketAddr,
    exposition: Exposition,
) -> Result<ServedMetrics, ServeError> {
    let failed = |source| ServeError::Listen { listen, source };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shared = web::Data::from(Arc::new(exposition));
    let server = HttpServer::new(move || {
        let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
        let metrics = web::resource("/metrics")
            .route(read.to(get_metrics))
            .default_service(web::to(HttpResponse::MethodNotAllowed));
        App::new().app_data(shared.clone()).service(metrics)
    });
    let server = server.workers(1).disable_signals().listen(listener).map_err(failed)?.run();
    let handle = server.handle();
    let task = tokio::spawn(server);
    Ok(ServedMetrics { address, handle, task })
}

async fn get_metrics(http: HttpRequest, exposition: web::Data<Exposition>) -> HttpResponse {
    let form = match accepted(http.headers(), FORMS) {
        Some(OPEN) => Form::OpenMetrics,
        _ => Form::Prometheus,
    };
    match exposition.text(form).await {
        Ok(text) => {
            HttpResponse::Ok().insert_header((header::CONTENT_TYPE, form.media())).body(text)
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

impl ServedMetrics {
    /// Stops at once: a scrape is asked for again.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the listener of the metrics had stopped by itself");
        }
    }
}
