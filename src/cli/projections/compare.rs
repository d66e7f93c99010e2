//! `docket projections verify` and `diff`: is what serves what the log says?

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;

use anyhow::Context as _;
use serde_json::json;

use super::rebuild::show;
use super::{StoreArgs, explain};
use crate::cli::exit::{Exit, failure};
use crate::cli::node::read_models;
use crate::cli::output::{Format, Page, print, print_json, print_line};
use crate::cli::progress::Interrupt;
use crate::cli::verify::damaged;
use crate::projection::store::met_damage;
use crate::projection::{self, Compare, Copies, Difference, StoreError, Value, What};

/// Replay the log beside the copy that serves and compare their content; nothing that serves changes.
///
/// First the log itself is checked, as `docket verify` does, and the file of the copy that serves, with its
/// indexes; a server that runs makes a damaged copy anew. Checksums of each read model are compared at the event up to which the copy that serves has read.
/// A read model that serves in another version is told apart: another content is to be expected.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket projections verify --data-dir demo-data
  docket projections verify current_status --output json

Exit codes: 0 alike, 4 a rebuild is at work there, 5 no such log or read model, 7 the content differs,
or the log or the copy that serves is damaged, 130 interrupted")]
pub struct VerifyArgs {
    /// Read models to verify [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    stores: StoreArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Show, row by row, how what serves differs from what this version makes of the same events.
///
/// Before an upgrade takes over: which rows its new versions add, remove and change. With
/// `--output json` each difference is one line of JSON.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket projections diff --data-dir demo-data
  docket projections diff --kept --data-dir demo-data
  docket projections diff obligations --output json | jq -c 'select(.what == \"changed\")'

Exit codes: 0 alike, 4 a rebuild is at work there, 5 no such log, read model or kept copy, 7 rows differ,
130 interrupted")]
pub struct DiffArgs {
    /// Read models to compare [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Compare the copy that is kept because the last rebuild differed from it, not the one that serves
    #[arg(long)]
    kept: bool,
    #[command(flatten)]
    stores: StoreArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs `verify`.
///
/// # Errors
/// What stands in the way, a log or a copy that is damaged, or that the content differs.
pub async fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    // What a damaged index leaves out would be left out on both sides.
    if let Some(first) = args.stores.check_log().await?.first() {
        return Err(damaged(first));
    }
    inspect(&args.stores).await?;
    let work = args.stores.work("verifying", true, &args.names, projection::verify);
    let verified = work.await?;
    show(&verified, args.output)?;
    match verified.findings().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => Ok(Exit::Done),
        names => Err(failure(
            Exit::Unverified,
            format!(
                "what serves is not what the log says: {names}; `docket projections diff` shows the rows, `docket rebuild` mends them"
            ),
        )),
    }
}

/// Looks for what no comparison meets: an index that lost a row of its table.
async fn inspect(stores: &StoreArgs) -> anyhow::Result<()> {
    let copies = read_models(&stores.config()?)?;
    let interrupt = Interrupt::watch();
    let end = interrupt.flag();
    let inspecting = tokio::task::spawn_blocking(move || inspect_serving(&*copies, end));
    inspecting.await.context("the work broke off")?.map_err(explain)
}

fn inspect_serving(copies: &dyn Copies, end: Arc<AtomicBool>) -> Result<(), StoreError> {
    let Some(copy) = copies.serving()? else { return Ok(()) };
    let Some(what) = copies.inspect(&copy, end)? else { return Ok(()) };
    match met_damage(copies, &copy, &what) {
        // Another was made meanwhile.
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::Damaged { copy, what }),
        Err(error) => {
            let what = format!("{what} (a server can't be told: {error})");
            Err(StoreError::Damaged { copy, what })
        }
    }
}

/// Runs `diff`.
///
/// # Errors
/// What stands in the way, or that rows differ.
pub async fn diff(args: &DiffArgs) -> anyhow::Result<Exit> {
    let (told, differences) = sync_channel(1024);
    let output = args.output;
    let which = if args.kept { Compare::Kept } else { Compare::Serving };
    let printing = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
        for difference in differences {
            tell(output, &difference)?;
        }
        Ok(())
    });
    let work = args.stores.work("comparing", true, &args.names, move |rebuild, progress| {
        projection::diff(rebuild, which, progress, &mut |difference| {
            // Nobody listens any more once standard output is gone.
            let _ = told.send(difference);
        })
    });
    let diffed = work.await?;
    printing.await??;
    let events = diffed.position.map_or(0, |position| position + 1);
    let new = diffed.new_tables.join(", ");
    if args.output == Format::Table {
        print_line(&format!("{events} events, {} rows differ", diffed.differences))?;
        if !new.is_empty() {
            print_line(&format!("tables that the version that serves does not have: {new}"))?;
        }
    }
    if diffed.differences == 0 && new.is_empty() {
        return Ok(Exit::Done);
    }
    Err(failure(Exit::Unverified, format!("{} rows differ", diffed.differences)))
}

fn tell(output: Format, difference: &Difference) -> anyhow::Result<()> {
    if output == Format::Json {
        return Ok(print_json(&json!(difference))?);
    }
    let key = difference.key.iter().map(text).collect::<Vec<_>>().join(", ");
    let name = format!("{} ({key})", difference.table);
    let mut page = Page::default();
    match &difference.what {
        What::Added => page.line(&format!("+ {name}")),
        What::Removed => page.line(&format!("- {name}")),
        What::Changed { columns } => {
            page.line(&format!("~ {name}"));
            for column in columns {
                let served = column.served.as_ref().map_or("no such column".to_owned(), text);
                page.line(&format!("    {}: {served} -> {}", column.column, text(&column.now)));
            }
        }
    }
    print(&page)?;
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;
    use crate::projection::{Mode, Models, SqliteCopies};

    #[test]
    fn a_flipped_bit_in_an_index_is_found_and_reported() {
        let folder = tempfile::tempdir().unwrap();
        let copies = SqliteCopies::new(folder.path());
        inspect_serving(&copies, Arc::default()).unwrap();
        let lock = copies.lock_rebuild().unwrap();
        let made = copies.create(&*lock, Mode::Following, &Models::new(projection::all())).unwrap();
        let copy = made.id().clone();
        drop(made);
        copies.serve(&*lock, &copy).unwrap();
        inspect_serving(&copies, Arc::default()).unwrap();

        let path = copies.path(&copy);
        let sql = "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size
            WHERE name = 'event_fact_by_event_id'";
        let connection = rusqlite::Connection::open(&path).unwrap();
        let at: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        let at = u64::try_from(at).unwrap();
        drop(connection);
        let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        let mut kind = [0];
        file.read_exact_at(&mut kind, at).unwrap();
        file.write_all_at(&[kind[0] ^ 1], at).unwrap();

        assert_eq!(copies.damage(&copy).unwrap(), None, "no first look meets it");
        let found = inspect_serving(&copies, Arc::default()).unwrap_err();
        assert!(matches!(found, StoreError::Damaged { .. }), "{found}");
        assert!(copies.damage(&copy).unwrap().is_some(), "it is reported");
    }
}
