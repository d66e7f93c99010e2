//! The address of a PostgreSQL database, and what is said about it: never its password.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::projection::StoreError;
use crate::projection::error::DatabaseError;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long what was sent may stay unacknowledged before the connection counts as gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// After how much silence the other side is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// Where the database is and how it is reached.
#[derive(Clone)]
pub(super) struct Address {
    pub config: Config,
    pub tls: MakeRustlsConnect,
    /// `postgres://user@host:port/database`.
    pub place: String,
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`.
    ///
    /// # Errors
    /// What is wrong with it, without the password.
    pub fn parse(address: &str) -> Result<Self, StoreError> {
        let (address, root) = without_root(address)?;
        let (address, account) = without_account(&address)?;
        let mut config: Config = address.parse().map_err(|error| bad(&reason(&error)))?;
        if let Some((user, password)) = account {
            config.user(user);
            if let Some(password) = password {
                config.password(password);
            }
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(bad("it names no host"));
        }
        if config.get_user().is_none() {
            return Err(bad("it names no user"));
        }
        if config.get_dbname().is_none() {
            return Err(bad("it names no database"));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNACKNOWLEDGED);
        }
        config.keepalives(true).keepalives_idle(SILENCE);
        config.keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("docket");
        }
        let place = place(&config);
        let tls = tls(root, config.get_ssl_mode())?;
        Ok(Self { config, tls, place })
    }
}

fn bad(why: &str) -> StoreError {
    StoreError::Database(DatabaseError::new(format!(
        "the address is wrong: {why}; it has the form \
         postgres://user:password@host:port/database?sslmode=require&sslrootcert=/path/of/ca.pem"
    )))
}

/// What a parser says, down to its cause.
fn reason(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Takes out the parameter that libpq knows and the driver doesn't.
fn without_root(address: &str) -> Result<(String, Option<PathBuf>), StoreError> {
    let Some((base, query)) = address.split_once('?') else {
        return Ok((address.to_owned(), None));
    };
    let (mut kept, mut root) = (Vec::new(), None);
    for parameter in query.split('&') {
        match parameter.strip_prefix("sslrootcert=") {
            Some(path) => root = Some(PathBuf::from(decoded(path)?)),
            None => kept.push(parameter),
        }
    }
    let query = kept.join("&");
    let address = if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") };
    Ok((address, root))
}

/// User and password, if one is given, as they are.
type Account = (String, Option<String>);

/// Takes out user and password, which may hold an @ or a slash: the driver would take what follows the
/// first one for the host, and name it in its errors.
fn without_account(address: &str) -> Result<(String, Option<Account>), StoreError> {
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(bad("it does not begin with postgres://"));
    };
    let (place, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    if query.contains('@') {
        return Err(bad(
            "it has an @ after a question mark; in a password write ? as %3F, and %40 for an @ \
             elsewhere",
        ));
    }
    let Some((account, hosts)) = place.rsplit_once('@') else {
        return Ok((address.to_owned(), None));
    };
    let (user, password) = account.split_once(':').map_or((account, None), |(u, p)| (u, Some(p)));
    let account = (decoded(user)?, password.map(decoded).transpose()?);
    Ok((format!("{scheme}://{hosts}{query}"), Some(account)))
}

/// Undoes percent-encoding; what is no encoding is refused, where the decoder would let it stand.
fn decoded(text: &str) -> Result<String, StoreError> {
    let mut codes = text.split('%').skip(1).map(str::as_bytes);
    if !codes
        .all(|code| matches!(code, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
    {
        return Err(bad("it has a % without two hexadecimal digits; write %25 for it"));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| bad("it is no UTF-8 when decoded"))
}

/// Who and where, without the password.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default();
    format!("postgres://{user}@{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

/// TLS as the mode asks for it. A certificate is always checked: against the file, else against
/// what the platform trusts.
fn tls(root: Option<PathBuf>, mode: SslMode) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = root {
        let unreadable = |why: String| bad(&format!("sslrootcert {}: {why}", path.display()));
        let certificates = CertificateDer::pem_file_iter(&path);
        for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unreadable("it holds no certificate".to_owned()));
        }
    } else if mode != SslMode::Disable {
        // The connector of the platform's certificates takes the provider of the process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if let Ok((tls, _)) = MakeRustlsConnect::with_native_certs() {
            return Ok(tls);
        }
        // Without any trusted certificate a connection over TLS fails and says so.
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_no_password() {
        let address = Address::parse("postgres://docket:s3cret@db.example:5433/models").unwrap();
        assert_eq!(address.place, "postgres://docket@db.example:5433/models");
    }

    #[test]
    fn a_password_is_taken_and_not_shown_however_it_is_written() {
        for (written, password) in [
            ("s3cret", "s3cret"),
            ("s3cret@x", "s3cret@x"),
            ("x@s3cret", "x@s3cret"),
            ("x/s3cret", "x/s3cret"),
            ("s3cret%40%2F%3F", "s3cret@/?"),
            ("s3cret:x", "s3cret:x"),
        ] {
            let address =
                format!("postgres://docket:{written}@db.example:5433/models?sslmode=disable");
            let address = Address::parse(&address).unwrap();
            assert_eq!(address.config.get_password(), Some(password.as_bytes()), "{written}");
            assert_eq!(address.place, "postgres://docket@db.example:5433/models");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (address, why) in [
            ("postgres://u:s3cret@h/d?sslmode=maybe", "sslmode"),
            ("postgres://u:s3cret@h/d?colour=red", "colour"),
            ("postgres://u:s3cret@h", "names no database"),
            ("postgres://u:s3cret@h:port/d", "port"),
            ("postgres://u:s3cret?x@h/d", "%3F"),
            ("postgres://u:x?s3cret@h/d", "%3F"),
            ("postgres://u:s3cret%@h/d", "%25"),
            ("postgres://u:s3cret/d", ""),
            ("postgres://h/d?user=u&passwort=s3cret", "passwort"),
            ("postgres://u:s3cret@h/d?sslrootcert=/no/such/file.pem", "/no/such/file.pem"),
        ] {
            let said = Address::parse(address).err().map(|error| error.to_string());
            let said = said.unwrap_or_else(|| panic!("{address} was taken"));
            assert!(said.contains(why), "{address}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn a_file_of_certificates_is_no_matter_for_the_driver() {
        let (address, root) =
            without_root("postgres://u@h/d?sslmode=require&sslrootcert=/a%20b.pem").unwrap();
        assert_eq!(address, "postgres://u@h/d?sslmode=require");
        assert_eq!(root, Some(PathBuf::from("/a b.pem")));
    }
}
