//! 受注一覧.

use super::bulk::{self, Done};
use super::columns::{self, Column};
use super::filter::ListQuery;
use crate::desk::Desk;
use crate::door::guard::view;
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, day, grouped, short_moment, yen};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::order::HandlingClass;
use domain::rights::Menu;
use domain::snapshot::Fulfillment;
use domain::traits::Trait;
use domain::{OrderSeq, ShopId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;
use store::desk::listing::{Beside, Extent};
use store::desk::views::SavedView;
use store::orders::ListRow;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/orders", view(Menu::Orders), list),
        post("/orders/search", view(Menu::Orders), search),
        post("/orders/views", view(Menu::Orders), save_view),
        post("/orders/views/{id}", view(Menu::Orders), change_view),
    ]
}

/// For how long a search for a person can be gone back to, milliseconds.
const SEARCH_MS: i64 = 12 * domain::time::HOUR;
/// Kind of the sealed search.
pub(crate) const SEARCH: &str = "search";

/// Names for what rows carry only keys of.
pub struct Names {
    /// Shops.
    pub shops: BTreeMap<ShopId, Shop>,
    /// Phases.
    pub phases: BTreeMap<String, String>,
    /// Carriers.
    pub carriers: BTreeMap<String, String>,
    /// 配送便.
    pub methods: BTreeMap<String, String>,
}

impl Names {
    /// As they are now.
    ///
    /// # Errors
    /// As the database says.
    pub async fn read(desk: &Desk) -> Result<Self, Refusal> {
        let masters = desk.masters().await?;
        let named = |m: &domain::carrier::ShippingMethod| (m.shipping_method.clone(), m.name.clone());
        Ok(Self {
            shops: masters.shops.iter().map(|s| (s.shop_id, s.clone())).collect(),
            phases: masters.phases.iter().map(|p| (p.phase.0.clone(), p.name.clone())).collect(),
            carriers: masters.carriers.iter().map(|c| (c.carrier.0.clone(), c.name.clone())).collect(),
            methods: masters.methods.iter().map(named).collect(),
        })
    }

    /// Name of a shop.
    #[must_use]
    pub fn shop(&self, id: ShopId) -> &str {
        self.shops.get(&id).map_or("", |s| &s.name)
    }

    /// Key of a shop's mall, for its colour.
    #[must_use]
    pub fn mall(&self, id: ShopId) -> &str {
        self.shops.get(&id).map_or("", |s| &s.mall)
    }
}

/// A cell.
pub struct Cell {
    /// Class of the cell.
    pub class: &'static str,
    /// What stands there.
    pub body: Body,
    /// Heading, for narrow screens.
    pub label: &'static str,
}

impl Cell {
    /// The column is narrow: its text may be cut, and says all of itself as a title.
    fn is_cut(&self) -> bool {
        self.class.split(' ').any(|class| matches!(class, "cut" | "item"))
    }
}

/// What stands in a cell.
pub enum Body {
    /// Words.
    Text(String),
    /// A shop with its mall's colour.
    Shop {
        /// Key of the mall, for its colour.
        mall: String,
        /// Name.
        name: String,
    },
    /// People with their tags.
    Person {
        /// Name.
        name: String,
        /// Words and class of each tag.
        tags: Vec<(String, &'static str)>,
    },
    /// A state.
    State {
        /// Class.
        class: &'static str,
        /// Words.
        words: &'static str,
    },
    /// Carrier and number.
    Parcel {
        /// Carrier or service.
        method: String,
        /// 配送番号.
        number: String,
    },
}

/// A row of the list.
pub struct RowShown {
    /// 管理番号.
    pub order_no: String,
    /// Number for forms.
    pub seq: i64,
    /// The rest.
    pub cells: Vec<Cell>,
}

/// The filters above a list that are on, each with the way to take it off.
pub struct Chip {
    /// `店舗：楽天 本店`.
    pub words: String,
    /// The list without it.
    pub without: String,
}

#[derive(Template)]
#[template(path = "orders/list.html")]
struct ListPage {
    frame: Frame,
    title: String,
    query: ListQuery,
    query_text: String,
    columns: Vec<Column>,
    /// Every column, for the chooser: chosen first.
    choices: Vec<(Column, bool)>,
    rows: Vec<RowShown>,
    page_sum: String,
    extent: Extent,
    extent_text: String,
    extent_sum: String,
    next: Option<String>,
    views: Vec<(SavedView, bool)>,
    chips: Vec<Chip>,
    form: FilterForm,
    may_edit: bool,
    shares_views: bool,
    stopped: bool,
    phases: Vec<(String, String)>,
    rows_per_page: i64,
    /// The note of the bulk work that led here.
    done: Option<Done>,
}

/// Choices of the filter form.
struct FilterForm {
    shops: Vec<(String, String)>,
    carriers: Vec<(String, String)>,
    payments: Vec<(String, String)>,
    traits: Vec<(&'static str, &'static str, bool)>,
    tags: Vec<String>,
    classes: [(&'static str, &'static str); 3],
    states: Vec<(&'static str, &'static str)>,
    /// Questions of 済・有 or 未・無: field, words, what is asked for.
    yes_no: Vec<(&'static str, &'static str, String)>,
}

fn tags_of(row: &ListRow, lang: Lang) -> Vec<(String, &'static str)> {
    let mut tags: Vec<(String, &'static str)> = row
        .flags
        .iter()
        .map(|f| (lang.t(f.label_ja(), f.as_str()).to_owned(), frame::flag_class(*f)))
        .collect();
    let class = row.handling_class;
    if class != HandlingClass::Normal {
        tags.push((lang.t(class.label_ja(), class.as_str()).to_owned(), "warn"));
    }
    if row.fulfillment == Fulfillment::Fba {
        tags.push(("FBA".to_owned(), "mute"));
    }
    if row.grouping != domain::order::Grouping::None {
        let words = match row.grouping {
            domain::order::Grouping::BundledChild => lang.t("同梱の子", "bundled"),
            _ => lang.t("分割", "split"),
        };
        tags.push((words.to_owned(), "info"));
    }
    let shown = |t: &Trait| !matches!(t, Trait::Several | Trait::Prepaid);
    tags.extend(
        row.traits
            .iter()
            .filter(|t| shown(t))
            .map(|t| (lang.t(t.label_ja(), t.label_en()).to_owned(), "info")),
    );
    tags
}

/// What a list shows in place of a name that may not be seen, or is no more.
fn person(row: &ListRow, lang: Lang, of: impl Fn(&store::orders::HeadShown) -> String) -> String {
    match (&row.head, row.erased) {
        (Some(head), _) => of(head),
        (None, true) => lang.t("削除済み", "erased").to_owned(),
        (None, false) => "•••".to_owned(),
    }
}

struct Shown<'a> {
    row: &'a ListRow,
    beside: &'a Beside,
    tags: &'a [String],
    names: &'a Names,
    lang: Lang,
}

impl Shown<'_> {
    fn cell(&self, column: &Column) -> Cell {
        let (row, lang) = (self.row, self.lang);
        let plain = |text: String| ("", Body::Text(text));
        let (class, body) = match column.key {
            "shop" => (
                "",
                Body::Shop {
                    mall: self.names.mall(row.shop_id).to_owned(),
                    name: self.names.shop(row.shop_id).to_owned(),
                },
            ),
            "mall_order_id" => ("mono cut wide", Body::Text(row.mall_order_id.0.clone())),
            "ordered_at" => ("mono wide", Body::Text(short_moment(row.ordered_at))),
            "created_at" => ("mono wide", Body::Text(short_moment(row.created_at))),
            "buyer" => {
                let name = person(row, lang, |h| h.buyer.clone());
                ("", Body::Person { name, tags: tags_of(row, lang) })
            }
            "recipient" => plain(person(row, lang, |h| format!("{} {}", h.recipient, h.prefecture))),
            "goods" => ("item", Body::Text(self.goods())),
            "total" => (
                "num end",
                Body::Text(row.total.map_or_else(|| lang.t("未確定", "undecided").to_owned(), yen)),
            ),
            "units" => ("num", Body::Text(grouped(self.beside.units))),
            "payment" => ("wide", Body::Text(self.payment())),
            "ship_on" => (
                "mono wide",
                Body::Text(
                    row.ship_on.as_deref().map(|d| day(d).chars().skip(5).collect()).unwrap_or_default(),
                ),
            ),
            "print_on" => ("mono wide", Body::Text(row.print_on.as_deref().map(day).unwrap_or_default())),
            "deliver_on" => ("mono wide", Body::Text(row.deliver_on.as_deref().map(day).unwrap_or_default())),
            "paid_on" => ("mono wide", Body::Text(row.paid_on.as_deref().map(day).unwrap_or_default())),
            "printed" => plain(
                row.printed_at
                    .map(|at| lang.t("済 ", "yes ").to_owned() + &short_moment(at))
                    .unwrap_or_default(),
            ),
            "parcel" => ("", self.parcel()),
            "notice" => {
                let fba = row.fulfillment == Fulfillment::Fba;
                let (class, words) = frame::notice_words(row.notice_state, row.confirming, fba, lang);
                ("end", Body::State { class, words })
            }
            "phase" => plain(
                self.names.phases.get(row.phase.as_str()).cloned().unwrap_or_else(|| row.phase.0.clone()),
            ),
            "mall_status" => plain(match row.mall_status_label.as_str() {
                "" => row.mall_status.clone(),
                label => label.to_owned(),
            }),
            "handling_class" => {
                plain(lang.t(row.handling_class.label_ja(), row.handling_class.as_str()).to_owned())
            }
            "tags" => plain(self.tags.join("、")),
            _ => plain(String::new()),
        };
        // What says itself what it is needs no heading on a narrow screen.
        let says_itself =
            matches!(column.key, "shop" | "buyer" | "goods" | "total" | "notice" | "mall_order_id");
        Cell { class, body, label: if says_itself { "" } else { column.label(&lang) } }
    }

    fn goods(&self) -> String {
        let title: String = self.beside.title.chars().take(60).collect();
        match self.beside.lines {
            0 | 1 => title,
            n => format!("{title} {}{}{}", self.lang.t("ほか", "+"), n - 1, self.lang.t("点", "")),
        }
    }

    fn payment(&self) -> String {
        let row = self.row;
        if row.payment_label.is_empty() { row.payment_method.clone() } else { row.payment_label.clone() }
    }

    fn parcel(&self) -> Body {
        let method = self.row.shipping_method.as_ref().and_then(|m| self.names.methods.get(m));
        let carrier = self.beside.carrier.as_ref().map(|c| self.names.carriers.get(c).unwrap_or(c));
        let mut number = self.beside.tracking_number.clone();
        if self.beside.parcels > 1 {
            number = format!("{number} +{}", self.beside.parcels - 1);
        }
        Body::Parcel { method: carrier.or(method).cloned().unwrap_or_default(), number }
    }
}

async fn shown(
    desk: &Desk,
    rows: &[ListRow],
    columns: &[Column],
    names: &Names,
    lang: Lang,
) -> Result<Vec<RowShown>, Refusal> {
    let seqs: Vec<OrderSeq> = rows.iter().map(|r| r.seq).collect();
    let beside = desk.ledger().beside(&seqs).await?;
    let wants_tags = columns.iter().any(|c| c.key == "tags");
    let tags = if wants_tags { desk.ledger().tags(&seqs).await? } else { BTreeMap::new() };
    let nothing = Beside::default();
    Ok(rows
        .iter()
        .map(|row| {
            let shown = Shown {
                row,
                beside: beside.get(&row.seq).unwrap_or(&nothing),
                tags: tags.get(&row.seq).map_or(&[][..], Vec::as_slice),
                names,
                lang,
            };
            RowShown {
                order_no: row.order_no.0.clone(),
                seq: row.seq.0,
                cells: columns.iter().map(|c| shown.cell(c)).collect(),
            }
        })
        .collect())
}

/// Columns that exist, in the order given, each once.
#[must_use]
pub fn known_columns(keys: &[String]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for key in keys {
        if columns::by_key(key).is_some() && !known.contains(key) {
            known.push(key.clone());
        }
    }
    known
}

/// Rows of a list, and what goes on after them.
pub(crate) struct Found {
    pub(crate) rows: Vec<ListRow>,
    pub(crate) extent: Extent,
    pub(crate) next: Option<String>,
    pub(crate) stopped: bool,
}

/// The list of a query, for screens and programs.
pub(crate) async fn find(
    desk: &Desk,
    visitor: &Visitor,
    query: &ListQuery,
    limit: i64,
) -> Result<Found, Refusal> {
    let access = visitor.access();
    let (mut filter, conditions) = query.read(limit + 1)?;
    if !query.s.is_empty() {
        let Some(needle) = desk.ledger().open_ticket(SEARCH, &query.s, desk.now()) else {
            let reason = domain::Reason::new(
                "search_over",
                "この検索の期限が切れました",
                "もう一度検索してください。",
                "This search has expired; search again",
            );
            return Err(Refusal::new(axum::http::StatusCode::GONE, reason));
        };
        filter.limit = 200;
        let begun = desk.hub.clock.monotonic_ms();
        let clock = Arc::clone(&desk.hub.clock);
        let give_up = move || clock.monotonic_ms() - begun > 3_000;
        let found = desk.ledger().search_orders(&access, &needle, &filter, &give_up).await?;
        let found = found.map_err(|_| {
            Refusal::field("q", "もう少し長い言葉で検索してください", "is too short to search for")
        })?;
        let orders = i64::try_from(found.orders.len()).unwrap_or_default();
        let total = found.orders.iter().filter_map(|r| r.total).sum();
        let extent = Extent { orders, total, more: found.stopped };
        return Ok(Found { rows: found.orders, extent, next: None, stopped: found.stopped });
    }
    let mut rows = desk.ledger().list_filtered(&access, &filter, &conditions).await?;
    let full = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = rows.last().filter(|_| full).map(|r| ListQuery::place(r.ordered_at, r.seq));
    let next = last.map(|after| ListQuery { after, job: String::new(), ..query.clone() }.to_query());
    let extent = desk.ledger().extent(&access, &filter, &conditions).await?;
    Ok(Found { rows, extent, next, stopped: false })
}

fn chips(query: &ListQuery, names: &Names, lang: Lang) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |words: String, change: &dyn Fn(&mut ListQuery)| {
        let mut without = query.from_start();
        change(&mut without);
        without.view.clear();
        chips.push(Chip { words, without: without.to_query() });
    };
    let yes_no = |text: &str, yes: &'static str, no: &'static str| if text == "yes" { yes } else { no };
    if let Ok(id) = query.shop.parse() {
        chip(format!("{}：{}", lang.t("店舗", "Shop"), names.shop(ShopId(id))), &|q| q.shop.clear());
    }
    if !query.class.is_empty() {
        let label = HandlingClass::parse(&query.class).map_or("", HandlingClass::label_ja);
        chip(format!("管理区分：{label}"), &|q| q.class.clear());
    }
    if !query.pay.is_empty() {
        chip(format!("支払方法：{}", query.pay), &|q| q.pay.clear());
    }
    if !query.ship_from.is_empty() || !query.ship_to.is_empty() {
        chip(format!("出荷予定日：{}〜{}", day(&query.ship_from), day(&query.ship_to)), &|q| {
            q.ship_from.clear();
            q.ship_to.clear();
        });
    }
    if !query.deliver_from.is_empty() || !query.deliver_to.is_empty() {
        chip(
            format!("お届け希望日：{}〜{}", day(&query.deliver_from), day(&query.deliver_to)),
            &|q| {
                q.deliver_from.clear();
                q.deliver_to.clear();
            },
        );
    }
    if !query.from.is_empty() || !query.to.is_empty() {
        chip(format!("受注日：{}〜{}", day(&query.from), day(&query.to)), &|q| {
            q.from.clear();
            q.to.clear();
        });
    }
    if !query.printed.is_empty() {
        chip(yes_no(&query.printed, "印刷済み", "未印刷").to_owned(), &|q| q.printed.clear());
    }
    if !query.paid.is_empty() {
        chip(yes_no(&query.paid, "入金済み", "未入金").to_owned(), &|q| q.paid.clear());
    }
    if !query.numbered.is_empty() {
        chip(yes_no(&query.numbered, "配送番号あり", "配送番号なし").to_owned(), &|q| {
            q.numbered.clear()
        });
    }
    if !query.unshipped.is_empty() {
        chip(lang.t("未出荷", "Not shipped").to_owned(), &|q| q.unshipped.clear());
    }
    if !query.goods.is_empty() {
        chip(if query.goods == "one" { "単品" } else { "複数" }.to_owned(), &|q| q.goods.clear());
    }
    for name in &query.with {
        let label = Trait::parse(name).map_or("", |t| lang.t(t.label_ja(), t.label_en()));
        chip(label.to_owned(), &|q| q.with.retain(|w| w != name));
    }
    if !query.carrier.is_empty() {
        let name = names.carriers.get(&query.carrier).unwrap_or(&query.carrier);
        chip(format!("配送業者：{name}"), &|q| q.carrier.clear());
    }
    if !query.sku.is_empty() {
        chip(format!("SKU：{}", query.sku), &|q| q.sku.clear());
    }
    if !query.tag.is_empty() {
        chip(format!("タグ：{}", query.tag), &|q| q.tag.clear());
    }
    if !query.s.is_empty() {
        chip(lang.t("検索結果", "Search").to_owned(), &|q| q.s.clear());
    }
    chips
}

fn title(query: &ListQuery, names: &Names, lang: Lang) -> String {
    if !query.s.is_empty() {
        return lang.t("検索結果（全フェーズ）", "Search (all phases)").to_owned();
    }
    if let Some(name) = names.phases.get(&query.phase) {
        return name.clone();
    }
    let places = frame::UNDER_WAY.iter().chain(&frame::ATTENTION);
    let state = places.clone().find(|(key, ..)| *key == query.state);
    state.map_or(lang.t("すべての受注", "All orders"), |(_, ja, en)| lang.t(ja, en)).to_owned()
}

async fn form(
    desk: &Desk,
    visitor: &Visitor,
    names: &Names,
    query: &ListQuery,
) -> Result<FilterForm, Refusal> {
    let (lang, access) = (visitor.lang(), visitor.access());
    let seen = names.shops.values().filter(|s| access.sees(s.shop_id));
    Ok(FilterForm {
        shops: seen.map(|s| (s.shop_id.to_string(), s.name.clone())).collect(),
        carriers: names.carriers.iter().map(|(k, n)| (k.clone(), n.clone())).collect(),
        payments: desk
            .payment_methods()
            .await?
            .iter()
            .filter(|(code, _)| !code.is_empty())
            .map(|(code, label)| (code.clone(), if label.is_empty() { code.clone() } else { label.clone() }))
            .collect(),
        traits: Trait::ALL
            .into_iter()
            .filter(|t| *t != Trait::Several)
            .map(|t| {
                (t.as_str(), lang.t(t.label_ja(), t.label_en()), query.with.iter().any(|w| w == t.as_str()))
            })
            .collect(),
        tags: desk.masters().await?.tags.clone(),
        classes: [HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled]
            .map(|c| (c.as_str(), lang.t(c.label_ja(), c.as_str()))),
        states: frame::UNDER_WAY
            .iter()
            .chain(&frame::ATTENTION)
            .filter(|(key, ..)| *key != "quarantined")
            .map(|(key, ja, en)| (*key, lang.t(ja, en)))
            .collect(),
        yes_no: vec![
            ("printed", lang.t("印刷", "Printed"), query.printed.clone()),
            ("numbered", lang.t("配送番号", "Number"), query.numbered.clone()),
            ("paid", lang.t("入金", "Paid"), query.paid.clone()),
        ],
    })
}

async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ListQuery>) -> Page {
    let views = desk.ledger().saved_views(visitor.user_id).await?;
    if query == ListQuery::default() {
        // Nothing was asked for: the person's own beginning, else what is new.
        let view = visitor.prefs.view.and_then(|id| views.iter().find(|v| v.view_id == id));
        let to = view.map_or_else(
            || "/orders?phase=new".to_owned(),
            |v| format!("/orders?{}&view={}", v.query, v.view_id),
        );
        return Ok(Redirect::to(&to).into_response());
    }
    let lang = visitor.lang();
    let limit = if visitor.prefs.rows > 0 { visitor.prefs.rows } else { 50 };
    let (names, masters) = (Names::read(&desk).await?, desk.masters().await?);
    let found = find(&desk, &visitor, &query, limit).await?;
    let columns = columns::chosen(&visitor.prefs.columns, query.phase.is_empty());
    let rows = shown(&desk, &found.rows, &columns, &names, lang).await?;
    let here = Here {
        menu: Some(Menu::Orders),
        phase: (!query.phase.is_empty()).then_some(query.phase.as_str()),
        state: (!query.state.is_empty()).then_some(query.state.as_str()),
        all: query.phase.is_empty() && query.state.is_empty() && query.s.is_empty(),
        ..Here::default()
    };
    let title = title(&query, &names, lang);
    let rest = columns::ALL.into_iter().filter(|c| !columns.contains(c)).map(|c| (c, false));
    let page_sum: i64 = found.rows.iter().filter_map(|r| r.total).sum();
    frame::page(&ListPage {
        frame: Frame::new(&desk, &visitor, title.clone(), here).await?,
        title,
        query_text: query.from_start().to_query(),
        choices: columns.iter().map(|c| (*c, true)).chain(rest).collect(),
        rows,
        page_sum: yen(page_sum),
        extent: found.extent,
        extent_text: grouped(found.extent.orders),
        extent_sum: yen(found.extent.total),
        next: found.next,
        views: views
            .into_iter()
            .map(|v| {
                let on = v.view_id.to_string() == query.view;
                (v, on)
            })
            .collect(),
        chips: chips(&query, &names, lang),
        form: form(&desk, &visitor, &names, &query).await?,
        may_edit: visitor.edits(Menu::Orders),
        shares_views: visitor.edits(Menu::Settings),
        stopped: found.stopped,
        phases: masters.phases.iter().map(|p| (p.phase.0.clone(), p.name.clone())).collect(),
        rows_per_page: limit,
        done: bulk::done_lately(&desk, &visitor, &names, &query.job).await?,
        columns,
        query,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    q: String,
}

/// Searches over all phases. An exact number goes to its order; a person's name goes into a sealed ticket, never into a URL.
async fn search(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Search>) -> Page {
    let q = form.q.trim();
    if q.is_empty() {
        return Ok(Redirect::to("/orders?all=1").into_response());
    }
    if q.chars().count() > 200 {
        return Err(Refusal::field("q", "200文字以内で検索してください", "is too long"));
    }
    if let [only] = desk.ledger().orders_by_number(&visitor.access(), q).await?.as_slice() {
        return Ok(Redirect::to(&format!("/orders/{}", only.order_no)).into_response());
    }
    let ticket = desk.ledger().seal_ticket(SEARCH, q, desk.now().plus(SEARCH_MS))?;
    Ok(Redirect::to(&format!("/orders?s={ticket}")).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewView {
    name: String,
    query: String,
    shared: Option<String>,
}

fn view_name(name: &str) -> Result<&str, Refusal> {
    let name = name.trim();
    match name.chars().count() {
        1..=40 => Ok(name),
        _ => Err(Refusal::field("name", "名前を1〜40文字で入れてください", "must have 1 to 40 characters")),
    }
}

async fn save_view(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<NewView>) -> Page {
    let name = view_name(&form.name)?;
    // What is kept is what was understood, so that a view cannot carry anything else. A search for a person is not kept.
    let query: ListQuery = serde_html_form::from_str(&form.query)
        .map_err(|_| Refusal::field("query", "この条件は保存できません", "is no filter"))?;
    let kept = ListQuery { s: String::new(), view: String::new(), ..query.from_start() };
    kept.read(1)?;
    let shared = form.shared.is_some() && visitor.edits(Menu::Settings);
    let owner = (!shared).then_some(visitor.user_id);
    let query = kept.to_query();
    let id = desk.ledger().add_view(owner, name, &query).await?;
    Ok(Redirect::to(&format!("/orders?{query}&view={id}")).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeView {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    action: String,
}

async fn change_view(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Fields(form): Fields<ChangeView>,
) -> Page {
    let shared_too = visitor.edits(Menu::Settings);
    let done = match form.action.as_str() {
        "delete" => desk.ledger().drop_view(id, visitor.user_id, shared_too).await?,
        "rename" => {
            let name = view_name(&form.name)?;
            desk.ledger().set_view(id, visitor.user_id, shared_too, name, &form.query).await?
        }
        _ => return Err(Refusal::field("action", "操作を選びなおしてください", "is unknown")),
    };
    if !done {
        return Err(Refusal::not_found());
    }
    Ok(Redirect::to("/orders?all=1").into_response())
}
