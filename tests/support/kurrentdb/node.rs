//! One node: a port, its connections, and the way from a request to the service it is for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
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
    listener: Mutex<Option<JoinHandle<()>>>,
    connections: Mutex<Connections>,
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
    pub fn new(number: usize, address: SocketAddr, runtime: Handle) -> Self {
        Self { number, address, runtime, listener: Mutex::default(), connections: Mutex::default() }
    }

    /// Whether it listens.
    pub fn is_up(&self) -> bool {
        self.listener.lock().unwrap().is_some()
    }

    /// Listens, unless it does.
    pub fn start(&self, world: &Arc<World>, listener: std::net::TcpListener) -> io::Result<()> {
        let mut slot = self.listener.lock().unwrap();
        if slot.is_some() {
            return Ok(());
        }
        listener.set_nonblocking(true)?;
        let entered = self.runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(entered);
        let (world, number) = (world.clone(), self.number);
        *slot = Some(self.runtime.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((socket, _)) => world.nodes[number].serve(&world, socket),
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        }));
        Ok(())
    }

    /// Stops listening and cuts every connection, like a process that is killed.
    pub fn kill(&self) {
        let listener = self.listener.lock().unwrap().take();
        if let Some(listener) = listener {
            listener.abort();
            while !listener.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
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

async fn talk(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, link: Link) {
    let service = service_fn(move |request| {
        let link = link.clone();
        async move { Ok::<_, Infallible>(route(link, request).await) }
    });
    // How it ended matters to nobody: the client sees it.
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn route(link: Link, request: Request<Incoming>) -> Response<Body> {
    match request.uri().path() {
        "/event_store.client.streams.Streams/Read" => services::read(link, request).await,
        "/event_store.client.streams.Streams/Append" => services::append(link, request).await,
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
