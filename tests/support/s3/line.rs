//! The line between client and stand-in, which can be cut: while nobody listens, connections are
//! refused; a cut takes effect after so many more bytes in its direction.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes until the connection is cut, by direction; none: it is not.
#[derive(Default)]
pub struct Cuts {
    pub requests_after: Option<usize>,
    pub answers_after: Option<usize>,
}

#[derive(Clone, Copy)]
enum Direction {
    Request,
    Answer,
}

pub struct Line {
    pub cuts: Arc<Mutex<Cuts>>,
    /// What is wanted.
    pub up: watch::Receiver<bool>,
    /// What is.
    pub listens: watch::Sender<bool>,
}

impl Line {
    /// Carries bytes between `outside`, where it listens, and `inside`.
    pub async fn carry(mut self, listener: std::net::TcpListener, inside: SocketAddr) {
        let outside = listener.local_addr().expect("an address");
        let mut listener = Some(TcpListener::from_std(listener).expect("a listener"));
        loop {
            let up = *self.up.borrow_and_update();
            if up && listener.is_none() {
                listener = Some(TcpListener::bind(outside).await.expect("the same port again"));
            } else if !up {
                listener = None;
            }
            self.listens.send_replace(up);
            let changed = match &listener {
                None => self.up.changed().await,
                Some(open) => tokio::select! {
                    changed = self.up.changed() => changed,
                    accepted = open.accept() => {
                        let (client, _) = accepted.expect("a connection");
                        self.connect(client, inside).await;
                        Ok(())
                    }
                },
            };
            if changed.is_err() {
                return;
            }
        }
    }

    async fn connect(&self, client: TcpStream, inside: SocketAddr) {
        let server = TcpStream::connect(inside).await.expect("the stand-in");
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (cuts, mut up) = (self.cuts.clone(), self.up.clone());
        tokio::spawn(async move {
            // Whichever way ends, the other does too.
            tokio::select! {
                () = pump(from_client, to_server, &cuts, Direction::Request) => {}
                () = pump(from_server, to_client, &cuts, Direction::Answer) => {}
                _ = up.wait_for(|up| !up) => {}
            }
        });
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    cuts: &Mutex<Cuts>,
    direction: Direction,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let (allowed, cut) = allowed(&mut cuts.lock().expect("cuts"), direction, read);
        if to.write_all(&buffer[..allowed]).await.is_err() || cut {
            return;
        }
    }
}

/// How many of these bytes pass, and whether the line is cut after them.
fn allowed(cuts: &mut Cuts, direction: Direction, read: usize) -> (usize, bool) {
    let left = match direction {
        Direction::Request => &mut cuts.requests_after,
        Direction::Answer => &mut cuts.answers_after,
    };
    match left {
        Some(bytes) if *bytes < read => {
            let pass = *bytes;
            *left = None;
            (pass, true)
        }
        Some(bytes) => {
            *bytes -= read;
            (read, false)
        }
        None => (read, false),
    }
}
