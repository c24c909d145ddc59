//! The list, newest first, with how many orders are in each state now.

use super::filter::NoticeQuery;
use super::look::may_look;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, short_moment};
use askama::Template;
use axum::extract::State;
use domain::Reason;
use domain::history::By;
use domain::notice::NoticeState;
use domain::rights::{Level, Menu};
use domain::write::WriteKind;
use std::sync::Arc;
use store::Shop;
use store::desk::notices::NoticeRow;

/// Rows a page.
const ROWS: i64 = 50;

/// A row as people see it.
pub struct RowShown {
    /// Wish.
    pub id: i64,
    /// Asked for.
    pub at: String,
    /// Shop.
    pub shop: String,
    /// Key of its mall.
    pub mall: String,
    /// Kind in words.
    pub kind: String,
    /// Number at the mall.
    pub mall_order_id: String,
    /// The order's page; empty without the right.
    pub href: String,
    /// Class of the state.
    pub class: &'static str,
    /// Its words.
    pub state: &'static str,
    /// How the order stands now, when it is another way.
    pub now: &'static str,
    /// Attempts.
    pub attempts: i64,
    /// Last time it was sent.
    pub sent: String,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: Option<Reason>,
    /// What a person does about the state; empty when nothing.
    pub remedy: &'static str,
    /// It can be sent again.
    pub resend: bool,
    /// The mall can be looked at for it.
    pub look: bool,
}

/// Who asked, in words.
pub fn who(lang: Lang, by: &By) -> String {
    match by {
        By::User { name } => name.clone(),
        By::Cli => lang.t("コマンド", "command line").to_owned(),
        By::System => lang.t("自動連携", "automatic").to_owned(),
        By::Mall => lang.t("モール", "mall").to_owned(),
    }
}

/// A failure that still stands, of a kind that may be sent again.
pub fn may_resend(row: &NoticeRow) -> bool {
    let failed =
        |s| matches!(s, NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown);
    failed(row.state) && row.order_state.is_none_or(failed)
}

/// A row as people see it.
pub fn shown(row: &NoticeRow, shops: &[Shop], visitor: &Visitor) -> RowShown {
    let lang = visitor.lang();
    let shop = shops.iter().find(|s| s.shop_id == row.shop_id);
    let (class, state) = frame::notice_words(row.state, row.confirming, false, lang);
    let opens = visitor.may(Menu::Orders, Level::View);
    RowShown {
        id: row.outbox_id.0,
        at: short_moment(row.created_at),
        shop: shop.map(|s| s.name.clone()).unwrap_or_default(),
        mall: shop.map(|s| s.mall.clone()).unwrap_or_default(),
        kind: seen::kind(lang, &row.kind),
        mall_order_id: row.mall_order_id.0.clone(),
        href: if opens { format!("/orders/{}", row.order_no) } else { String::new() },
        class,
        // A wish that was taken back before it was sent.
        state: if row.state == NoticeState::NotSent { lang.t("取り下げ", "taken back") } else { state },
        now: match row.order_state {
            Some(now) if now != row.state => frame::notice_words(now, false, false, lang).1,
            _ => "",
        },
        attempts: row.attempts(),
        sent: row.sent_at().map(short_moment).unwrap_or_default(),
        by: who(lang, &row.by),
        reason: row.reason().cloned(),
        remedy: match row.state {
            NoticeState::Applied | NoticeState::NotSent => "",
            _ if row.order_state.is_some_and(|now| now != row.state) => "",
            state if lang == Lang::Ja => state.remedy_ja(),
            _ => "",
        },
        resend: may_resend(row),
        look: may_look(row),
    }
}

struct StateShown {
    key: &'static str,
    class: &'static str,
    words: &'static str,
    count: String,
    hot: bool,
    current: bool,
    href: String,
}

/// What still waits for a shop and kind.
struct QueueShown {
    shop: String,
    kind: String,
    waiting: String,
    asked: String,
    /// When it will be through; empty: not to be told yet.
    until: String,
    /// Why nothing moves.
    held: Option<Reason>,
}

#[derive(Template)]
#[template(path = "notices/list.html")]
struct ListPage {
    frame: Frame,
    query: NoticeQuery,
    states: Vec<StateShown>,
    queues: Vec<QueueShown>,
    shops: Vec<(String, String)>,
    kinds: Vec<(&'static str, String)>,
    rows: Vec<RowShown>,
    next: Option<String>,
    /// Rows of the page that can be sent again, when the filter shows failures.
    failures: usize,
    may_edit: bool,
    filtered: bool,
    toast: String,
}

async fn states(desk: &Desk, visitor: &Visitor, query: &NoticeQuery) -> Result<Vec<StateShown>, Refusal> {
    let counts = desk.counts().await?;
    let by_state = counts.by_state(&visitor.access());
    let live =
        NoticeState::ALL.into_iter().filter(|s| !matches!(s, NoticeState::NotSent | NoticeState::Applied));
    Ok(live
        .map(|state| {
            let n = by_state.get(state.as_str()).copied().unwrap_or_default();
            let (class, words) = frame::notice_words(state, false, false, visitor.lang());
            let of = NoticeQuery { state: state.as_str().to_owned(), ..NoticeQuery::default() };
            StateShown {
                key: state.as_str(),
                class,
                words,
                count: grouped(n),
                hot: n > 0 && state != NoticeState::InFlight,
                current: query.state == state.as_str(),
                href: format!("/notices?{}", of.to_query()),
            }
        })
        .collect())
}

async fn queues(desk: &Desk, visitor: &Visitor, shops: &[Shop]) -> Result<Vec<QueueShown>, Refusal> {
    let (lang, now) = (visitor.lang(), desk.now());
    let expected = engine::queues::expected(desk.ledger(), &visitor.access(), now).await?;
    Ok(expected
        .into_iter()
        .map(|one| {
            let shop = shops.iter().find(|s| s.shop_id == one.queue.shop_id);
            let held = shop.and_then(|s| s.held_reason.clone());
            let until = one.left_ms.filter(|_| held.is_none()).map(|ms| {
                let minutes = (ms / domain::time::MINUTE).max(1);
                let at = short_moment(now.plus(ms));
                match lang {
                    Lang::Ja => format!("{at}ごろ（あと約{minutes}分）"),
                    Lang::En => format!("about {at} ({minutes} min)"),
                }
            });
            QueueShown {
                shop: shop.map(|s| s.name.clone()).unwrap_or_default(),
                kind: seen::kind(lang, &one.queue.kind),
                waiting: grouped(one.queue.waiting),
                asked: grouped(one.queue.asked),
                until: until.unwrap_or_default(),
                held,
            }
        })
        .collect())
}

fn toast(lang: Lang, query: &NoticeQuery) -> String {
    let n: i64 = query.n.parse().unwrap_or_default();
    match (query.done.as_str(), lang) {
        ("resent", Lang::Ja) => format!("{n}件を再送します。結果はこの画面に出ます。"),
        ("resent", Lang::En) => format!("{n} are sent again."),
        ("none", Lang::Ja) => "再送できる受注はありませんでした。".to_owned(),
        ("none", Lang::En) => "Nothing could be sent again.".to_owned(),
        _ => String::new(),
    }
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<NoticeQuery>) -> Page {
    let lang = visitor.lang();
    let filter = query.read(ROWS + 1)?;
    let shops = seen::shops(&desk, &visitor).await?;
    let mut found = desk.ledger().notices(&visitor.access(), &filter).await?;
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let full = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| full).map(|row| query.next(row.created_at, row.outbox_id));
    let rows: Vec<RowShown> = found.iter().map(|row| shown(row, &shops, &visitor)).collect();
    let failed = matches!(
        filter.state,
        Some(NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown)
    );
    let here = Here { menu: Some(Menu::Notices), ..Here::default() };
    frame::page(&ListPage {
        frame: Frame::new(&desk, &visitor, lang.t("連携履歴", "Notices"), here).await?,
        states: states(&desk, &visitor, &query).await?,
        queues: queues(&desk, &visitor, &shops).await?,
        shops: shops.into_iter().map(|s| (s.shop_id.to_string(), s.name)).collect(),
        kinds: WriteKind::ALL.into_iter().map(|k| (k.as_str(), seen::kind(lang, k.as_str()))).collect(),
        failures: if failed { rows.iter().filter(|r| r.resend).count() } else { 0 },
        rows,
        next,
        may_edit: visitor.edits(Menu::Notices),
        filtered: query.to_query() != NoticeQuery::default().to_query(),
        toast: toast(lang, &query),
        query,
    })
}
