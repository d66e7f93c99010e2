//! Fills a server with a data set, over the same REST interface as any client.
//!
//! What must hold: a second run changes nothing, since every step has its key; a step meant to be
//! refused names the revision that it met, so that sent again it finds a later one and is passed
//! over, never let in; any other answer ends the run with the step, the status and what the server
//! says. Deliberately not here: which steps there are (`data`), starting the server.

mod client;
pub mod command;
pub mod data;
pub mod figures;
mod tour;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use crate::domain::ids::EventRef;
use client::{Answer, Client, Sent};
use data::{ActStep, DataSet, Step, Upload, What};

/// Makes the token of a role, an office's id, and the divisions for which it acts.
pub type Tokens<'a> = dyn Fn(&str, &str, &[String]) -> String + Sync + 'a;

/// What became of a set's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Subjects registered.
    pub subjects: usize,
    /// Names given to subjects later.
    pub renamings: usize,
    /// Documents uploaded.
    pub documents: usize,
    /// Acts recorded.
    pub acts: usize,
    /// Figures recorded.
    pub figures: usize,
    /// Acts refused as the set says.
    pub refused: usize,
    /// Steps meant to be refused that an earlier run has seen to: their enrollments are further on.
    pub passed_over: usize,
}

/// Sends every step of a set to the server at `base_url`, one after the other. `progress` is told
/// the steps done and the steps in all. Run again, it finds everything recorded.
///
/// # Errors
/// The first answer that the set does not expect, with its step; a server that cannot be reached.
pub async fn load(
    base_url: &str,
    tokens: &Tokens<'_>,
    set: &DataSet,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Summary> {
    let client = Client::new(base_url, tokens)?;
    let mut loading = Loading {
        client,
        references: BTreeMap::new(),
        newest: BTreeMap::new(),
        summary: Summary::default(),
    };
    for (index, step) in set.steps.iter().enumerate() {
        progress(index, set.steps.len());
        let sent = loading.step(step).await;
        sent.with_context(|| format!("data set {}, step {}", set.name, step.key))?;
    }
    progress(set.steps.len(), set.steps.len());
    Ok(loading.summary)
}

struct Loading<'a> {
    client: Client<'a>,
    /// The event of each step that recorded one.
    references: BTreeMap<String, EventRef>,
    /// The newest revision of each enrollment, as far as this run has come.
    newest: BTreeMap<String, u64>,
    summary: Summary,
}

impl Loading<'_> {
    async fn step(&mut self, step: &Step) -> Result<()> {
        match &step.what {
            What::Register(registration) => {
                let body = serde_json::to_vec(registration)?;
                self.keyed(step, "/v1/subjects".to_owned(), body).await?;
                self.summary.subjects += 1;
            }
            What::Rename { subject, renaming } => {
                let body = serde_json::to_vec(renaming)?;
                self.keyed(step, format!("/v1/subjects/{subject}/renamings"), body).await?;
                self.summary.renamings += 1;
            }
            What::Upload(upload) => {
                self.upload(step, upload).await?;
                self.summary.documents += 1;
            }
            What::Act(act) => self.act(step, act).await?,
            What::Figure(figure) => {
                let (path, body) = figure.request(|step| self.references.get(step).cloned())?;
                let answer = self.keyed(step, path, body).await?;
                let reference = answer.get("reference").and_then(|reference| reference.as_str());
                let reference = reference.context("the answer names no event")?;
                self.references.insert(step.key.clone(), EventRef::parse(reference)?);
                self.summary.figures += 1;
            }
        }
        Ok(())
    }

    async fn keyed(&self, step: &Step, path: String, body: Vec<u8>) -> Result<serde_json::Value> {
        let sent = Sent { key: Some(&step.key), ..Sent::json(&path, body) };
        Ok(self.client.send(&step.recorder, sent).await?.accepted()?.clone())
    }

    async fn upload(&self, step: &Step, upload: &Upload) -> Result<()> {
        let sent = Sent {
            media_type: &upload.media_type,
            ..Sent::json("/v1/documents", upload.text.clone().into_bytes())
        };
        let answer = self.client.send(&step.recorder, sent).await?;
        let digest =
            answer.accepted()?.get("digest").and_then(|digest| digest.as_str()).unwrap_or_default();
        let expected = &upload.digest;
        ensure!(digest == expected, "the server says digest {digest:?}; it is {expected:?}");
        Ok(())
    }

    async fn act(&mut self, step: &Step, act: &ActStep) -> Result<()> {
        let (stream, path) = (act.stream(), act.path());
        let body = act.body(|step| self.references.get(step).cloned())?;
        let newest = self.newest.get(&stream);
        let precondition = match (newest, &step.expect) {
            (None, _) => ("If-None-Match", "*".to_owned()),
            (Some(_), None) => ("If-Match", "*".to_owned()),
            (Some(revision), Some(_)) => ("If-Match", format!("\"{revision}\"")),
        };
        let sent = Sent {
            key: Some(&step.key),
            precondition: Some(precondition),
            ..Sent::json(&path, serde_json::to_vec(&body)?)
        };
        let answer = self.client.send(&step.recorder, sent).await?;
        if let Some(code) = &step.expect {
            return self.refused(&answer, code);
        }
        let event = event_of(&answer)?;
        self.newest.insert(stream, event.revision);
        self.references.insert(step.key.clone(), event);
        self.summary.acts += 1;
        Ok(())
    }

    fn refused(&mut self, answer: &Answer, expected: &str) -> Result<()> {
        match answer.code().as_deref() {
            Some(code) if code == expected => self.summary.refused += 1,
            Some("revision-conflict" | "enrollment-exists") => self.summary.passed_over += 1,
            _ => bail!("was to be refused with {expected}, but the answer is {answer}"),
        }
        Ok(())
    }
}

fn event_of(answer: &Answer) -> Result<EventRef> {
    let body = answer.accepted()?;
    let reference = body.pointer("/events/0/reference").and_then(|reference| reference.as_str());
    let reference = reference.with_context(|| format!("the answer names no event: {answer}"))?;
    Ok(EventRef::parse(reference)?)
}
