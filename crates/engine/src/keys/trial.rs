//! Keys that wait are tried by the lane that owns the shop, with reads only and without storing anything; the old ones stay
//! in use. A mall may need a while before it takes a renewed key, so a refusal is tried again; why it was refused is said all
//! along. When the new ones work they take the place of the old.

use crate::access::{Access, with_tokens};
use crate::lane::{Lane, LaneError, ShopContext};
use domain::time::{DAY, HOUR, MINUTE};
use domain::{Reason, UtcMillis};
use mall_api::{CredentialCheck, Credentials, MallErrorKind, Tokens};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use store::letters::{LetterContent, NewLetter};
use store::next_credentials::{NextCredential, Swap};
use store::shops::NewCredential;
use store::{Shop, StoreError};

/// What the answers complained of while credentials were tried, by credential.
#[derive(Default)]
pub(crate) struct Trial(Mutex<BTreeMap<&'static str, Option<Reason>>>);

impl Trial {
    /// An answer showed whether a credential is accepted.
    pub(crate) fn seen(&self, key: &'static str, complaint: Option<Reason>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, complaint);
    }

    /// What is wrong with one of these.
    fn complaint(&self, keys: &[&str]) -> Option<Reason> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|(key, _)| keys.contains(*key)).find_map(|(_, complaint)| complaint.clone())
    }
}

/// Is the next try due? Every few minutes at first, because a mall takes 10 to 30 minutes to know a renewed key; then ever
/// more seldom.
fn is_due(entered_at: UtcMillis, tried_at: Option<UtcMillis>, now: UtcMillis) -> bool {
    let Some(tried_at) = tried_at else { return true };
    let wait = match tried_at.since(entered_at) {
        age if age < 2 * HOUR => 3 * MINUTE,
        age if age < DAY => 15 * MINUTE,
        _ => HOUR,
    };
    // A clock that stepped back must not put the next try years away (F48).
    now.since(tried_at) >= wait || tried_at > now
}

/// A refusal that has lasted so long is told by mail.
const TOLD_AFTER_MS: i64 = DAY;

/// How a try came out.
enum Tried {
    /// The mall takes them.
    Works(CredentialCheck),
    /// Not (yet): the mall says no, or cannot be reached.
    NotYet(Box<Reason>),
}

impl Lane {
    /// Tries what waits for one of the lane's shops; `true` when something was tried. Shops whose work is held are no
    /// exception: a new key is what they wait for.
    pub(crate) async fn try_next_credentials(&self) -> Result<bool, LaneError> {
        let monotonic = self.hub.clock.monotonic_ms();
        let looked = self.keys_looked_at.load(Ordering::Relaxed);
        if !self.hub.config.schedules || monotonic.saturating_sub(looked) < self.hub.config.poll_ms {
            return Ok(false);
        }
        self.keys_looked_at.store(monotonic, Ordering::Relaxed);
        let waiting = self.hub.ledger.shops_with_next_credentials().await?;
        if waiting.is_empty() {
            return Ok(false);
        }
        for shop in self.shops().await?.into_iter().filter(|s| waiting.contains(&s.shop_id)) {
            let rows = self.hub.ledger.open_next_credentials(shop.shop_id).await?;
            if rows.iter().any(|(row, _)| is_due(row.entered_at, row.tried_at, self.now())) {
                self.try_shop(shop, rows).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn try_shop(&self, shop: Shop, rows: Vec<(NextCredential, String)>) -> Result<(), LaneError> {
        let (ledger, id) = (&self.hub.ledger, shop.shop_id);
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(()) };
        let mut all: BTreeMap<String, String> = ledger.open_credentials(id).await?.into_iter().collect();
        all.extend(rows.iter().map(|(row, secret)| (row.credential.clone(), secret.clone())));
        let access_key = mall.grant().map(|grant| grant.access_key());
        // What was got with the old ones proves nothing of the new ones.
        access_key.map(|key| all.remove(key));
        let tried = Arc::new(Credentials::from_pairs(all));
        let access = Access { credentials: Arc::clone(&tried), ends: None };
        let context = ShopContext::new(shop, mall, access, Some(Trial::default()));
        let keys: Vec<&str> = rows.iter().map(|(row, _)| row.credential.as_str()).collect();
        let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
        let outcome = self.try_with(&context, &keys).await?;
        metrics::counter!("choba_credentials_tried_total", "works" => if matches!(outcome, Tried::Works(_)) { "yes" } else { "no" })
            .increment(1);
        match outcome {
            Tried::Works(check) => self.swap(&context, &tried, &rows, &ids, &check).await,
            Tried::NotYet(reason) => {
                self.note(id, "new credentials do not work yet", &reason);
                ledger.next_credentials_tried(&ids, &reason, self.now()).await?;
                self.tell_refusal(&context.shop, &rows, &reason).await
            }
        }
    }

    /// Asks the mall, with reads only.
    async fn try_with(&self, context: &ShopContext, keys: &[&str]) -> Result<Tried, LaneError> {
        let wire = self.wire(context);
        let session = self.session(context, &wire);
        let checked = context.mall.check_credential(&session, &context.access().credentials).await;
        Ok(match checked {
            Ok(check) => match context.trial.as_ref().and_then(|trial| trial.complaint(keys)) {
                Some(complaint) => Tried::NotYet(Box::new(complaint)),
                None => Tried::Works(check),
            },
            Err(error) if error.kind == MallErrorKind::Interrupted => return Err(LaneError::Gone),
            Err(error) => Tried::NotYet(error.reason),
        })
    }

    /// The mall takes them: they replace the old ones.
    async fn swap(
        &self,
        context: &ShopContext,
        tried: &Credentials,
        rows: &[(NextCredential, String)],
        ids: &[i64],
        check: &CredentialCheck,
    ) -> Result<(), LaneError> {
        let (ledger, shop, now) = (&self.hub.ledger, &context.shop, self.now());
        let told = |key: &str| check.expires_at.iter().find(|(k, _)| k == key).map(|(_, end)| *end);
        let mut given: Vec<NewCredential<'_>> = rows
            .iter()
            .map(|(row, secret)| NewCredential {
                credential: &row.credential,
                secret,
                expires_at: told(&row.credential).or(row.expires_at),
            })
            .collect();
        // What the lane got with them while it tried.
        let got = context.access();
        let access_key = context.mall.grant().map(|grant| grant.access_key());
        for key in got.credentials.keys().filter(|key| got.credentials.get(key) != tried.get(key)) {
            let Some(secret) = got.credentials.get(key) else { continue };
            given.retain(|g| g.credential != key);
            let expires_at = if Some(key) == access_key { got.ends } else { None };
            given.push(NewCredential { credential: key, secret, expires_at });
        }
        let outdated: Vec<&str> =
            access_key.into_iter().filter(|key| !given.iter().any(|g| g.credential == *key)).collect();
        let lane_key = context.mall.pacing_key(shop.shop_id, &got.credentials);
        let by = rows.first().map_or(domain::history::By::Cli, |(row, _)| row.by.clone());
        let action = "shop.credentials.swapped";
        let swap = Swap { ids, given: &given, outdated: &outdated, lane_key: &lane_key, by: &by, action };
        match ledger.swap_credentials(Some(&self.guard), shop.shop_id, &swap, now).await {
            Ok(true) => {}
            // Something else was entered meanwhile, or is being sent: at the next turn.
            Ok(false) | Err(StoreError::Conflict { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for (row, _) in rows {
            ledger.credential_checked(shop.shop_id, &row.credential, None, None, now).await?;
        }
        for (key, end) in &check.expires_at {
            ledger.credential_checked(shop.shop_id, key, Some(*end), None, now).await?;
        }
        self.forget_accepted(shop.shop_id);
        self.try_again(shop.shop_id);
        self.tell_swap(context, rows).await
    }

    async fn tell_swap(
        &self,
        context: &ShopContext,
        rows: &[(NextCredential, String)],
    ) -> Result<(), LaneError> {
        let (shop, ids) = (&context.shop, ids_text(rows));
        let labels = labels(context, rows);
        let text = format!(
            "店舗：{}（{}）\n認証情報：{labels}\n\n登録されていた新しい値をモールで確かめ、切り替えました。保留していた取込と通知は再開します。\n",
            shop.name,
            context.mall.descriptor().name
        );
        let subject = format!("【帳場】{}：{labels}を新しい値に切り替えました", shop.name);
        self.queue(shop, format!("credential-swapped:{}:{ids}", shop.shop_id), subject, text).await
    }

    /// A refusal that lasts is told, once.
    async fn tell_refusal(
        &self,
        shop: &Shop,
        rows: &[(NextCredential, String)],
        reason: &Reason,
    ) -> Result<(), LaneError> {
        let entered = rows.iter().map(|(row, _)| row.entered_at).min().unwrap_or(self.now());
        if self.now().since(entered) < TOLD_AFTER_MS {
            return Ok(());
        }
        let text = format!(
            "店舗：{}\n\n{}に登録された新しい値を、モールがまだ受け付けていません。\n原因：{}\n対処：{}\n\n今までの値を使い続けています。1時間ごとに確かめます。\n",
            shop.name,
            entered.to_japan_text(),
            reason.ja,
            reason.remedy
        );
        let subject = format!("【帳場・要対応】{}：新しい認証情報が受け付けられません", shop.name);
        self.queue(shop, format!("credential-refused:{}:{}", shop.shop_id, ids_text(rows)), subject, text)
            .await
    }

    async fn queue(&self, shop: &Shop, key: String, subject: String, text: String) -> Result<(), LaneError> {
        let to = crate::letters::addresses(&self.hub.ledger).await?;
        let content = LetterContent { to, subject, text };
        let letter = NewLetter { key, kind: "credential".to_owned(), shop_id: Some(shop.shop_id), content };
        self.hub.ledger.queue_letter(&letter, self.now()).await?;
        Ok(())
    }

    /// May the person who allowed this access act for the shop? Tried before it is stored; only what the mall says of the
    /// person counts: whatever else is wrong is mended later.
    pub(crate) async fn wrong_person(
        &self,
        context: &ShopContext,
        tokens: &Tokens,
    ) -> Result<Option<Reason>, LaneError> {
        let Some(grant) = context.mall.grant() else { return Ok(None) };
        let fields = &context.mall.descriptor().credentials;
        let codes: Vec<&str> = fields.iter().flat_map(|f| f.renewal.wrong_person).copied().collect();
        if codes.is_empty() {
            return Ok(None);
        }
        let access = with_tokens(&context.access().credentials, tokens, grant.access_key());
        let mall = Arc::clone(&context.mall);
        let trial = ShopContext::new(context.shop.clone(), mall, access, Some(Trial::default()));
        let tried = self.try_with(&trial, &[]).await?;
        Ok(match tried {
            Tried::NotYet(reason) if codes.contains(&reason.code.as_str()) => Some(*reason),
            _ => None,
        })
    }
}

fn ids_text(rows: &[(NextCredential, String)]) -> String {
    rows.iter().map(|(row, _)| row.id.to_string()).collect::<Vec<_>>().join("-")
}

fn labels(context: &ShopContext, rows: &[(NextCredential, String)]) -> String {
    let fields = &context.mall.descriptor().credentials;
    let label =
        |key: &str| fields.iter().find(|f| f.key == key).map_or(key.to_owned(), |f| f.label.to_owned());
    rows.iter().map(|(row, _)| label(&row.credential)).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_key_is_tried_every_few_minutes_at_first_then_seldom_crd2() {
        let at = UtcMillis(1_790_000_000_000);
        assert!(is_due(at, None, at), "at once");
        let due = |age: i64, wait: i64| is_due(at, Some(at.plus(age)), at.plus(age + wait));
        assert!(!due(0, 2 * MINUTE) && due(0, 3 * MINUTE));
        assert!(!due(3 * HOUR, 14 * MINUTE) && due(3 * HOUR, 15 * MINUTE));
        assert!(!due(2 * DAY, 59 * MINUTE) && due(2 * DAY, HOUR));
        assert!(is_due(at, Some(at.plus(DAY)), at), "a clock that stepped back");
    }
}
