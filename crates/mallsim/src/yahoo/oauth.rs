//! YConnect v2 (document 1.2, 1.3): the consent page, the token endpoint, and what a consent is worth.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::sha2::{Digest as _, Sha256};
use serde_json::json;

use super::Yahoo;
use super::settings::Consent;
use crate::mall::Ctx;
use crate::wire::{Reply, Request, percent_decode};

/// What one member of staff agreed to: one for each shop and Client ID, prolonged by every further consent.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub shop: usize,
    pub client: usize,
    pub consented_ms: i64,
    pub refresh_token: String,
    pub refresh_until_ms: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub grant: usize,
    pub redirect_uri: String,
    pub until_ms: i64,
    /// Challenge and whether it is hashed.
    pub challenge: Option<(String, bool)>,
    pub openid: bool,
    pub nonce: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub grant: usize,
    pub until_ms: i64,
}

fn html(status: u16, text: &str) -> Reply {
    let body = format!("<!DOCTYPE html>\n<html lang=\"ja\"><body>{text}</body></html>\n");
    Reply::new(status, "text/html; charset=utf-8", body)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // writing to a String does not fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn redirect(to: &str, pairs: &[(&str, &str)]) -> Reply {
    let mut target = to.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        target.push(if index > 0 || to.contains('?') { '&' } else { '?' });
        target.push_str(name);
        target.push('=');
        target.push_str(&percent(value));
    }
    let mut reply = Reply::new(302, "text/html; charset=utf-8", "");
    reply.set_header("Location", &target);
    reply
}

/// An error of the token endpoint. Of the numbers only 901 is known (1.3).
fn refused(status: u16, error: &str, number: &str, why: &str) -> Reply {
    let body = json!({ "error": error, "error_description": why, "error_code": number });
    Reply::new(status, "application/json; charset=utf-8", body.to_string())
}

/// A value of a form body.
pub(crate) fn form_value(request: &Request, name: &str) -> Option<String> {
    let text = std::str::from_utf8(&request.body).ok()?;
    text.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (percent_decode(key) == name).then(|| percent_decode(value))
    })
}

/// Client ID and secret of the Basic header.
fn basic(request: &Request) -> Option<(String, String)> {
    let text = request.find_header("Authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn proves(code: &Code, verifier: Option<&str>) -> bool {
    match (&code.challenge, verifier) {
        (None, _) => true,
        (Some((challenge, true)), Some(v)) => {
            URL_SAFE_NO_PAD.encode(Sha256::digest(v.as_bytes())) == *challenge
        }
        (Some((challenge, false)), Some(v)) => v == challenge,
        (Some(_), None) => false,
    }
}

impl Yahoo {
    /// `GET /yconnect/v2/authorization`.
    pub(crate) fn authorization(&mut self, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let settings = &ctx.settings.yahoo;
        let asked = |name: &str| request.query_value(name).filter(|v| !v.is_empty());
        let (Some(client), Some(to)) = (asked("client_id"), asked("redirect_uri")) else {
            return html(400, "client_id / redirect_uri");
        };
        let Some(client) = self.client_index(&client) else {
            return html(400, "client_id");
        };
        if !settings.callbacks.is_empty() && !settings.callbacks.contains(&to) {
            return html(400, "redirect_uri");
        }
        let state = asked("state").unwrap_or_default();
        if asked("response_type").as_deref() != Some("code") {
            return redirect(&to, &[("error", "unsupported_response_type"), ("state", &state)]);
        }
        let scope = asked("scope").unwrap_or_default();
        let openid = scope.split(' ').any(|s| s == "openid");
        let consent = match asked("sim_consent").as_deref() {
            Some("yes") => Consent::Yes,
            Some("no") => Consent::No,
            _ => settings.consent,
        };
        match consent {
            Consent::Ask => self.consent_page(request, client),
            // without bail the mall shows its own page (1.2, inferred)
            Consent::No if asked("bail").as_deref() != Some("1") => html(200, "同意しませんでした"),
            Consent::No => {
                redirect(&to, &[("error", "access_denied"), ("error_code", "0"), ("state", &state)])
            }
            Consent::Yes => {
                let seller = asked("sim_shop").or_else(|| settings.consent_shop.clone());
                let theirs = |i: &usize| self.client_of(*i) == client;
                let shop = match seller {
                    Some(seller) => self.shops.iter().position(|s| s.seller == seller).filter(theirs),
                    None => (0..self.shops.len()).find(theirs),
                };
                let Some(shop) = shop else { return html(400, "sim_shop") };
                let challenge = asked("code_challenge").map(|text| {
                    let hashed = asked("code_challenge_method").as_deref() == Some("S256");
                    (text, hashed)
                });
                let grant = self.consent(shop, ctx);
                let word = self.word("code");
                self.codes.insert(
                    word.clone(),
                    Code {
                        grant,
                        redirect_uri: to.clone(),
                        until_ms: ctx.now_ms.saturating_add(settings.code_life_ms),
                        challenge,
                        openid,
                        nonce: asked("nonce").unwrap_or_default(),
                    },
                );
                redirect(&to, &[("code", &word), ("state", &state)])
            }
        }
    }

    fn consent_page(&self, request: &Request, client: usize) -> Reply {
        let mut text = String::from("<h1>見本ID連携</h1><p>ストアのデータの利用に同意しますか。</p><ul>");
        let theirs = |i: usize| self.client_of(i) == client;
        for (_, shop) in self.shops.iter().enumerate().filter(|(i, _)| theirs(*i)) {
            let link = format!("{}?{}&sim_consent=yes&sim_shop={}", request.path, request.query, shop.seller);
            text.push_str(&format!("<li><a href=\"{}\">{}：同意する</a></li>", escape(&link), shop.seller));
        }
        let no = format!("{}?{}&sim_consent=no", request.path, request.query);
        text.push_str(&format!("</ul><p><a href=\"{}\">同意しない</a></p>", escape(&no)));
        html(200, &text)
    }

    /// A member of staff of the shop agrees: a living consent is prolonged and keeps its refresh token (1.3).
    pub(crate) fn consent(&mut self, shop: usize, ctx: &Ctx<'_>) -> usize {
        let settings = &ctx.settings.yahoo;
        let client = self.client_of(shop);
        let until = ctx.now_ms.saturating_add(settings.refresh_life_ms);
        let known = self.grants.iter().position(|g| g.shop == shop && g.client == client);
        let alive = |i: &usize| self.grants.get(*i).is_some_and(|g| ctx.now_ms < g.refresh_until_ms);
        if let Some(index) = known.filter(alive) {
            if let Some(grant) = self.grants.get_mut(index) {
                grant.consented_ms = ctx.now_ms;
                grant.refresh_until_ms = until;
            }
            return index;
        }
        let refresh_token = self.word("refresh");
        let grant = Grant { shop, client, consented_ms: ctx.now_ms, refresh_token, refresh_until_ms: until };
        match known.and_then(|i| self.grants.get_mut(i).map(|slot| (i, slot))) {
            Some((index, slot)) => {
                *slot = grant;
                index
            }
            None => {
                self.grants.push(grant);
                self.grants.len() - 1
            }
        }
    }

    /// `POST /yconnect/v2/token`.
    pub(crate) fn token(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        let now = ctx.now_ms;
        let client = basic(request).and_then(|(id, secret)| {
            let index = self.client_index(&id)?;
            (secret == self.client_secret(index)).then_some(index)
        });
        let Some(client) = client else {
            ctx.effects.count_unauthorized();
            return refused(401, "invalid_client", "1201", "client authentication failed");
        };
        match form_value(request, "grant_type").as_deref() {
            Some("authorization_code") => {
                // single use, whatever comes of it
                let code = form_value(request, "code").and_then(|c| self.codes.remove(&c));
                let good = code.filter(|c| {
                    let to = form_value(request, "redirect_uri");
                    now < c.until_ms
                        && to.as_deref() == Some(c.redirect_uri.as_str())
                        && proves(c, form_value(request, "code_verifier").as_deref())
                        && self.grants.get(c.grant).is_some_and(|g| g.client == client)
                });
                let Some(code) = good else {
                    return refused(400, "invalid_grant", "1501", "invalid code");
                };
                let id_token = code.openid.then(|| self.id_token(&code, client, now));
                self.issue(code.grant, true, id_token, ctx)
            }
            Some("refresh_token") => {
                let asked = form_value(request, "refresh_token").unwrap_or_default();
                let grant = self.grants.iter().position(|g| g.refresh_token == asked && g.client == client);
                match grant.filter(|i| self.grants.get(*i).is_some_and(|g| now < g.refresh_until_ms)) {
                    Some(grant) => {
                        let rotate = ctx.settings.yahoo.rotate_refresh_token;
                        if rotate {
                            let word = self.word("refresh");
                            if let Some(grant) = self.grants.get_mut(grant) {
                                grant.refresh_token = word;
                            }
                        }
                        self.issue(grant, rotate, None, ctx)
                    }
                    None => {
                        ctx.effects.count_unauthorized();
                        refused(400, "invalid_grant", "1602", "expired refresh token")
                    }
                }
            }
            _ => refused(400, "unsupported_grant_type", "901", "unsupported grant_type"),
        }
    }

    fn issue(&mut self, grant: usize, refresh: bool, id_token: Option<String>, ctx: &Ctx<'_>) -> Reply {
        let settings = &ctx.settings.yahoo;
        let now = ctx.now_ms;
        let token = self.word("access");
        self.access.retain(|_, a| a.until_ms.saturating_add(86_400_000) > now);
        let access = Access { grant, until_ms: now.saturating_add(settings.token_life_ms) };
        self.access.insert(token.clone(), access);
        let seconds = settings.token_life_ms / 1000;
        let expires = if settings.expires_in_as_text { json!(seconds.to_string()) } else { json!(seconds) };
        let refresh = self.grants.get(grant).filter(|_| refresh).map(|g| g.refresh_token.clone());
        let always =
            [("access_token", json!(token)), ("token_type", json!("Bearer")), ("expires_in", expires)];
        let some = [("refresh_token", refresh), ("id_token", id_token)];
        let some = some.into_iter().filter_map(|(name, text)| text.map(|t| (name, json!(t))));
        let body: serde_json::Map<_, _> =
            always.into_iter().chain(some).map(|(name, value)| (name.to_owned(), value)).collect();
        let body = serde_json::Value::Object(body);
        let mut reply = Reply::new(200, "application/json; charset=utf-8", body.to_string());
        reply.set_header("Cache-Control", "no-store");
        reply
    }

    /// A token that is well-formed and signed by nobody.
    fn id_token(&self, code: &Code, client: usize, now_ms: i64) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "typ": "JWT", "alg": "RS256", "kid": "sim" }));
        let body = part(json!({
            "iss": "https://auth.login.yahoo.co.jp/yconnect/v2", "sub": "MIHONSTAFF",
            "aud": [self.client_id(client)], "exp": now_ms / 1000 + 2_419_200, "iat": now_ms / 1000,
            "nonce": code.nonce,
        }));
        format!("{head}.{body}.c2lt")
    }
}
