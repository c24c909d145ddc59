//! A mall whose access lives a while: any mall of the program behind a token desk. The desk stands in the transport and
//! answers what the role `login` is asked; the mall behind it never sees an access token.

use bytes::Bytes;
use domain::{Reason, ShopId, UtcMillis, reason};
use engine::Transport;
use mall_api::descriptor::{CredentialField, CredentialSource, EndpointRole, Limit, Operation, Renewal};
use mall_api::grant::{Consent, Token};
use mall_api::{
    Clock, CredentialCheck, Credentials, Descriptor, Grant, Mall, MallError, MallErrorKind, Method,
    OrderSource, OrderWriter, Session, Settings, Tokens, WireAnswer, WireError, WireRequest,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Key of the access token.
pub const ACCESS: &str = "access_token";
/// Key of what renews it.
pub const REFRESH: &str = "refresh_token";
/// Header that carries the access token.
const HEADER: &str = "x-access";
const TOKEN: &str = "token";
const LOGIN: &str = "login";

/// A mall that gives access for a while.
pub struct Granted {
    inner: Arc<dyn Mall>,
    descriptor: Descriptor,
}

impl Granted {
    /// Puts `inner` behind a grant; `change` may change what it says of itself.
    pub fn over(inner: Arc<dyn Mall>, change: impl FnOnce(&mut Descriptor)) -> Arc<dyn Mall> {
        let mut descriptor = inner.descriptor().clone();
        let field = |key, source| CredentialField {
            key,
            label: key,
            required: true,
            help: "",
            check: |_| Ok(()),
            source,
            expiry_asked: false,
            usual_life_ms: None,
            renewal: Renewal::NONE,
        };
        descriptor.credentials.push(field(REFRESH, CredentialSource::Granted));
        descriptor.credentials.push(field(ACCESS, CredentialSource::Renewed));
        let default_url = "https://login.invalid";
        descriptor.endpoints.push(EndpointRole { role: LOGIN, default_url, given_hosts: &[] });
        let limit = Limit { interval_ms: 1_000, burst: 1 };
        descriptor.operations.push(Operation { operation: TOKEN, bucket: TOKEN, limit, timeout_ms: 10_000 });
        change(&mut descriptor);
        Arc::new(Self { inner, descriptor })
    }
}

fn ask(what: &str, with: &str) -> WireRequest {
    WireRequest {
        operation: TOKEN.to_owned(),
        role: LOGIN.to_owned(),
        method: Method::Post,
        path: "/token".to_owned(),
        address: None,
        query: Vec::new(),
        headers: Vec::new(),
        body: format!("{what}={with}").into_bytes(),
    }
}

#[async_trait::async_trait]
impl Mall for Granted {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        self.inner.pacing_key(shop, credentials)
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        self.inner.authorise(request, credentials, settings, now)?;
        let token = credentials.get(ACCESS).ok_or_else(|| reason::credential_missing(ACCESS))?;
        request.headers.push((HEADER.to_owned(), token.to_owned()));
        Ok(())
    }

    fn grant(&self) -> Option<&dyn Grant> {
        Some(self)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        self.inner.check_credential(session, credentials).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        self.inner.orders()
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        self.inner.writer()
    }
}

impl Grant for Granted {
    fn access_key(&self) -> &'static str {
        ACCESS
    }

    fn refresh_key(&self) -> &'static str {
        REFRESH
    }

    fn renew_before_ms(&self) -> i64 {
        60_000
    }

    fn refresh(&self, credentials: &Credentials) -> Result<WireRequest, Reason> {
        let with = credentials.get(REFRESH).ok_or_else(|| reason::credential_missing(REFRESH))?;
        Ok(ask("refresh", with))
    }

    fn read_tokens(&self, answer: &WireAnswer, now: UtcMillis) -> Result<Tokens, MallError> {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status != 200 {
            return Err(MallError::new(MallErrorKind::Credential, reason::access_refused()));
        }
        let unreadable = || MallError::new(MallErrorKind::Unreadable, reason::access_refused());
        let mut parts = text.split(' ');
        let (Some(refresh), Some(access), Some(life)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(unreadable());
        };
        let life: i64 = life.parse().map_err(|_| unreadable())?;
        let token = |key, secret: &str, expires_at| Token { key, secret: secret.into(), expires_at };
        Ok(Tokens(vec![token(REFRESH, refresh, None), token(ACCESS, access, Some(now.plus(life)))]))
    }

    fn is_stale(&self, answer: &WireAnswer) -> bool {
        answer.status == 401 && &answer.body[..] == b"stale"
    }

    fn consent_url(&self, _: &Credentials, _: &Settings, consent: Consent<'_>) -> Result<String, Reason> {
        Ok(format!("https://login.invalid/consent?state={}&c={}", consent.state, consent.code_challenge))
    }

    fn code_of(&self, query: &[(String, String)]) -> Result<String, Reason> {
        let code = query.iter().find(|(key, _)| key == "code");
        code.map(|(_, code)| code.clone()).ok_or_else(reason::consent_not_ours)
    }

    fn exchange(&self, _: &Credentials, code: &str, _: &str, verifier: &str) -> Result<WireRequest, Reason> {
        Ok(ask("code", &format!("{code}.{verifier}")))
    }
}

/// What the desk saw.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// Refresh tokens it was asked with, in order.
    pub refreshed: Vec<String>,
    /// For each refresh token, the authorizations its access came with: never more than one.
    pub pairs: BTreeMap<String, BTreeSet<String>>,
    /// Whose calls passed, in order.
    pub passed: Vec<String>,
    /// Calls refused as stale.
    pub stale: usize,
    /// These refresh tokens are refused.
    pub revoked: BTreeSet<String>,
    /// Access tokens given up to this number are stale.
    pub void_to: u64,
    /// The next call of this operation finds its token stale.
    pub stale_at: Option<String>,
}

/// The token desk before a mall. Its tokens say by themselves whose they are and how long they live, so a desk that
/// is started again knows them.
pub struct TokenDesk {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    life_ms: i64,
    desk: Mutex<(u64, Desk)>,
}

impl TokenDesk {
    /// A desk whose access tokens live so long.
    pub fn new(inner: Arc<dyn Transport>, clock: Arc<dyn Clock>, life_ms: i64) -> Self {
        Self { inner, clock, life_ms, desk: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Desk)> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it saw so far.
    pub fn seen(&self) -> Desk {
        self.lock().1.clone()
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut Desk)) {
        change(&mut self.lock().1);
    }

    fn give(&self, body: &[u8]) -> WireAnswer {
        let text = String::from_utf8_lossy(body).into_owned();
        let (what, with) = text.split_once('=').unwrap_or_default();
        let mut desk = self.lock();
        let refresh = match what {
            "refresh" => {
                desk.1.refreshed.push(with.to_owned());
                with.to_owned()
            }
            _ => format!("granted-{with}"),
        };
        if desk.1.revoked.contains(&refresh) {
            return answer(400, "revoked".to_owned());
        }
        desk.0 += 1;
        let ends = self.clock.now().plus(self.life_ms).0;
        answer(200, format!("{refresh} {refresh}|{ends}|{} {}", desk.0, self.life_ms))
    }

    /// May the call pass?
    fn passes(&self, request: &WireRequest) -> bool {
        let header = |name: &str| {
            request.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
        };
        let token = header(HEADER);
        let parts: Vec<&str> = token.split('|').collect();
        let number = |at: usize| parts.get(at).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
        let (refresh, ends, serial) = (parts.first().copied().unwrap_or_default(), number(1), number(2));
        let mut desk = self.lock();
        if desk.1.stale_at.as_ref() == Some(&request.operation) {
            desk.1.stale_at = None;
            desk.1.void_to = desk.0;
        }
        let now = u64::try_from(self.clock.now().0).unwrap_or(0);
        if ends <= now || serial <= desk.1.void_to {
            desk.1.stale += 1;
            return false;
        }
        let refresh = refresh.to_owned();
        desk.1.pairs.entry(refresh.clone()).or_default().insert(header("authorization"));
        desk.1.passed.push(refresh);
        true
    }
}

fn answer(status: u16, body: String) -> WireAnswer {
    WireAnswer { status, headers: Vec::new(), body: Bytes::from(body) }
}

#[async_trait::async_trait]
impl Transport for TokenDesk {
    async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        if request.role == LOGIN {
            return Ok(self.give(&request.body));
        }
        if !self.passes(request) {
            return Ok(answer(401, "stale".to_owned()));
        }
        let mut request = request.clone();
        request.headers.retain(|(name, _)| name != HEADER);
        self.inner.exchange(base_url, &request, timeout_ms).await
    }
}
