//! What happens by itself, and what others asked for: requests, automatic imports, the daily second look, notices
//! by rule, credential checks.

use crate::access::to_store;
use crate::import::{Begin, take_over};
use crate::lane::{Lane, LaneError, ShopContext};
use crate::requests::{
    AUTHORISE, AuthoriseRequest, CHECK_CREDENTIAL, IMPORT, IMPORT_FILE, ImportRequest, NOTIFY, NotifyRequest,
    PROVE, READ_BACK, SHIPMENT_FILE,
};
use crate::why::LOOK_UP;
use domain::reason;
use domain::time::{DAY, HOUR};
use domain::write::WriteKind;
use mall_api::{MallError, MallErrorKind, Session};
use serde_json::json;
use std::collections::BTreeSet;
use store::imports::RunRow;
use store::requests::RequestRow;
use store::{Shop, StoreError};

/// Held orders asked for again in one run.
const HELD_LIMIT: i64 = 1_000;

/// Is a request of this kind refused for a shop in this state? A test of the credentials is not: it is how a shop is
/// made ready.
fn is_refused(state: &str, kind: &str) -> bool {
    match kind {
        IMPORT | NOTIFY | READ_BACK | LOOK_UP | PROVE => state != "active",
        CHECK_CREDENTIAL | AUTHORISE => state == "archived",
        // Of a newer program: it waits for one.
        _ => false,
    }
}

/// Between two questions for the end of a credential's life.
const CREDENTIAL_CHECK_MS: i64 = DAY;
/// After a failed question.
const CREDENTIAL_RETRY_MS: i64 = HOUR;

impl Lane {
    /// Serves one request; `true` when something was done.
    pub(crate) async fn serve_request(&self) -> Result<bool, LaneError> {
        for request in self.hub.ledger.open_requests(&self.guard.lane_key).await? {
            let Some(shop) = self.hub.ledger.shop(request.shop_id).await? else { continue };
            if is_refused(&shop.state, &request.kind) {
                self.refuse_switched_off(&shop, &request).await?;
                return Ok(true);
            }
            let served = match request.kind.as_str() {
                IMPORT => self.serve_import(&shop, &request).await,
                IMPORT_FILE => self.serve_import_file(&shop, &request).await,
                NOTIFY => self.serve_notify(&shop, &request).await,
                READ_BACK => self.serve_read_back(&shop, &request).await,
                SHIPMENT_FILE => self.serve_shipment_file(&shop, &request).await,
                LOOK_UP => self.serve_look_up(&shop, &request).await,
                PROVE => self.serve_prove(&shop, &request).await,
                CHECK_CREDENTIAL => self.serve_check(&shop, &request).await,
                AUTHORISE => self.serve_authorise(&shop, &request).await,
                // Of a newer program: it waits for one.
                _ => Ok(false),
            };
            match served {
                Ok(false) => {}
                Ok(true) => return Ok(true),
                // One request that cannot be read must not stop the whole lane.
                Err(LaneError::Store(StoreError::Corrupt { table, column, .. })) if table == "requests" => {
                    let reason = reason::record_unreadable(format!("{table}.{column}"));
                    self.answer(&request, "failed", &json!({ "reason": reason })).await?;
                    return Ok(true);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// A shop that is switched off is not worked: whoever asks is told at once, and a run that was under way for the
    /// request ends.
    async fn refuse_switched_off(&self, shop: &Shop, request: &RequestRow) -> Result<(), LaneError> {
        let reason = reason::shop_off(&shop.name);
        if let Some(run) = self.hub.ledger.run_of_request(request.request_id).await?
            && run.finished_at.is_none()
        {
            return self.stop_run(&run, &reason).await;
        }
        self.answer(request, "failed", &json!({ "reason": reason })).await
    }

    async fn serve_import(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        if let Some(run) = self.hub.ledger.run_of_request(request.request_id).await? {
            if run.finished_at.is_none() {
                return Ok(false);
            }
            self.answer_from_run(request, &run).await?;
            return Ok(true);
        }
        if self.hub.mall(&shop.mall).is_none() {
            let result = json!({ "reason": reason::mall_not_known(&shop.mall) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        }
        let mut body: ImportRequest = request.body_as()?;
        let mut carried = BTreeSet::new();
        let open = self.hub.ledger.open_run(shop.shop_id).await?;
        if open.is_none() && body.force {
            // Stopped for this request by an owner that died before it could begin the new run.
            let newest = self.hub.ledger.newest_runs(shop.shop_id, 1).await?.pop();
            let ours = |run: &RunRow| {
                run.state == "stopped" && run.finished_at.is_some_and(|t| t >= request.created_at)
            };
            if let Some(run) = newest.filter(ours) {
                carried = take_over(&mut body, &run);
            }
        }
        if let Some(run) = open {
            // Files are read in moments and without the mall: the one who forces waits for them.
            if body.force && run.trigger == "file" {
                return Ok(false);
            }
            if !body.force {
                let reason = reason::shop_busy(&shop.name);
                let result = json!({ "run_id": run.run_id, "reason": reason });
                self.answer(request, "failed", &result).await?;
                return Ok(true);
            }
            // Taken over, not thrown away: what the run that stops has not done is done too.
            carried = take_over(&mut body, &run);
            self.stop_run(&run, &reason::taken_over()).await?;
        }
        let trigger = if body.orders.is_some() { "reimport" } else { "manual" };
        self.try_again(shop.shop_id);
        let begin = Begin { trigger, request: Some(request.request_id), body, carried };
        if self.begin_import(shop, begin).await?.is_none() {
            let result = json!({ "reason": reason::shop_busy(&shop.name) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        }
        self.hub.ledger.begin_request(&self.guard, request.request_id).await?;
        Ok(true)
    }

    async fn serve_notify(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        let body: NotifyRequest = request.body_as()?;
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(false) };
        let by = request.by.clone();
        let (orders, by_hand) = match body.orders {
            Some(orders) => (orders, true),
            None => {
                let rules = self.hub.ledger.rules(shop.shop_id).await?;
                let phases: Vec<_> =
                    rules.into_iter().filter(|r| r.kind == body.kind).map(|r| r.target_phase).collect();
                let first = domain::OrderSeq(0);
                let found =
                    self.hub.ledger.write_candidates(shop.shop_id, body.kind, &phases, first, 10_000).await?;
                (found, false)
            }
        };
        let (judged, taken) =
            self.enqueue(shop, &*mall, (body.kind, body.target.as_deref()), &orders, &by, by_hand).await?;
        let refused: Vec<_> = judged
            .iter()
            .filter(|j| !j.verdict.is_eligible())
            .map(|j| json!({ "order_no": j.order.seq.order_no(), "mall_order_id": j.order.mall_order_id, "reasons": j.verdict.refusals }))
            .collect();
        let queued: Vec<_> = taken.iter().map(|s| s.order_no()).collect();
        self.try_again(shop.shop_id);
        let result = json!({ "queued": queued, "refused": refused });
        self.answer(request, "succeeded", &result).await?;
        Ok(true)
    }

    async fn serve_check(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        self.try_again(shop.shop_id);
        let (state, result) = match self.check_credentials(shop).await? {
            Ok(remarks) => ("succeeded", json!({ "remarks": remarks })),
            Err(reason) => ("failed", json!({ "reason": reason })),
        };
        self.answer(request, state, &result).await?;
        Ok(true)
    }

    /// Turns the code a browser brought back into tokens. They are stored as if a person had entered them.
    async fn serve_authorise(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        let body = self.hub.ledger.open_request(request)?;
        let unreadable = |_| StoreError::Corrupt {
            table: "requests".into(),
            column: "body".into(),
            row: request.request_id.to_string(),
        };
        let body: AuthoriseRequest = serde_json::from_slice(&body).map_err(unreadable)?;
        let Some(context) = self.context(shop.clone()).await? else { return Ok(false) };
        let result = match self.exchange_code(&context, &body).await? {
            Ok(()) => ("succeeded", json!({})),
            Err(reason) => ("failed", json!({ "reason": reason })),
        };
        self.answer(request, result.0, &result.1).await?;
        Ok(true)
    }

    async fn exchange_code(
        &self,
        context: &ShopContext,
        body: &AuthoriseRequest,
    ) -> Result<Result<(), domain::Reason>, LaneError> {
        let Some(grant) = context.mall.grant() else { return Ok(Err(reason::no_grant())) };
        let credentials = context.access().credentials;
        let asked = grant.exchange(&credentials, &body.code, &body.redirect_uri, &body.code_verifier);
        let request = match asked {
            Ok(request) => request,
            Err(reason) => return Ok(Err(reason)),
        };
        let answer = self.wire(context).exchange(request, None).await;
        let now = self.now();
        let tokens = match answer.map_err(MallError::from).and_then(|a| grant.read_tokens(&a, now)) {
            Ok(tokens) => tokens,
            Err(error) if error.kind == MallErrorKind::Interrupted => return Err(LaneError::Gone),
            Err(error) => return Ok(Err(*error.reason)),
        };
        if let Some(reason) = self.wrong_person(context, &tokens).await? {
            return Ok(Err(reason));
        }
        let (ledger, shop) = (&self.hub.ledger, context.shop.shop_id);
        ledger.store_tokens(&self.guard, shop, None, &to_store(&tokens), now).await?;
        // A person acted: a hold of the shop ends.
        ledger.hold_shop(shop, None).await?;
        self.try_again(shop);
        Ok(Ok(()))
    }

    /// The owner that ended a run died before it could say so.
    pub(crate) async fn answer_from_run(&self, request: &RequestRow, run: &RunRow) -> Result<(), LaneError> {
        let state = if run.state == "stopped" { "failed" } else { run.state.as_str() };
        let result = json!({ "run_id": run.run_id, "counts": run.counts, "reason": run.reason });
        self.answer(request, state, &result).await
    }

    pub(crate) async fn answer(
        &self,
        request: &RequestRow,
        state: &str,
        result: &serde_json::Value,
    ) -> Result<(), LaneError> {
        let id = request.request_id;
        self.hub.ledger.finish_request(&self.guard, id, state, result, self.now()).await?;
        Ok(())
    }

    /// Tests the shop's credentials live and stores what the mall says of their end of life.
    async fn check_credentials(
        &self,
        shop: &Shop,
    ) -> Result<Result<Vec<domain::Reason>, domain::Reason>, LaneError> {
        let Some(context) = self.context(shop.clone()).await? else { return Ok(Ok(Vec::new())) };
        let wire = self.wire(&context);
        // A check compares our clock with the mall's.
        let session = Session { now: self.now(), ..self.session(&context, &wire) };
        let checked = context.mall.check_credential(&session, &context.access().credentials).await;
        let now = self.now();
        let asked: Vec<&str> =
            context.mall.descriptor().credentials.iter().filter(|c| c.expiry_asked).map(|c| c.key).collect();
        match checked {
            Ok(check) => {
                self.talked(&context.shop).await?;
                for key in asked {
                    let end = check.expires_at.iter().find(|(k, _)| k == key).map(|(_, t)| *t);
                    let complaint = check.remarks.first();
                    self.hub.ledger.credential_checked(shop.shop_id, key, end, complaint, now).await?;
                }
                Ok(Ok(check.remarks))
            }
            Err(error) => {
                if error.kind == MallErrorKind::Interrupted {
                    return Err(LaneError::Gone);
                }
                self.failed(&context.shop, &error).await?;
                for key in asked {
                    let reason = Some(&*error.reason);
                    self.hub.ledger.credential_checked(shop.shop_id, key, None, reason, now).await?;
                }
                Ok(Err(*error.reason))
            }
        }
    }

    /// Intents of every shop that the rules make due; `true` when there were some.
    pub(crate) async fn automate_shops(&self) -> Result<bool, LaneError> {
        if !self.hub.config.schedules {
            return Ok(false);
        }
        let mut joined = false;
        for shop in self.shops().await? {
            joined |= self.automate_shop(&shop).await?;
        }
        Ok(joined)
    }

    /// Intents are put into the outbox even while the mall cannot be talked to: the queue is held, not lost.
    async fn automate_shop(&self, shop: &Shop) -> Result<bool, LaneError> {
        for kind in [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice] {
            if self.automate(shop, kind).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is due by itself; `true` when something was done.
    pub(crate) async fn run_schedules(&self) -> Result<bool, LaneError> {
        if !self.hub.config.schedules {
            return Ok(false);
        }
        let restored = self.hub.ledger.restored().await?.is_some();
        let shops = self.shops().await?;
        for shop in &shops {
            if self.automate_shop(shop).await? {
                return Ok(true);
            }
            if !self.may_talk(shop) {
                continue;
            }
            if (restored && self.begin_read_back(shop).await?)
                || self.look_again(shop).await?
                || self.begin_scheduled_import(shop).await?
                || self.check_daily(shop).await?
            {
                return Ok(true);
            }
        }
        // Last of all: what proves that the rest was complete.
        for shop in shops.iter().filter(|shop| self.may_talk(shop)) {
            if self.begin_proof(shop).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks again for the orders the mall holds (FRD-5), whether or not the shop imports by itself: its lists may hide
    /// them, and a release may come days later.
    async fn look_again(&self, shop: &Shop) -> Result<bool, LaneError> {
        let ledger = &self.hub.ledger;
        if !self.look_again_due(shop.shop_id) || ledger.open_run(shop.shop_id).await?.is_some() {
            return Ok(false);
        }
        self.looked_again(shop.shop_id);
        let held = ledger.held_orders(shop.shop_id, HELD_LIMIT).await?;
        if held.is_empty() {
            return Ok(false);
        }
        let now = self.now();
        let body = ImportRequest {
            from: now,
            to: now,
            statuses: None,
            overwrite: false,
            force: false,
            orders: Some(held),
        };
        let begin = Begin { trigger: "look_again", request: None, body, carried: BTreeSet::new() };
        Ok(self.begin_import(shop, begin).await?.is_some())
    }

    /// Asks once a day for the end of the credentials' life, where the mall tells.
    async fn check_daily(&self, shop: &Shop) -> Result<bool, LaneError> {
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(false) };
        let asked = |key: &str| mall.descriptor().credentials.iter().any(|c| c.key == key && c.expiry_asked);
        let now = self.now();
        let rows = self.hub.ledger.credential_rows(shop.shop_id).await?;
        let due = rows.iter().filter(|r| asked(&r.credential)).any(|r| {
            let wait = if r.check_reason.is_some() { CREDENTIAL_RETRY_MS } else { CREDENTIAL_CHECK_MS };
            r.checked_at.is_none_or(|at| at > now || now.since(at) >= wait)
        });
        if due {
            // What it says is stored; a refusal holds the shop.
            self.check_credentials(shop).await?.ok();
        }
        Ok(due)
    }
}
