//! What a shell and `man` know of the commands, made from the same declarations as the help.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Cli;
use super::exit::Exit;
use super::output::{Page, print};

/// Print what a shell completes: commands, options, and the values that are fixed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket completions bash > /etc/bash_completion.d/docket
  docket completions zsh > ~/.zfunc/_docket
  docket completions fish > ~/.config/fish/completions/docket.fish

Exit codes: 0 printed, 2 no such shell")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Write a manual page for each command into a folder.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket man /usr/local/share/man/man1 && man docket-status

Exit codes: 0 written, 1 the folder can't be written")]
pub struct ManArgs {
    /// The folder; made where it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Prints the completions.
///
/// # Errors
/// When they can't be printed.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut written = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "docket", &mut written);
    let mut page = Page::default();
    String::from_utf8(written)?.lines().for_each(|line| page.line(line));
    print(&page)?;
    Ok(Exit::Done)
}

/// Writes the manual pages.
///
/// # Errors
/// When the folder can't be written.
pub fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .with_context(|| format!("can't write {}", folder.display()))?;
    Ok(Exit::Done)
}
