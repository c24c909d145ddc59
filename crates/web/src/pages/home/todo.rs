//! What needs a person, the worst first: a line each, with the page where it is mended. A person is told only of what they
//! may open.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{self, Frame};
use crate::refusal::Refusal;
use crate::words::{Lang, grouped};
use domain::rights::{Level, Menu};
use domain::time::{DAY, MINUTE};
use store::Shop;

/// A line.
pub struct Todo {
    /// `bad`, `warn`, `info`.
    pub class: &'static str,
    /// How urgent, in a word.
    pub word: &'static str,
    /// What.
    pub what: String,
    /// How many, with their unit; empty = it is one thing.
    pub count: String,
    /// Where it is mended.
    pub href: String,
    /// Words of the link.
    pub action: &'static str,
}

/// Letters and jobs count for so long, milliseconds.
const RECENT: i64 = 7 * DAY;
/// Days of the proof of import that are looked at.
const PROOF_DAYS: i64 = 60;

/// What a person does about orders in a state: class, words, where.
struct Place {
    key: &'static str,
    class: &'static str,
    ja: &'static str,
    en: &'static str,
    /// Among notices rather than orders.
    notice: bool,
}

const PLACES: [Place; 7] = [
    Place {
        key: "send_failed",
        class: "bad",
        ja: "通知失敗：モールに届いていません。再送してください。",
        en: "Not sent: send again",
        notice: true,
    },
    Place {
        key: "result_unknown",
        class: "bad",
        ja: "通知結果取得失敗：モールに登録されているか確認してください。",
        en: "Result unknown: look at the mall",
        notice: true,
    },
    Place {
        key: "rejected",
        class: "bad",
        ja: "エラー：モールが受け付けませんでした。内容を直して再送してください。",
        en: "Rejected: mend and send again",
        notice: true,
    },
    Place {
        key: "needs_attention",
        class: "bad",
        ja: "要対応の受注があります。受注の画面で理由を確かめてください。",
        en: "Orders that need attention",
        notice: false,
    },
    Place {
        key: "changed_at_mall",
        class: "warn",
        ja: "モール側で変更された受注があります。取り込むかどうかを決めてください。",
        en: "Changed at the mall: decide what to take over",
        notice: false,
    },
    Place {
        key: "warning",
        class: "warn",
        ja: "モールの警告が付いた受注があります。内容を確かめてください。",
        en: "Orders with a warning of the mall",
        notice: false,
    },
    Place {
        key: "fraud_hold",
        class: "info",
        ja: "不正保留の受注があります。モールの審査が終わるまで出荷しません。",
        en: "Held for fraud review: do not ship",
        notice: false,
    },
];

struct Lines<'a> {
    lang: Lang,
    visitor: &'a Visitor,
    lines: Vec<Todo>,
}

impl Lines<'_> {
    fn sees(&self, menu: Menu) -> bool {
        self.visitor.may(menu, Level::View)
    }

    fn orders(&self, n: i64) -> String {
        format!("{}{}", grouped(n), self.lang.t("件", ""))
    }

    fn add(
        &mut self,
        class: &'static str,
        what: impl Into<String>,
        count: String,
        href: String,
        action: &'static str,
    ) {
        let word = match class {
            "bad" => self.lang.t("至急", "urgent"),
            "warn" => self.lang.t("注意", "soon"),
            _ => self.lang.t("確認", "note"),
        };
        self.lines.push(Todo { class, word, what: what.into(), count, href, action });
    }
}

async fn of_orders(desk: &Desk, lines: &mut Lines<'_>) -> Result<(), Refusal> {
    let (lang, access) = (lines.lang, lines.visitor.access());
    let today = desk.now().japan_date();
    let list = lang.t("受注を見る", "Show orders");
    let ship = desk.ledger().to_ship(&access, today).await?;
    if ship.overdue > 0 {
        let until = today.yesterday().unwrap_or(today);
        let words = lang.t("出荷予定日を過ぎた受注があります。", "Orders whose ship day is over");
        let href = format!("/orders?all=1&unshipped=yes&ship_to={until}");
        lines.add("bad", words, lines.orders(ship.overdue), href, list);
    }
    let counts = desk.counts().await?.by_state(&access);
    let of = |key: &str| counts.get(key).copied().unwrap_or_default();
    for place in PLACES.iter().filter(|p| of(p.key) > 0) {
        let (href, action) = if place.notice && lines.sees(Menu::Notices) {
            (format!("/notices?state={}", place.key), lang.t("連携履歴を見る", "Show notices"))
        } else {
            (format!("/orders?state={}", place.key), list)
        };
        lines.add(place.class, lang.t(place.ja, place.en), lines.orders(of(place.key)), href, action);
    }
    if ship.today > 0 {
        let words = lang.t("今日が出荷予定日の受注があります。", "Orders to ship today");
        let href = format!("/orders?all=1&unshipped=yes&ship_from={today}&ship_to={today}");
        lines.add("info", words, lines.orders(ship.today), href, list);
    }
    Ok(())
}

async fn of_imports(desk: &Desk, shops: &[Shop], lines: &mut Lines<'_>) -> Result<(), Refusal> {
    let (lang, access, now) = (lines.lang, lines.visitor.access(), desk.now());
    let aside = desk.counts().await?.by_state(&access).get("quarantined").copied().unwrap_or_default();
    if aside > 0 {
        let words = lang.t(
            "取込エラー：読み取れなかった受注があります。理由を確かめて再取込してください。",
            "Orders that could not be read",
        );
        let href = "/import#quarantine".to_owned();
        lines.add("bad", words, lines.orders(aside), href, lang.t("取込エラーを見る", "Show them"));
    }
    for shop in shops {
        let longest = engine::rhythm::ceiling_ms(shop.import_interval_ms).max(MINUTE);
        let late = |at: domain::UtcMillis| now.since(at) > 3 * longest;
        if shop.state == "active"
            && shop.imports_itself()
            && shop.held_reason.is_none()
            && shop.imported_to.is_none_or(late)
        {
            let words = match lang {
                Lang::Ja => format!("{}：受注の取込が遅れています。", shop.name),
                Lang::En => format!("{}: the import is late", shop.name),
            };
            lines.add(
                "warn",
                words,
                String::new(),
                "/import/auto".to_owned(),
                lang.t("自動連携を見る", "Show the automatic import"),
            );
        }
    }
    let since = now.plus(-PROOF_DAYS * DAY).japan_date();
    for gap in desk.ledger().import_gaps(&access, since).await? {
        let Some(shop) = shops.iter().find(|s| s.shop_id == gap.shop_id) else { continue };
        let first = crate::words::day(&gap.first);
        let words = match lang {
            Lang::Ja => format!("{}：まだ取り込めていない受注がある日があります（{first}〜）。", shop.name),
            Lang::En => format!("{}: days whose orders are not all here (from {first})", shop.name),
        };
        let days = format!("{}{}", grouped(gap.days), lang.t("日", " days"));
        lines.add(
            "bad",
            words,
            days,
            "/import/proof".to_owned(),
            lang.t("取込の証明を見る", "Show the proof"),
        );
    }
    Ok(())
}

fn held(shops: &[Shop], lines: &mut Lines<'_>) {
    let lang = lines.lang;
    for shop in shops {
        let Some(reason) = &shop.held_reason else { continue };
        let mut words = format!("{}：{}", shop.name, lang.reason(reason));
        if lang == Lang::Ja && !reason.remedy.is_empty() {
            words = format!("{words}。{}", reason.remedy);
        }
        let href = format!("/shops/{}", shop.shop_id);
        lines.add("bad", words, String::new(), href, lang.t("店舗を開く", "Open the shop"));
    }
}

async fn of_house(desk: &Desk, lines: &mut Lines<'_>) -> Result<(), Refusal> {
    let (lang, since) = (lines.lang, desk.now().plus(-RECENT));
    if lines.sees(Menu::Settings) {
        let lost = desk.ledger().letters_lost(since).await?;
        if lost > 0 {
            let words = lang.t(
                "送れなかった、または届いたかわからないメールがあります（7日以内）。",
                "Letters that did not go out",
            );
            let href = "/settings/letters".to_owned();
            lines.add(
                "warn",
                words,
                format!("{}{}", grouped(lost), lang.t("通", "")),
                href,
                lang.t("送ったメールを見る", "Show letters"),
            );
        }
    }
    if lines.sees(Menu::Orders) {
        let jobs = desk.ledger().jobs_of(lines.visitor.user_id, 50).await?;
        let failed =
            jobs.iter().filter(|j| j.created_at >= since && matches!(j.state.as_str(), "failed" | "partial"));
        let failed = i64::try_from(failed.count()).unwrap_or_default();
        if failed > 0 {
            let words = lang.t(
                "一部または全部ができなかった一括処理があります（7日以内）。",
                "Jobs that did not do everything",
            );
            lines.add(
                "info",
                words,
                lines.orders(failed),
                "/orders/jobs".to_owned(),
                lang.t("一括処理を見る", "Show jobs"),
            );
        }
    }
    Ok(())
}

/// All lines. Warnings that stand above every page move in here: on this page they are said once.
///
/// # Errors
/// As the database says.
pub async fn todo(
    desk: &Desk,
    visitor: &Visitor,
    shops: &[Shop],
    frame: &mut Frame,
) -> Result<Vec<Todo>, Refusal> {
    let mut lines = Lines { lang: visitor.lang(), visitor, lines: Vec::new() };
    let banners = std::mem::take(&mut frame.banners);
    let (moved, stay): (Vec<frame::Banner>, Vec<_>) =
        banners.into_iter().partition(|b| b.kind != "info" && !b.href.is_empty());
    frame.banners = stay;
    for banner in moved {
        let class = if banner.kind == "bad" { "bad" } else { "warn" };
        lines.add(class, banner.text, String::new(), banner.href, banner.action);
    }
    if lines.sees(Menu::Shops) {
        held(shops, &mut lines);
    }
    if lines.sees(Menu::Orders) {
        of_orders(desk, &mut lines).await?;
    }
    if lines.sees(Menu::Import) {
        of_imports(desk, shops, &mut lines).await?;
    }
    of_house(desk, &mut lines).await?;
    let place = |class: &str| ["bad", "warn", "info"].iter().position(|c| *c == class);
    lines.lines.sort_by_key(|line| place(line.class));
    Ok(lines.lines)
}
