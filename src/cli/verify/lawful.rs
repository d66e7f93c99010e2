//! `docket verify --lawful`: each decision on record made again, under the edition that it cites.
//!
//! What must hold: what is found here is about law or code and says nothing of whether the log is the one
//! that was signed; it is shown apart, and ends with a code of its own. It shares `decide` with what
//! recorded, on purpose: that is what it asks about.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::app::DecidedAgain;
use crate::cli::ask::read_with;
use crate::cli::config::Config;
use crate::cli::exit::{Exit, failure};
use crate::cli::measures::retry::{add_one, one_as_json};
use crate::cli::output::{Page, tell};
use crate::cli::progress::{Interrupt, bar};
use crate::cli::stores::path_of;
use crate::log::EventLog;

/// What can't be decided again where only a part of a log is at hand.
pub const ONLY_LOGS: &str = "--lawful is of a whole log: a decision also rests on what stands in other streams \
    (places, registrations, calendars, standings in other programs), which neither a bundle nor a proof \
    holds, and a server does not let anyone decide for it. Give the log's folder, file or address; what a \
    bundle has for people is data/measures, the editions that its acts cite";

/// Decides every act of a log again. Documents, among which the editions are, lie beside its file; for an
/// address they are those of the configuration.
///
/// # Errors
/// A log or documents that are away; [`Exit::Interrupted`].
pub async fn judge(
    log: &Arc<dyn EventLog>,
    address: &str,
    config: &Config,
    interrupt: &Interrupt,
) -> anyhow::Result<DecidedAgain> {
    let mut config = config.clone();
    let beside = path_of(address, "sqlite:").filter(|_| address != config.store.log);
    if let Some(folder) = beside.as_deref().and_then(Path::parent) {
        config.store.documents = format!("file:{}", folder.join("documents").display());
    }
    let app = read_with(log.clone(), &config).await?;
    let shown = bar("deciding again");
    let mut progress = |done, total| {
        shown.set_length(total);
        shown.set_position(done);
        !interrupt.is_pressed()
    };
    let again = app.judge_by_cited(&mut progress).await;
    shown.finish_and_clear();
    again?.ok_or_else(|| failure(Exit::Interrupted, "interrupted"))
}

/// What was found, for programs.
pub fn as_json(again: &DecidedAgain) -> Value {
    let undecided =
        again.undecided.iter().map(|(what, why)| json!({ "what": what, "reason": why }));
    json!({
        "decisions": again.decisions,
        "lawful": again.otherwise.is_empty() && again.undecided.is_empty(),
        "otherwise": again.otherwise.iter().map(one_as_json).collect::<Vec<_>>(),
        "undecided": undecided.collect::<Vec<_>>(),
    })
}

/// What was found, for people.
pub fn as_page(again: &DecidedAgain) -> Page {
    let mut page = Page::default();
    page.strong(&format!(
        "law: {} decisions made again under the editions that they cite, {} judged otherwise, {} not to be decided",
        again.decisions,
        again.otherwise.len(),
        again.undecided.len()
    ));
    again.otherwise.iter().for_each(|one| add_one(&mut page, one));
    for (what, why) in &again.undecided {
        page.line(&format!("{what}: {why}"));
    }
    page
}

/// Ends with what was found of the law, where nothing else was.
///
/// # Errors
/// That something was: [`Exit::Refused`].
pub fn verdict(again: &DecidedAgain) -> anyhow::Result<Exit> {
    let (otherwise, undecided) = (again.otherwise.len(), again.undecided.len());
    if otherwise + undecided == 0 {
        return Ok(Exit::Done);
    }
    tell(
        "docket: what was found is about law or code; it says nothing of whether the log was changed",
    );
    let text = format!(
        "of {} decisions on record {otherwise} would be judged otherwise under the editions that they cite, \
         and {undecided} can't be decided again",
        again.decisions
    );
    Err(failure(Exit::Refused, text))
}
