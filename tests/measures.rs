//! `docket measures` as people run it: files checked, the phase graph drawn, versions compared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use clap::Parser;
use docket::cli::exit::Exit;
use docket::cli::measures::{MeasuresArgs, run};
use docket::domain::measure_file::{FILES, measures};

const CLUSTER: &str = include_str!("../schemas/measures/cluster_area/2014-40.toml");

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    measures: MeasuresArgs,
}

fn try_docket(args: &[&str]) -> anyhow::Result<(bool, String)> {
    let cli = Cli::try_parse_from(["docket"].iter().chain(args))?;
    let mut out = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(run(&cli.measures, &mut out))?;
    let success = code == Exit::Done;
    Ok((success, String::from_utf8(out)?))
}

/// Runs the command; answers whether it succeeded and what it wrote.
fn docket(args: &[&str]) -> (bool, String) {
    try_docket(args).unwrap()
}

#[test]
fn the_embedded_files_pass_and_gaps_are_listed() {
    let (success, out) = docket(&["check"]);
    assert!(success, "{out}");
    assert_eq!(out.matches(": ok: ").count(), measures(FILES).count(), "{out}");
    assert!(
        out.contains("cluster_area/2012-61.toml: ok: cluster_area 2012-61, 3 phases, 0 rules"),
        "{out}"
    );
    assert!(
        out.contains("  known in part: The day on which it came into force is not known"),
        "{out}"
    );
}

#[test]
fn a_folder_is_checked_and_errors_name_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a").join("2014-40.toml");
    fs::create_dir(folder.path().join("a")).unwrap();
    let text = CLUSTER;
    fs::write(&path, text.replace("to = \"ended\"", "to = \"gone\"")).unwrap();
    let (success, out) = docket(&["check", folder.path().to_str().unwrap()]);
    assert!(!success);
    let line = text[..text.find("to = \"ended\"").unwrap()].matches('\n').count() + 1;
    assert!(
        out.contains(&format!("{}:{line}: gone is no declared phase or step", path.display())),
        "{out}"
    );
    assert!(out.ends_with("in 1 of 1 files\n"), "{out}");
}

#[test]
fn one_version_stands_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.toml", "b.toml"] {
        fs::write(folder.path().join(name), CLUSTER).unwrap();
    }
    let (success, out) = docket(&["check", folder.path().to_str().unwrap()]);
    assert!(!success);
    assert!(out.contains("b.toml:5: cluster_area 2014-40 is also in"), "{out}");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let said = |args: &[&str]| format!("{:#}", try_docket(args).unwrap_err());
    assert!(said(&["check", "/nowhere/x.toml"]).contains("cannot read /nowhere/x.toml"));
    let empty = tempfile::tempdir().unwrap();
    assert!(said(&["check", empty.path().to_str().unwrap()]).ends_with("holds no .toml file"));
    let unknown = said(&["draw", "cluster_area", "1999-1"]);
    assert!(
        unknown.contains("no measure cluster_area 1999-1: there are ")
            && unknown.contains(" cluster_area 2012-61, "),
        "{unknown}"
    );
    assert!(said(&["diff", "x", "y"]).contains("neither a file nor program/version"));
}

#[test]
fn every_move_is_drawn_with_its_article() {
    let (_, svg) = docket(&["draw", "cluster_area", "2014-40"]);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for words in [
        ">Approve · Art. 9†<",
        ">Confirm the title ·<",
        ">Standing ended<",
        ">Submit the plan<",
        ">provincial department<",
        ">Art. 10†<",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    let (_, zh) = docket(&["draw", "cluster_area", "2014-40", "--lang", "zh-CN"]);
    assert!(zh.contains(">批准 · 第九条†<") && zh.contains("xml:lang=\"zh-CN\""));
    assert!(!zh.contains("waits for") && !zh.contains("national office") && !zh.contains("Art."));
}

#[test]
fn boxes_do_not_overlap() {
    for file in measures(FILES) {
        let (program, version) = file.path["schemas/measures/".len()..].split_once('/').unwrap();
        for lang in ["en", "zh-CN"] {
            let version = version.trim_end_matches(".toml");
            let (_, svg) = docket(&["draw", program, version, "--lang", lang]);
            let boxes = boxes(&svg);
            assert!(!boxes.is_empty(), "{}", file.path);
            for (index, a) in boxes.iter().enumerate() {
                for b in &boxes[index + 1..] {
                    let apart = a[0] + a[2] <= b[0]
                        || b[0] + b[2] <= a[0]
                        || a[1] + a[3] <= b[1]
                        || b[1] + b[3] <= a[1];
                    assert!(apart, "{}: {a:?} and {b:?}", file.path);
                }
            }
        }
    }
}

/// Left, top, width and height of each box that holds text; the inner frame of a terminal one is none.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let rects = svg.lines().filter(|line| {
        line.starts_with("<rect x=") && line.contains("stroke=") && !line.contains("fill=\"none\"")
    });
    let number = |line: &str, name: &str| -> f64 {
        line.split_once(&format!(" {name}=\""))
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0
            .parse()
            .unwrap()
    };
    rects.map(|line| ["x", "y", "width", "height"].map(|name| number(line, name))).collect()
}

#[test]
fn what_a_file_says_is_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let text = CLUSTER.replace("en = \"Returned\"", "en = \"<script>alert(1)</script>&\"");
    fs::write(folder.path().join("x.toml"), text).unwrap();
    let dir = folder.path().to_str().unwrap();
    let svg = folder.path().join("x.svg");
    let target = svg.to_str().unwrap();
    let (success, out) =
        docket(&["draw", "cluster_area", "2014-40", "--dir", dir, "--output-file", target]);
    assert!(success && out.is_empty());
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script"));
}

#[test]
fn a_comparison_names_what_changed_and_its_article() {
    assert_eq!(
        docket(&["diff", "cluster_area/2014-40", "cluster_area/2014-40"]).1,
        "no difference\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.toml");
    let text = CLUSTER;
    let text = text.replace("due = { after = \"P3M\" }", "due = { after = \"P6M\" }");
    let text = text.replace("from = [\"candidate.recommended\"]\n\n[act.outcome.done]\neffect = \"advance\"\nto = \"candidate.rejected\"",
        "from = [\"candidate.recommended\"]\ndocument_required = true\n\n[act.outcome.done]\neffect = \"advance\"\nto = \"candidate.rejected\"");
    fs::write(&path, text).unwrap();
    let (_, out) = docket(&["diff", "cluster_area/2014-40", path.to_str().unwrap()]);
    assert_eq!(
        out,
        "~ act reject from [candidate.recommended] (Art. 8): document_required was false, is true\n~ obligation construction_plan (Art. 10): due.after was \"P3M\", is \"P6M\"\n"
    );
    let (_, out) = docket(&["diff", "cluster_area/2012-61", "cluster_area/2014-40"]);
    assert!(out.contains("+ obligation review (Art. 18)\n"), "{out}");
    assert!(
        out.contains("~ phase candidate (Art. 7): article was \"not known\", is \"Art. 7\"\n"),
        "{out}"
    );
    assert!(out.contains("- gap 1\n"), "{out}");
}
