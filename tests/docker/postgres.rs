//! What the setup of PostgreSQL makes is what Docket and a reader need, on a real server.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::compose::made_secrets;
use crate::database::Server as Postgres;
use crate::support::{Server, command, text};
use crate::top;

#[test]
fn the_roles_of_the_setup_suffice_and_the_reader_only_reads() {
    let postgres = Postgres::start();
    let secrets = made_secrets();
    let path = format!("{}:{}", postgres.bin.display(), std::env::var("PATH").unwrap());
    let mut setup = Command::new("bash");
    setup.arg(top().join("docker/postgres-setup.sh")).env("PATH", path);
    setup.env("SECRETS", secrets.path()).env("POSTGRES_USER", "root");
    setup.env("PGHOST", &postgres.folder).env("PGPORT", postgres.port.to_string());
    let done = setup.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    // The address that `make-secrets.sh` has written, but for where the server is.
    let address = std::fs::read_to_string(secrets.path().join("read-model")).unwrap();
    let address = address.replace("@postgres/", &format!("@127.0.0.1:{}/", postgres.port));
    let file = secrets.path().join("address");
    std::fs::write(&file, address).unwrap();
    let data = tempfile::tempdir().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(data.path())];
    let mut serve = command(&args);
    serve.env("DOCKET_STORE__READ_MODEL_FILE", &file);
    serve.env("DOCKET_REPORTING__READER_ROLE", "docket_reader");
    let server = Server::spawn(&mut serve);

    let views = "SELECT count(*) FROM information_schema.table_privileges
                 WHERE table_schema = 'docket_report' AND grantee = 'docket_reader'
                 AND privilege_type = 'SELECT'";
    let deadline = Instant::now() + Duration::from_secs(60);
    while postgres.sql_as("docket_reader", "docket", views) == "0" {
        assert!(Instant::now() < deadline, "the reader is given nothing to read");
        std::thread::sleep(Duration::from_millis(50));
    }
    let read = "SELECT count(*) FROM docket_report.enrollment_current";
    assert_eq!(postgres.sql_as("docket_reader", "docket", read), "0");
    let may = |what: &str| postgres.sql_as("docket_reader", "docket", &format!("SELECT {what}"));
    assert_eq!(may("has_database_privilege('docket', 'CREATE')"), "f");
    assert_eq!(may("has_database_privilege('docket', 'TEMPORARY')"), "f");
    assert_eq!(may("has_schema_privilege('public', 'CREATE')"), "f");
    assert_eq!(server.stop("TERM").0, 0);
}
