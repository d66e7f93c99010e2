//! Acts and single reads beside eight readers of the whole log: their quiet times, and those that
//! everyone else has meanwhile.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::acts::{WARM, areas, copy};
use crate::generate::{Made, Size};
use crate::measure::{flush, heading};
use crate::server::{Filling, Server, rebuild_apart};
use crate::whole::{Load, Went};

/// Readers of the backlog.
const READERS: usize = 8;
/// Clients that act, and those that ask.
const CLIENTS: usize = 4;
/// Acts a second, and as many questions: a part of what the server can do, since waiting for a core
/// is not what is measured.
const PACE: usize = 200;

/// Measures the same paced load without and with readers of the backlog.
pub async fn beside(data: &Path, made: &Made, size: Size, time: Duration) -> anyhow::Result<()> {
    heading(&format!("Beside {READERS} readers of the whole log"));
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let copied = copy(made, data, "beside")?;
    rebuild_apart(&copied)?;
    let server = Server::start(&copied.folder, Filling::Here)?;
    let load = Load::new(&server, areas(size, WARM).into());
    load.status(CLIENTS, None, Duration::from_secs(1))?;
    let mut quiet = [load.acts("quiet", CLIENTS, Some(PACE), time)?, status(&load, time)?];
    let readers = Readers::start(&server);
    let began = Instant::now();
    let mut meanwhile = [load.acts("beside", CLIENTS, Some(PACE), time)?, status(&load, time)?];
    let took = began.elapsed();
    let bytes = readers.stop()?;
    for (name, (quiet, meanwhile)) in
        ["acts", "GET status"].iter().zip(quiet.iter_mut().zip(&mut meanwhile))
    {
        let times = meanwhile.times.percentile_ms(0.99) / quiet.times.percentile_ms(0.99);
        println!(
            "{name}, {PACE}/s: quiet {} ms, beside the readers {} ms (p50 / p99): {times:.1} times the quiet p99",
            quiet.times.shown(),
            meanwhile.times.shown()
        );
    }
    let rate = bytes as f64 / 1e6 / took.as_secs_f64();
    println!("the readers took {rate:.0} MB/s together");
    server.stop()?;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

fn status(load: &Load<'_>, time: Duration) -> anyhow::Result<Went> {
    load.status(CLIENTS, Some(PACE), time)
}

/// Readers that begin anew at the end of the log.
struct Readers {
    stopped: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    running: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Readers {
    fn start(server: &Server) -> Self {
        let (stopped, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let running = (0..READERS).map(|_| {
            let (stopped, bytes) = (stopped.clone(), bytes.clone());
            let (address, token) = (server.address, server.token.clone());
            std::thread::spawn(move || {
                // They stand for other machines: what they take of this one is not the server's.
                docket::log::yield_to_others();
                while !stopped.load(Ordering::Relaxed) {
                    read(address, &token, &stopped, &bytes)?;
                }
                Ok(())
            })
        });
        let running = running.collect();
        Self { stopped, bytes, running }
    }

    /// How many bytes they got.
    fn stop(self) -> anyhow::Result<u64> {
        self.stopped.store(true, Ordering::Relaxed);
        for reader in self.running {
            reader.join().map_err(|_| anyhow::anyhow!("a reader panicked"))??;
        }
        let bytes = self.bytes.load(Ordering::Relaxed);
        ensure!(bytes > 0, "the readers got nothing");
        Ok(bytes)
    }
}

fn read(
    address: SocketAddr,
    token: &str,
    stopped: &AtomicBool,
    bytes: &AtomicU64,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let request = format!(
        "GET /v1/events?limit=all HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: application/x-ndjson\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut buffer = vec![0; 256 * 1024];
    let mut is_first = true;
    while !stopped.load(Ordering::Relaxed) {
        let read = stream.read(&mut buffer)?;
        if is_first {
            ensure!(buffer[..read].starts_with(b"HTTP/1.1 200"), "the feed was refused");
            is_first = false;
        }
        if read == 0 {
            break;
        }
        bytes.fetch_add(read as u64, Ordering::Relaxed);
    }
    Ok(())
}
