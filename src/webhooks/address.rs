//! Where a request may go: the address of an endpoint as it is stated, and each IP address that its
//! name has at the time of an attempt.
//!
//! What must hold: what is not globally routable is refused, so that nobody can make this server ask
//! a machine that only it can reach (SSRF). With private networks allowed, loopback and private
//! ranges are let through, but never link-local addresses (where clouds serve credentials), multicast
//! or the unspecified one. The check is made on the very addresses that are connected to.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::refusal::{FieldError, form_error};

/// The longest address of an endpoint, in bytes.
const MAX_URL_BYTES: usize = 2000;
/// Where a cloud serves its credentials over IPv6, in a range that is otherwise private.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Which addresses may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Whether loopback and private networks may be, and plain HTTP.
    pub allow_private: bool,
}

/// What stands at an IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The internet.
    Public,
    /// Loopback or a private network.
    Private,
    /// Nothing that is ever to be asked.
    Never,
}

/// A name has only addresses that may not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// What was refused.
    pub what: String,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not an address that may be asked", self.what)
    }
}

impl Error for Forbidden {}

impl AddressPolicy {
    /// Whether this very address may be asked.
    pub fn allows(self, address: IpAddr) -> bool {
        match reach(address) {
            Reach::Public => true,
            Reach::Private => self.allow_private,
            Reach::Never => false,
        }
    }

    /// Reads the address of an endpoint; `pointer` is where it stood.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub fn read_url(self, text: &str, pointer: &str) -> Result<Url, FieldError> {
        let wrong = |en: &str, zh: &str| form_error(pointer, en, zh);
        if text.len() > MAX_URL_BYTES {
            return Err(wrong("the URL is longer than 2000 bytes", "URL 超过 2000 字节"));
        }
        let url = Url::parse(text).map_err(|error| {
            let (en, zh) = (format!("it is not a URL: {error}"), format!("不是 URL：{error}"));
            form_error(pointer, en, zh)
        })?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_private => {}
            _ => {
                return Err(wrong(
                    "the URL must begin with https:// (http:// only where the server is configured with webhooks.allow_private_networks)",
                    "URL 须以 https:// 开头（仅当服务器配置了 webhooks.allow_private_networks 时可用 http://）",
                ));
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the URL must not hold a user or password: deliveries are known by their signature",
                "URL 不得含用户名或密码：推送以签名证明来源",
            ));
        }
        if url.fragment().is_some() {
            return Err(wrong("the URL must not have a fragment (#…)", "URL 不得含片段（#…）"));
        }
        self.check_host(&url).map_err(|Forbidden { what }| {
            form_error(
                pointer,
                format!(
                    "{what} is a loopback, private, link-local or reserved address; a receiver must be reachable on the internet"
                ),
                format!("{what} 是回环、内网、链路本地或保留地址；接收方须可经互联网访问"),
            )
        })?;
        Ok(url)
    }

    /// Checks a host that is an address already: no name is looked up for such a one.
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn check_host(self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let forbidden = || Forbidden { what: host.to_owned() };
        // The URL's parser has brought every spelling of an IPv4 address into dotted form.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let is_local = name.is_empty() || name == "localhost" || name.ends_with(".localhost");
        let allowed = match literal {
            Ok(address) => self.allows(address),
            Err(_) => !is_local || (self.allow_private && !name.is_empty()),
        };
        if allowed { Ok(()) } else { Err(forbidden()) }
    }
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// By the IANA registry of special-purpose addresses (RFC 6890 and its updates).
fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) | (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => {
            Reach::Private
        }
        // "This network", link-local (metadata), IETF protocols, documentation, the old 6to4 relay,
        // benchmarks, multicast, reserved, broadcast.
        (0, ..) | (169, 254, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) => {
            Reach::Never
        }
        (198, 51, 100) | (203, 0, 113) | (224..=255, ..) => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        _ if address == METADATA_V6 => Reach::Never,
        _ if address == Ipv6Addr::LOCALHOST => Reach::Private,
        // An IPv4 address in another dress: mapped, by NAT64, by 6to4.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => embedded(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => embedded(g, h),
        (0x2002, high) => embedded(high, c),
        (0xfc00..=0xfdff, _) => Reach::Private,
        // Teredo, benchmarks, ORCHID, documentation.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff) => Reach::Never,
        (0x2000..=0x3fff, _) => Reach::Public,
        // The rest of the space is link-local, multicast, unspecified or not in use.
        _ => Reach::Never,
    }
}

/// Tells the addresses of a name.
pub trait Lookup: Send + Sync {
    /// Looks a name up; ports don't matter.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let look = move || {
                let found = (name.as_str(), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            };
            tokio::task::spawn_blocking(look).await.map_err(io::Error::other)?
        })
    }
}

/// What the HTTP client asks for addresses: gives only those that may be asked, and the client
/// connects to exactly these.
pub struct Guard {
    /// Which may be.
    pub policy: AddressPolicy,
    /// Who knows them.
    pub lookup: Arc<dyn Lookup>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, lookup) = (self.policy, self.lookup.clone());
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = lookup.lookup(name.clone()).await?;
            let allowed: Vec<SocketAddr> = found
                .iter()
                .filter(|address| policy.allows(**address))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            if allowed.is_empty() {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                let what = match found.as_slice() {
                    [] => format!("{name} (which has no address)"),
                    _ => format!("{name} ({})", found.join(", ")),
                };
                return Err(Forbidden { what }.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
#[path = "address/tests.rs"]
mod tests;
