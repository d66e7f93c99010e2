//! Appends in order, many in one transaction: those that came while the transaction before was at work.

use std::collections::VecDeque;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::oneshot;

use tracing::Span;

use super::batch::Append;
use super::queue::Queue;
use super::writer::Answer;
use crate::log::event::check_append;
use crate::log::lane::{self, Landed, Lane, MAX_UNDER_WAY};
use crate::log::{LogError, MAX_APPEND_BYTES};

/// Bytes of data and metadata in one transaction, about.
const MAX_GROUP_BYTES: usize = 8 * MAX_APPEND_BYTES;

/// What is answered together.
type Answers = oneshot::Receiver<Vec<Answer>>;

/// A [`Lane`] into the file.
pub(super) struct SqliteLane<'a> {
    queue: &'a Queue,
    group: Vec<Append>,
    bytes: usize,
    under_way: Option<Answers>,
    answers: VecDeque<Answer>,
    ended: bool,
}

impl<'a> SqliteLane<'a> {
    pub fn open(queue: &'a Queue) -> Box<dyn Lane + 'a> {
        let (group, answers) = (Vec::new(), VecDeque::new());
        Box::new(Self { queue, group, bytes: 0, under_way: None, answers, ended: false })
    }

    /// Hands the group to the writer, once the one before is known to stand.
    async fn commit(&mut self) {
        self.settle().await;
        if self.ended || self.group.is_empty() {
            return;
        }
        let (group, bytes) = (std::mem::take(&mut self.group), std::mem::take(&mut self.bytes));
        match self.queue.append_in_order(group, bytes).await {
            Ok(answers) => self.under_way = Some(answers),
            Err(error) => self.end(error),
        }
    }

    /// Waits for what is with the writer.
    async fn settle(&mut self) {
        let Some(under_way) = &mut self.under_way else { return };
        let answers = under_way.await;
        self.take(answers.ok());
    }

    fn take(&mut self, answers: Option<Vec<Answer>>) {
        self.under_way = None;
        let Some(answers) = answers else {
            let reason = "the log's writer stopped before it answered".to_owned();
            return self.end(LogError::OutcomeUnknown(reason));
        };
        for answer in answers {
            match answer {
                Ok(appended) => self.answers.push_back(Ok(appended)),
                Err(error) => return self.end(error),
            }
        }
    }

    fn end(&mut self, error: LogError) {
        if !self.ended {
            self.ended = true;
            self.answers.push_back(Err(error));
        }
    }

    fn next(&mut self) -> Option<lane::Answer> {
        let answer = self.answers.pop_front()?;
        Some(answer.map(|appended| Landed { appended, place: appended.sequence }))
    }
}

impl Lane for SqliteLane<'_> {
    fn send(&mut self, append: lane::Append) -> BoxFuture<'_, ()> {
        async move {
            if self.ended {
                return;
            }
            let lane::Append { stream, expected, events } = append;
            match check_append(&events) {
                Ok(bytes) => self.bytes += bytes,
                Err(error) => {
                    self.commit().await;
                    self.settle().await;
                    return self.end(error);
                }
            }
            self.group.push(Append { stream, expected, events, span: Span::none() });
            if self.group.len() >= MAX_UNDER_WAY || self.bytes >= MAX_GROUP_BYTES {
                self.commit().await;
            }
        }
        .boxed()
    }

    fn answered(&mut self) -> Option<lane::Answer> {
        if self.answers.is_empty()
            && let Some(under_way) = &mut self.under_way
        {
            match under_way.try_recv() {
                Ok(answers) => self.take(Some(answers)),
                Err(oneshot::error::TryRecvError::Closed) => self.take(None),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
        }
        self.next()
    }

    fn answer(&mut self) -> BoxFuture<'_, Option<lane::Answer>> {
        async move {
            if self.answers.is_empty() {
                if self.under_way.is_none() {
                    self.commit().await;
                }
                self.settle().await;
            }
            self.next()
        }
        .boxed()
    }
}
