//! Forms that a Descriptor makes: fields are named `credential.KEY`, `setting.KEY`, `endpoint.ROLE`; what is not a field
//! of the mall is refused.

use crate::refusal::Refusal;
use mall_api::Descriptor;
use std::collections::BTreeMap;

/// A posted form, pair by pair.
pub type Pairs = Vec<(String, String)>;

/// The same, sorted. Not `Debug`: it holds secrets.
#[derive(Default)]
pub struct Sorted {
    /// Fields with plain names.
    pub plain: BTreeMap<String, String>,
    /// Credentials that were filled in.
    pub credentials: BTreeMap<String, String>,
    /// Ends of life that were filled in.
    pub ends: BTreeMap<String, String>,
    /// Settings, also empty ones.
    pub settings: BTreeMap<String, String>,
    /// Addresses, also empty ones.
    pub endpoints: BTreeMap<String, String>,
}

/// Sorts a form; `plain` names the other fields it may have.
///
/// # Errors
/// A field that the form does not have.
pub fn sort(pairs: Pairs, descriptor: &Descriptor, plain: &[&str]) -> Result<Sorted, Refusal> {
    let mut sorted = Sorted::default();
    for (name, value) in pairs {
        let unknown = || Refusal::field(&name, "入力を読み取れません", "is not a field of this form");
        let enterable = |key: &str| engine::setup::enterable(descriptor).any(|c| c.key == key);
        match name.split_once('.') {
            None if plain.contains(&name.as_str()) => {
                sorted.plain.insert(name, value);
            }
            Some(("credential", key)) if enterable(key) => {
                // What a person copies from a screen brings spaces along; an empty field changes nothing.
                let value = value.trim();
                if !value.is_empty() {
                    sorted.credentials.insert(key.to_owned(), value.to_owned());
                }
            }
            Some(("end", key)) if enterable(key) => {
                if !value.trim().is_empty() {
                    sorted.ends.insert(key.to_owned(), value.trim().to_owned());
                }
            }
            Some(("setting", key)) if descriptor.settings.iter().any(|s| s.key == key) => {
                sorted.settings.insert(key.to_owned(), value.trim().to_owned());
            }
            Some(("endpoint", role))
                if role == "*" || descriptor.endpoints.iter().any(|e| e.role == role) =>
            {
                sorted.endpoints.insert(role.to_owned(), value.trim().to_owned());
            }
            _ => return Err(unknown()),
        }
    }
    Ok(sorted)
}

/// Addresses that were filled in, checked.
///
/// # Errors
/// The one that does not fit.
pub fn endpoints(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
    allow_private: bool,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut out = BTreeMap::new();
    for (role, url) in given.iter().filter(|(_, url)| !url.is_empty()) {
        let checked = engine::setup::check_endpoint(descriptor, role, url, allow_private);
        let url = checked.map_err(|p| Refusal::field(format!("endpoint.{role}"), p.ja, p.en))?;
        out.insert(role.clone(), url);
    }
    Ok(out)
}
