//! The address of a KurrentDB: a connection string, read before the client reads it.
//!
//! The client only logs a parameter that it doesn't know, takes user and password without undoing
//! their percent-encoding, ignores short keep-alives and panics on a certificate file that is none.
//! Here each of these is an error that names it, and what the client gets is a string of our own:
//! without the account, which goes along with each call, and with the leader preferred.

use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The port where none is given.
const DEFAULT_PORT: u16 = 2113;
/// The shortest keep-alive that the client does not ignore.
const MIN_KEEP_ALIVE_MS: i64 = 10_000;
/// The longest that one try of an append may take.
const LONGEST_DEADLINE_MS: i64 = 3000;
const SCHEMES: [&str; 4] = ["kurrentdb", "esdb", "kurrent", "kdb"];
const PARAMETERS: [&str; 13] = [
    "tls",
    "tlsVerifyCert",
    "tlsCAFile",
    "userCertFile",
    "userKeyFile",
    "nodePreference",
    "maxDiscoverAttempts",
    "discoveryInterval",
    "gossipTimeout",
    "keepAliveInterval",
    "keepAliveTimeout",
    "defaultDeadline",
    "connectionName",
];

/// A user and the password, as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, ***)", self.user)
    }
}

/// What is wrong with an address, and what would be right. Nothing of the address is in it that may be a
/// password, also where that has characters which cut the address apart in another place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the KurrentDB address can't be used: {reason}")]
pub struct AddressError {
    reason: String,
}

/// An address that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    scheme: String,
    /// Hosts and ports, at least one.
    pub(super) hosts: Vec<(String, u16)>,
    /// Who calls, if the address says so.
    pub account: Option<Account>,
    pub(super) tls: bool,
    pub(super) verifies: bool,
    pub(super) ca_file: Option<PathBuf>,
    /// How long one try of an append may take.
    pub(super) deadline: Option<Duration>,
    parameters: Vec<(String, String)>,
}

impl Address {
    /// Whether an address is one of a KurrentDB, by its scheme.
    pub fn is_one(address: &str) -> bool {
        let scheme = address.split_once("://").map(|(scheme, _)| scheme);
        let base = scheme.map(|scheme| scheme.strip_suffix("+discover").unwrap_or(scheme));
        base.is_some_and(|base| SCHEMES.contains(&base))
    }

    /// Reads an address such as `kurrentdb://user:password@host:2113?tls=false`. Files that it names
    /// are looked at.
    ///
    /// # Errors
    /// Anything that the client would ignore, or that can't be what is meant.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong = |reason: String| AddressError { reason };
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        if !Self::is_one(text) {
            return Err(wrong("it begins with none of kurrentdb://, esdb://".to_owned()));
        }
        let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
        if query.contains('@') {
            return Err(wrong(
                "it has an @ after a question mark; in a password write ? as %3F, and %40 for an @ \
                 elsewhere"
                    .to_owned(),
            ));
        }
        // A password may hold a slash that was not encoded; a path there is none.
        let (userinfo, hosts) = match before_query.rsplit_once('@') {
            Some((userinfo, hosts)) => (Some(userinfo), hosts),
            None => (None, before_query),
        };
        let account = userinfo.map(read_account).transpose().map_err(wrong)?;
        let hosts = read_hosts(hosts.strip_suffix('/').unwrap_or(hosts)).map_err(wrong)?;
        let mut address = Self {
            scheme: scheme.to_owned(),
            hosts,
            account,
            tls: true,
            verifies: true,
            ca_file: None,
            deadline: None,
            parameters: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            address.read_parameter(name, value).map_err(wrong)?;
        }
        address.check_certificates().map_err(wrong)?;
        Ok(address)
    }

    /// Whether the client looks for the leader: among several nodes, or by asking one for the others.
    pub(super) fn discovers(&self) -> bool {
        self.hosts.len() > 1 || self.scheme.ends_with("+discover")
    }

    pub(super) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The same address with another account.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    fn read_parameter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let known = PARAMETERS.iter().find(|known| known.eq_ignore_ascii_case(name));
        let Some(&name) = known else {
            return Err(format!(
                "there is no parameter {}; those that there are: {}",
                plain_name(name),
                PARAMETERS.join(", ")
            ));
        };
        if self.parameters.iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("{name} is given twice"));
        }
        let decoded =
            decode(&value.replace('+', " ")).map_err(|error| format!("{name}: {error}"))?;
        let flag = || match decoded.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("{name}={decoded}: true or false is needed")),
        };
        let number = |least: i64| match decoded.parse::<i64>() {
            Ok(n) if n >= least => Ok(n),
            _ => Err(format!("{name}={decoded}: a whole number from {least} on is needed")),
        };
        match name {
            "tls" => self.tls = flag()?,
            "tlsVerifyCert" => self.verifies = flag()?,
            "tlsCAFile" => self.ca_file = Some(PathBuf::from(&decoded)),
            "nodePreference" if !decoded.eq_ignore_ascii_case("leader") => {
                return Err(format!(
                    "nodePreference={decoded}: what is decided on is read where it is written, so only leader is taken"
                ));
            }
            "nodePreference" => return Ok(()),
            "keepAliveInterval" | "keepAliveTimeout" => {
                let given = number(-1)?;
                if (0..MIN_KEEP_ALIVE_MS).contains(&given) {
                    return Err(format!(
                        "{name}={given}: the client ignores less than {MIN_KEEP_ALIVE_MS} ms; give that, more, or -1 for none"
                    ));
                }
            }
            "defaultDeadline" => {
                let ms = number(100)?;
                // A pause of all writers waits for tries of this length at most.
                if ms > LONGEST_DEADLINE_MS {
                    return Err(format!("{name}={ms}: at most {LONGEST_DEADLINE_MS} ms are taken"));
                }
                self.deadline = Some(Duration::from_millis(ms.unsigned_abs()));
                return Ok(());
            }
            "maxDiscoverAttempts" => drop(number(1)?),
            "discoveryInterval" | "gossipTimeout" => drop(number(1)?),
            _ => {}
        }
        self.parameters.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    fn check_certificates(&self) -> Result<(), String> {
        let file = |name: &str| {
            let found = self.parameters.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| decode(&value.replace('+', " ")).ok()).map(PathBuf::from)
        };
        let (cert, key) = (file("userCertFile"), file("userKeyFile"));
        if cert.is_some() != key.is_some() {
            return Err("userCertFile and userKeyFile are needed together".to_owned());
        }
        if !self.tls {
            let named = ["tlsVerifyCert", "tlsCAFile", "userCertFile"];
            let given = named.iter().find(|name| self.parameters.iter().any(|(n, _)| n == *name));
            return given.map_or(Ok(()), |name| Err(format!("{name} is of no use with tls=false")));
        }
        if let Some(path) = &self.ca_file {
            check_certificate("tlsCAFile", path)?;
        }
        if let Some(path) = &cert {
            check_certificate("userCertFile", path)?;
        }
        if let Some(path) = &key {
            PrivateKeyDer::from_pem_file(path)
                .map_err(|error| format!("userKeyFile {}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// What the client is given.
    pub(super) fn for_client(&self) -> String {
        let hosts: Vec<String> =
            self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        let mut text = format!("{}://{}?nodePreference=leader", self.scheme, hosts.join(","));
        let usual = [
            ("connectionName", "docket"),
            // The client sleeps so long before its first contact, too, and between attempts.
            ("discoveryInterval", "50"),
            ("maxDiscoverAttempts", "20"),
        ];
        for (name, value) in usual {
            if !self.parameters.iter().any(|(given, _)| given == name) {
                text.push_str(&format!("&{name}={value}"));
            }
        }
        for (name, value) in &self.parameters {
            text.push_str(&format!("&{name}={value}"));
        }
        text
    }
}

/// The address as it may be shown: without the password and the parameters.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<String> =
            self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        write!(f, "{}://{}", self.scheme, hosts.join(","))
    }
}

/// A parameter's name, unless it may be something else.
fn plain_name(name: &str) -> &str {
    let is_name = (1..=20).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic());
    if is_name { name } else { "of this name" }
}

fn decode(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let broken = (0..bytes.len()).find(|at| {
        let digit = |ahead: usize| bytes.get(at + ahead).is_some_and(u8::is_ascii_hexdigit);
        bytes[*at] == b'%' && !(digit(1) && digit(2))
    });
    if broken.is_some() {
        return Err("a percent sign is followed by two hexadecimal digits; write %25 for it".into());
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| "it is not UTF-8 when decoded".to_owned())
}

fn read_account(userinfo: &str) -> Result<Account, String> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let user = decode(user).map_err(|error| format!("the user: {error}"))?;
    let password = decode(password).map_err(|error| format!("the password: {error}"))?;
    if user.is_empty() {
        return Err("there is an @ and no user before it".to_owned());
    }
    Ok(Account { user, password })
}

fn read_hosts(text: &str) -> Result<Vec<(String, u16)>, String> {
    let host = |part: &str| {
        let (host, port) = match part.rsplit_once(':') {
            // An IPv6 address stands in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (part, None),
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return Err("what follows the colon after a host is not a port".to_owned()),
            },
        };
        let good = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
        if host.is_empty() || !host.chars().all(good) {
            return Err("it names no host; write kurrentdb://<host>:<port>".to_owned());
        }
        Ok((host.to_owned(), port))
    };
    let hosts: Vec<_> = text.split(',').map(host).collect::<Result<_, _>>()?;
    if hosts.len() > 1 && hosts.iter().any(|(host, _)| host.starts_with('[')) {
        return Err("the client takes several hosts by name or IPv4 only".to_owned());
    }
    Ok(hosts)
}

fn check_certificate(name: &str, path: &Path) -> Result<(), String> {
    let wrong =
        |error: rustls::pki_types::pem::Error| format!("{name} {}: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).map_err(wrong)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if certificates.is_empty() {
        return Err(format!("{name} {}: it holds no certificate in PEM form", path.display()));
    }
    let mut store = rustls::RootCertStore::empty();
    for certificate in certificates {
        store.add(certificate).map_err(|error| format!("{name} {}: {error}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        Address::parse(text).unwrap_err().reason
    }

    #[test]
    fn an_account_is_decoded_and_never_shown_or_passed_on() {
        let address =
            Address::parse("kurrentdb://ops:a%40b%3A%25@db.example:2114?tls=true").unwrap();
        let account = address.account.clone().unwrap();
        assert_eq!((account.user.as_str(), account.password.as_str()), ("ops", "a@b:%"));
        assert_eq!(address.to_string(), "kurrentdb://db.example:2114");
        assert!(!format!("{address:?}").contains("a@b"));
        assert_eq!(
            address.for_client(),
            "kurrentdb://db.example:2114?nodePreference=leader&connectionName=docket\
             &discoveryInterval=50&maxDiscoverAttempts=20&tls=true"
        );
        for text in [
            "kurrentdb://ops:x/s3cret",
            "kurrentdb://ops:x?s3cret@db",
            "kurrentdb://ops:s3cret%@db",
            "kurrentdb://db?password=s3cret",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
        let error = Address::parse("kurrentdb://ops:100%@db.example").unwrap_err().to_string();
        assert!(error.contains("%25") && !error.contains("100%"), "{error}");
    }

    #[test]
    fn every_scheme_and_several_hosts_are_read() {
        for scheme in ["kurrentdb", "esdb", "kurrentdb+discover", "esdb+discover"] {
            let address = Address::parse(&format!("{scheme}://a,b:2114,c-1?tls=false")).unwrap();
            let hosts = [("a", 2113), ("b", 2114), ("c-1", 2113)];
            assert_eq!(address.hosts, hosts.map(|(host, port)| (host.to_owned(), port)));
            assert!(address.for_client().parse::<kurrentdb::ClientSettings>().is_ok());
        }
        assert!(!Address::is_one("sqlite:x") && !Address::is_one("postgres://x"));
    }

    /// What the client would only log, ignore or panic on.
    #[test]
    fn what_the_client_would_ignore_is_refused() {
        assert!(reason("kurrentdb://a?tsl=false").contains("no parameter tsl"));
        assert!(reason("kurrentdb://a?tls=no").contains("true or false"));
        assert!(reason("kurrentdb://a?tls=false&tls=true").contains("twice"));
        assert!(reason("kurrentdb://a?keepAliveInterval=500").contains("10000"));
        assert!(reason("kurrentdb://a?nodePreference=follower").contains("leader"));
        assert!(reason("kurrentdb://a?userCertFile=x.pem").contains("together"));
        assert!(reason("kurrentdb://a?tls=false&tlsCAFile=x.pem").contains("no use"));
        assert!(reason("kurrentdb://a:0").contains("port"));
        assert!(reason("kurrentdb://").contains("host"));
        assert!(reason("kurrentdb://a?tlsCAFile=/no/such/file").contains("/no/such/file"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no certificate").unwrap();
        let text = format!("kurrentdb://a?tlsCAFile={}", file.path().display());
        assert!(reason(&text).contains("no certificate"));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(file.path(), broken).unwrap();
        assert!(reason(&text).contains("tlsCAFile"), "{}", reason(&text));
    }
}
