//! `docket measures`: each mistake that a measure file can make is answered with its line and with
//! what would satisfy it; drawings and comparisons show what the files say.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use docket::cli::measures::{MeasuresArgs, run};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    measures: MeasuresArgs,
}

/// Runs the command; answers whether it succeeded and what it wrote.
fn docket(args: &[&str]) -> (bool, String) {
    let cli = Cli::try_parse_from(["docket"].iter().chain(args)).unwrap();
    let mut out = Vec::new();
    let code = run(&cli.measures, &mut out).unwrap();
    let success = format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS);
    (success, String::from_utf8(out).unwrap())
}

#[test]
fn the_embedded_files_pass() {
    let (success, out) = docket(&["check"]);
    assert!(success, "{out}");
}

#[test]
fn dump() {
    for (p, v) in [("cluster_area", "2014-40"), ("cluster_area", "2012-61"), ("strong_province", "2015-59")] {
        for l in ["en", "zh-CN"] {
            std::fs::write(Path::new("/tmp").join(format!("{p}-{l}-{v}.svg")), docket(&["draw", p, v, "--lang", l]).1).unwrap();
        }
    }
}
