//! Connections over TLS: the certificate is checked, against the authority that the address names.
//! The certificate and its key are of an authority made for this test.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use docket::projection::Copies as _;

use super::open;
use crate::server::{Database, Server};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_models/postgres/tls").join(name)
}

#[test]
fn tls_is_used_as_the_address_says_and_never_with_an_unknown_authority() {
    use std::os::unix::fs::MetadataExt as _;
    let server = Server::start();
    let owner = std::fs::metadata(server.folder.join("data")).unwrap();
    for name in ["server.pem", "server.key"] {
        let to = server.folder.join(name);
        std::fs::copy(fixture(name), &to).unwrap();
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).unwrap();
        chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    for (name, file) in [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")] {
        let path = server.folder.join(file);
        server.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{}'", path.display()));
    }
    let database = Database::on(&server);
    let with = |mode: &str, root: bool| {
        let root = if root {
            format!("&sslrootcert={}", fixture("ca.pem").display())
        } else {
            String::new()
        };
        let address = database.address.replace("sslmode=disable", &format!("sslmode={mode}{root}"));
        open(&address)
    };
    // A server without TLS: what only prefers it goes on without.
    with("prefer", true).prepare().unwrap();
    let error = with("require", true).prepare().unwrap_err();
    assert!(error.to_string().contains("sslmode=disable"), "{error}");
    server.sql("postgres", "ALTER SYSTEM SET ssl = on");
    server.stop("fast");
    server.go();
    let copies = with("require", true);
    copies.prepare().unwrap();
    let held = copies.lock_rebuild().unwrap();
    let sql = "SELECT bool_and(s.ssl), count(*) > 0 FROM pg_stat_ssl s
        JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'app'";
    assert_eq!(server.sql(&database.name, sql), "t|t");
    drop(held);
    for mode in ["require", "prefer"] {
        let error = with(mode, false).prepare().unwrap_err();
        assert!(!error.is_passing(), "{error}");
        let said = error.to_string();
        assert!(said.contains("certificate") && said.contains("sslrootcert"), "{said}");
    }
    with("disable", false).prepare().unwrap();
}
