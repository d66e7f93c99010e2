//! The scripts beside the compose files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::compose::{made_secrets, make_secrets};
use crate::{text_of, top};

#[test]
fn secrets_are_made_once_and_closed_to_others() {
    let folder = made_secrets();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let names = ["kurrentdb-admin", "kurrentdb-ops", "kurrentdb-docket", "postgres-admin"];
    let mut made: Vec<_> = names.iter().map(|name| read(name)).collect();
    assert!(made.iter().all(|password| password.len() == 48), "{made:?}");
    made.dedup();
    assert_eq!(made.len(), names.len());
    assert_eq!(mode(&folder.path().join("kurrentdb.env")), 0o600);
    let expected = format!(
        "KURRENTDB_DEFAULT_ADMIN_PASSWORD={}\nKURRENTDB_DEFAULT_OPS_PASSWORD={}\n",
        read("kurrentdb-admin"),
        read("kurrentdb-ops")
    );
    assert_eq!(read("kurrentdb.env"), expected);
    let address = read("read-model");
    assert!(address.contains(&read("postgres-docket")), "{address}");

    let before: Vec<_> = names.iter().map(|name| read(name)).collect();
    make_secrets(folder.path());
    assert_eq!(before, names.iter().map(|name| read(name)).collect::<Vec<_>>());
    assert_eq!((read("kurrentdb.env"), read("read-model")), (expected, address));
}

/// Runs the setup of KurrentDB against a `curl` that answers these statuses, one call each: whether
/// it succeeded, and what it asked for.
fn set_up(statuses: &str) -> (bool, String) {
    let secrets = made_secrets();
    let bin = tempfile::tempdir().unwrap();
    let curl = bin.path().join("curl");
    let script = format!(
        "#!/bin/sh\nhere={}\nprintf '%s ' \"$@\" >> $here/asked; echo >> $here/asked\n\
         for a in \"$@\"; do case $a in @*) cat \"${{a#@}}\" >> $here/asked ;; esac; done\n\
         n=$(($(cat $here/n 2>/dev/null || echo 0) + 1)); echo $n > $here/n\n\
         echo {statuses} | cut -d' ' -f$n | tr -d '\\n'\n",
        bin.path().display()
    );
    std::fs::write(&curl, script).unwrap();
    std::fs::set_permissions(&curl, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
    let mut setup = Command::new("sh");
    setup.arg(top().join("docker/kurrentdb-setup.sh"));
    setup.env("PATH", path).env("SECRETS", secrets.path()).env("KURRENTDB", "https://node1:2113");
    let output = setup.output().unwrap();
    let asked = std::fs::read_to_string(bin.path().join("asked")).unwrap();
    let passwords = ["kurrentdb-admin", "kurrentdb-docket"];
    for name in passwords.map(|name| std::fs::read_to_string(secrets.path().join(name)).unwrap()) {
        let arguments = asked.lines().filter(|line| line.starts_with("--silent"));
        assert!(!arguments.clone().any(|line| line.contains(&name)), "a password as an argument");
    }
    (output.status.success(), asked)
}

#[test]
fn the_setup_of_kurrentdb_makes_the_user_and_its_rights_and_may_be_repeated() {
    let (done, asked) = set_up("404 201 201");
    assert!(done, "{asked}");
    let requests: Vec<_> = asked.lines().filter(|line| line.starts_with("--silent")).collect();
    let [look, make, settings] = requests[..] else { panic!("{asked}") };
    assert!(look.trim().ends_with("https://node1:2113/users/docket"), "{look}");
    assert!(make.trim().ends_with("https://node1:2113/users/"), "{make}");
    assert!(settings.trim().ends_with("/streams/%24settings"), "{settings}");
    for request in requests {
        assert!(request.contains("--cacert /certs/ca/ca.crt"), "{request}");
    }
    assert!(asked.contains("\"loginName\": \"docket\""), "{asked}");
    let acl = asked.split("\"$systemStreamAcl\"").nth(1).unwrap();
    assert!(acl.contains("\"$r\": [\"$admins\", \"docket\"]"), "{acl}");

    let (done, asked) = set_up("200 400");
    assert!(done && !asked.contains("loginName"), "{asked}");
    // A server of 23.10 does not know the newer media type.
    let (done, asked) = set_up("200 415 201");
    let requests: Vec<_> = asked.lines().filter(|line| line.starts_with("--silent")).collect();
    assert!(done && requests[1].contains("vnd.kurrent.events+json"), "{asked}");
    assert!(requests[2].contains("vnd.eventstore.events+json"), "{asked}");
    assert!(requests[2].contains("ES-ExpectedVersion: -1"), "{asked}");
    assert!(!set_up("200 415 415").0);
    assert!(!set_up("401").0, "a wrong password must be seen");
    assert!(!set_up("404 500").0);
    assert!(!set_up("200 403").0);
}

#[test]
fn scripts_have_no_slip_and_run_as_the_compose_files_call_them() {
    for entry in std::fs::read_dir(top().join("docker")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "sh") {
            continue;
        }
        let name = format!("docker/{}", path.file_name().unwrap().to_str().unwrap());
        let text = text_of(&name);
        let shell = if text.starts_with("#!/bin/bash") { "bash" } else { "sh" };
        assert!(text.contains("\nset -eu"), "{name} goes on after an error");
        let checked = Command::new(shell).arg("-n").arg(&path).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{name} can't be run");
    }
}
