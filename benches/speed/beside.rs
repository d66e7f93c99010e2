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
use crate::measure::{Times, flush, heading};
use crate::server::{Filling, Server, rebuild_apart};
use crate::whole::{Load, Went};

/// Readers of the backlog.
const READERS: usize = 8;
/// Clients that act, and those that ask.
const CLIENTS: usize = 4;
/// Acts a second, and as many questions: a part of what the server can do, since waiting for a core
/// is not what is measured.
const PACE: usize = 200;

/// How often it is measured without and with readers, one after the other: what else the machine and
/// its disk do meanwhile hits both.
const ROUNDS: u32 = 5;

/// Measures the same paced load without and with readers of the backlog, in turn.
pub async fn beside(data: &Path, made: &Made, size: Size, time: Duration) -> anyhow::Result<()> {
    heading(&format!("Beside {READERS} readers of the whole log"));
    let copied = copy(made, data, "beside")?;
    rebuild_apart(&copied)?;
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let server = Server::start(&copied.folder, Filling::Here)?;
    let load = Load::new(&server, areas(size, WARM).into());
    load.status(CLIENTS, None, Duration::from_secs(1))?;
    // The first acts after a start wait for what is read for the first time.
    load.acts("first", CLIENTS, Some(PACE), Duration::from_secs(2))?;
    let time = time / 2;
    let acts = |run: String| load.acts(&run, CLIENTS, Some(PACE), time);
    compare("acts", &server, &acts)?;
    compare("GET status", &server, &|_| load.status(CLIENTS, Some(PACE), time))?;
    server.stop()?;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

/// One kind of request, quiet and beside readers.
fn compare(
    name: &str,
    server: &Server,
    run: &dyn Fn(String) -> anyhow::Result<Went>,
) -> anyhow::Result<()> {
    let (mut quiet, mut meanwhile) = (Times::default(), Times::default());
    let (mut factors, mut bytes, mut took) = (Vec::new(), 0, Duration::ZERO);
    for round in 0..ROUNDS {
        let mut alone = run(format!("quiet-{round}"))?.times;
        let readers = Readers::start(server);
        let began = Instant::now();
        let mut beside = run(format!("beside-{round}"))?.times;
        took += began.elapsed();
        bytes += readers.stop()?;
        factors.push(beside.percentile_ms(0.99) / alone.percentile_ms(0.99));
        quiet.join(alone);
        meanwhile.join(beside);
    }
    factors.sort_unstable_by(f64::total_cmp);
    println!(
        "{name}, {PACE}/s: quiet {} ms, beside the readers {} ms (p50 / p99): {:.1} times the quiet p99; by rounds {}",
        quiet.shown(),
        meanwhile.shown(),
        meanwhile.percentile_ms(0.99) / quiet.percentile_ms(0.99),
        factors.iter().map(|factor| format!("{factor:.1}")).collect::<Vec<_>>().join(", ")
    );
    let rate = bytes as f64 / 1e6 / took.as_secs_f64();
    println!("the readers took {rate:.0} MB/s together");
    Ok(())
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
        std::thread::yield_now();
    }
    Ok(())
}
