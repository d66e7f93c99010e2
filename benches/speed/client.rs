//! A small HTTP/1.1 client: one connection kept open, one request under way, a thread each. A large
//! client would take more of the two cores than the server; and a runtime's timers tick in
//! milliseconds, too coarse for a paced load.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, bail, ensure};

/// The longest head of an answer.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its answer: the status, and how many bytes its body had.
    pub fn ask(&mut self, request: &[u8]) -> anyhow::Result<(u16, usize)> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let head = loop {
            self.fill()?;
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(self.buffer.len() < MAX_HEAD_BYTES, "the head of an answer does not end");
        };
        let (status, length) = {
            let text = std::str::from_utf8(&self.buffer[..head])?;
            (status(text)?, length(text)?)
        };
        while self.buffer.len() < head + length {
            self.fill()?;
        }
        Ok((status, length))
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        let head = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
        head.map_or(&[], |end| &self.buffer[end + 4..])
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let read = self.stream.read(&mut bytes)?;
        ensure!(read > 0, "the server closed the connection");
        self.buffer.extend_from_slice(&bytes[..read]);
        Ok(())
    }
}

fn status(head: &str) -> anyhow::Result<u16> {
    let status = head.split(' ').nth(1).context("an answer without a status")?;
    Ok(status.parse()?)
}

fn length(head: &str) -> anyhow::Result<usize> {
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(value.trim().parse()?);
        }
    }
    bail!("an answer without a length: {head}")
}
