//! Nagle's algorithm, switched off on the client's own connections.
//!
//! The client (1.2.0) leaves it on, so each append waits for a delayed acknowledgement of the server:
//! 45 ms instead of 0.3. The client hands out no sockets, so they are found among this process's own by
//! whom they lead to. A connection that the client makes anew by itself is noticed by its first slow
//! append. Needless from the client's next release on; then this file goes.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::socket::{SockaddrStorage, getpeername, setsockopt, sockopt::TcpNoDelay};
use tokio::time::Instant;

/// Slower than a prompt server and faster than a delayed acknowledgement (40 ms on Linux).
const SUSPICIOUS: Duration = Duration::from_millis(25);
/// How often the process's sockets are looked through at most.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// The servers' addresses, and when sockets were looked through last.
#[derive(Default)]
pub(super) struct NoDelay {
    peers: Mutex<HashSet<SocketAddr>>,
    looked: Mutex<Option<Instant>>,
}

impl NoDelay {
    /// Notes a server by name; what its name stands for is looked up.
    pub async fn learn(&self, host: &str, port: u16) {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let Ok(found) = tokio::net::lookup_host((host, port)).await else { return };
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.extend(found.map(plain));
    }

    /// Looks through the sockets if a call took suspiciously long.
    pub fn took(&self, elapsed: Duration) {
        if elapsed < SUSPICIOUS {
            return;
        }
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if looked.is_none_or(|at| now.duration_since(at) >= AT_MOST_EVERY) {
            *looked = Some(now);
            drop(looked);
            self.switch();
        }
    }

    /// Switches the option on for every socket of this process that leads to a known server; how many
    /// those are.
    pub fn switch(&self) -> usize {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") else { return 0 };
        let numbers =
            descriptors.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // Between listing and setting a descriptor may be closed, and its number be another's: then
        // the call fails, or another connection loses a delay that none of ours wants.
        numbers
            .filter(|number| peer(*number).is_some_and(|peer| peers.contains(&peer)))
            .filter(|number| setsockopt(*number, TcpNoDelay, &true).is_ok())
            .count()
    }
}

fn peer(descriptor: i32) -> Option<SocketAddr> {
    let address = getpeername::<SockaddrStorage>(descriptor).ok()?;
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::new(IpAddr::from(v4.ip().to_be_bytes()), v4.port()));
    }
    let v6 = address.as_sockaddr_in6()?;
    Some(plain(SocketAddr::new(IpAddr::V6(v6.ip()), v6.port())))
}

/// An IPv4 address that is written as IPv6 as what it is.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn only_connections_to_the_server_are_switched() {
        let (server, other) =
            tokio::join!(async { TcpListener::bind("127.0.0.1:0").await.unwrap() }, async {
                TcpListener::bind("127.0.0.1:0").await.unwrap()
            });
        let ours = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
        let theirs = TcpStream::connect(other.local_addr().unwrap()).await.unwrap();
        assert!(!ours.nodelay().unwrap() && !theirs.nodelay().unwrap());
        let nodelay = NoDelay::default();
        assert_eq!(nodelay.switch(), 0);
        nodelay.learn("localhost", server.local_addr().unwrap().port()).await;
        assert_eq!(nodelay.switch(), 1);
        assert!(ours.nodelay().unwrap() && !theirs.nodelay().unwrap());
    }
}
