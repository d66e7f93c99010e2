//! Help texts, and what a wrong command line is answered with.

use crate::support::docket;

const COMMANDS: &[&str] = &[
    "serve",
    "demo",
    "rebuild",
    "status",
    "timeline",
    "audit",
    "obligations",
    "export",
    "store",
    "verify",
    "evidence",
    "measures",
    "webhooks",
    "token",
    "config",
    "healthcheck",
];

#[test]
fn every_command_says_what_it_does_with_an_example_and_its_exit_codes() {
    let overview = docket(&["--help"]).done();
    for name in COMMANDS {
        assert!(overview.contains(&format!("\n  {name} ")), "{name} is not in the overview");
        let help = docket(&[name, "--help"]).done();
        for part in
            [format!("Usage: docket {name}"), format!("  docket {name} "), "Exit codes: 0".into()]
        {
            assert!(help.contains(&part), "{name}: no {part:?} in {help}");
        }
        assert!(help.find("Usage:").unwrap() > 120, "{name}: it does not say what it does");
    }
    for name in ["check", "draw", "diff"] {
        let help = docket(&["measures", name, "--help"]).done();
        assert!(help.contains(&format!("Usage: docket measures {name}")), "{help}");
    }
    assert!(docket(&["--version"]).done().starts_with("docket 0."));
}

#[test]
fn a_wrong_command_line_is_usage() {
    docket(&[]).refused(2, &["Usage: docket"]);
    docket(&["serv"]).refused(2, &["unrecognized subcommand", "serve"]);
    docket(&["status", "strong_province"]).refused(2, &["SUBJECT"]);
    docket(&["status", "--phase", "pilot", "a", "b"]).refused(2, &["--list"]);
    docket(&["status", "--list", "strong_province"]).refused(2, &["cannot be used with"]);
    let both = ["status", "a", "b", "--server", "http://localhost:1", "--log", "sqlite:x"];
    docket(&both).refused(2, &["--log", "cannot be used with"]);
    docket(&["serve", "--log", "postgres://x"]).refused(2, &["store.log", "sqlite:<path>"]);
}

#[test]
fn measures_are_checked_drawn_and_compared() {
    assert!(docket(&["measures", "check"]).done().contains("2015-59.toml: ok"));
    let drawn = docket(&["measures", "draw", "strong_province", "2015-59"]).done();
    assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
    let changes = docket(&["measures", "diff", "cluster_area/2012-61", "cluster_area/2014-40"]);
    assert!(changes.done().lines().count() > 3);
    docket(&["measures", "draw", "strong_province", "1999-1"]).refused(1, &["2015-59"]);
}
