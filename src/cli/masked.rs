//! Addresses as they may be shown: never with a password, in whatever spelling it was written.
//!
//! What must hold: this is the one way in which an address gets into a message, a log line or a table.
//! What is shown is picked, not what is hidden: the scheme, a plain user, hosts with their ports, a
//! path, and parameters that are known to be no secret. Where a text can be read in two ways, one of
//! which has a password somewhere else, nothing after the scheme is shown. It is judged as decoded: what
//! is percent-encoded is read in an instant.

use percent_encoding::percent_decode_str;

/// What stands in the place of what isn't shown.
const HIDDEN: &str = "***";

/// What addresses with accounts begin with.
const SCHEMES: [&str; 7] = ["kurrentdb", "esdb", "kurrent", "kdb", "postgres", "postgresql", "s3"];

/// Parameters whose values are shown, in lower case: those of the addresses that Docket reads.
const PLAIN: [&str; 27] = [
    "allow_http",
    "application_name",
    "connect_timeout",
    "connectionname",
    "defaultdeadline",
    "discoveryinterval",
    "endpoint",
    "gossiptimeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "keepaliveinterval",
    "keepalivetimeout",
    "maxdiscoverattempts",
    "nodepreference",
    "path_style",
    "region",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "tls",
    "tlscafile",
    "tlsverifycert",
    "channel_binding",
];

/// An address for people: who and where, the password masked.
pub fn masked(address: &str) -> String {
    shown(address, |user| match user.split(':').next() {
        Some(user) if is_plain(user) => format!("{user}:{HIDDEN}@"),
        _ => format!("{HIDDEN}@"),
    })
}

/// An address that can be given again, to whoever has the account: without user and password.
pub fn without_account(address: &str) -> String {
    shown(address, |_| String::new())
}

/// A text of any kind: masked where it is an address, or says of itself that it has a password.
pub fn masked_text(text: &str) -> String {
    let decoded = decoded(text);
    let scheme = decoded.split_once(':').map(|(scheme, _)| scheme);
    let is_address = decoded.contains("://")
        || decoded.contains('@')
        || has_password(&decoded)
        || scheme.is_some_and(|scheme| SCHEMES.iter().any(|s| s.eq_ignore_ascii_case(scheme)));
    if is_address { masked(text) } else { text.to_owned() }
}

/// A text in which the user's own words may be repeated, as by a parser of command lines, with each of
/// these words masked.
pub fn masked_within(text: &str, words: impl Iterator<Item = String>) -> String {
    let mut text = text.to_owned();
    for word in words {
        // An option and its value may be one word.
        for part in [word.as_str(), word.split_once('=').map_or("", |(_, value)| value)] {
            let masked = masked_text(part);
            if !part.is_empty() && masked != part {
                text = text.replace(part, &masked);
            }
        }
    }
    text
}

/// Whether a path, or what stands in its place, holds `user:password@`, whatever else it holds.
pub fn has_account(text: &str) -> bool {
    let text = decoded(text);
    text.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'))
}

/// Whether it says of itself that it has a password.
fn has_password(text: &str) -> bool {
    decoded(text).to_lowercase().contains("password")
}

/// A text as it is meant, however often it was percent-encoded.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    loop {
        let next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if next == text {
            return text;
        }
        text = next;
    }
}

fn shown(address: &str, account: impl FnOnce(&str) -> String) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return without_slashes(address) };
    let scheme = if scheme.bytes().all(is_scheme_byte) { scheme } else { HIDDEN };
    let (place, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    // The last @, since a password may hold one, or a slash. After a question mark there is none, but
    // where a password holds that too.
    let (user, hosts) = place.rsplit_once('@').map_or((None, place), |(user, at)| (Some(user), at));
    let is_secret = has_account(hosts) || has_password(hosts);
    if query.contains('@') || is_secret || !are_hosts(hosts) {
        return format!("{scheme}://{HIDDEN}");
    }
    let account = user.map(account).unwrap_or_default();
    format!("{scheme}://{account}{hosts}{}", shown_query(query))
}

/// A path, or something that is no address that Docket knows.
fn without_slashes(text: &str) -> String {
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    if ["sqlite", "file"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        // As a whole, since a password may hold a question mark.
        if has_account(rest) {
            return format!("{scheme}:{HIDDEN}");
        }
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let path = if has_password(path) { HIDDEN } else { path };
        return format!("{scheme}:{path}{}", shown_query(query));
    }
    let is_path = |c: char| c.is_alphanumeric() || "/._-+~ ".contains(c);
    match text.chars().all(is_path) && !has_password(text) {
        true => text.to_owned(),
        false => HIDDEN.to_owned(),
    }
}

/// Whether these are hosts with ports, and perhaps a path: what is no port may be a password.
fn are_hosts(text: &str) -> bool {
    let hosts = text.split('/').next().unwrap_or_default();
    hosts.split(',').all(|host| match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => {
            !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && is_host(name)
        }
        _ => is_host(host),
    })
}

/// An IPv6 address stands in brackets.
fn is_host(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(address) => address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.'),
        // A socket's folder is written with its slashes encoded.
        None => decoded(name).bytes().all(|b| is_scheme_byte(b) || b == b'_' || b == b'/'),
    }
}

fn shown_query(query: &str) -> String {
    let Some(first) = query.chars().next() else { return String::new() };
    let parameters = query[1..].split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if is_known(name) && is_plain_value(value) => parameter,
        _ => HIDDEN,
    });
    format!("{first}{}", parameters.collect::<Vec<_>>().join("&"))
}

fn is_known(parameter: &str) -> bool {
    PLAIN.contains(&parameter.to_ascii_lowercase().as_str())
}

/// A value that is no address with an account, and has no other parameter in it.
fn is_plain_value(value: &str) -> bool {
    let value = decoded(value);
    let place = value.split_once("://").map_or(value.as_str(), |(_, place)| place);
    let is_one = !value.contains(['?', '&', '#', ';']);
    is_one && masked_text(&value) == value && (!place.contains(':') || are_hosts(place))
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// A user whose name can't be user and password in one.
fn is_plain(user: &str) -> bool {
    !user.is_empty() && user.bytes().all(|b| is_scheme_byte(b) || b == b'_' || b == b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_an_address_shows_its_password() {
        for address in [
            "kurrentdb://admin:s3cret@db:2113?tls=false",
            "KurrentDB://admin:s3cret@db:2113",
            "POSTGRES://admin:s3cret@db/models",
            "postgresql://admin:s3cret@db/models?sslmode=require",
            "host=db user=admin password=s3cret dbname=models",
            "host = db password = 's3cret with spaces'",
            "PASSWORD=s3cret host=db",
            "password:s3cret",
            "postgres://db/models?user=admin&password=s3cret",
            "postgres://db/models?user=admin&%70assword=s3cret",
            "postgres://admin@db/models?PASSWORD=s3cret#x",
            "kurrentdb://admin:s3cret@x@db:2113",
            "kurrentdb://admin:x@s3cret@db:2113",
            "kurrentdb://admin:s3cret/x@db:2113",
            "kurrentdb://admin:x/s3cret@db:2113",
            "kurrentdb://admin:s3cret?x@db:2113",
            "kurrentdb://admin:x?s3cret@db:2113",
            "kurrentdb://admin:x@y?s3cret@db:2113",
            "kurrentdb://admin:x#s3cret@db:2113",
            "kurrentdb://admin:x#y@s3cret@db:2113",
            "kurrentdb://admin%3As3cret@db:2113",
            "kurrentdb://:s3cret@db:2113",
            "kurrentdb://admin:s3cret",
            "kurrentdb://admin:x/s3cret",
            "kurrentdb:admin:s3cret@db",
            "kurrentdb:/admin:s3cret@db",
            "kurrentdb:admin:s3cret",
            "postgres%3A//admin:s3cret@db",
            "s3://AKIA:s3cret@bucket/docs",
            "s3://AKIA:s3cret/bucket",
            "s3://bucket/docs?endpoint=https://AKIA:s3cret@s3.example&region=x",
            "s3://bucket/docs?secret_access_key=s3cret",
            "s3://bucket/docs?s3cret",
            "sqlite:postgres://admin:s3cret@db/models",
            "sqlite:/srv/log.sqlite?password=s3cret",
            "sqlite:host=db password=s3cret",
            "s3cret kurrentdb://db",
            "https://admin:s3cret@docket.example/",
            "s3://bucket/docs?endpoint=http%3A%2F%2FAKIA%3As3cret%40h%3A1",
            "s3://bucket/docs?endpoint=http%253A%252F%252FAKIA%253As3cret%2540h%253A1",
            "s3://bucket/docs?endpoint=http://AKIA:s3cret",
            "s3://bucket/docs?endpoint=AKIA%3As3cret",
            "s3://bucket/docs?region=x%26secret_access_key=s3cret",
            "s3://bucket/docs?region=x#s3cret",
            "s3://bucket/AKIA%3As3cret%40docs",
            "s3%3A%2F%2FAKIA%3As3cret%40bucket",
            "kurrentdb://admin%3As3cret%40db:2113",
            "postgres://db/models?application_name=a%20%70assword%3Ds3cret",
            "postgres://db/password=s3cret",
            "file:AKIA:s3cret@b",
            "file:AKIA%3As3cret%40b",
            "file:AKIA:s3cret/x@b",
            "file:AKIA:s3cret?x@b",
            "FILE:AKIA:s3cret@b",
            "file:/AKIA:s3cret@b",
            "file://AKIA:s3cret@b",
            "sqlite://admin:s3cret@h/x",
            "sqlite:////admin:s3cret@h/x",
            "sqlite:%2F%2Fadmin%3As3cret%40h/x",
            "sqlite:/srv/%70assword%3Ds3cret",
            "//admin:s3cret@h/x",
        ] {
            for shown in [masked(address), without_account(address), masked_text(address)] {
                assert!(!shown.contains("s3cret"), "{address} is shown as {shown}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for address in [
            "sqlite:/srv/a@b/log.sqlite",
            "sqlite:/srv/2026-11-29T12:30/log.sqlite",
            "sqlite:///srv/log.sqlite",
            "file:docs",
            "postgres://%2Fvar%2Frun/models?application_name=my app",
            "s3://bucket/docs?endpoint=https%3A%2F%2Fs3.example%3A9000",
            "kurrentdb://a:1,b:2?tls=true",
            "esdb+discover://a",
            "postgres://[::1]:5432/models?sslmode=require&sslrootcert=/etc/ca.pem",
            "s3://bucket/docs?endpoint=https://s3.example:9000&region=cn-1&path_style=true",
            "http://127.0.0.1:8080",
            "log.sqlite",
        ] {
            assert_eq!(
                (masked(address), without_account(address)),
                (address.into(), address.into())
            );
        }
        let address = "kurrentdb://admin:p@s/s@a:1,b:2?tls=true&userCertFile=x";
        assert_eq!(masked(address), "kurrentdb://admin:***@a:1,b:2?tls=true&***");
        assert_eq!(without_account(address), "kurrentdb://a:1,b:2?tls=true&***");
        assert_eq!(masked_text("urn:docket:1"), "urn:docket:1");
    }

    #[test]
    fn words_of_the_user_are_masked_where_they_are_repeated() {
        let words = ["serve", "--log=kurrentdb://u:s3cret@db", "postgres://u:s3cret@db/x"];
        let text =
            "unexpected argument 'postgres://u:s3cret@db/x', '--log=kurrentdb://u:s3cret@db'";
        let shown = masked_within(text, words.iter().map(|word| (*word).to_owned()));
        assert!(!shown.contains("s3cret") && shown.contains("postgres://u:***@db/x"), "{shown}");
    }
}
