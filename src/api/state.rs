//! What every handler needs: the application, who is let in, and the limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::auth::Authenticator;
use super::problem::Language;
use crate::app::App;
use crate::domain::date::Day;

/// The limits and habits of a server.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// What stands before `/problems/<name>`, without a slash at the end.
    pub public_url: String,
    /// The language where a client names none that is known.
    pub default_language: Language,
    /// The largest request body, in bytes; documents too.
    pub max_body_bytes: u64,
    /// How long running requests are waited for at shutdown.
    pub shutdown_grace: Duration,
    /// How long a client may take to send its head, and then its body.
    pub request_timeout: Duration,
    /// Threads that serve requests; absent: one per core.
    pub workers: Option<usize>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            default_language: Language::default(),
            max_body_bytes: 1024 * 1024,
            shutdown_grace: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            workers: None,
        }
    }
}

/// What every handler needs.
pub struct ApiState {
    /// The application.
    pub app: Arc<App>,
    /// Verifies tokens.
    pub authenticator: Authenticator,
    /// The limits.
    pub settings: ApiSettings,
    stopping: AtomicBool,
}

impl ApiState {
    /// Puts the parts together.
    pub fn new(app: Arc<App>, authenticator: Authenticator, settings: ApiSettings) -> Self {
        Self { app, authenticator, settings, stopping: AtomicBool::new(false) }
    }

    /// The present civil day in China.
    pub fn today(&self) -> Day {
        self.app.clock().now().civil_day()
    }

    /// Says that no further request should be sent here.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
