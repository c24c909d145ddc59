//! 接続テスト, check by check: are the credentials there, does the lane take it, does the mall answer, how long do they live.

use super::list::{days, urgency};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::credential::Urgency;
use domain::rights::Menu;
use domain::{Reason, RequestId};
use engine::doors;
use engine::requests::{AUTHORISE, CHECK_CREDENTIAL};
use engine::setup;
use std::sync::Arc;
use store::Shop;
use store::requests::RequestRow;

struct Check {
    class: &'static str,
    what: String,
    words: String,
    mend: String,
}

#[derive(Template)]
#[template(path = "shops/test.html")]
struct TestPage {
    frame: Frame,
    id: i64,
    name: String,
    checks: Vec<Check>,
    live: String,
}

#[derive(Template)]
#[template(path = "shops/test_part.html")]
struct TestPart {
    checks: Vec<Check>,
    live: String,
}

/// Asks for a test.
pub async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let body = serde_json::json!({});
    let request = doors::ask(&desk.hub, &shop, CHECK_CREDENTIAL, &body, &visitor.by()).await?;
    Ok(Redirect::to(&format!("/shops/{id}/test/{request}")).into_response())
}

async fn find(
    desk: &Desk,
    visitor: &Visitor,
    id: &str,
    request: &str,
) -> Result<(Shop, RequestRow), Refusal> {
    let shop = seen::shop(desk, visitor, id).await?;
    let request = request.parse().map(RequestId).map_err(|_| Refusal::not_found())?;
    let row = desk.ledger().request(request).await?;
    let ours =
        |r: &RequestRow| r.shop_id == shop.shop_id && matches!(r.kind.as_str(), CHECK_CREDENTIAL | AUTHORISE);
    let row = row.filter(ours).ok_or_else(Refusal::not_found)?;
    Ok((shop, row))
}

fn answer(lang: Lang, request: &RequestRow) -> Check {
    let of = |key: &str| request.result.as_ref().and_then(|r| r.get(key)).cloned();
    let reason: Option<Reason> = of("reason").and_then(|r| serde_json::from_value(r).ok());
    let what = match request.kind.as_str() {
        AUTHORISE => lang.t("アクセスの許可", "Access by consent"),
        _ => lang.t("モールとの通信", "The mall answers"),
    };
    let (class, words, mend) = match (request.state.as_str(), reason) {
        ("queued", _) => ("run", lang.t("順番待ち", "queued").to_owned(), String::new()),
        ("running", _) => ("run", lang.t("確認中", "checking").to_owned(), String::new()),
        (_, Some(reason)) => {
            let mend = format!("{} {}", lang.reason(&reason), reason.remedy);
            ("bad", lang.t("失敗", "failed").to_owned(), mend)
        }
        ("succeeded", None) => ("ok", lang.t("通信OK", "ok").to_owned(), String::new()),
        (_, None) => ("bad", lang.t("失敗", "failed").to_owned(), String::new()),
    };
    Check { class, what: what.to_owned(), words, mend }
}

async fn checks(desk: &Desk, lang: Lang, shop: &Shop, request: &RequestRow) -> Result<Vec<Check>, Refusal> {
    let mall = seen::mall(desk, shop)?;
    let board = setup::credential_board(desk.ledger(), mall.descriptor(), shop.shop_id, desk.now()).await?;
    let missing: Vec<&str> = board.iter().filter(|c| c.required && !c.is_set).map(|c| c.label).collect();
    let entered = lang.t("認証情報の登録", "Credentials are entered").to_owned();
    let mut checks = vec![if missing.is_empty() {
        let words = lang.t("登録済み", "all there").to_owned();
        Check { class: "ok", what: entered, words, mend: String::new() }
    } else {
        let mend = format!("{}：{}", lang.t("足りないもの", "Missing"), missing.join("、"));
        Check { class: "bad", what: entered, words: lang.t("不足", "missing").to_owned(), mend }
    }];
    let waits = !request.is_finished();
    let lanes = desk.ledger().lanes().await?;
    let worked = lanes.iter().any(|l| l.lane_key == shop.lane_key && l.owner.is_some());
    if waits && !worked {
        checks.push(Check {
            class: "warn",
            what: lang.t("作業するプロセス", "A process that works").to_owned(),
            words: lang.t("いません", "none").to_owned(),
            mend: lang
                .t("choba serve が動いているか確かめてください。", "Is choba serve running?")
                .to_owned(),
        });
    }
    checks.push(answer(lang, request));
    for one in board.into_iter().filter(|c| c.is_set && c.urgency != Urgency::Fine) {
        let (class, word) = urgency(lang, one.urgency);
        let words = days(lang, word, one.days_left);
        checks.push(Check { class, what: one.label.to_owned(), words, mend: one.help.to_owned() });
    }
    let remarks = request.result.as_ref().and_then(|r| r.get("remarks")).cloned().unwrap_or_default();
    for remark in serde_json::from_value::<Vec<Reason>>(remarks).unwrap_or_default() {
        let (what, words) = (lang.reason(&remark), lang.t("注意", "note").to_owned());
        checks.push(Check { class: "warn", what, words, mend: remark.remedy });
    }
    Ok(checks)
}

fn live(shop: &Shop, request: &RequestRow) -> String {
    match request.is_finished() {
        true => String::new(),
        false => format!("/shops/{}/test/{}/live", shop.shop_id, request.request_id),
    }
}

/// The page.
pub async fn page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((id, request)): Path<(String, String)>,
) -> Page {
    let lang = visitor.lang();
    let (shop, request) = find(&desk, &visitor, &id, &request).await?;
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    frame::page(&TestPage {
        frame: Frame::new(&desk, &visitor, lang.t("接続テスト", "Connection test"), here).await?,
        id: shop.shop_id.0,
        checks: checks(&desk, lang, &shop, &request).await?,
        live: live(&shop, &request),
        name: shop.name,
    })
}

/// The part that asks again while it runs.
pub async fn part(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((id, request)): Path<(String, String)>,
) -> Page {
    let lang = visitor.lang();
    let (shop, request) = find(&desk, &visitor, &id, &request).await?;
    let checks = checks(&desk, lang, &shop, &request).await?;
    frame::page(&TestPart { checks, live: live(&shop, &request) })
}
