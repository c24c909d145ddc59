//! Access that lives an hour: renewed in the lane before it ends or when the mall calls it stale. What a token endpoint
//! gave is stored before it is used, under the lane's fence; so there never are two who renew.

use crate::wire::LaneWire;
use domain::UtcMillis;
use mall_api::{Credentials, Grant, MallErrorKind, Tokens, WireError, WireRequest};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::shops::NewCredential;
use store::{Ledger, StoreError};

/// A shop's credentials while they are in use.
#[derive(Clone, Default)]
pub(crate) struct Access {
    pub(crate) credentials: Arc<Credentials>,
    /// End of life of the access token, where the mall gives such.
    pub(crate) ends: Option<UtcMillis>,
}

impl Access {
    /// As they stand in the ledger.
    pub(crate) async fn load(
        ledger: &Ledger,
        shop: domain::ShopId,
        grant: Option<&dyn Grant>,
    ) -> Result<Self, StoreError> {
        let ends = match grant {
            Some(grant) => {
                let rows = ledger.credential_rows(shop).await?;
                rows.into_iter().find(|r| r.credential == grant.access_key()).and_then(|r| r.expires_at)
            }
            None => None,
        };
        let credentials = Credentials::from_pairs(ledger.open_credentials(shop).await?);
        Ok(Self { credentials: Arc::new(credentials), ends })
    }

    /// There, and not about to end. One without a known end is good until the mall says otherwise.
    fn is_good(&self, grant: &dyn Grant, now: UtcMillis) -> bool {
        self.credentials.get(grant.access_key()).is_some()
            && self.ends.is_none_or(|ends| ends.since(now) >= grant.renew_before_ms())
    }
}

/// What is stored of the answer of a token endpoint.
pub(crate) fn to_store(tokens: &Tokens) -> Vec<NewCredential<'_>> {
    tokens
        .0
        .iter()
        .map(|t| NewCredential {
            credential: t.key,
            secret: t.secret.expose_secret(),
            expires_at: t.expires_at,
        })
        .collect()
}

/// Credentials with what a token endpoint gave in their place.
pub(crate) fn with_tokens(old: &Credentials, tokens: &Tokens, access_key: &str) -> Access {
    let mut pairs: BTreeMap<String, String> =
        old.keys().filter_map(|key| Some((key.to_owned(), old.get(key)?.to_owned()))).collect();
    pairs.extend(tokens.0.iter().map(|t| (t.key.to_owned(), t.secret.expose_secret().to_owned())));
    let ends = tokens.0.iter().find(|t| t.key == access_key).and_then(|t| t.expires_at);
    Access { credentials: Arc::new(Credentials::from_pairs(pairs)), ends }
}

/// Is this the token endpoint's? Its requests bear no access token.
pub(crate) fn is_token_request(grant: &dyn Grant, credentials: &Credentials, request: &WireRequest) -> bool {
    grant.refresh(credentials).is_ok_and(|r| r.role == request.role)
}

impl LaneWire<'_> {
    /// Credentials with an access token that is good.
    pub(crate) async fn access(&self, grant: &dyn Grant) -> Result<Arc<Credentials>, WireError> {
        let _one = self.context.renewing.lock().await;
        let access = self.context.access();
        if access.is_good(grant, self.lane.now()) {
            return Ok(access.credentials);
        }
        self.renew(grant, access.credentials).await
    }

    /// The same after the mall called the token in `used` stale.
    pub(crate) async fn after_stale(
        &self,
        grant: &dyn Grant,
        used: &Credentials,
    ) -> Result<Arc<Credentials>, WireError> {
        let _one = self.context.renewing.lock().await;
        let access = self.context.access();
        if access.credentials.get(grant.access_key()) != used.get(grant.access_key()) {
            return Ok(access.credentials);
        }
        self.renew(grant, access.credentials).await
    }

    /// Renews. Whatever goes wrong here, the request that needed the access was not sent (or was refused as stale).
    async fn renew(&self, grant: &dyn Grant, old: Arc<Credentials>) -> Result<Arc<Credentials>, WireError> {
        let not_sent = |what: &dyn std::fmt::Display| WireError::NotSent {
            what: format!("access was not renewed ({what})"),
        };
        let request = grant.refresh(&old).map_err(|reason| WireError::NotAuthorised(Box::new(reason)))?;
        let answer = match self.exchange(request, None).await {
            Ok(answer) => answer,
            Err(WireError::NoAnswer { what }) => return Err(not_sent(&what)),
            Err(other) => return Err(other),
        };
        let now = self.lane.now();
        let tokens = grant.read_tokens(&answer, now).map_err(|error| match error.kind {
            MallErrorKind::Credential | MallErrorKind::NotAllowed | MallErrorKind::Refused => {
                WireError::NotAuthorised(error.reason)
            }
            _ => not_sent(&error.reason.code),
        })?;
        if self.context.trial.is_some() {
            let access = with_tokens(&old, &tokens, grant.access_key());
            let credentials = Arc::clone(&access.credentials);
            self.context.set_access(access);
            return Ok(credentials);
        }
        let (shop, key) = (self.context.shop.shop_id, grant.refresh_key());
        let with = old.get(key).map(|secret| (key, secret));
        let ledger = &self.lane.hub.ledger;
        let lost = |error: StoreError| match error {
            StoreError::LaneLost => WireError::LaneLost,
            other => not_sent(&other),
        };
        ledger.store_tokens(&self.lane.guard, shop, with, &to_store(&tokens), now).await.map_err(lost)?;
        let access = Access::load(ledger, shop, Some(grant)).await.map_err(lost)?;
        metrics::counter!("choba_access_renewed_total", "mall" => self.context.mall.descriptor().mall)
            .increment(1);
        let credentials = Arc::clone(&access.credentials);
        self.context.set_access(access);
        Ok(credentials)
    }
}
