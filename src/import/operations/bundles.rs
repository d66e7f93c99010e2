//! Bundles as operations: made one after another by who asked, kept for a day, and bounded in number and
//! bytes.
//!
//! What must hold: an operation is not left under way, whatever becomes of its making.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::operation::{Asked, Bundle, Failure, Operation, State, Work};
use super::work::of_problem;
use super::{Live, Operations, Progress, TakeError};
use crate::codec::hex;
use crate::domain::ids::Text;
use crate::import::Step;
use crate::views::problem::{Code, Problem};

/// How many imports are kept at most.
const MAX_IMPORTS: usize = 1000;
/// How many bundles.
const MAX_BUNDLES: usize = 100;
/// How many bytes of them.
const MAX_BUNDLE_BYTES: u64 = 2 << 30;

/// A bundle that was made.
pub struct Made {
    /// What its file is called.
    pub file_name: String,
    /// The archive.
    pub archive: Vec<u8>,
}

/// A bundle that was being made when the server stopped.
pub(super) fn interrupted(mut operation: Operation, now_us: i64) -> Operation {
    let text = Text {
        en: "the server stopped before the bundle was made; ask for it again".to_owned(),
        zh: "证据包生成完成前服务器已停止；请再次请求".to_owned(),
    };
    operation.failure = Some(Failure { code: Code::OperationFailed.as_str(), text });
    (operation.state, operation.ended_us) = (State::Failed, Some(now_us));
    operation
}

/// Does something, unless the operation is cancelled before or meanwhile.
async fn unless_cancelled<T>(live: &Live, work: impl Future<Output = T>) -> Option<T> {
    let mut told = live.told.subscribe();
    let cancelled = pin!(told.wait_for(|told| told.is_cancelled));
    match select(cancelled, pin!(work)).await {
        Either::Left(_) => None,
        Either::Right((done, _)) => Some(done),
    }
}

impl Operations {
    /// Takes an operation for which nothing is sent. Who asked for a new one then makes it
    /// ([`Operations::make`]).
    ///
    /// # Errors
    /// [`TakeError`].
    pub fn ask(&self, asked: Asked) -> Result<(Operation, bool), TakeError> {
        let sent = self.begin_where(|work| matches!(work, Work::Evidence(_)))?;
        self.take(sent, asked)
    }

    /// Where the bundle lies that one made.
    pub fn result(&self, id: Uuid) -> PathBuf {
        self.kept.result(id)
    }

    /// Makes the bundle of an operation, when those before it are made; until it is cancelled.
    pub async fn make(
        self: &Arc<Self>,
        id: Uuid,
        making: impl Future<Output = Result<Made, Problem>>,
    ) {
        let Some(live) = self.live(id) else { return };
        let ended = self.make_unless_cancelled(&live, making).await;
        let operations = self.clone();
        let noted = spawn_blocking(move || {
            let operation = live.told.borrow().operation.clone();
            let operation = operations.with_result(operation, ended);
            operations.ends(&live, operation);
            operations.remove_old();
        });
        if let Err(error) = noted.await {
            tracing::error!(%error, %id, "how a bundle ended can't be noted");
        }
    }

    /// Tells how many events of a bundle are proved.
    pub fn tells(&self, id: Uuid, done: u64, total: u64) {
        if let Some(live) = self.live(id) {
            live.tells(Progress { step: Step::Making, done, total });
        }
    }

    /// What came of making it; nothing where it was cancelled.
    async fn make_unless_cancelled(
        self: &Arc<Self>,
        live: &Arc<Live>,
        making: impl Future<Output = Result<Made, Problem>>,
    ) -> Option<Result<Made, Problem>> {
        let _turn = unless_cancelled(live, self.turn.acquire()).await?;
        let (operations, begun) = (self.clone(), live.clone());
        match spawn_blocking(move || operations.begins(&begun)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Some(Err(Problem::internal(error))),
            Err(error) => return Some(Err(Problem::internal(error))),
        }
        let made = unless_cancelled(live, AssertUnwindSafe(making).catch_unwind()).await?;
        Some(made.unwrap_or_else(|_| Err(Problem::internal("its making broke off"))))
    }

    /// An operation as it ended; nothing was made where it was cancelled.
    fn with_result(
        &self,
        mut operation: Operation,
        ended: Option<Result<Made, Problem>>,
    ) -> Operation {
        let kept = ended.map(|ended| {
            let made = ended?;
            self.kept.keep_result(operation.id, &made.archive).map_err(Problem::internal)?;
            let sha256 = hex(&Sha256::digest(&made.archive));
            let bytes = made.archive.len() as u64;
            Ok(Bundle { file_name: made.file_name, bytes, sha256 })
        });
        match kept {
            None => operation.state = State::Cancelled,
            Some(Ok(bundle)) => {
                (operation.state, operation.bundle) = (State::Succeeded, Some(bundle));
            }
            Some(Err(problem)) => {
                operation.failure = Some(of_problem(problem));
                operation.state = State::Failed;
            }
        }
        operation
    }

    /// Removes what ended long ago, and of more than are kept the oldest.
    pub(super) fn remove_old(&self) {
        let (now, all) = (self.now_us(), self.kept.all().unwrap_or_default());
        let (mut imports, mut bundles, mut bytes) = (0, 0, 0);
        for operation in all {
            let is_too_much = match operation.work {
                Work::Import(_) => {
                    imports += 1;
                    imports > MAX_IMPORTS
                }
                Work::Evidence(_) => {
                    bundles += 1;
                    bytes += operation.bundle.as_ref().map_or(0, |bundle| bundle.bytes);
                    bundles > MAX_BUNDLES || bundles > 1 && bytes > MAX_BUNDLE_BYTES
                }
            };
            let is_old = operation.kept_until_us().is_some_and(|until| until <= now);
            if (is_old || is_too_much && operation.state.is_done())
                && let Err(error) = self.kept.remove(operation.id)
            {
                tracing::warn!(%error, id = %operation.id, "an old operation stays");
            }
        }
    }
}
