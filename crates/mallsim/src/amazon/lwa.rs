//! Login with Amazon: `POST /auth/o2/token` (document 1.1). Its errors have a shape of their own.

use std::collections::BTreeMap;

use serde_json::json;

use super::Amazon;
use super::shop::{Shop, word};
use crate::mall::Ctx;
use crate::wire::{Reply, Request, percent_decode};

/// The scopes a grantless token may be asked for (document 1.1, the second one not checked).
const SCOPES: [&str; 2] =
    ["sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation"];

/// An access token.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub shop: usize,
    pub expires_ms: i64,
    /// Which authorisation it came from; grantless without.
    pub grant: Option<usize>,
}

/// The form of a token call; nothing when the body is none.
pub(crate) fn form(request: &Request) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let pairs = text.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(key), percent_decode(value))
    });
    pairs.collect()
}

fn refused(status: u16, error: &str, description: &str) -> Reply {
    let body = json!({ "error": error, "error_description": description });
    Reply::new(status, "application/json;charset=UTF-8", body.to_string())
}

fn invalid_grant(what: &str) -> Reply {
    refused(400, "invalid_grant", &format!("The request has an invalid grant parameter : {what}"))
}

fn unsupported() -> Reply {
    refused(
        400,
        "unsupported_grant_type",
        "The authorization grant type is not supported by the authorization server",
    )
}

fn malformed(what: &str) -> Reply {
    refused(400, "invalid_request", &format!("The request is missing a required parameter : {what}"))
}

impl Amazon {
    /// Whose application or authorisation a token call names.
    pub(crate) fn token_caller(&self, request: &Request) -> Option<usize> {
        let form = form(request);
        let client = form.get("client_id")?;
        self.shops.iter().position(|s| s.client_id == *client)
    }

    pub(crate) fn token(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        let mut reply = self.grant_token(request, ctx);
        if reply.status == 401 || reply.status == 400 {
            ctx.effects.count_unauthorized();
        }
        reply.set_header("x-amzn-RequestId", &self.request_id());
        reply
    }

    fn grant_token(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        if request.method != "POST" {
            return refused(405, "invalid_request", "Method not allowed");
        }
        if request.query_value("grant_type").is_some() {
            // parameters in the query (document 1.1)
            return refused(500, "ServerError", "Internal server error");
        }
        let kind = request.find_header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return unsupported();
        }
        let form = form(request);
        let value = |name: &str| form.get(name).filter(|v| !v.is_empty());
        let Some(grant_type) = value("grant_type") else { return unsupported() };
        let (Some(client), Some(secret)) = (value("client_id"), value("client_secret")) else {
            return malformed("client_id, client_secret");
        };
        let now = ctx.now_ms;
        let fits = |s: &Shop| {
            s.client_id == *client
                && s.secret == *secret
                && !s.switches.secret_expired
                && now < s.secret_expires_ms
        };
        let Some(index) = self.shops.iter().position(fits) else {
            return refused(401, "invalid_client", "Client authentication failed");
        };
        match grant_type.as_str() {
            "refresh_token" => match value("refresh_token") {
                Some(refresh) => self.by_refresh(index, refresh, ctx),
                None => malformed("refresh_token"),
            },
            "authorization_code" => match (value("code"), value("redirect_uri")) {
                (Some(code), Some(_)) => self.by_code(index, code, ctx),
                _ => malformed("code, redirect_uri"),
            },
            "client_credentials" => match value("scope") {
                Some(scope) if SCOPES.contains(&scope.as_str()) => {
                    let token = self.issue(index, None, ctx);
                    let life = ctx.settings.amazon.token_life_ms / 1000;
                    granted(&json!({
                        "access_token": token, "scope": scope, "token_type": "bearer", "expires_in": life,
                    }))
                }
                _ => refused(400, "invalid_scope", "The request has an invalid parameter : scope"),
            },
            _ => unsupported(),
        }
    }

    fn by_refresh(&mut self, index: usize, refresh: &str, ctx: &Ctx<'_>) -> Reply {
        let Some(owner) = self.shops.get(index) else { return invalid_grant("refresh_token") };
        let grant = owner.grants.iter().position(|g| g.refresh == refresh);
        let Some(grant) = grant else {
            let foreign = self.shops.iter().any(|s| s.grants.iter().any(|g| g.refresh == refresh));
            return if foreign {
                refused(400, "unauthorized_client", "Not authorized for requested operation")
            } else {
                invalid_grant("refresh_token")
            };
        };
        let holds = owner.grants.get(grant).is_some_and(|g| g.holds(ctx.now_ms));
        if !holds || owner.switches.auth_revoked {
            return invalid_grant("refresh_token. User may have revoked or didn't grant the permission.");
        }
        self.tokens(index, grant, ctx)
    }

    /// A code is good once, for five minutes.
    fn by_code(&mut self, index: usize, code: &str, ctx: &Ctx<'_>) -> Reply {
        let seed = self.seed;
        let Some(owner) = self.shops.get_mut(index) else { return invalid_grant("code") };
        if owner.codes.remove(code).is_none_or(|end| ctx.now_ms >= end) {
            return invalid_grant("code");
        }
        owner.new_grant(seed, index, ctx.now_ms, ctx.settings);
        let grant = owner.grants.len() - 1;
        self.tokens(index, grant, ctx)
    }

    fn tokens(&mut self, index: usize, grant: usize, ctx: &Ctx<'_>) -> Reply {
        let token = self.issue(index, Some(grant), ctx);
        let refresh = self.shops.get(index).and_then(|s| s.grants.get(grant)).map(|g| g.refresh.clone());
        granted(&json!({
            "access_token": token,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": ctx.settings.amazon.token_life_ms / 1000,
        }))
    }

    fn issue(&mut self, shop: usize, grant: Option<usize>, ctx: &Ctx<'_>) -> String {
        self.issued += 1;
        let token = format!("Atza|MIHON{}", word(self.seed ^ 0x70CE, shop, self.issued, 120));
        let now = ctx.now_ms;
        if self.access.len() > 4_096 {
            // an hour longer, so that "expired" can be told from "unknown"
            self.access.retain(|_, a| now - a.expires_ms < crate::jst::HOUR_MS);
        }
        let expires_ms = now.saturating_add(ctx.settings.amazon.token_life_ms);
        self.access.insert(token.clone(), Access { shop, expires_ms, grant });
        token
    }
}

fn granted(body: &serde_json::Value) -> Reply {
    let mut reply = Reply::new(200, "application/json;charset=UTF-8", body.to_string());
    reply.set_header("Cache-Control", "no-store");
    reply
}
