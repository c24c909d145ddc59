//! Access by consent in the browser (F62): a person goes to the mall's page and comes back with a code; the lane turns it
//! into tokens. What proves that the way back is ours (state word, PKCE verifier, shop, person) lies sealed in a cookie
//! that only the way back gets, good for a few minutes and once.

use super::one::way_back;
use crate::desk::Desk;
use crate::door::visitor::Via;
use crate::door::{Visitor, tokens};
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect};
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::reason;
use domain::rights::Menu;
use domain::time::MINUTE;
use engine::doors;
use engine::requests::AuthoriseRequest;
use mall_api::grant::Consent;
use mall_api::{Credentials, Settings};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// For how long a person may be at the mall's page, milliseconds (F62).
const PATIENCE_MS: i64 = 10 * MINUTE;
/// Purpose of the ticket and name of its cookie.
const CONSENT: &str = "consent";
const PATH: &str = "/shops/consent";

#[derive(Serialize, Deserialize)]
struct Begun {
    user: i64,
    /// Digest of the session it began in: another one of the same person brings nothing back.
    session: String,
    shop: i64,
    /// The mall the person was sent to.
    mall: String,
    state: String,
    verifier: String,
}

fn cookie(desk: &Desk, value: &str, seconds: i64) -> Result<HeaderValue, Refusal> {
    let mut cookie = Cookie::new(CONSENT, value);
    cookie.set_path(PATH);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(desk.config.is_secure());
    HeaderValue::from_str(&format!("{cookie}; Max-Age={seconds}")).map_err(|_| Refusal::inside())
}

#[derive(Template)]
#[template(path = "shops/consent.html")]
struct ConsentPage {
    frame: Frame,
    id: i64,
    name: String,
    /// The mall's page.
    page: String,
    redirect: String,
}

/// Leads the person to the mall's page.
pub async fn begin(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let Some(grant) = mall.grant() else { return Err(reason::no_grant().into()) };
    let fresh = || tokens::fresh().map_err(|_| Refusal::inside());
    let (state, verifier) = (fresh()?, fresh()?);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let redirect = way_back(&desk);
    let credentials = Credentials::from_pairs(desk.ledger().open_credentials(shop.shop_id).await?);
    let settings = Settings(shop.settings.clone());
    let consent = Consent { redirect_uri: &redirect, state: &state, code_challenge: &challenge };
    let page = grant.consent_url(&credentials, &settings, consent)?;
    let (user, session) = (visitor.user_id, session_of(&visitor));
    let (id, mall) = (shop.shop_id.0, shop.mall.clone());
    let begun = Begun { user, session, shop: id, mall, state, verifier };
    let text = serde_json::to_string(&begun).map_err(|_| Refusal::inside())?;
    let ticket = desk.ledger().seal_ticket(CONSENT, &text, desk.now().plus(PATIENCE_MS))?;
    let cookie = cookie(&desk, &ticket, PATIENCE_MS / 1_000)?;
    // A link, not a redirect: a form of ours may lead nowhere else (CSP), and a person sees where they go.
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    let title = visitor.lang().t("ブラウザーでアクセスを許可", "Allow access in the browser");
    let frame = Frame::new(&desk, &visitor, title, here).await?;
    let html = frame::page(&ConsentPage { frame, id: shop.shop_id.0, name: shop.name, page, redirect })?;
    Ok(([(header::SET_COOKIE, cookie)], html).into_response())
}

fn session_of(visitor: &Visitor) -> String {
    match &visitor.via {
        Via::Session(digest) => digest.clone(),
        Via::Token => String::new(),
    }
}

fn ticket(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == CONSENT && !value.is_empty()).then(|| value.to_owned())
    })
}

fn not_ours() -> Refusal {
    let mut reason = reason::consent_not_ours();
    reason.remedy = "店舗の画面から、もう一度「ブラウザーでアクセスを許可」を押してください。".to_owned();
    reason.into()
}

/// The way back.
pub async fn comes_back(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Page {
    let opened = ticket(&headers).and_then(|t| desk.ledger().open_ticket(CONSENT, &t, desk.now()));
    let begun: Option<Begun> = opened.and_then(|text| serde_json::from_str(&text).ok());
    let ours = |b: &Begun| b.user == visitor.user_id && b.session == session_of(&visitor);
    let Some(begun) = begun.filter(ours) else { return Err(not_ours()) };
    let id = begun.shop.to_string();
    let shop = seen::shop(&desk, &visitor, &id).await?;
    if shop.mall != begun.mall {
        return Err(not_ours());
    }
    let mall = seen::mall(&desk, &shop)?;
    let Some(grant) = mall.grant() else { return Err(reason::no_grant().into()) };
    let code = engine::consent::code(grant, &begun.state, &query);
    if code.as_ref().is_err_and(|reason| reason.code == "consent_not_ours") {
        return Err(not_ours());
    }
    // Good once, whatever it brought: a copy of the way back, with its cookie, brings nothing.
    let (spent, now) = (tokens::digest(&begun.state), desk.now());
    if !desk.ledger().spend_ticket(&spent, now.plus(PATIENCE_MS), now).await? {
        return Err(not_ours());
    }
    let code = code?;
    let body =
        AuthoriseRequest { code, redirect_uri: way_back(&desk), code_verifier: begun.verifier.clone() };
    let request = doors::put_sealed(&desk.hub, &shop, &body, &visitor.by()).await?;
    let details = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), "shop.authorise", &id, &details, desk.now()).await?;
    let spent = cookie(&desk, "", 0)?;
    let to = format!("/shops/{id}/test/{request}");
    Ok(([(header::SET_COOKIE, spent)], Redirect::to(&to)).into_response())
}
