//! `docket rebuild`, which is `docket projections rebuild`.

use serde_json::json;

use super::StoreArgs;
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Format, Page, Table, print, print_json};
use crate::projection::{self, Compared, Rebuilt, RebuiltModel};

/// Make the read models anew from the log and compare them with those that serve.
///
/// Reads the log once for all that are named (all, if none is), fills a new copy, compares its
/// content with the copy that serves at the same event, and lets it take over. A difference without
/// a new version of the read model is a finding: the copy that served is kept until the next rebuild,
/// and `docket projections diff --kept` shows its rows. What served may be damaged. A server may run over the same read models: it serves the old copy until the new one takes over, and then goes
/// on with that one. What has a new version it rebuilds by itself.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket rebuild --data-dir demo-data
  docket rebuild current_status obligations --output json

Exit codes: 0 rebuilt (and alike, where it could be compared), 4 another rebuild is at work there,
5 no such log or read model, 7 the content differs, or an event can't be read, 130 interrupted:
the copy that served serves on")]
pub struct RebuildArgs {
    /// Read models to rebuild: audit_trail, current_status … [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    stores: StoreArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or that the content differs.
pub async fn run(args: &RebuildArgs) -> anyhow::Result<Exit> {
    let rebuilt = args.stores.work("rebuilding", false, &args.names, projection::rebuild).await?;
    show(&rebuilt, args.output)?;
    match rebuilt.findings().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => Ok(Exit::Done),
        names => Err(failure(
            Exit::Unverified,
            format!(
                "not what served, though the version is the same: {names}; the copy that served is kept \
                 until the next rebuild{}, and `docket projections diff --kept` shows its rows",
                rebuilt.kept.as_ref().map_or(String::new(), |copy| format!(" as {copy}")),
            ),
        )),
    }
}

/// Shows what came of it.
pub(super) fn show(rebuilt: &Rebuilt, output: Format) -> anyhow::Result<()> {
    if output == Format::Json {
        let models = rebuilt.models.iter().map(|model| {
            json!({ "name": model.name, "version": model.version, "checksum": model.checksum,
                "compared": compared(model) })
        });
        let models: Vec<_> = models.collect();
        let sequence = rebuilt.position.map(|position| format!("{position:020}"));
        return Ok(print_json(&json!({
            "sequence": sequence, "models": models, "kept": rebuilt.kept,
        }))?);
    }
    let mut table = Table::new(&["read model", "version", "checksum", "compared with what served"]);
    for model in &rebuilt.models {
        table.row(vec![
            model.name.clone(),
            model.version.to_string(),
            model.checksum.clone(),
            compared(model),
        ]);
    }
    let events = rebuilt.position.map_or(0, |position| position + 1);
    let mut page = Page::default();
    page.table(&table);
    page.line("");
    page.line(&format!("{events} events"));
    print(&page)?;
    Ok(())
}

fn compared(model: &RebuiltModel) -> String {
    match &model.compared {
        Compared::Damaged { what } => format!("what served is damaged: {what}"),
        Compared::Nothing => "nothing served".to_owned(),
        Compared::AnotherVersion => "another version served".to_owned(),
        Compared::Same => "the same".to_owned(),
        Compared::Differs { served, at } => format!("DIFFERS at sequence {at}: {served}"),
    }
}
