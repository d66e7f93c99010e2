use std::sync::Mutex;

use super::*;

const STRICT: AddressPolicy = AddressPolicy { allow_private: false };
const INSIDE: AddressPolicy = AddressPolicy { allow_private: true };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Loopback and private networks, also as IPv4 in the dress of IPv6.
const PRIVATE: &str = "\
    127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 \
    100.64.0.1 100.127.255.255 ::1 fc00::1 fdff::1 ::ffff:127.0.0.1 ::ffff:10.1.2.3 \
    64:ff9b::10.0.0.1 2002:7f00:1::";

/// Never to be asked: link-local (metadata), multicast, reserved, documentation, tunnels to them.
const NEVER: &str = "\
    0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 192.0.0.170 192.0.2.1 192.88.99.1 \
    198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 \
    240.0.0.1 255.255.255.255 :: ::7f00:1 fe80::1 fec0::1 ff02::1 fd00:ec2::254 \
    ::ffff:169.254.169.254 ::ffff:0.0.0.0 64:ff9b::a9fe:a9fe 64:ff9b:1::1 \
    2002:a9fe:a9fe:: 2001::1 2001:db8::1 3fff::1 100::1 4000::1";

/// On the internet, many of them next to a range that is not.
const PUBLIC: &str = "\
    8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.0.1 \
    192.167.0.1 223.255.255.255 2400:3200::1 2606:4700::1111 ::ffff:8.8.8.8 \
    64:ff9b::808:808 2002:808:808::1";

#[test]
fn addresses_that_are_not_on_the_internet_are_refused() {
    let each = |list: &'static str| list.split_whitespace();
    for address in each(PRIVATE) {
        assert!(!STRICT.allows(ip(address)), "{address}");
        assert!(INSIDE.allows(ip(address)), "{address}");
    }
    for address in each(NEVER) {
        assert!(!STRICT.allows(ip(address)), "{address}");
        assert!(!INSIDE.allows(ip(address)), "{address}");
    }
    for address in each(PUBLIC) {
        assert!(STRICT.allows(ip(address)), "{address}");
    }
}

#[test]
fn every_spelling_of_an_address_in_a_url_is_seen_through() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://0/",
        "https://１２７.0.0.1/",
    ] {
        let error = STRICT.read_url(url, "/url").unwrap_err();
        assert!(error.detail.en.contains("reserved address"), "{url}: {}", error.detail.en);
        assert_eq!(error.pointer, "/url");
    }
    assert!(INSIDE.read_url("http://127.0.0.1:8080/hook", "/url").is_ok());
    assert!(INSIDE.read_url("http://localhost:8080/hook", "/url").is_ok());
    assert!(INSIDE.read_url("https://169.254.169.254/", "/url").is_err());
}

#[test]
fn a_url_is_https_without_credentials_or_fragment() {
    let long = format!("https://example.org/{}", "x".repeat(2000));
    for (url, said) in [
        ("http://example.org/", "https://"),
        ("ftp://example.org/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://example.org/", "https://"),
        ("https://user@example.org/", "user or password"),
        ("https://user:pass@example.org/", "user or password"),
        ("https://:pass@example.org/", "user or password"),
        ("https://example.org/#top", "fragment"),
        ("example.org/hook", "not a URL"),
        ("", "not a URL"),
        ("https://", "not a URL"),
        (long.as_str(), "2000"),
    ] {
        let error = STRICT.read_url(url, "/url").unwrap_err();
        assert!(error.detail.en.contains(said), "{url}: {}", error.detail.en);
        assert!(!error.detail.zh.is_empty());
    }
    let good = STRICT.read_url("https://hooks.example.org:8443/a?b=c", "/url").unwrap();
    assert_eq!(good.as_str(), "https://hooks.example.org:8443/a?b=c");
}

/// Answers each question with the next list.
struct Turning(Mutex<Vec<Vec<&'static str>>>);

impl Lookup for Turning {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().remove(0);
        Box::pin(async move { Ok(next.into_iter().map(ip).collect()) })
    }
}

/// DNS rebinding: the name was fine when the endpoint was made, and points inside later.
#[tokio::test]
async fn a_name_is_judged_anew_each_time_it_is_looked_up() {
    let answers = vec![
        vec!["8.8.8.8", "2400:3200::1"],
        vec!["127.0.0.1"],
        vec!["10.0.0.1", "8.8.8.8", "fe80::1"],
        vec![],
    ];
    let guard = Guard { policy: STRICT, lookup: Arc::new(Turning(Mutex::new(answers))) };
    let ask = || guard.resolve("hooks.example.org".parse().unwrap());
    let ips = |found: Addrs| found.map(|address| address.ip()).collect::<Vec<_>>();
    assert_eq!(ips(ask().await.ok().unwrap()), [ip("8.8.8.8"), ip("2400:3200::1")]);
    let error = ask().await.err().unwrap();
    let forbidden = error.downcast_ref::<Forbidden>().unwrap();
    assert_eq!(forbidden.what, "hooks.example.org (127.0.0.1)");
    assert_eq!(ips(ask().await.ok().unwrap()), [ip("8.8.8.8")]);
    assert!(ask().await.err().unwrap().to_string().contains("no address"));
}
