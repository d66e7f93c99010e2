//! The image: what the Dockerfile says, and its layout, made and run.

use std::path::Path;
use std::process::Command;

use crate::support::{Server, command, demo, run, text};
use crate::{text_of, top};

/// The instructions, lines that go on joined, without comments.
fn instructions() -> Vec<(String, String)> {
    let text = text_of("docker/Dockerfile");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let split = |line: &str| {
        let (name, rest) = line.trim().split_once(' ').unwrap();
        (name.to_owned(), rest.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    joined.lines().filter(|line| !line.trim().is_empty()).map(split).collect()
}

/// Those of the last stage.
fn of_image() -> Vec<(String, String)> {
    let all = instructions();
    let from = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    all[from..].to_vec()
}

fn said(name: &str) -> Vec<String> {
    of_image().into_iter().filter(|(n, _)| n == name).map(|(_, rest)| rest).collect()
}

#[test]
fn the_image_has_no_shell_and_no_root() {
    assert_eq!(said("FROM"), ["scratch"]);
    assert_eq!(said("RUN"), Vec::<String>::new(), "a last stage without a shell runs nothing");
    assert_eq!(said("USER"), ["65532:65532"]);
    assert_eq!(said("VOLUME"), ["[\"/data\"]"]);
    assert_eq!(said("STOPSIGNAL"), ["SIGTERM"]);
    assert_eq!(said("EXPOSE"), ["8080"]);
    assert_eq!(said("ENTRYPOINT"), ["[\"docket\"]"]);
    assert_eq!(said("CMD"), ["[\"serve\"]"]);
    let check = said("HEALTHCHECK").remove(0);
    assert!(check.ends_with("CMD [\"docket\", \"healthcheck\"]"), "{check}");
    for key in [
        "title",
        "description",
        "licenses",
        "vendor",
        "documentation",
        "source",
        "version",
        "revision",
        "created",
    ] {
        let label = format!("org.opencontainers.image.{key}=\"");
        assert!(said("LABEL")[0].contains(&label), "{label}");
    }
}

#[test]
fn the_image_is_built_as_cargo_toml_says() {
    let manifest: toml::Table = text_of("Cargo.toml").parse().unwrap();
    let version = manifest["package"]["version"].as_str().unwrap();
    assert!(said("ARG").contains(&format!("VERSION={version}")));
    let rust = manifest["package"]["rust-version"].as_str().unwrap();
    let (_, from) = instructions().remove(0);
    assert_eq!(from, format!("rust:{rust}-bookworm AS build"));
    let (_, build) = instructions().into_iter().find(|(name, _)| name == "RUN").unwrap();
    assert!(build.contains("cargo build --release --locked "), "{build}");
    let named = build.split("--features ").nth(1).unwrap().split(' ').next().unwrap();
    let mut named: Vec<_> = named.split(',').collect();
    named.sort_unstable();
    let known: Vec<_> = manifest["features"].as_table().unwrap().keys().collect();
    assert_eq!(named, known, "the image has every feature");
}

/// What `.dockerignore` lets in is enough to build, and is no data, key or secret.
#[test]
fn what_is_sent_to_the_build_is_enough() {
    let text = text_of(".dockerignore");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"));
    let folder = tempfile::tempdir().unwrap();
    for line in lines {
        let path = line.strip_prefix('!').unwrap();
        assert!(top().join(path).exists(), "{path}");
        let target = folder.path().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(top().join(path), target).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--offline", "--locked", "--no-deps", "--format-version=1"]);
    let output = cargo.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in includes(&top().join("src")) {
        let inside = ["src", "schemas", "projections"].map(|folder| top().join(folder));
        let file = file.canonicalize().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert!(inside.iter().any(|folder| file.starts_with(folder)), "{}", file.display());
    }
}

/// The files that sources take in by a path, other than through a macro of their own.
fn includes(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(includes(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("include_str!(\"").skip(1) {
                found.push(path.parent().unwrap().join(part.split('"').next().unwrap()));
            }
        }
    }
    found
}

/// The layout that the image gets, with this build's binary, which then runs in it.
#[test]
fn the_binary_runs_with_what_the_image_holds() {
    let folder = tempfile::tempdir().unwrap();
    let script = top().join("docker/rootfs.sh");
    let binary = env!("CARGO_BIN_EXE_docket");
    let made = Command::new("sh").arg(script).arg(binary).arg(folder.path()).status().unwrap();
    assert!(made.success());
    let system = folder.path().join("system");
    for path in ["bin/sh", "usr/bin/sh", "bin/bash"] {
        assert!(!system.join(path).exists(), "{path} has no place in the image");
    }
    assert!(system.join("etc/ssl/certs/ca-certificates.crt").metadata().unwrap().len() > 100_000);
    let inside = |args: &[&str]| {
        let mut chroot = Command::new("chroot");
        chroot.args(["--userspec=65532:65532", text(&system), "/usr/local/bin/docket"]).args(args);
        chroot.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        chroot
    };
    let tried = inside(&["--version"]).output().unwrap();
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    if said.contains("Operation not permitted") {
        eprintln!("SKIPPED: running the image's layout takes root (chroot): {said}");
        return;
    }
    assert!(tried.status.success(), "{said}");
    let outside = tempfile::tempdir().unwrap();
    let server = Server::start(outside.path());
    // Another process, another user, no shell: as an engine runs the check.
    let healthy = run(&mut inside(&["healthcheck", "--url", &server.base]));
    assert!(healthy.done().contains("UP"));
    drop(server);
    // And a server of its own, in the folder that the image gives to that user.
    let data = system.join("data");
    std::fs::create_dir(&data).unwrap();
    std::os::unix::fs::chown(&data, Some(65532), Some(65532)).unwrap();
    let mut serve = inside(&["serve"]);
    serve.env("DOCKET_STORE__DATA_DIR", "/data").env("DOCKET_SERVER__LISTEN", "127.0.0.1:0");
    let server = Server::spawn(&mut serve);
    assert!(run(&mut command(&["healthcheck", "--url", &server.base])).done().contains("UP"));
    assert_eq!(server.stop("TERM").0, 0);
    every_command_works_in(&data, inside);
}

/// Commands as they are tried, with the demo's folder; one with a hyphen at its end needs none.
const TRIED: &[&str] = &[
    "status strong_province 440000",
    "status --list",
    "status --list --set store.read_model=sqlite:/data/demo/none",
    "timeline strong_province 440000",
    "audit strong_province 440000",
    "audit exceptions",
    "changes --at-sequence 60",
    "indicators 440000",
    "obligations",
    "moves --office national_office",
    "totals",
    "scoreboard strong_province",
    "cohorts cluster_area",
    "obligations cluster_area futian --set store.read_model=sqlite:/data/demo/none",
    "export --table act",
    "export --all --out-dir /data/report --from-log",
    "projections list -",
    "projections status",
    "projections verify",
    "projections diff",
    "projections rebuild",
    "rebuild current_status",
    "store copy --from sqlite:/data/demo/log.sqlite --to sqlite:/data/copy.sqlite",
    "store compare --from sqlite:/data/demo/log.sqlite --to sqlite:/data/copy.sqlite",
    "store backup --to /data/backup --with-keys",
    "store restore --from /data/backup --data-dir /data/restored -",
    "verify",
    "evidence create --enrollment cluster_area/futian --to /data/futian.zip",
    "verify /data/futian.zip -",
    "verify --lawful",
    "evidence absence --enrollment cluster_area/futian --act declare_exit --by 2016-01-31 --to /data/none.zip",
    "evidence proof 5 --to /data/5.tlog-proof",
    "hold show p-demo",
    "erase p-demo --ground unlawful --statement tried --as custodian-1",
    "webhooks export /data/webhooks.copy",
    "webhooks import /data/webhooks.copy",
    "token --role auditor --office audit",
    "token --revoke 1",
    "completions bash -",
    "man /data/man -",
    "measures check -",
    "measures draw strong_province 2015-59 -",
    "measures diff cluster_area/2012-61 cluster_area/2014-40 -",
    "measures retry cluster_area/2014-40",
    "import /data/acts.ndjson --data-dir /data/imported -",
    "config print",
    "config check",
    "log confirm-clock --dry-run",
    "log accept-loss --dry-run",
    "log rotate-key --dry-run",
    "demo --exit-after-load --listen 127.0.0.1:0",
];

/// There is no folder for temporary files, and nothing but the data can be written: lists and duties
/// failed for want of one.
fn every_command_works_in(data: &Path, inside: impl Fn(&[&str]) -> Command) {
    let owned = |path: &Path| std::os::unix::fs::chown(path, Some(65532), Some(65532)).unwrap();
    let copied = Command::new("cp").arg("-a").arg(demo()).arg(data.join("demo")).status().unwrap();
    assert!(copied.success());
    let mut folders = vec![data.join("demo")];
    while let Some(path) = folders.pop() {
        owned(&path);
        if path.is_dir() {
            folders.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    let lines = data.join("acts.ndjson");
    std::fs::write(&lines, run(&mut command(&["import", "--template"])).done()).unwrap();
    owned(&lines);
    let place = ["--data-dir", "/data/demo"];
    for &line in TRIED {
        let bare = line.strip_suffix(" -");
        let words: Vec<_> = bare.unwrap_or(line).split(' ').collect();
        let ran = match bare {
            Some(_) => run(&mut inside(&words)),
            None => run(&mut inside(&[&words[..], &place].concat())),
        };
        assert_eq!(ran.code, 0, "docket {line}: {}", ran.stderr);
    }
    nothing_is_left_out(TRIED, &run(&mut inside(&["--help"])).done());
    let left: Vec<_> = std::fs::read_dir(data.join("demo")).unwrap().collect();
    let is_temporary = |name: &str| name.starts_with("docket-") && name.len() == 43;
    for entry in left {
        let name = entry.unwrap().file_name();
        assert!(!is_temporary(&name.to_string_lossy()), "{name:?} was left");
    }
}

/// Every command was tried, but for those that were run before and those that run until they are stopped.
fn nothing_is_left_out(tried: &[&str], help: &str) {
    let others = ["serve", "worker", "healthcheck", "help"];
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    // What goes on in another line stands further in.
    let listed = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let listed = listed.filter_map(|line| line.split(' ').next().filter(|name| !name.is_empty()));
    for name in listed.filter(|name| !others.contains(name)) {
        let is_tried = tried.iter().any(|line| line.split(' ').next() == Some(name));
        assert!(is_tried, "`docket {name}` was not tried in the image");
    }
}
