//! Connecting a shop: what the Descriptor says must be true before anything is stored.

use domain::credential::{Urgency, remaining};
use domain::{Reason, UtcMillis};
use mall_api::descriptor::{CredentialField, CredentialRule, CredentialSource, Descriptor};
use mall_api::{Credentials, Mall};
use std::collections::BTreeMap;
use store::shops::NewCredential;
use store::{Ledger, Shop, StoreError};

/// Something that does not fit, by the key of the field. Never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Key of the credential or setting.
    pub key: String,
    /// What is wrong, Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
}

fn problem(key: &str, ja: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem { key: key.to_owned(), ja: ja.into(), en: en.into() }
}

/// Credentials a person may enter; what the lane renews by itself is not among them.
pub fn enterable(descriptor: &Descriptor) -> impl Iterator<Item = &CredentialField> {
    descriptor.credentials.iter().filter(|c| c.source != CredentialSource::Renewed)
}

/// Checks credentials against the Descriptor: known keys, the form of each, both-or-neither together with those that
/// are `there` already.
pub fn check_credentials(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
    there: &[String],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in given {
        match enterable(descriptor).find(|c| c.key == key) {
            None => {
                let keys: Vec<&str> = enterable(descriptor).map(|c| c.key).collect();
                let keys = keys.join(", ");
                problems.push(problem(
                    key,
                    format!("このモールにその認証情報はありません（{keys}）"),
                    format!("is not a credential of this mall ({keys})"),
                ));
            }
            Some(field) => {
                if let Err(ja) = (field.check)(value) {
                    problems.push(problem(key, ja, "has the wrong form"));
                }
            }
        }
    }
    let has = |key: &str| given.contains_key(key) || there.iter().any(|k| k == key);
    for rule in &descriptor.credential_rules {
        let CredentialRule::BothOrNeither(one, other) = *rule;
        if has(one) != has(other) {
            problems.push(problem(
                if has(one) { other } else { one },
                format!("{one} と {other} は両方登録するか、両方空にしてください"),
                format!("{one} and {other} go together: both or neither"),
            ));
        }
    }
    problems
}

/// Checks settings a shop begins with: known keys, the form of each, and that none that must be given is missing.
pub fn check_settings(descriptor: &Descriptor, given: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in given {
        match descriptor.settings.iter().find(|f| f.key == key) {
            None => {
                problems.push(problem(key, "そのような設定はありません", "is not a setting of this mall"))
            }
            Some(field) => {
                if let Err(ja) = (field.check)(value) {
                    problems.push(problem(key, ja, "has a wrong value"));
                }
            }
        }
    }
    for field in descriptor.settings.iter().filter(|f| f.required && !given.contains_key(f.key)) {
        let ja = format!("{}を指定してください。{}", field.label, field.help);
        problems.push(problem(field.key, ja, "must be given"));
    }
    problems
}

/// Gives a new shop the rows of 紐付け設定 its mall proposes (NTF-11). What is there stays.
///
/// # Errors
/// As the database says.
pub async fn seed_status_links(
    ledger: &Ledger,
    shop: domain::ShopId,
    descriptor: &Descriptor,
) -> Result<(), StoreError> {
    let row = |seed: &mall_api::descriptor::StatusLinkSeed| domain::link::StatusLink {
        shop_id: shop,
        phase: seed.phase.into(),
        status: seed.status.to_owned(),
        on: seed.on,
    };
    let rows: Vec<_> = descriptor.status_links.iter().map(row).collect();
    ledger.seed_status_links(&rows).await
}

/// Adds the mall's carriers and codes to the master list. What people changed stays.
///
/// # Errors
/// As the database says.
pub async fn merge_carriers(ledger: &Ledger, descriptor: &Descriptor) -> Result<(), StoreError> {
    let mut known: BTreeMap<_, _> =
        ledger.carriers().await?.into_iter().map(|c| (c.carrier.0.clone(), c)).collect();
    for seed in &descriptor.carriers {
        let carrier = known
            .entry(seed.carrier.to_owned())
            .or_insert_with(|| domain::carrier::Carrier::new(seed.carrier, seed.name));
        if !carrier.mall_codes.contains_key(descriptor.mall) {
            carrier.mall_codes.insert(descriptor.mall.to_owned(), seed.code.to_owned());
            ledger.put_carrier(carrier).await?;
        }
    }
    Ok(())
}

/// Checks an address for a role of the mall's hosts (`*`: all of them). `allow_private` lets it be on this machine, in
/// the house, or without TLS (F63); names are judged by the network as well when they are used.
///
/// # Errors
/// Why it is not taken, under the role's name.
pub fn check_endpoint(
    descriptor: &Descriptor,
    role: &str,
    url: &str,
    allow_private: bool,
) -> Result<String, Problem> {
    if role != "*" && !descriptor.endpoints.iter().any(|e| e.role == role) {
        let known: Vec<&str> = descriptor.endpoints.iter().map(|e| e.role).collect();
        let known = known.join(", ");
        let ja = format!("「{role}」という役割はありません（{known}）");
        return Err(problem(role, ja, format!("there is no role {role} ({known})")));
    }
    let parsed =
        url.parse::<reqwest::Url>().ok().filter(|u| u.has_host() && matches!(u.scheme(), "http" | "https"));
    let Some(parsed) = parsed else { return Err(problem(role, "URLではありません", "is not a URL")) };
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        let ja = "URLに利用者名・パスワード・問い合わせ（?）は含められません";
        return Err(problem(role, ja, "must hold no user, password or query"));
    }
    if !allow_private && (parsed.scheme() != "https" || is_private(&parsed)) {
        let ja = "httpsの公開アドレスだけを指定できます（社内や自分の機械には --allow-private-endpoints）";
        return Err(problem(role, ja, "must be a public https address (--allow-private-endpoints)"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Private by its very writing.
fn is_private(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Checks the name of a shop.
///
/// # Errors
/// Under the key `name`.
pub fn check_shop_name(name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() || name.chars().any(char::is_control) || name.chars().count() > 100 {
        let ja = "店舗の名前は1〜100文字で指定してください";
        return Err(problem("name", ja, "must have 1 to 100 characters"));
    }
    Ok(())
}

/// A shop that is to be connected; its parts were checked.
#[derive(Debug, Clone, Default)]
pub struct NewShop {
    /// Name.
    pub name: String,
    /// Addresses by role; missing = the mall's own.
    pub endpoints: BTreeMap<String, String>,
    /// Settings by key.
    pub settings: BTreeMap<String, String>,
}

/// Connects a shop: its row, its credentials, the mall's carriers and the rows of 紐付け設定 it proposes.
///
/// # Errors
/// `Unique` when the name is taken; else as the database says.
pub async fn connect(
    ledger: &Ledger,
    mall: &dyn Mall,
    new: &NewShop,
    credentials: &BTreeMap<String, String>,
    now: UtcMillis,
) -> Result<Shop, StoreError> {
    let descriptor = mall.descriptor();
    let secrets = Credentials::from_pairs(credentials.clone());
    let lane = |id| mall.pacing_key(id, &secrets);
    let shop = ledger.add_shop(&new.name, descriptor.mall, &new.endpoints, &new.settings, lane, now).await?;
    for (key, secret) in credentials {
        ledger.set_credential(shop.shop_id, key, secret, None, now).await?;
    }
    merge_carriers(ledger, descriptor).await?;
    seed_status_links(ledger, shop.shop_id, descriptor).await?;
    Ok(shop)
}

/// Stores credentials that a person entered, with the ends of life they told, in place of those that are there. They
/// were checked before. A shop is worked in the lane of its credential: with another key it may be another lane.
///
/// # Errors
/// `Conflict` when the shop is to change its lane while something of it is being sent. Else as the database says.
pub async fn store_credentials(
    ledger: &Ledger,
    mall: &dyn Mall,
    mut shop: Shop,
    given: &BTreeMap<String, String>,
    ends: &BTreeMap<String, UtcMillis>,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let mut all: BTreeMap<String, String> =
        ledger.open_credentials(shop.shop_id).await?.into_iter().collect();
    all.extend(given.clone());
    let lane_key = mall.pacing_key(shop.shop_id, &Credentials::from_pairs(all));
    if lane_key != shop.lane_key {
        shop.lane_key = lane_key;
        ledger.update_shop(&shop, now).await?;
    }
    let new: Vec<NewCredential<'_>> = given
        .iter()
        .map(|(key, secret)| NewCredential { credential: key, secret, expires_at: ends.get(key).copied() })
        .collect();
    // What the lane got with the old ones is another account's, perhaps.
    let outdated: Vec<&str> = mall.grant().map(|grant| grant.access_key()).into_iter().collect();
    if !new.is_empty() {
        ledger.set_credentials(shop.shop_id, &new, &outdated, now).await?;
    }
    for (key, end) in ends.iter().filter(|(key, _)| !given.contains_key(*key)) {
        ledger.credential_checked(shop.shop_id, key, Some(*end), None, now).await?;
    }
    Ok(())
}

/// One credential of a shop as boards show it. Holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialState {
    /// Key.
    pub key: &'static str,
    /// Japanese label.
    pub label: &'static str,
    /// Where to find it and how to renew it, Japanese.
    pub help: &'static str,
    /// Must be there before the shop can be used.
    pub required: bool,
    /// It is there.
    pub is_set: bool,
    /// End of life, where known.
    pub expires_at: Option<UtcMillis>,
    /// Days left on the Japanese calendar.
    pub days_left: Option<i64>,
    /// How urgent.
    pub urgency: Urgency,
    /// Last live check.
    pub checked_at: Option<UtcMillis>,
    /// What that check complained of.
    pub check_reason: Option<Reason>,
    /// The mall is asked for its end of life.
    pub expiry_asked: bool,
    /// How long it usually lives, milliseconds.
    pub usual_life_ms: Option<i64>,
}

/// The credentials of a shop that people enter, each as it stands.
///
/// # Errors
/// As the database says.
pub async fn credential_board(
    ledger: &Ledger,
    descriptor: &Descriptor,
    shop: domain::ShopId,
    now: UtcMillis,
) -> Result<Vec<CredentialState>, StoreError> {
    let rows = ledger.credential_rows(shop).await?;
    Ok(enterable(descriptor)
        .map(|field| {
            let row = rows.iter().find(|r| r.credential == field.key);
            let ends = field.expiry_asked || row.is_some_and(|r| r.expires_at.is_some());
            let left = remaining(row.and_then(|r| r.expires_at), now);
            CredentialState {
                key: field.key,
                label: field.label,
                help: field.help,
                required: field.required,
                is_set: row.is_some(),
                expires_at: row.and_then(|r| r.expires_at),
                days_left: left.days_left,
                urgency: if ends { left.urgency } else { Urgency::Fine },
                checked_at: row.and_then(|r| r.checked_at),
                check_reason: row.and_then(|r| r.check_reason.clone()),
                expiry_asked: field.expiry_asked,
                usual_life_ms: field.usual_life_ms,
            }
        })
        .collect())
}

/// Checks and reads the last day a credential is good, as the mall's screen says it: the end of that day in Japan.
///
/// # Errors
/// Under the key of the credential.
pub fn read_end(descriptor: &Descriptor, key: &str, day: &str) -> Result<UtcMillis, Problem> {
    if !enterable(descriptor).any(|field| field.key == key) {
        let ja = format!("{key}：このモールにない認証情報です");
        return Err(problem(key, ja, format!("{key}: no such credential")));
    }
    let wrong = || problem(key, format!("{key}：日付は 2027-11-21 の形で入力してください"), "not a date");
    let day: jiff::civil::Date = day.parse().map_err(|_| wrong())?;
    UtcMillis::parse_lenient(&format!("{day} 23:59:59")).ok_or_else(wrong)
}
