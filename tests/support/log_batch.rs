//! A log whose writer can be held, so that a test decides what is in one batch, and made to fail at
//! any step of it.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use docket::log::sqlite::{Faults, Step};
use docket::log::{Appended, EventLog, Expected, LogError, NewEvent, SqliteLog, StreamName};
use futures_util::FutureExt;
use rusqlite::Connection;

use crate::log_contract::{event, stream};

pub type Plan = Box<dyn FnMut(Step, &Connection) -> rusqlite::Result<()> + Send>;

/// Says that the writer has come to the gate, and waits for it to open.
type Gate = (Sender<()>, Receiver<()>);

/// The hook given to the log: waits where it is held, elsewhere does as planned.
#[derive(Clone)]
pub struct Control {
    plan: Arc<Mutex<Plan>>,
    gate: Arc<Mutex<Option<Gate>>>,
}

impl Faults for Control {
    fn at(&mut self, step: Step, writer: &Connection) -> rusqlite::Result<()> {
        if step == Step::Begin
            && let Some((reached, open)) = self.gate.lock().unwrap().take()
        {
            reached.send(()).unwrap();
            open.recv().unwrap();
            return Ok(());
        }
        (self.plan.lock().unwrap())(step, writer)
    }
}

impl Control {
    pub fn new() -> Self {
        Self { plan: Arc::new(Mutex::new(Box::new(|_, _| Ok(())))), gate: Arc::default() }
    }

    pub fn open(&self, path: &std::path::Path) -> Arc<SqliteLog> {
        Arc::new(SqliteLog::open_with_faults(path, Box::new(self.clone())).unwrap())
    }

    pub fn plan(
        &self,
        plan: impl FnMut(Step, &Connection) -> rusqlite::Result<()> + Send + 'static,
    ) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    pub fn no_faults(&self) {
        self.plan(|_, _| Ok(()));
    }

    /// Appends all of `appends` in one batch, under `plan`. A batch with one more event, made
    /// without faults, holds the writer until they have queued.
    pub async fn one_batch(
        &self,
        log: &Arc<SqliteLog>,
        hold: &StreamName,
        appends: Vec<(StreamName, Expected, Vec<NewEvent>)>,
        plan: impl FnMut(Step, &Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Vec<Result<Appended, LogError>> {
        self.no_faults();
        let (reached, at_gate) = channel();
        let (open, gate) = channel();
        *self.gate.lock().unwrap() = Some((reached, gate));
        let holding = {
            let (log, hold) = (Arc::clone(log), hold.clone());
            tokio::spawn(async move {
                let expected = Expected::from(log.stream_revision(&hold).await.unwrap());
                log.append(&hold, expected, vec![event(0)]).await.unwrap();
            })
        };
        tokio::task::spawn_blocking(move || at_gate.recv().unwrap()).await.unwrap();
        let mut waiting = Vec::new();
        for (name, expected, events) in appends {
            let log = Arc::clone(log);
            let mut append = Box::pin(tokio::task::unconstrained(async move {
                log.append(&name, expected, events).await
            }));
            // One poll is enough to queue: neither the queue nor its room is full.
            assert!((&mut append).now_or_never().is_none());
            waiting.push(append);
        }
        // The holding batch is past its own Begin; its other steps are left alone.
        let mut plan = plan;
        let mut ours = false;
        self.plan(move |step, writer| {
            ours |= step == Step::Begin;
            if ours { plan(step, writer) } else { Ok(()) }
        });
        open.send(()).unwrap();
        holding.await.unwrap();
        let answers = futures_util::future::join_all(waiting).await;
        self.no_faults();
        answers
    }
}

/// An append of one event of 5,000 bytes to each of `count` new streams.
pub fn to_new_streams(prefix: &str, count: u64) -> Vec<(StreamName, Expected, Vec<NewEvent>)> {
    (0..count)
        .map(|n| {
            let large = NewEvent { data: vec![b'x'; 5000].into(), ..event(n) };
            (stream(&format!("{prefix}-{n}")), Expected::NoStream, vec![large])
        })
        .collect()
}
