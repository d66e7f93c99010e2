//! Secure connections: whom the node trusts, and who it is.

use docket::log::kurrentdb::KurrentError;
use docket::log::{EventLog as _, Expected};

use crate::log_contract::{events, stream};
use crate::standin::{Certificates, Settings, StandIn, User};
use crate::support::try_open;

fn address(server: &StandIn, parameters: &str) -> String {
    let host = server.address().replace("kurrentdb://", "");
    format!("kurrentdb://docket:secret@{}?{parameters}", host.split('?').next().unwrap())
}

fn settings() -> Settings {
    Settings::default().with_users([User::new("docket", "secret").reading_all()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_checked_against_the_authority_that_is_named() {
    let certificates = Certificates::new();
    let server = StandIn::start(settings().with_tls(&certificates.server(), None));
    let named = format!("tlsCAFile={}", certificates.authority().display());
    for parameters in [named.as_str(), "tlsVerifyCert=false"] {
        let log = try_open(&address(&server, parameters)).await.unwrap();
        let name = stream(if parameters == named { "checked" } else { "unchecked" });
        log.append(&name, Expected::NoStream, events(0..2)).await.unwrap();
        log.close().await;
    }
    let unknown = try_open(&address(&server, "tls=true")).await.map(|_| ()).unwrap_err();
    assert!(matches!(unknown, KurrentError::Certificate { .. }), "{unknown}");
    let plain = try_open(&address(&server, "tls=false")).await.map(|_| ()).unwrap_err();
    assert!(!matches!(plain, KurrentError::Certificate { .. }), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_said_to_be_expired() {
    let certificates = Certificates::new();
    let server = StandIn::start(settings().with_tls(&certificates.expired_server(), None));
    let parameters = format!("tlsCAFile={}", certificates.authority().display());
    let error = try_open(&address(&server, &parameters)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::Certificate { .. }), "{error}");
    assert!(error.to_string().to_lowercase().contains("expired"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_where_the_server_speaks_none() {
    let server = StandIn::start(Settings::default());
    let error = try_open(&address(&server, "tls=true")).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::Certificate { .. }), "{error}");
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown() {
    let certificates = Certificates::new();
    let authority = certificates.authority();
    let server = StandIn::start(settings().with_tls(&certificates.server(), Some(&authority)));
    let client = certificates.client("docket");
    let parameters = format!(
        "tlsCAFile={}&userCertFile={}&userKeyFile={}",
        authority.display(),
        client.certificate.display(),
        client.key.display()
    );
    let log = try_open(&address(&server, &parameters)).await.unwrap();
    log.append(&stream("s"), Expected::NoStream, events(0..2)).await.unwrap();
    let without = format!("tlsCAFile={}", authority.display());
    assert!(try_open(&address(&server, &without)).await.is_err());
}
