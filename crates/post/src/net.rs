//! One connection to a mail server: to addresses that were looked at (F63), with TLS unless the server is one's own, and
//! with a bound on what it may pour in.

use domain::{Reason, reason};
use engine::http_wire::{EndpointPolicy, addresses_of, is_public};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for one address, and for the handshake. The network's own: real even where tests move time.
const CONNECT: Duration = Duration::from_secs(15);

/// Where to connect.
pub(crate) struct At<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

/// What this machine trusts; on a machine that has nothing, the roots of Mozilla that are built in.
pub(crate) fn trusted() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// TLS with ring.
pub(crate) fn tls(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection that reads so many bytes and no more until it is allowed more.
pub(crate) struct Connection {
    inner: Box<dyn Duplex>,
    allowance: Allowance,
}

/// What may still be read.
#[derive(Clone, Default)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// From now on so many bytes.
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::SeqCst);
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        let n = buf.filled().len() - before;
        let left = self.allowance.0.load(Ordering::SeqCst);
        match left.checked_sub(n) {
            Some(left) => self.allowance.0.store(left, Ordering::SeqCst),
            None => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too much at once"))),
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Looks the name up and connects.
///
/// # Errors
/// Why not.
pub(crate) async fn connect(
    at: &At<'_>,
    policy: EndpointPolicy,
    tls: &Arc<ClientConfig>,
) -> Result<(Connection, Allowance), Reason> {
    let found = addresses_of(at.host, at.port, policy).await.map_err(|e| match e.kind() {
        io::ErrorKind::PermissionDenied => reason::listener_address_private(at.host),
        _ => reason::listener_host_not_found(at.host),
    })?;
    if !at.tls && found.iter().any(|a| is_public(a.ip())) {
        return Err(reason::listener_plain(at.host));
    }
    let mut connected = None;
    for address in found {
        if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
            connected = Some(stream);
            break;
        }
    }
    let stream = connected.ok_or_else(|| reason::listener_no_connection(at.host))?;
    let inner: Box<dyn Duplex> =
        if at.tls { Box::new(wrap(at, stream, tls).await?) } else { Box::new(stream) };
    let allowance = Allowance::default();
    Ok((Connection { inner, allowance: allowance.clone() }, allowance))
}

async fn wrap(
    at: &At<'_>,
    stream: TcpStream,
    tls: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Reason> {
    let name = ServerName::try_from(at.host.to_owned()).map_err(|_| reason::listener_certificate(at.host))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(tls));
    match timeout(CONNECT, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            let tls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
            Err(match tls {
                Some(rustls::Error::InvalidCertificate(_)) => reason::listener_certificate(at.host),
                Some(_) => reason::listener_answer_unclear(at.host),
                None => reason::listener_connection_lost(at.host),
            })
        }
        Err(_) => Err(reason::listener_no_connection(at.host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(host: &str, tls_on: bool, allow_private: bool) -> String {
        let tls = tls(RootCertStore::empty()).unwrap();
        let at = At { host, port: 9, tls: tls_on };
        let done = connect(&at, EndpointPolicy { allow_private }, &tls).await;
        done.err().map(|r| r.code).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_private_mail_server_is_not_spoken_to_and_no_password_goes_out_in_the_open_f63() {
        for private in ["127.0.0.1", "localhost", "169.254.169.254", "::1", "192.168.1.1"] {
            assert_eq!(refused(private, true, false).await, "listener_address_private", "{private}");
        }
        // Nothing is sent to it: the address alone decides.
        assert_eq!(refused("1.1.1.1", false, true).await, "listener_plain");
    }
}
