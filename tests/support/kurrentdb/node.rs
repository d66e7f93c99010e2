//! One node: a port, its connections, and the way from a request to the service it is for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};

use super::World;
use super::services;

/// One node of the stand-in.
pub struct Node {
    pub number: usize,
    pub address: SocketAddr,
    runtime: Handle,
    up: AtomicBool,
    door: Mutex<Door>,
    connections: Mutex<Connections>,
}

/// The port: taken while the node is down too, so that nobody else gets it (a client's own socket
/// could, and would then be connected to itself).
struct Door {
    reserved: Option<TcpSocket>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    open: HashMap<u64, AbortHandle>,
}

/// What a call knows of the way it came.
#[derive(Clone)]
pub struct Link {
    pub world: Arc<World>,
    pub node: usize,
    connection: u64,
}

impl Link {
    /// Cuts the connection that the call came by, and never comes back.
    pub async fn cut<T>(&self) -> T {
        self.node().cut(self.connection);
        std::future::pending().await
    }

    pub fn node(&self) -> &Node {
        &self.world.nodes[self.node]
    }
}

impl Node {
    /// A node on a port that is free, not listening yet.
    pub fn new(number: usize, runtime: Handle) -> Self {
        let socket = reserve(SocketAddr::from(([127, 0, 0, 1], 0)));
        Self {
            number,
            address: socket.local_addr().unwrap(),
            runtime,
            up: AtomicBool::new(false),
            door: Mutex::new(Door { reserved: Some(socket), accepting: None }),
            connections: Mutex::default(),
        }
    }

    /// Whether it listens. Calls ask, so it must not wait for the door.
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    /// Listens, unless it does.
    pub fn start(&self, world: &Arc<World>) {
        let mut door = self.door.lock().unwrap();
        let Some(socket) = door.reserved.take() else { return };
        let entered = self.runtime.enter();
        let listener = socket.listen(1024).unwrap();
        drop(entered);
        self.up.store(true, Relaxed);
        let (world, number) = (world.clone(), self.number);
        door.accepting = Some(self.runtime.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((socket, _)) => world.nodes[number].serve(&world, socket),
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        }));
    }

    /// Stops listening and cuts every connection, like a process that is killed.
    pub fn kill(&self) {
        let mut door = self.door.lock().unwrap();
        if let Some(accepting) = door.accepting.take() {
            self.up.store(false, Relaxed);
            accepting.abort();
            while !accepting.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            door.reserved = Some(reserve(self.address));
        }
        drop(door);
        self.cut_all();
    }

    /// Cuts every connection and goes on listening.
    pub fn cut_all(&self) {
        for (_, connection) in self.connections.lock().unwrap().open.drain() {
            connection.abort();
        }
    }

    fn cut(&self, connection: u64) {
        if let Some(connection) = self.connections.lock().unwrap().open.remove(&connection) {
            connection.abort();
        }
    }

    fn serve(&self, world: &Arc<World>, socket: TcpStream) {
        // An error would mean that it is closed already, which serving it finds out.
        let _ = socket.set_nodelay(true);
        world.counters.connections.fetch_add(1, Relaxed);
        let mut connections = self.connections.lock().unwrap();
        let number = connections.next;
        connections.next += 1;
        let link = Link { world: world.clone(), node: self.number, connection: number };
        let task = self.runtime.spawn(async move {
            match &link.world.tls {
                None => talk(socket, link.clone()).await,
                Some(tls) => {
                    if let Ok(socket) = tls.accept(socket).await {
                        talk(socket, link.clone()).await;
                    }
                }
            }
            link.node().cut(link.connection);
        });
        connections.open.insert(number, task.abort_handle());
    }
}

/// Takes a port without listening on it.
fn reserve(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    // The port's old connections may still be there.
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn talk(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, link: Link) {
    let service = service_fn(move |request| {
        let link = link.clone();
        async move { Ok::<_, Infallible>(route(link, request).await) }
    });
    // How it ended matters to nobody: the client sees it.
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        // As many calls on a connection at a time as the server's framework lets through.
        .max_concurrent_streams(100)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn route(link: Link, request: Request<Incoming>) -> Response<Body> {
    match request.uri().path() {
        "/event_store.client.streams.Streams/Read" => services::read(link, request).await,
        "/event_store.client.streams.Streams/Append" => services::append(link, request).await,
        "/event_store.client.streams.Streams/BatchAppend" => {
            services::batch_append(link, request).await
        }
        "/event_store.client.streams.Streams/Delete" => {
            services::delete(link, request, false).await
        }
        "/event_store.client.streams.Streams/Tombstone" => {
            services::delete(link, request, true).await
        }
        "/event_store.client.gossip.Gossip/Read" => services::gossip(link, request).await,
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
            services::features(link, request).await
        }
        path => Status::unimplemented(format!("{path} is not served")).into_http(),
    }
}
