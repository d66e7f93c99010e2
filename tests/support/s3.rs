//! An S3 store that is none: it speaks the protocol over a real socket as far as documents need it,
//! checks the signature of each request, and misbehaves when it is told to.
#![allow(dead_code, reason = "each test binary uses its part")]

#[path = "s3/line.rs"]
mod line;
#[path = "s3/service.rs"]
mod service;
#[path = "s3/sign.rs"]
mod sign;

use actix_web::{App, HttpServer, web};
use bytes::Bytes;
use chrono::TimeDelta;
use docket::app::documents::s3::{S3Address, S3Login, S3Settings, S3Store};
use line::{Cuts, Line};
use service::State;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

pub const BUCKET: &str = "docket-docs";
pub const KEY_ID: &str = "AKIADOCKETTEST";
pub const SECRET: &str = "a/secret+that=nobody&knows";
pub const REGION: &str = "cn-test-1";

pub struct S3StandIn {
    outside: SocketAddr,
    state: Arc<Mutex<State>>,
    cuts: Arc<Mutex<Cuts>>,
    up: watch::Sender<bool>,
    listens: watch::Receiver<bool>,
}

impl S3StandIn {
    pub fn start() -> S3StandIn {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let outside = listener.local_addr().expect("an address");
        let cuts = Arc::<Mutex<Cuts>>::default();
        let state = State { cuts: cuts.clone(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let (up, wanted) = watch::channel(true);
        let (told, listens) = watch::channel(true);
        let line = Line { cuts: cuts.clone(), up: wanted, listens: told };
        let served = web::Data::new(state.clone());
        // Ends when the stand-in is dropped, which ends the line.
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(served.clone())
                        .app_data(web::PayloadConfig::new(64 << 20))
                        .default_service(web::to(service::serve))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind("127.0.0.1:0").expect("a port");
                let inside = server.addrs()[0];
                let server = server.run();
                let handle = server.handle();
                actix_web::rt::spawn(server);
                line.carry(listener, inside).await;
                handle.stop(false).await;
            });
        });
        S3StandIn { outside, state, cuts, up, listens }
    }

    /// What it has and does; not to be held over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("state")
    }

    /// Its address with a prefix.
    pub fn address(&self, prefix: &str) -> String {
        format!(
            "s3://{BUCKET}/{prefix}?endpoint=http://{}&region={REGION}&allow_http=true",
            self.outside
        )
    }

    pub fn settings(&self, prefix: &str) -> S3Settings {
        let address = S3Address::parse(&self.address(prefix)).expect("an address");
        let login =
            S3Login { access_key_id: KEY_ID.to_owned(), secret_access_key: SECRET.to_owned() };
        #[expect(clippy::disallowed_methods, reason = "each store of a test is a node of its own")]
        let node = uuid::Uuid::new_v4();
        S3Settings { login: Some(login), ..S3Settings::new(address, node) }
    }

    /// A node's store.
    pub fn store(&self, prefix: &str) -> S3Store {
        S3Store::new(&self.settings(prefix)).expect("a store")
    }

    /// Refuses connections, and cuts those there are.
    pub async fn stop(&self) {
        self.up.send_replace(false);
        self.listens.clone().wait_for(|listens| !listens).await.expect("the line");
    }

    /// Listens again, on the same port.
    pub async fn resume(&self) {
        self.up.send_replace(true);
        self.listens.clone().wait_for(|listens| *listens).await.expect("the line");
    }

    /// Cuts the line after so many more bytes from clients, once.
    pub fn cut_requests_after(&self, bytes: usize) {
        self.cuts.lock().expect("cuts").requests_after = Some(bytes);
    }

    /// Cuts the line after so many more bytes to clients, once.
    pub fn cut_answers_after(&self, bytes: usize) {
        self.cuts.lock().expect("cuts").answers_after = Some(bytes);
    }

    /// The names of all objects.
    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// How many uploads are under way, and how many objects there are.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.uploads.len(), state.objects.len())
    }

    /// Puts other bytes in the place of an object's, behind the client's back.
    pub fn replace(&self, key: &str, bytes: &[u8]) {
        let mut state = self.state();
        let object = state.objects.get_mut(key).expect("the object");
        object.bytes = Bytes::copy_from_slice(bytes);
    }

    /// Makes everything it has look older.
    pub fn age(&self, by: TimeDelta) {
        for object in self.state().objects.values_mut() {
            object.modified -= by;
        }
    }
}
