//! A real PgBouncer in front of the server.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use docket::projection::{Copies as _, rebuild};

use super::open;
use crate::histories::{filled, request};
use crate::server::{Database, PASSWORD, server};

struct Pool {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// PgBouncer's binary: found, or Debian's installed.
fn binary() -> &'static str {
    let path = "/usr/sbin/pgbouncer";
    let install = "apt-get update && DEBIAN_FRONTEND=noninteractive \
                   apt-get install -y --no-install-recommends pgbouncer";
    if !std::path::Path::new(path).is_file() {
        let done = Command::new("sh").args(["-c", install]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "install Debian's pgbouncer for this test: {said}");
    }
    path
}

impl Pool {
    fn before(database: &Database, mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (at, name) = (folder.path().display(), &database.name);
        let settings = format!(
            "[databases]\n{name} = host=127.0.0.1 port={} dbname={name} user=app \
             password={PASSWORD}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = any\npool_mode = {mode}\nunix_socket_dir =\nlogfile = {at}/log\n\
             ignore_startup_parameters = extra_float_digits\n",
            server().port
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        // It refuses to run as root.
        for path in [folder.path(), &file] {
            let _ = chown(path, Some(65_534), Some(65_534));
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", binary()]).arg(&file);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pool = Self { child, port, _folder: folder };
        let until = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "PgBouncer does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        pool
    }

    fn address(&self, database: &Database) -> String {
        database.address.replace(&format!(":{}/", server().port), &format!(":{}/", self.port))
    }
}

#[test]
fn a_pool_that_lends_for_one_transaction_is_refused_with_the_remedy_and_one_for_sessions_works() {
    let database = server().database();
    for mode in ["transaction", "statement"] {
        let pool = Pool::before(&database, mode);
        for _ in 0..5 {
            let error = open(&pool.address(&database)).prepare().unwrap_err();
            let said = error.to_string();
            assert!(!error.is_passing(), "{mode}: {said}");
            assert!(said.contains("pool_mode = session") && !said.contains(PASSWORD), "{said}");
        }
    }
    let pool = Pool::before(&database, "session");
    let world = filled();
    let copies = open(&pool.address(&database));
    rebuild(&request(&world, &copies), &mut |_, _| true).unwrap();
    crate::mending::same_as_fresh(&world, &copies);
    assert!(copies.serving().unwrap().is_some());
}
