//! Connections are counted: what is more than the machine bears gets a 503 at once instead of waiting without an end (F49).

use axum::serve::Listener;
use mall_api::Clock;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What is said to one too many.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n\
    Connection: close\r\n\r\ntoo many connections\r\n";
/// Connections where the system does not tell its limit.
const USUAL: usize = 512;
/// More than this many people do not use one desk at once.
const MOST: usize = 2_048;

/// How many connections there may be: half of the files this process may open, the rest is for database and malls.
fn most(limits: &str) -> usize {
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let files: Option<usize> = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    files.map_or(USUAL, |files| (files / 2).clamp(8, MOST))
}

/// A listener that counts.
pub struct Bounded {
    inner: TcpListener,
    open: Arc<AtomicUsize>,
    most: usize,
    clock: Arc<dyn Clock>,
}

impl Bounded {
    /// Over a listener.
    pub fn new(inner: TcpListener, clock: Arc<dyn Clock>) -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        Self { inner, open: Arc::default(), most: most(&limits), clock }
    }

    fn refuse(&self, mut stream: TcpStream) {
        let clock = Arc::clone(&self.clock);
        tokio::spawn(async move {
            let tell = async {
                stream.write_all(BUSY).await?;
                stream.shutdown().await?;
                // What was sent is read, or the answer would be thrown away with it.
                let mut rest = [0; 4_096];
                while stream.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            tokio::select! {
                _ = tell => {}
                () = clock.sleep_ms(1_000) => {}
            }
        });
    }
}

impl Listener for Bounded {
    type Io = Counted;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Counted, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, address)) => {
                    if self.open.fetch_add(1, Ordering::SeqCst) < self.most {
                        return (Counted { stream, open: Arc::clone(&self.open) }, address);
                    }
                    self.open.fetch_sub(1, Ordering::SeqCst);
                    metrics::counter!("choba_connections_refused_total").increment(1);
                    self.refuse(stream);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    self.clock.sleep_ms(200).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A connection that is counted while it lives.
pub struct Counted {
    stream: TcpStream,
    open: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_files_are_for_connections_f49() {
        let limits = |n: &str| {
            format!("Limit  Soft Limit Hard Limit Units\nMax open files            {n}  4096  files\n")
        };
        assert_eq!(most(&limits("64")), 32);
        assert_eq!(most(&limits("1048576")), MOST);
        assert_eq!(most(&limits("4")), 8);
        assert_eq!(most("nothing is told"), USUAL);
        assert_eq!(BUSY.split(|b| *b == b'\n').next_back().map(<[u8]>::len), Some(0));
        assert!(BUSY.ends_with(b"\r\n\r\ntoo many connections\r\n"));
    }
}
