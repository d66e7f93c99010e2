//! Progress on standard error, hidden where that is no terminal; and Ctrl-C while long work runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use super::exit::{Exit, failure};

/// How often it is looked whether Ctrl-C was pressed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Bars of work that goes on at once, each on a line of its own.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A bar whose length is told as work goes on.
pub fn bar(what: &'static str) -> ProgressBar {
    let bar = BARS.add(ProgressBar::new(0)).with_message(what);
    match ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Whether the user pressed Ctrl-C, for work that asks now and then.
pub struct Interrupt {
    pressed: Arc<AtomicBool>,
    watching: JoinHandle<()>,
}

impl Interrupt {
    /// Watches from now on; to be called within a runtime.
    pub fn watch() -> Self {
        let pressed = Arc::new(AtomicBool::new(false));
        let flag = pressed.clone();
        let watching = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        });
        Self { pressed, watching }
    }

    /// What is set once it was pressed.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.pressed.clone()
    }

    /// That it was not pressed.
    ///
    /// # Errors
    /// [`Exit::Interrupted`].
    pub fn check(&self) -> anyhow::Result<()> {
        if self.is_pressed() {
            return Err(failure(Exit::Interrupted, "interrupted"));
        }
        Ok(())
    }

    /// Ends once it was pressed.
    pub fn pressed(&self) -> impl Future<Output = ()> + Send + 'static {
        let pressed = self.pressed.clone();
        async move {
            while !pressed.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Whether it was pressed.
    pub fn is_pressed(&self) -> bool {
        self.pressed.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
