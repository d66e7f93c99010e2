//! TLS on the listener: certificates that are replaced while it serves, and clients that check them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use reqwest::Client;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Server, command, docket, run, text};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A certificate that signs itself, with its key.
struct Made {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
}

fn made(last_year: i32) -> Made {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["docket.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(last_year, 1, 1);
    let cert = params.self_signed(&key).unwrap();
    Made { cert: cert.pem(), key: key.serialize_pem(), der: cert.der().clone() }
}

/// The two files that a server reads, and what is asked of it.
struct Files {
    folder: TempDir,
    cert: PathBuf,
    key: PathBuf,
    runtime: Runtime,
}

impl Files {
    fn with(made: &Made) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let files = Self { folder, cert, key, runtime: Runtime::new().unwrap() };
        files.put(&made.cert, &made.key);
        files
    }

    fn put(&self, cert: &str, key: &str) {
        for (path, content) in [(&self.cert, cert), (&self.key, key)] {
            // As tools that renew do it: never half a file.
            let draft = path.with_extension("new");
            fs::write(&draft, content).unwrap();
            fs::rename(&draft, path).unwrap();
        }
    }

    fn settings(&self) -> [String; 4] {
        [
            format!("server.tls.cert={}", text(&self.cert)),
            format!("server.tls.key={}", text(&self.key)),
            "server.public_url=https://docket.example".to_owned(),
            "server.metrics_listen=127.0.0.1:0".to_owned(),
        ]
    }

    fn serve(&self, data: &Path) -> Server {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data-dir", text(data)];
        let settings = self.settings();
        args.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
        Server::spawn(&mut command(&args))
    }

    /// A connection by a client that trusts these alone and offers these protocols.
    async fn connect(
        server: &Server,
        trusted: &[&Made],
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        trusted.iter().for_each(|made| roots.add(made.der.clone()).unwrap());
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let address = server.base.strip_prefix("https://").unwrap();
        let name = ServerName::try_from("docket.example").unwrap();
        let socket = TcpStream::connect(address).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, socket).await
    }

    /// What a server says of its health, whatever its certificate.
    fn health(&self, server: &Server) -> Value {
        let _ = default_provider().install_default();
        let http = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let request = http.build().unwrap().get(format!("{}/health/ready", server.base));
        let body = self.runtime.block_on(async { request.send().await.unwrap().text().await });
        serde_json::from_str(&body.unwrap()).unwrap()
    }

    #[track_caller]
    fn wait(&self, server: &Server, says: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let health = self.health(server);
            if says(&health["tls"]) {
                return;
            }
            assert!(Instant::now() < until, "{health}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Asks over a connection that is kept, and reads to the end of the short answer.
async fn ask(connection: &mut TlsStream<TcpStream>) -> String {
    let request = "GET /health/live HTTP/1.1\r\nhost: docket.example\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let (mut said, mut buffer) = (String::new(), [0; 4096]);
    while !said.contains("\"UP\"") {
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the connection ended: {said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    said
}

fn shown(connection: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    connection.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn a_certificate_is_replaced_while_connections_go_on() {
    let (old, new) = (made(2040), made(2041));
    let (files, data) = (Files::with(&old), tempfile::tempdir().unwrap());
    let server = files.serve(data.path());
    assert!(server.base.starts_with("https://"), "{}", server.base);
    files.runtime.block_on(async {
        let both = [&old, &new];
        let mut kept = Files::connect(&server, &both, &["http/1.1"]).await.unwrap();
        assert_eq!(shown(&kept), old.der);
        let said = ask(&mut kept).await;
        assert!(said.contains("strict-transport-security: max-age=31536000"), "{said}");
        files.put(&new.cert, &new.key);
        let until = Instant::now() + PATIENCE;
        while shown(&Files::connect(&server, &both, &[]).await.unwrap()) != new.der {
            assert!(Instant::now() < until, "the new certificate is not shown");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(ask(&mut kept).await.starts_with("HTTP/1.1 200"), "what is open stays open");
        // A client that trusts the old one alone is not served by the new.
        Files::connect(&server, &[&old], &[]).await.unwrap_err();
    });
}

#[test]
fn who_offers_http_2_is_served_by_it() {
    let made = made(2040);
    let (files, data) = (Files::with(&made), tempfile::tempdir().unwrap());
    let server = files.serve(data.path());
    files.runtime.block_on(async {
        let connection = Files::connect(&server, &[&made], &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = hyper_util::rt::TokioIo::new(connection);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, driver) =
            hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(driver);
        for path in ["/health/live", "/docs", "/console/login"] {
            let request = hyper::Request::get(format!("https://docket.example{path}"));
            let request = request.body(String::new()).unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.version()), (200, hyper::Version::HTTP_2));
        }
        // And plain HTTP is none.
        let plain = server.base.replace("https:", "http:");
        let http = Client::builder().no_proxy().build().unwrap();
        assert!(http.get(format!("{plain}/health/live")).send().await.is_err());
    });
}

#[test]
fn files_that_are_no_good_leave_what_was_read_and_are_told() {
    let (good, other, ended) = (made(2040), made(2042), made(2021));
    let (files, data) = (Files::with(&good), tempfile::tempdir().unwrap());
    let server = files.serve(data.path());
    assert_eq!(files.health(&server)["tls"]["status"], "UP");
    assert_eq!(files.health(&server)["tls"]["reason"], Value::Null);
    let still = |what: &str| {
        files.wait(&server, |tls| {
            tls["reason"].as_str().is_some_and(|said| said.contains("can't be used"))
        });
        files.runtime.block_on(async {
            let connection = Files::connect(&server, &[&good], &[]).await.unwrap();
            assert_eq!(shown(&connection), good.der, "{what}");
        });
        files.put(&good.cert, &good.key);
        files.wait(&server, |tls| tls["reason"].is_null());
    };
    files.put("not a certificate", &good.key);
    still("no certificate");
    files.put(&good.cert, &other.key);
    still("another's key");
    fs::remove_file(&files.key).unwrap();
    still("no file");
    // What a probe and a scrape say; the image's probe trusts its own machine.
    let figures = |name: &str| {
        let http = Client::builder().no_proxy().build().unwrap();
        let scrape = http.get(&server.metrics);
        let text = files.runtime.block_on(async { scrape.send().await.unwrap().text().await });
        let text = text.unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(figures("docket_tls_certificate_expires_timestamp_seconds"), "2208988800");
    assert_eq!(figures("docket_tls_certificate_stale"), "0");
    let (path, listen) = (data.path().join("docket.toml"), &server.base["https://".len()..]);
    let (cert, key) = (text(&files.cert), text(&files.key));
    let file = format!("[server]\nlisten = {listen:?}\ntls.cert = {cert:?}\ntls.key = {key:?}\n");
    fs::write(&path, file).unwrap();
    docket(&["healthcheck", "--config", text(&path)]).done();
    files.put(&ended.cert, &ended.key);
    files.wait(&server, |tls| tls["status"] == "DOWN");
    files.runtime.block_on(async {
        let refused = Files::connect(&server, &[&ended], &[]).await.unwrap_err();
        assert!(refused.to_string().contains("xpired"), "{refused}");
    });
    let (_, said) = server.stop("TERM");
    for part in ["those before count", "the certificate has expired", "other certificates count"] {
        assert!(said.contains(part), "{said} lacks {part:?}");
    }
    assert!(!said.contains("PRIVATE KEY"), "{said}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_before_anything_is_served() {
    let (good, other) = (made(2040), made(2040));
    let files = Files::with(&good);
    let [cert, key, public, _] = files.settings();
    let check = |settings: &[&str]| {
        let args = settings.iter().flat_map(|setting| ["--set", *setting]);
        docket(&["config", "check"].into_iter().chain(args).collect::<Vec<_>>())
    };
    // Without a public address of its own it is that of the listener, with https.
    check(&[&cert, &key]).done();
    check(&[&cert, &key, &public]).done();
    check(&[&cert]).refused(2, &["server.tls.key", "not given"]);
    check(&[&key]).refused(2, &["server.tls.cert", "not given"]);
    check(&[&cert, &key, "server.public_url=http://docket.example"])
        .refused(2, &["server.public_url", "https://"]);
    check(&[&cert, "server.tls.key=no/such.pem"]).refused(2, &["no/such.pem"]);
    check(&[&key, "server.tls.cert=no/such.pem"]).refused(2, &["no/such.pem"]);
    let clients = format!("server.tls.client_ca={}", text(&files.cert));
    check(&[&cert, &key, &clients]).done();
    check(&[&clients]).refused(2, &["server.tls.cert", "client_ca"]);
    check(&[&cert, &key, "server.tls.client_ca=no/such.pem"]).refused(2, &["no/such.pem"]);
    let none = format!("server.tls.client_ca={}", text(&files.key));
    check(&[&cert, &key, &none]).refused(2, &["key.pem", "no certificate"]);
    files.put(&good.cert, &other.key);
    check(&[&cert, &key]).refused(2, &["key.pem", "does not go with the certificate"]);
    files.put("", &other.key);
    check(&[&cert, &key]).refused(2, &["cert.pem", "no certificate"]);
    assert!(files.folder.path().exists());
}

/// An authority, and what it signed for a client: certificate and key in one file.
fn authority(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let (pem, issuer) = (params.self_signed(&key).unwrap().pem(), Issuer::new(params, key));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["ministry.example".to_owned()]).unwrap();
    let client = params.signed_by(&key, &issuer).unwrap().pem();
    (pem, format!("{client}{}", key.serialize_pem()))
}

#[test]
fn where_authorities_are_named_only_their_clients_are_talked_to_also_once_they_change() {
    let made = made(2040);
    let (files, data) = (Files::with(&made), tempfile::tempdir().unwrap());
    let folder = files.folder.path();
    let (ours, of_ours) = authority("ours");
    let (other, of_other) = authority("other");
    let put = |name: &str, content: &str| {
        let path = folder.join(name);
        fs::write(folder.join("draft"), content).unwrap();
        fs::rename(folder.join("draft"), &path).unwrap();
        path
    };
    let clients = put("clients.pem", &ours);
    let setting = format!("server.tls.client_ca={}", text(&clients));
    let settings = files.settings();
    let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data-dir", text(data.path())];
    let all = settings.iter().chain([&setting]);
    args.extend(all.flat_map(|setting| ["--set", setting.as_str()]));
    let server = Server::spawn(&mut command(&args));
    let (of_ours, of_other) = (put("ours.pem", &of_ours), put("other.pem", &of_other));
    // What a client without one, or with another's, is told is the end of the connection.
    let _ = default_provider().install_default();
    let is_talked_to = |shows: Option<&Path>| {
        let http = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let http = http.pool_max_idle_per_host(0);
        let http = match shows {
            Some(path) => {
                http.identity(reqwest::Identity::from_pem(&fs::read(path).unwrap()).unwrap())
            }
            None => http,
        };
        let asked = http.build().unwrap().get(format!("{}/health/live", server.base)).send();
        files.runtime.block_on(asked).is_ok_and(|answer| answer.status() == 200)
    };
    assert!(!is_talked_to(None));
    assert!(!is_talked_to(Some(&of_other)));
    assert!(is_talked_to(Some(&of_ours)));
    // The command line shows what it is given.
    let (path, listen) = (data.path().join("docket.toml"), &server.base["https://".len()..]);
    let (cert, key) = (text(&files.cert), text(&files.key));
    let file = format!("[server]\nlisten = {listen:?}\ntls.cert = {cert:?}\ntls.key = {key:?}\n");
    fs::write(&path, file).unwrap();
    let probe = |shows: &Path| {
        let mut probe = command(&["healthcheck", "--config", text(&path)]);
        run(probe.env("DOCKET_CLIENT_CERT", shows))
    };
    docket(&["healthcheck", "--config", text(&path)]).refused(8, &["does not answer"]);
    probe(&of_other).refused(8, &["does not answer"]);
    probe(&of_ours).done();
    probe(&clients).refused(2, &["DOCKET_CLIENT_CERT", "clients.pem", "its key"]);
    // Another authority counts once its file is there, and the one before no more.
    put("clients.pem", &other);
    let until = Instant::now() + PATIENCE;
    while !is_talked_to(Some(&of_other)) {
        assert!(Instant::now() < until, "the new authority does not count");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_talked_to(Some(&of_ours)));
    assert_eq!(server.stop("TERM").0, 0);
}
