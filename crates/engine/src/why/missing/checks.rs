//! The checks of WHY-1 for one shop, in the order in which a support desk would ask. Pure.

use super::super::{Check, Live, Mend, Seen, Trouble, with_mall, words};
use super::facts::Facts;
use domain::reason::{self, why};
use domain::snapshot::MallStage;
use domain::time::DAY;
use domain::{Reason, UtcMillis};

/// Clocks further apart are said, milliseconds (F48).
const FAR_MS: i64 = 60_000;

/// In this order.
pub(super) const ALL: &[fn(&Facts) -> Option<Check>] = &[
    aside, mail, state, files_only, credential, allowed, clock, mall, asked, age, at_mall, status, automatic,
    period, hold, failed, waits,
];

fn import_this(f: &Facts) -> Mend {
    let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
    Mend::ImportThis { shop_id, shop, mall_order_id: f.id.clone() }
}

fn enter(f: &Facts, credential: &str) -> Mend {
    let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
    Mend::EnterCredential { shop_id, shop, credential: credential.to_owned() }
}

fn test(f: &Facts) -> Mend {
    Mend::TestShop { shop_id: f.shop.shop_id, shop: f.shop.name.clone() }
}

/// What mends a refused access: the consent where there is one, else the keys; then the test.
fn access_mends(f: &Facts) -> Vec<Mend> {
    let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
    let mut mends = Vec::new();
    if f.is_granted {
        mends.push(Mend::Authorise { shop_id, shop });
    }
    mends.extend([enter(f, ""), test(f)]);
    mends
}

fn import_file(f: &Facts) -> Option<Mend> {
    f.never_in_files
        .is_some()
        .then(|| Mend::ImportFile { shop_id: f.shop.shop_id, shop: f.shop.name.clone() })
}

fn period_mend(f: &Facts) -> Option<Mend> {
    let (from, to) = f.ordered?;
    let day = |t: UtcMillis| t.japan_date().to_string();
    let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
    Some(Mend::ImportPeriod { shop_id, shop, from: day(from), to: day(to.plus(DAY)) })
}

fn seen(f: &Facts) -> Option<&Seen> {
    match &f.live {
        Live::There(seen) => Some(seen),
        _ => None,
    }
}

fn failed_with(f: &Facts, trouble: Trouble) -> Option<&Reason> {
    match &f.live {
        Live::Failed { trouble: met, reason } if *met == trouble => Some(reason),
        _ => None,
    }
}

fn aside(f: &Facts) -> Option<Check> {
    let Some(row) = &f.aside else {
        return Some(Check::passed("set_aside", "取込エラーにはありません", "Not among the import errors"));
    };
    let reason = with_mall(why::order_set_aside(words(&row.reason)), &row.reason);
    Some(Check::cause("set_aside", reason, vec![import_this(f)]))
}

/// Known from its mail: worth saying, and the end of the matter only when the mall cannot be asked.
fn mail(f: &Facts) -> Option<Check> {
    let at = f.provisional?;
    let time = at.to_japan_text();
    if f.live == Live::Nobody {
        return Some(Check::cause("mail", why::known_from_mail_only(time), vec![import_this(f)]));
    }
    Some(Check::passed(
        "mail",
        format!("モールの注文メールは届いています（{time}）"),
        format!("The mall's mail about it came at {time}"),
    ))
}

fn state(f: &Facts) -> Option<Check> {
    if f.shop.state == "active" {
        let name = &f.shop.name;
        return Some(Check::passed(
            "shop",
            format!("店舗「{name}」は有効です"),
            format!("Shop {name} is on"),
        ));
    }
    let mend = Mend::SwitchOn { shop_id: f.shop.shop_id, shop: f.shop.name.clone() };
    Some(Check::cause("shop", reason::shop_off(&f.shop.name), vec![mend]))
}

fn files_only(f: &Facts) -> Option<Check> {
    let never = f.never_in_files.as_ref()?;
    if f.by_api && !f.has_no_credential() {
        return None;
    }
    let mut reason = why::only_by_file(&f.shop.name);
    for what in never {
        reason.ja = format!("{}。{}", reason.ja, what.ja);
        reason.en = format!("{}. {}", reason.en, what.en);
    }
    let mut mends: Vec<Mend> = import_file(f).into_iter().collect();
    if f.by_api {
        mends.push(enter(f, ""));
    }
    Some(Check::cause("files_only", reason, mends))
}

fn credential(f: &Facts) -> Option<Check> {
    if let Some(missing) = f.credentials.iter().find(|c| c.required && !c.is_set) {
        let reason = reason::credential_missing(missing.label);
        return Some(Check::cause("credential", reason, vec![enter(f, missing.key)]));
    }
    if let Some(refused) = failed_with(f, Trouble::Credential) {
        let reason = with_mall(why::credential_refused(&f.shop.name, words(refused)), refused);
        return Some(Check::cause("credential", reason, access_mends(f)));
    }
    let fine = || {
        Check::passed("credential", "認証情報をモールが受け付けました", "The mall accepts the credentials")
    };
    if f.live.is_answer() {
        return Some(fine());
    }
    let over = f.credentials.iter().find(|c| c.is_set && c.expires_at.is_some_and(|end| end <= f.now));
    if let Some(over) = over {
        let end = over.expires_at.map(|t| t.japan_date().to_string()).unwrap_or_default();
        let reason = why::credential_expired(&f.shop.name, over.label, end);
        return Some(Check::cause("credential", reason, access_mends(f)));
    }
    if let Some(held) = f.shop.held_reason.as_ref().filter(|_| !matches!(f.live, Live::Failed { .. })) {
        let reason = with_mall(why::credential_refused(&f.shop.name, words(held)), held);
        return Some(Check::cause("credential", reason, access_mends(f)));
    }
    Some(Check::passed(
        "credential",
        "認証情報は登録されていて、期限内です",
        "Credentials are there and not expired",
    ))
}

fn allowed(f: &Facts) -> Option<Check> {
    if let Some(refused) = failed_with(f, Trouble::NotAllowed) {
        let reason = with_mall(why::access_not_allowed(&f.shop.name, words(refused)), refused);
        return Some(Check::cause("allowed", reason, access_mends(f)));
    }
    f.live.is_answer().then(|| {
        Check::passed(
            "allowed",
            "接続元のアドレス・キー・権限をモールが受け付けました",
            "Address, key and rights are accepted",
        )
    })
}

fn clock(f: &Facts) -> Option<Check> {
    let skew = f.skew_ms?;
    if skew.abs() <= FAR_MS {
        return Some(Check::passed("clock", "時計はモールと合っています", "The clocks agree"));
    }
    let reason = why::clocks_apart(skew.abs() / 1_000);
    // The mall answers all the same: worth saying, but not why.
    let failed = matches!(f.live, Live::Failed { .. });
    Some(if failed {
        Check::cause("clock", reason, Vec::new())
    } else {
        Check::unknown("clock", reason, Vec::new())
    })
}

fn mall(f: &Facts) -> Option<Check> {
    let reason = match (failed_with(f, Trouble::Passing), failed_with(f, Trouble::Refused)) {
        (Some(reason), _) | (_, Some(reason)) => reason,
        (None, None) => {
            return f.live.is_answer().then(|| {
                Check::passed(
                    "mall",
                    "モールは応答しています（メンテナンス中ではありません）",
                    "The mall answers",
                )
            });
        }
    };
    let told = with_mall(why::mall_does_not_answer_now(words(reason)), reason);
    Some(Check::cause("mall", told, vec![import_this(f)]))
}

fn asked(f: &Facts) -> Option<Check> {
    match f.live {
        Live::Nobody => Some(Check::unknown("asked", why::lane_not_worked(&f.shop.name), Vec::new())),
        Live::NotAsked => None,
        _ => {
            Some(Check::passed("asked", "モールにこの番号を聞きました", "The mall was asked for this number"))
        }
    }
}

fn age(f: &Facts) -> Option<Check> {
    let most = f.descriptor.period.as_ref()?.max_age_ms;
    let (_, to) = f.ordered?;
    if f.now.since(to) <= most {
        return None;
    }
    Some(Check::cause("age", why::order_too_old(most / DAY), import_file(f).into_iter().collect()))
}

fn at_mall(f: &Facts) -> Option<Check> {
    match &f.live {
        Live::NotThere => {
            Some(Check::cause("at_mall", why::order_not_at_mall(&f.shop.name), vec![import_this(f)]))
        }
        Live::Unreadable { what } => {
            let of = reason::order_unreadable(what);
            let reason = with_mall(why::listed_but_failed(words(&of)), &of);
            Some(Check::cause("at_mall", reason, vec![import_this(f)]))
        }
        Live::There(seen) => {
            let label = if seen.label.is_empty() { &seen.status } else { &seen.label };
            Some(Check::passed(
                "at_mall",
                format!(
                    "モールにあります（モールステータス「{label}」、注文日時 {}）",
                    seen.ordered_at.to_japan_text()
                ),
                format!("The mall has it (status {label}, ordered {})", seen.ordered_at.to_japan_text()),
            ))
        }
        _ => None,
    }
}

/// The status that keeps it out: as the mall says now, or as a run said then.
fn status(f: &Facts) -> Option<Check> {
    let fetched = crate::fetch_statuses::fetched(&f.descriptor, &f.shop);
    let add = |code: &str, label: &str| {
        let statuses = fetched.iter().cloned().chain([code.to_owned()]).collect();
        let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
        Mend::AddStatus { shop_id, shop, label: label.to_owned(), statuses }
    };
    if let Some(seen) = seen(f) {
        let label = if seen.label.is_empty() { &seen.status } else { &seen.label };
        if seen.stage == MallStage::Unknown || fetched.contains(&seen.status) {
            return Some(Check::passed(
                "status",
                format!("「{label}」は取得ステータスに入っています"),
                format!("{label} is among the fetched statuses"),
            ));
        }
        let mut mends = vec![import_this(f)];
        if f.descriptor.status(&seen.status).is_some() {
            mends.push(add(&seen.status, label));
        }
        return Some(Check::cause("status", reason::status_not_fetched(label), mends));
    }
    let note = f.notes.iter().find(|(_, n)| n.kind == "left_out")?;
    let mut mends = vec![import_this(f)];
    let of_note = f.descriptor.statuses.iter().find(|s| {
        note.1.reason == reason::status_not_fetched(s.label) && !fetched.iter().any(|c| c == s.code)
    });
    if let Some(status) = of_note {
        mends.push(add(status.code, status.label));
    }
    Some(Check::cause("status", note.1.reason.clone(), mends))
}

fn automatic(f: &Facts) -> Option<Check> {
    if f.imports_by_itself() {
        return Some(Check::passed("automatic", "自動受注取込は動いています", "Automatic import is on"));
    }
    if f.covered {
        return Some(Check::passed(
            "automatic",
            "自動受注取込は停止中ですが、この期間は手動で取り込まれています",
            "Automatic import is off, but the period was imported by hand",
        ));
    }
    let (shop_id, shop) = (f.shop.shop_id, f.shop.name.clone());
    let mut mends = vec![import_this(f)];
    mends.extend(period_mend(f));
    mends.push(Mend::StartImport { shop_id, shop });
    Some(Check::cause("automatic", why::automatic_import_off(&f.shop.name), mends))
}

fn period(f: &Facts) -> Option<Check> {
    let (from, _) = f.ordered?;
    let date = from.japan_date().to_string();
    if f.covered {
        return Some(Check::passed(
            "period",
            format!("{date} の期間は取込済みです"),
            format!("The period of {date} was imported"),
        ));
    }
    // Newer than the last look: it simply has not been its turn.
    if f.shop.imported_to.is_some_and(|to| from > to) {
        return None;
    }
    let mut mends = vec![import_this(f)];
    mends.extend(period_mend(f));
    Some(Check::cause("period", why::outside_imported_period(date), mends))
}

fn hold(f: &Facts) -> Option<Check> {
    let seen = seen(f)?;
    if seen.hold.is_fraud() {
        return Some(Check::cause("hold", why::held_and_not_listed(&f.shop.name), vec![import_this(f)]));
    }
    Some(Check::passed("hold", "不正保留ではありません", "Not held for fraud review"))
}

fn failed(f: &Facts) -> Option<Check> {
    let note = f.notes.iter().find(|(_, n)| n.kind == "failed")?;
    let reason = with_mall(why::listed_but_failed(words(&note.1.reason)), &note.1.reason);
    Some(Check::cause("failed", reason, vec![import_this(f)]))
}

fn waits(f: &Facts) -> Option<Check> {
    if seen(f).is_none() {
        return Some(Check::unknown("waits", why::no_cause_found(), vec![import_this(f)]));
    }
    let next = match f.shop.next_import_at.filter(|_| f.imports_by_itself()) {
        Some(at) => at.to_japan_text(),
        None => "手動".to_owned(),
    };
    let now = Mend::ImportNow { shop_id: f.shop.shop_id, shop: f.shop.name.clone() };
    Some(Check::cause("waits", why::not_imported_yet(next), vec![import_this(f), now]))
}
