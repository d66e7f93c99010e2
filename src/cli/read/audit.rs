//! `docket audit`.

use super::{TimeArgs, enrollment, show};
use crate::cli::ask::AskArgs;
use crate::cli::exit::Exit;

#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    program: String,
    subject: String,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

pub async fn run(args: &AuditArgs) -> anyhow::Result<Exit> {
    let asker = args.ask.open(false).await?;
    let path = enrollment(&args.program, &args.subject, "/x");
    let answer = asker.get(&path, &args.time.query()).await?;
    show(asker, &args.ask, &answer, |answer| answer.body.to_string()).await?;
    Ok(Exit::Done)
}
