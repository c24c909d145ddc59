//! How everything stands: the checks of the engine, and what only a running desk knows.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use domain::Reason;
use domain::rights::Menu;
use engine::health::{self, Finding, Health};
use std::sync::Arc;
use store::seal::keys::KeyState;

struct FindingShown {
    class: &'static str,
    word: &'static str,
    check: &'static str,
    text: String,
    remedy: String,
}

struct LaneShown {
    key: String,
    /// The mall and the shops it talks for.
    name: String,
    host: String,
    here: bool,
    owned: bool,
    beats: i64,
    held: String,
}

struct JobShown {
    id: i64,
    at: String,
    state: &'static str,
    total: i64,
}

#[derive(Template)]
#[template(path = "diagnostics/state.html")]
struct StatePage {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    findings: Vec<FindingShown>,
    shops: Vec<(String, String, Option<Reason>)>,
    lanes: Vec<LaneShown>,
    jobs: Vec<JobShown>,
    text: String,
    bad: usize,
}

/// Checks of this process: key, disk, address.
async fn of_process(desk: &Desk, headers: &HeaderMap) -> Result<Vec<Finding>, Refusal> {
    let mut found = vec![match desk.ledger().key_state() {
        KeyState::InUse => {
            Finding::ok("master_key", "マスターキーは使われています", "the master key is in use")
        }
        KeyState::Rotating => health::key_rotating(),
    }];
    if let Some(folder) = desk.config.folder.clone() {
        let disk = tokio::task::spawn_blocking(move || health::disk(&folder)).await;
        found.push(disk.map_err(|_| Refusal::inside())?);
    }
    found.extend(address(&desk.config.base_url, headers));
    Ok(found)
}

/// The address people use and the one that is set: links, cookies and consent start from the latter.
fn address(base_url: &str, headers: &HeaderMap) -> Option<Finding> {
    let secure = base_url.starts_with("https://");
    let seen = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let forwarded = headers.contains_key("x-forwarded-proto") || headers.contains_key("forwarded");
    let set = base_url.split_once("://").map_or(base_url, |(_, rest)| rest).trim_end_matches('/');
    let remedy = "choba serve --base-url に、利用者が開くアドレスを指定してください。";
    if forwarded && !secure {
        let ja = "プロキシーを通していますが、設定されたアドレスが https ではありません";
        return Some(Finding::warning("address", ja, "behind a proxy, but the address is not https", remedy));
    }
    if !seen.is_empty() && set.split('/').next() != Some(seen) {
        let ja = "開いているアドレスと、設定されたアドレスが違います";
        return Some(Finding::warning(
            "address",
            ja,
            "the address in use is not the one that is set",
            remedy,
        ));
    }
    let here = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| seen.starts_with(host));
    if !secure && !here && !seen.is_empty() {
        return Some(Finding::warning(
            "address",
            "暗号化なし（http）で開いています",
            "the desk is used without encryption",
            "TLSのプロキシーを前に置き、choba serve --base-url に https のアドレスを指定してください。",
        ));
    }
    Some(Finding::ok("address", "アドレスは合っています", "the address fits"))
}

/// Memory this process holds, where the system tells.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} MB", kilobytes / 1_024))
}

fn facts(desk: &Desk, lang: Lang) -> Vec<(&'static str, String)> {
    let database = match desk.ledger().db().kind() {
        store::Kind::Sqlite => "SQLite",
        store::Kind::Postgres => "PostgreSQL",
    };
    let mut facts = vec![
        (lang.t("版", "Version"), env!("CARGO_PKG_VERSION").to_owned()),
        (lang.t("データベース", "Database"), format!("{database} / {}", store::migrate::program())),
        (lang.t("アドレス", "Address"), desk.config.base_url.clone()),
        (lang.t("時刻", "Time"), moment(desk.now())),
    ];
    facts.extend(memory().map(|memory| (lang.t("メモリー", "Memory"), memory)));
    facts
}

async fn lanes(desk: &Desk, visitor: &Visitor) -> Result<Vec<LaneShown>, Refusal> {
    let lang = visitor.lang();
    let shops = seen::shops(desk, visitor).await?;
    let name = |key: &str| {
        let mut own = shops.iter().filter(|s| s.lane_key == key).peekable();
        let mall = own.peek().and_then(|s| desk.hub.mall(&s.mall)).map_or("", |m| m.descriptor().name);
        let names: Vec<&str> = own.map(|s| s.name.as_str()).collect();
        match names.is_empty() {
            true => lang.t("（店舗なし）", "(no shop)").to_owned(),
            false => format!("{mall}：{}", names.join("、")),
        }
    };
    let ours = desk.hub.owned_lanes();
    let now = desk.now();
    Ok(desk
        .ledger()
        .lanes()
        .await?
        .into_iter()
        .map(|lane| LaneShown {
            here: ours.contains(&lane.lane_key),
            owned: lane.owner.is_some(),
            host: lane.host.unwrap_or_else(|| lang.t("なし", "nobody").to_owned()),
            beats: lane.beat,
            held: if lane.held_until > now { moment(lane.held_until) } else { String::new() },
            name: name(&lane.lane_key),
            key: lane.lane_key,
        })
        .collect())
}

fn shown(lang: Lang, finding: Finding) -> FindingShown {
    let (class, word) = match finding.level {
        Health::Ok => ("ok", lang.t("正常", "ok")),
        Health::Warning => ("warn", lang.t("注意", "warning")),
        Health::Bad => ("bad", lang.t("異常", "bad")),
    };
    FindingShown {
        class,
        word,
        check: finding.check,
        text: lang.t(&finding.ja, &finding.en).to_owned(),
        remedy: finding.remedy,
    }
}

/// For a mail to whoever helps.
fn text(facts: &[(&'static str, String)], findings: &[FindingShown], lanes: &[LaneShown]) -> String {
    let facts = facts.iter().map(|(name, value)| format!("{name}: {value}"));
    let findings = findings.iter().map(|f| format!("[{}] {}: {}", f.word, f.check, f.text));
    let lanes = lanes.iter().map(|l| format!("lane {}: {} beat {} {}", l.key, l.host, l.beats, l.held));
    let lines: Vec<String> = facts.chain(findings).chain(lanes).collect();
    format!("帳場 診断\n{}\n", lines.join("\n"))
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, headers: HeaderMap) -> Page {
    let (lang, access) = (visitor.lang(), visitor.access());
    let mut found = of_process(&desk, &headers).await?;
    found.extend(health::of_ledger(desk.ledger(), &|key| desk.hub.mall(key), desk.now()).await?);
    found.retain(|f| f.shop.is_none_or(|shop| access.sees(shop)));
    found.sort_by_key(|f| std::cmp::Reverse(f.level));
    let findings: Vec<FindingShown> = found.into_iter().map(|f| shown(lang, f)).collect();
    let (facts, lanes) = (facts(&desk, lang), lanes(&desk, &visitor).await?);
    let jobs = desk.ledger().failed_jobs(20).await?.into_iter().map(|job| JobShown {
        id: job.job_id,
        at: moment(job.created_at),
        state: match job.state.as_str() {
            "partial" => lang.t("一部できませんでした", "partly failed"),
            _ => lang.t("失敗", "failed"),
        },
        total: job.total,
    });
    let shops = seen::shops(&desk, &visitor).await?.into_iter().map(|shop| {
        let last = shop.imported_to.map_or_else(|| lang.t("未取込", "not yet").to_owned(), moment);
        (shop.name, last, shop.held_reason)
    });
    let here = Here { menu: Some(Menu::Diagnostics), ..Here::default() };
    frame::page(&StatePage {
        frame: Frame::new(&desk, &visitor, lang.t("診断", "Diagnostics"), here).await?,
        text: text(&facts, &findings, &lanes),
        bad: findings.iter().filter(|f| f.class != "ok").count(),
        facts,
        findings,
        shops: shops.collect(),
        lanes,
        jobs: jobs.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(base_url: &str, headers: &[(&'static str, &'static str)]) -> Health {
        let pairs = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        });
        address(base_url, &pairs.collect()).unwrap().level
    }

    #[test]
    fn a_wrong_address_is_told_before_links_and_consents_break_f72() {
        assert_eq!(level("https://desk.example", &[("host", "desk.example")]), Health::Ok);
        assert_eq!(level("http://127.0.0.1:8080", &[("host", "127.0.0.1:8080")]), Health::Ok);
        assert_eq!(level("http://10.0.0.5:8080", &[("host", "10.0.0.5:8080")]), Health::Warning);
        assert_eq!(level("http://127.0.0.1:8080", &[("host", "desk.example")]), Health::Warning);
        let proxied = [("host", "127.0.0.1:8080"), ("x-forwarded-proto", "https")];
        assert_eq!(level("http://127.0.0.1:8080", &proxied), Health::Warning);
    }
}
