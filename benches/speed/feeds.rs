//! The log as server-sent events: how fast one reader gets its backlog over a socket, beside what
//! each step of it takes, and what a thousand readers that wait cost.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use docket::codec::CloudEvents;
use docket::log::{EventLog as _, SqliteLog};

use crate::acts::copy;
use crate::generate::Made;
use crate::measure::{Cpu, by_thread, heading, line, memory_mib, threads};
use crate::parts::sample;
use crate::server::{Filling, Server};

/// Readers that wait.
const IDLE: usize = 1000;

/// Everything about streams.
pub async fn feeds(data: &Path, made: &Made, time: Duration) -> anyhow::Result<()> {
    heading("Server-sent events");
    writing(made, time).await?;
    let log = SqliteLog::open_reader(made.log())?;
    let head = log.head().await?.context("an empty log")?;
    drop(log);
    let copied = copy(made, data, "feeds")?;
    let server = Server::start(&copied.folder, Filling::Nowhere)?;
    backlog(&server, head)?;
    backlog(&server, head)?;
    idle(&server, head)?;
    server.stop()
}

/// CloudEvents written into a buffer, on one thread.
async fn writing(made: &Made, time: Duration) -> anyhow::Result<()> {
    let events = sample(made).await?;
    let cloud = CloudEvents::new("docket", "urn:docket:bench", Some("https://d.example/s/"));
    let (mut written, mut bytes, mut out) = (0, 0, Vec::new());
    let began = Instant::now();
    while began.elapsed() < time {
        for event in &events {
            cloud.write(event, &mut out)?;
            if out.len() > 256 * 1024 {
                bytes += black_box(&out).len();
                out.clear();
            }
        }
        written += events.len();
    }
    bytes += out.len();
    let rate = written as f64 / began.elapsed().as_secs_f64();
    line("CloudEvents written", rate, "events/s", &format!("{} bytes each", bytes / written));
    Ok(())
}

/// A stream after a position.
fn open(server: &Server, after: Option<u64>) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(server.address)?;
    let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
    let request = format!(
        "GET /v1/events{query} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\n\r\n",
        server.address, server.token
    );
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// Reads until the marker that says that there is no more; bytes and line breaks.
fn until_caught_up(stream: &mut TcpStream, head: u64) -> anyhow::Result<(usize, usize)> {
    let marker = format!("event: caught-up\nid: {head:020}\n");
    let (mut bytes, mut breaks, mut end) = (0, 0, Vec::new());
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = stream.read(&mut buffer)?;
        ensure!(read > 0, "the stream ended");
        let new = &buffer[..read];
        bytes += read;
        breaks += new.iter().filter(|byte| **byte == b'\n').count();
        end.extend_from_slice(&new[read.saturating_sub(512)..]);
        if end.windows(marker.len()).any(|part| part == marker.as_bytes()) {
            return Ok((bytes, breaks));
        }
        let keep = end.len().min(512);
        end.drain(..end.len() - keep);
    }
}

fn backlog(server: &Server, head: u64) -> anyhow::Result<()> {
    let (before, of_threads) = (Cpu::of(server.pid), threads(server.pid));
    let own = Cpu::own();
    let began = Instant::now();
    let mut stream = open(server, None)?;
    let (bytes, breaks) = until_caught_up(&mut stream, head)?;
    let took = began.elapsed();
    let events = head as usize + 1;
    // An event is four lines: id, event, data, and the empty one.
    ensure!(breaks >= 4 * events, "{breaks} lines for {events} events");
    let more = format!(
        "{:.0} MB/s; server {}, client {}; µs each: {}",
        bytes as f64 / 1e6 / took.as_secs_f64(),
        Cpu::of(server.pid).since(before).share(took),
        Cpu::own().since(own).share(took),
        by_thread(&threads(server.pid), &of_threads, events)
    );
    line("backlog of one reader", events as f64 / took.as_secs_f64(), "events/s", &more);
    Ok(())
}

fn idle(server: &Server, head: u64) -> anyhow::Result<()> {
    let opened = |after: u64| -> anyhow::Result<(Vec<TcpStream>, f64)> {
        let before = memory_mib(server.pid, "VmRSS");
        let mut streams = Vec::with_capacity(IDLE);
        for _ in 0..IDLE {
            let mut stream = open(server, Some(after))?;
            until_caught_up(&mut stream, head)?;
            streams.push(stream);
        }
        Ok((streams, memory_mib(server.pid, "VmRSS") - before))
    };
    let (streams, more) = opened(head)?;
    println!("{IDLE} idle readers cost {more:.1} MiB");
    let cpu = Cpu::of(server.pid);
    let quiet = Duration::from_secs(16);
    std::thread::sleep(quiet);
    let share = Cpu::of(server.pid).since(cpu).share(quiet);
    println!("over {quiet:?}, with a comment each, they took {share} of a core");
    drop(streams);
    let (_streams, more) = opened(head.saturating_sub(2000))?;
    println!("{IDLE} that have read 2,000 events each cost {more:.1} MiB beside what those left");
    Ok(())
}
