//! Which addresses the program may talk to (F63).
//!
//! An endpoint is a setting, and a setting can be wrong or malicious. Private, loopback and link-local addresses are
//! refused *after* the name was resolved, and the connection is made to the very addresses that were looked at: a
//! name that answers differently the second time gains nothing.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// What an endpoint may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndpointPolicy {
    /// Private addresses and plain HTTP are fine (the demo, a simulator on this machine).
    pub allow_private: bool,
}

/// The name leads to an address that the policy forbids.
#[derive(Debug, thiserror::Error)]
#[error("the address is private and not allowed")]
pub(super) struct PrivateAddress;

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks a name up; tests bring their own.
pub(super) type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// The machine's resolver.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// A resolver that keeps only allowed addresses.
pub(super) struct Guarded {
    pub(super) policy: EndpointPolicy,
    pub(super) lookup: Lookup,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, lookup) = (self.policy, Arc::clone(&self.lookup));
        Box::pin(async move {
            let mut found = lookup(name.as_str().to_owned()).await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            found.retain(|address| policy.allow_private || is_public(*address));
            if found.is_empty() {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// Where a name leads, as far as the policy lets anybody talk to it. For ways other than HTTP (mail): the caller connects to
/// these very addresses.
///
/// # Errors
/// The name is not known, or leads to private addresses only (`PermissionDenied`).
pub async fn addresses_of(host: &str, port: u16, policy: EndpointPolicy) -> io::Result<Vec<SocketAddr>> {
    let mut found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    if found.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    found.retain(|address| policy.allow_private || is_public(address.ip()));
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, PrivateAddress));
    }
    Ok(found)
}

/// Is this an address of the open internet? What is reserved for anything else counts as private.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let reserved = v4.is_unspecified()
        || v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (18..20).contains(&b)); // benchmarks
    !reserved
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    // forms that carry an IPv4 address inside are judged by it
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x0064, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && inner(g, h), // NAT64
        (0x2002, _) => inner(b, c),                                      // 6to4
        (0x2001, 0x0000..0x0200) => false,                               // Teredo and other assignments
        (0x2001, 0x0db8) => false,                                       // documentation
        (0x3fff, 0x0000..0x1000) => false,                               // documentation
        _ => (0x2000..0x4000).contains(&a),                              // the only global unicast in use
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public_f63() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "100.127.255.255",
            "192.0.0.8",
            "192.88.99.1",
            "198.19.255.255",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "99.64.0.1",
            "133.237.16.1",
            "191.0.0.1",
            "191.88.99.1",
            "192.0.1.1",
            "192.1.0.1",
            "192.88.98.1",
            "192.89.99.1",
            "197.18.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "172.15.0.1",
            "172.32.0.1",
            "2400:cb00::1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    async fn resolve(allow_private: bool, answer: &'static [&'static str]) -> Option<Vec<String>> {
        let lookup: Lookup = Arc::new(move |_| {
            Box::pin(async move { Ok(answer.iter().map(|a| a.parse().unwrap()).collect()) })
        });
        let guarded = Guarded { policy: EndpointPolicy { allow_private }, lookup };
        let found = guarded.resolve("mall.example".parse().unwrap()).await;
        found.ok().map(|addresses| addresses.map(|a| a.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_leads_f63() {
        assert_eq!(resolve(false, &["127.0.0.1", "::1", "169.254.169.254"]).await, None);
        assert_eq!(resolve(false, &["10.0.0.1", "1.1.1.1"]).await, Some(vec!["1.1.1.1".to_owned()]));
        assert_eq!(resolve(true, &["127.0.0.1"]).await, Some(vec!["127.0.0.1".to_owned()]));
        assert_eq!(resolve(false, &[]).await, None);
    }
}
