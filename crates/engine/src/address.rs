//! Where a request goes: the address of its role, or one that the mall itself gave. Pure.
//!
//! An address inside an answer is an outside word: it is followed only to hosts the role names, over https, and never
//! with a credential. A shop with an address of its own for the role (a simulator, a proxy) is followed there alone.

use mall_api::descriptor::Descriptor;
use mall_api::{WireError, WireRequest};
use reqwest::Url;
use std::collections::BTreeMap;

fn refused(what: &str) -> WireError {
    WireError::NotSent { what: what.to_owned() }
}

/// The address a request is sent to, without path and query.
pub(crate) fn base_url(
    descriptor: &Descriptor,
    endpoints: &BTreeMap<String, String>,
    request: &WireRequest,
) -> Result<String, WireError> {
    let role = request.role.as_str();
    let own = endpoints.get(role).or(endpoints.get("*"));
    let known = descriptor.endpoints.iter().find(|e| e.role == role);
    let Some(given) = &request.address else {
        return own
            .cloned()
            .or_else(|| known.map(|e| e.default_url.to_owned()))
            .ok_or_else(|| refused(&format!("no address for the role {role}")));
    };
    let url = Url::parse(given).map_err(|_| refused("the address the mall gave is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("the address the mall gave names a user"));
    }
    let allowed = match own {
        Some(own) => Url::parse(own).is_ok_and(|own| own.origin() == url.origin()),
        None => {
            let hosts = known.map_or(&[][..], |e| e.given_hosts);
            let host = url.host_str().unwrap_or_default();
            let named = |rule: &&str| match rule.strip_prefix('.') {
                Some(_) => host.len() > rule.len() && host.ends_with(*rule),
                None => host == *rule,
            };
            url.scheme() == "https" && url.port().is_none() && hosts.iter().any(named)
        }
    };
    if !allowed {
        return Err(refused(&format!("the address the mall gave is not one of the role {role}")));
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mall_api::Method;
    use mall_api::descriptor::EndpointRole;

    fn descriptor() -> Descriptor {
        let role = |role, default_url, given_hosts| EndpointRole { role, default_url, given_hosts };
        Descriptor {
            mall: "m",
            name: "m",
            mapping_version: 1,
            credentials: Vec::new(),
            credential_rules: Vec::new(),
            settings: Vec::new(),
            endpoints: vec![
                role("api", "https://api.example", &[]),
                role("document", "https://docs.example", &["docs.example", ".files.example"]),
            ],
            statuses: Vec::new(),
            period: None,
            operations: Vec::new(),
            look: &[],
            calls_per_day: None,
            writes: Vec::new(),
            status_links: Vec::new(),
            notice: None,
            carriers: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn at(role: &str, address: &str, own: &[(&str, &str)]) -> Result<String, WireError> {
        let own = own.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        base_url(&descriptor(), &own, &WireRequest::at_address("op", role, Method::Get, address))
    }

    #[test]
    fn a_given_address_is_followed_only_to_hosts_the_role_names_f61() {
        for good in ["https://docs.example/a?b=c", "https://x.files.example/", "https://docs.example:443/"] {
            assert!(at("document", good, &[]).is_ok(), "{good}");
        }
        for bad in [
            "http://docs.example/a",
            "https://docs.example:8443/a",
            "https://user@docs.example/a",
            "https://files.example/a",
            "https://evilfiles.example/a",
            "https://docs.example.evil.example/",
            "https://127.0.0.1/",
            "ftp://docs.example/",
            "docs.example/a",
            "",
        ] {
            let Err(WireError::NotSent { what }) = at("document", bad, &[]) else { panic!("{bad}") };
            assert!(!what.contains("example"), "no address in what is said: {what}");
        }
        assert!(at("api", "https://api.example/a", &[]).is_err(), "a role that names no host gives none");
    }

    #[test]
    fn a_shop_with_an_address_of_its_own_is_followed_there_alone_f61() {
        for own in [[("*", "http://127.0.0.1:9090")], [("document", "http://127.0.0.1:9090/base")]] {
            assert_eq!(at("document", "http://127.0.0.1:9090/d?x=1", &own).unwrap(), "http://127.0.0.1:9090");
            for bad in [
                "http://127.0.0.1:9091/d",
                "https://127.0.0.1:9090/d",
                "http://localhost:9090/d",
                "https://docs.example/a",
            ] {
                assert!(at("document", bad, &own).is_err(), "{bad}");
            }
        }
    }
}
