//! `docket measures retry`: which decisions on record another edition would have judged otherwise.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{embedded, named, pick, read_text};
use crate::app::documents::Digest;
use crate::app::{App, DecidedAgain, Judged, Otherwise};
use crate::cli::ask::read_with;
use crate::cli::config::{Config, ConfigArgs, PlaceArgs};
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Format, Page};
use crate::cli::progress::{Interrupt, bar};
use crate::cli::stores::{Access, open_log};
use crate::domain::ids::ProgramId;
use crate::domain::measure::Edition;

/// Say which decisions on record an edition would have judged otherwise; nothing is changed.
///
/// Decides every act of the program, and of its exercise, again: on what was on record before it, under
/// the editions adopted then, with this one in the place of those of its version. Lists what it would have
/// refused, and where something else would have followed. How a thing is worded makes no other decision.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// A mended measure file; program/version for the newest edition adopted; or program@digest for one of them
    #[arg(value_name = "EDITION")]
    edition: String,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs `docket measures retry`.
///
/// # Errors
/// No such edition, a log that can't be opened or read.
pub async fn retry(args: &RetryArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    let log = open_log(&config, Access::Read).await?;
    let app = read_with(log.clone(), &config).await?;
    let edition = edition_of(&app, &args.edition).await?;
    let (interrupt, bar) = (Interrupt::watch(), bar("deciding again"));
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        !interrupt.is_pressed()
    };
    let again = app.judge_again(&edition, &mut progress).await;
    bar.finish_and_clear();
    log.close().await;
    let again = again?.ok_or_else(|| failure(Exit::Interrupted, "interrupted"))?;
    match args.output {
        Format::Json => writeln!(out, "{:#}", as_json(&edition, &again))?,
        Format::Table => write!(out, "{}", as_page(&edition, &again))?,
    }
    Ok(Exit::Done)
}

async fn edition_of(app: &App, name: &str) -> anyhow::Result<Arc<Edition>> {
    if Path::new(name).is_file() {
        let measure = named(name)?;
        let digest = Digest::of(read_text(Path::new(name))?.as_bytes()).to_string();
        return Ok(Arc::new(Edition { measure, digest }));
    }
    let unknown =
        "neither a file, nor program/version such as cluster_area/2014-40, nor program@digest";
    let by_digest = name.split_once('@');
    let Some((program, wanted)) = by_digest.or_else(|| name.split_once('/')) else {
        bail!("{name} is {unknown}");
    };
    let id = ProgramId::parse(program).with_context(|| format!("{name} is {unknown}"))?;
    let is_it = |edition: &Edition| match by_digest {
        Some(_) => edition.digest == wanted,
        None => edition.measure.version == wanted,
    };
    if let Some(edition) = app.adopted_edition(&id, is_it).await? {
        return Ok(edition);
    }
    if by_digest.is_some() {
        bail!(
            "{program} has no adopted edition with the digest {wanted}; `docket verify` says whether the log is whole"
        );
    }
    // Says which there are.
    let known = embedded()?;
    pick(&known.measures, program, wanted)?;
    bail!("{program} {wanted} is not adopted in this log; give its file to try it")
}

fn as_json(edition: &Edition, again: &DecidedAgain) -> Value {
    let measure = &edition.measure;
    json!({
        "edition": {
            "program": measure.program.as_str(),
            "version": measure.version.as_str(),
            "digest": edition.digest,
            "reason": measure.edition_reason,
        },
        "decisions": again.decisions,
        "otherwise": again.otherwise.iter().map(one_as_json).collect::<Vec<_>>(),
    })
}

/// A decision that would be judged otherwise, for programs.
pub fn one_as_json(one: &Otherwise) -> Value {
    let (measure, edition, article) = &one.by;
    let mut value = json!({
        "program": one.program.as_str(),
        "subject": one.subject,
        "event": one.event.to_string(),
        "sequence": one.sequence,
        "act": one.act.as_str(),
        "act_label": one.act.label().en,
        "effective_on": one.effective_on.to_string(),
        "measure": measure,
        "edition": edition,
        "article": article,
    });
    let judged = match &one.judged {
        Judged::Refused(refusal) => (
            "refused",
            json!({
                "detail": refusal.detail.en,
                "detail_zh": refusal.detail.zh,
                "article": refusal.article,
            }),
        ),
        Judged::Differs(differences) => (
            "differs",
            differences
                .iter()
                .map(|one| {
                    json!({
                        "pointer": one.pointer,
                        "on_record": one.on_record,
                        "otherwise": one.otherwise,
                    })
                })
                .collect(),
        ),
    };
    value[judged.0] = judged.1;
    value
}

fn as_page(edition: &Edition, again: &DecidedAgain) -> Page {
    let mut page = Page::default();
    let (measure, count) = (&edition.measure, again.otherwise.len());
    page.strong(&format!(
        "{} {}: {} decisions made again, {count} judged otherwise",
        measure.program, measure.version, again.decisions
    ));
    again.otherwise.iter().for_each(|one| add_one(&mut page, one));
    page
}

/// A decision that would be judged otherwise, for people.
pub fn add_one(page: &mut Page, one: &Otherwise) {
    let whom = one.subject.as_deref().unwrap_or("the program as a whole");
    page.line(&format!(
        "{}  {}  {} / {whom}  {}@{}",
        one.effective_on,
        one.act.label().en,
        one.program,
        one.event.stream,
        one.event.revision
    ));
    match &one.judged {
        Judged::Refused(refusal) => {
            let article = refusal.article.as_deref().map(|article| format!(" ({article})"));
            let article = article.unwrap_or_default();
            page.line(&format!("  would be refused{article}: {}", refusal.detail.en));
        }
        Judged::Differs(differences) => {
            for one in differences {
                page.line(&format!("  {}: {} -> {}", one.pointer, one.on_record, one.otherwise));
            }
        }
    }
}
