//! Clients that send each act until it is answered, and remember every answer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::{CLIENTS, PROGRAM, Place};

/// What a 201 said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub client: u64,
    pub id: String,
    pub revision: u64,
}

#[derive(Default)]
pub struct Clients {
    /// By key.
    pub answered: Mutex<BTreeMap<String, Answer>>,
    /// Each client's act that has no answer yet.
    waiting: Mutex<BTreeMap<u64, String>>,
    next: AtomicU64,
    pub failed: AtomicU64,
    /// Codes of refusals, with how often.
    pub codes: Mutex<BTreeMap<String, u64>>,
    longest_gap: Mutex<Duration>,
    last_answer: Mutex<Option<Instant>>,
}

impl Clients {
    /// Acts for so long; what is not answered by then is sent again the next time.
    pub async fn act_for(&self, place: &Place, time: Duration) {
        let until = Instant::now() + time;
        let clients = (0..CLIENTS).map(|client| async move {
            while Instant::now() < until {
                let key = self.waiting.lock().unwrap().get(&client).cloned();
                let key = key.unwrap_or_else(|| {
                    format!("act {}.", self.next.fetch_add(1, Ordering::Relaxed))
                });
                self.waiting.lock().unwrap().insert(client, key.clone());
                if self.send(place, client, &key).await {
                    self.waiting.lock().unwrap().remove(&client);
                } else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        futures_util::future::join_all(clients).await;
    }

    /// Whether it was answered with success.
    pub async fn send(&self, place: &Place, client: u64, key: &str) -> bool {
        let url = format!("{}/v1/enrollments/{PROGRAM}/inv_{client}/acts", place.base);
        let text = format!("{key}{}", "x".repeat(key.len() % 7 * 400));
        let request = place
            .http
            .post(url)
            .timeout(Duration::from_secs(20))
            .bearer_auth(&place.registrar)
            .header("idempotency-key", key)
            .header("if-match", "*")
            .json(&json!({ "act": "note", "effective_on": "2016-02-01", "text": text }));
        let Ok(reply) = request.send().await else {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        let status = reply.status().as_u16();
        let Ok(body) = reply.json::<Value>().await else {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        if status != 201 {
            let code = body["code"].as_str().unwrap_or_default().to_owned();
            assert!(status == 503, "{key} to client {client}: {status} {body}");
            *self.codes.lock().unwrap().entry(code).or_default() += 1;
            return false;
        }
        let answer = Answer {
            client,
            id: body["id"].as_str().unwrap().to_owned(),
            revision: body["revision"].as_u64().unwrap(),
        };
        self.note_answer();
        let before = self.answered.lock().unwrap().insert(key.to_owned(), answer.clone());
        assert!(before.is_none_or(|before| before == answer), "{key} has two answers: {answer:?}");
        true
    }

    fn note_answer(&self) {
        let now = Instant::now();
        if let Some(last) = self.last_answer.lock().unwrap().replace(now) {
            let mut longest = self.longest_gap.lock().unwrap();
            *longest = (*longest).max(now - last);
        }
    }

    pub fn summary(&self) -> String {
        format!(
            "{} acts answered, {} requests without an answer, refused {:?}, longest without an answer {:.1} s",
            self.answered.lock().unwrap().len(),
            self.failed.load(Ordering::Relaxed),
            self.codes.lock().unwrap(),
            self.longest_gap.lock().unwrap().as_secs_f64()
        )
    }
}
