//! A way to the server that can be cut in the middle of a COMMIT.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// 1: the next COMMIT is passed on and its answer is not; 2: it is not passed on.
    cut: AtomicU8,
    /// 1: no connection comes about.
    refuse: AtomicU8,
}

impl Proxy {
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.refuse.load(Ordering::Acquire) == 1 {
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (back, to_client) =
                    (upstream.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || pass_on(back, to_client));
                let state = Arc::clone(&shared);
                std::thread::spawn(move || watch(client, upstream, &state));
            }
        });
        Self { port, state }
    }

    pub fn cut_at_commit(&self, passed_on: bool) {
        self.state.cut.store(if passed_on { 1 } else { 2 }, Ordering::Release);
    }

    pub fn refuse(&self, refuse: bool) {
        self.state.refuse.store(refuse.into(), Ordering::Release);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn watch(mut client: TcpStream, mut server: TcpStream, state: &State) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..read];
        let is_commit = sent.windows(6).any(|word| word == b"COMMIT");
        let cut = if is_commit { state.cut.swap(0, Ordering::AcqRel) } else { 0 };
        if cut > 0 {
            let _ = client.shutdown(Shutdown::Both);
        }
        if cut == 2 || server.write_all(sent).is_err() {
            break;
        }
        if cut == 1 {
            // Long enough for the server to have done it.
            std::thread::sleep(Duration::from_millis(200));
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}
