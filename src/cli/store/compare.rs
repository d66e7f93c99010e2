//! `docket store compare`.

use serde_json::{Value, json};

use super::{Addresses, Watch, tree};
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Format, Page, Table, print, print_json};
use crate::cli::stores::{Access, open_log_at};
use crate::moving::{self, Comparison, Difference, Side, What};

/// Prove that two logs are one, or name the first event at which they are not.
///
/// Reads both, event by event, as each stands when the command starts: ids, streams, revisions, types,
/// times, data and metadata are compared, and the Merkle root over each log (RFC 9162) is shown. Both
/// may be in use.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket store compare --from sqlite:/srv/docket/log.sqlite --to kurrentdb://db.example:2113
  docket store compare --from sqlite:a.sqlite --to sqlite:b.sqlite --output json

Exit codes: 0 equal, 5 no such log, 7 they differ (or one is longer, or damaged), 8 unavailable,
130 interrupted")]
pub struct CompareArgs {
    #[command(flatten)]
    addresses: Addresses,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way of reading, or the first difference.
pub async fn run(args: &CompareArgs) -> anyhow::Result<Exit> {
    let config = args.addresses.config()?;
    let from = open_log_at(&args.addresses.from, "--from", &config, Access::Read).await?;
    let to = open_log_at(&args.addresses.to, "--to", &config, Access::Read).await?;
    let watch = Watch::new("comparing");
    let compared = moving::compare(&*from, &*to, &watch).await;
    drop(watch);
    from.close().await;
    to.close().await;
    let compared = compared?;
    show(args, &compared)?;
    match &compared.first {
        None => Ok(Exit::Done),
        Some(difference) => {
            Err(failure(Exit::Unverified, format!("the logs differ. {difference}")))
        }
    }
}

fn show(args: &CompareArgs, compared: &Comparison) -> anyhow::Result<()> {
    let sides = [(&args.addresses.from, &compared.from), (&args.addresses.to, &compared.to)];
    if args.output == Format::Json {
        let [from, to] = sides.map(|(address, root)| tree(address, root));
        let first = compared.first.as_ref().map(difference);
        let equal = first.is_none();
        let shown = json!({ "equal": equal, "from": from, "to": to, "first_difference": first });
        return Ok(print_json(&shown)?);
    }
    let mut table = Table::new(&["log", "events", "Merkle root"]);
    for (address, root) in sides {
        table.row(vec![super::masked(address), root.size().to_string(), root.to_string()]);
    }
    let mut page = Page::default();
    page.table(&table);
    if compared.first.is_none() {
        page.line("equal");
    }
    Ok(print(&page)?)
}

fn difference(difference: &Difference) -> Value {
    let Difference { sequence, stream, revision, what } = difference;
    let (only_in, fields) = match what {
        What::OnlyIn(Side::From) => (Some("from"), None),
        What::OnlyIn(Side::To) => (Some("to"), None),
        What::Fields(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|f| json!({ "name": f.name, "from": f.from, "to": f.to }));
            (None, Some(fields.collect::<Vec<_>>()))
        }
    };
    json!({ "sequence": format!("{sequence:020}"), "stream": stream.as_str(), "revision": revision,
        "only_in": only_in, "fields": fields })
}
