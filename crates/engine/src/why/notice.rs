//! 「なぜ通知されないか」 (WHY-2): everything that stands between an order and its shipment notice, each with its mends. What
//! may be sent is decided by `domain::eligibility`, as for the sending itself; this file adds what happened already.

use super::missing::Asking;
use super::{Check, Mend, with_mall, words};
use crate::writeback::judge_orders;
use domain::notice::NoticeState;
use domain::phase::Phase;
use domain::reason::why;
use domain::write::WriteKind;
use domain::{MallOrderId, OrderNo, OrderSeq, PhaseKey, Reason, UtcMillis};
use mall_api::Mall;
use serde::Serialize;
use store::orders::{OrderView, WriteView};
use store::{Shop, StoreError};

/// The answer: every reason, not only the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeAnswer {
    /// 管理番号.
    pub order_no: OrderNo,
    /// 注文番号.
    pub mall_order_id: MallOrderId,
    /// 連携ステータス.
    pub notice_state: NoticeState,
    /// What was looked at; several may be causes.
    pub checks: Vec<Check>,
}

impl NoticeAnswer {
    /// Something stands in the way.
    #[must_use]
    pub fn is_kept_back(&self) -> bool {
        self.checks.iter().any(Check::is_cause)
    }
}

/// Where mends lead.
struct Ways<'a> {
    shop: &'a Shop,
    mall: &'a str,
    order_no: &'a OrderNo,
    id: &'a MallOrderId,
    parent: Option<OrderNo>,
    targets: &'a [PhaseKey],
    phases: &'a [Phase],
}

impl Ways<'_> {
    fn to(&self, phase: &PhaseKey) -> Option<Mend> {
        let phase = self.phases.iter().find(|p| &p.phase == phase)?;
        let (key, name) = (phase.phase.0.clone(), phase.name.clone());
        Some(Mend::Move { order_no: self.order_no.clone(), phase: key, name })
    }

    fn of_shop<T>(&self, make: impl Fn(domain::ShopId, String) -> T) -> T {
        make(self.shop.shop_id, self.shop.name.clone())
    }

    /// What mends a refusal, by its code.
    fn mends(&self, reason: &Reason) -> Vec<Mend> {
        let order_no = || self.order_no.clone();
        let parcels = || Mend::EditParcels { order_no: order_no() };
        let by_hand = || Mend::Notify { order_no: order_no() };
        match reason.code.as_str() {
            "not_in_target_phase" | "phase_not_allowed_by_default" | "no_notice_rule" => {
                let moves = self.targets.iter().filter_map(|t| self.to(t));
                moves.chain([by_hand(), Mend::Rules { shop: self.shop.name.clone() }]).collect()
            }
            "automation_stopped" => {
                vec![self.of_shop(|shop_id, shop| Mend::StartAutomation { shop_id, shop }), by_hand()]
            }
            "handling_class_not_normal" => vec![Mend::SetNormal { order_no: order_no() }],
            "write_back_off" => vec![self.of_shop(|shop_id, shop| Mend::StartWriting { shop_id, shop })],
            "shop_off" => vec![self.of_shop(|shop_id, shop| Mend::SwitchOn { shop_id, shop })],
            "shop_held" => vec![
                self.of_shop(|shop_id, shop| Mend::EnterCredential {
                    shop_id,
                    shop,
                    credential: String::new(),
                }),
                self.of_shop(|shop_id, shop| Mend::TestShop { shop_id, shop }),
            ],
            "no_parcel"
            | "recipient_without_parcel"
            | "ship_date_blank"
            | "ship_date_in_future"
            | "tracking_number_blank"
            | "tracking_number_form"
            | "tracking_number_check_digit"
            | "tracking_number_not_sendable"
            | "carrier_blank"
            | "will_not_advance" => vec![parcels()],
            "carrier_unknown_to_mall" => {
                let mall = self.mall.to_owned();
                vec![Mend::CarrierCode { carrier: String::new(), mall }, parcels()]
            }
            "bundled_child" => {
                self.parent.iter().map(|parent| Mend::OpenOrder { order_no: parent.clone() }).collect()
            }
            "cancelled_at_mall" => self.to(&domain::phase::CANCELLED.into()).into_iter().collect(),
            "in_shipment_file" => vec![Mend::AnswerFile { file_id: None }],
            "last_write_failed" | "notice_applied" => {
                vec![Mend::SetNotSent { order_no: order_no() }, parcels()]
            }
            "write_not_offered" | "outside_last_update" => vec![Mend::WriteFile { order_no: order_no() }],
            "status_link_off" => vec![self.of_shop(|shop_id, shop| Mend::Links { shop_id, shop })],
            "provisional_order"
            | "mall_not_ready"
            | "mall_holds_order"
            | "fraud_hold_blocks_status_change"
            | "mall_status_unknown" => {
                let id = self.id.clone();
                vec![self.of_shop(|shop_id, shop| Mend::ImportThis {
                    shop_id,
                    shop,
                    mall_order_id: id.clone(),
                })]
            }
            _ => Vec::new(),
        }
    }
}

/// The newest write of the notice.
fn newest(view: &OrderView) -> Vec<&WriteView> {
    let kind = WriteKind::ShipmentNotice.as_str();
    let of_kind = || view.writes.iter().filter(|w| w.kind == kind);
    let last = of_kind().map(|w| w.outbox_id).max();
    of_kind().filter(|w| Some(w.outbox_id) == last).collect()
}

/// What "the state is not 未連携" means for this order: how its last notice ended, or where it is.
fn told_state(view: &OrderView) -> Result<Reason, Box<Check>> {
    let writes = newest(view);
    let because = || writes.iter().find_map(|w| w.reason.as_ref());
    match view.row.notice_state {
        NoticeState::Applied => Err(Box::new(Check {
            reason: Some(why::notice_applied()),
            ..Check::passed("state", why::notice_applied().ja, why::notice_applied().en)
        })),
        NoticeState::InFlight if writes.iter().all(|w| w.step_state == "ready") => {
            Ok(because().map_or_else(why::write_in_flight, |r| with_mall(why::write_waits(words(r)), r)))
        }
        NoticeState::InFlight => Ok(why::write_in_flight()),
        state => {
            let label = state.label_ja();
            let of =
                because().cloned().unwrap_or_else(|| Reason::new("", state.remedy_ja(), "", "see the log"));
            Ok(with_mall(why::last_write_failed(label, words(&of)), &of))
        }
    }
}

/// Which check a refusal belongs to: where a reader would look for it.
fn check_of(code: &str) -> &'static str {
    match code {
        "write_back_off" | "shop_off" | "shop_held" | "automation_stopped" => "shop",
        "not_in_target_phase" | "phase_not_allowed_by_default" | "no_notice_rule" | "cancelled_here" => {
            "phase"
        }
        "handling_class_not_normal" | "provisional_order" | "bundled_child" | "fba_is_not_notified" => {
            "order"
        }
        "fraud_hold_blocks_status_change"
        | "mall_holds_order"
        | "mall_not_ready"
        | "cancelled_at_mall"
        | "mall_status_unknown" => "mall",
        "in_shipment_file" | "last_write_failed" | "write_in_flight" | "write_waits" | "notice_already" => {
            "state"
        }
        "status_link_off" => "link",
        _ => "parcels",
    }
}

/// What a reader expects to see ticked, when nothing of it stands in the way.
const TICKED: [(&str, &str, &str); 6] = [
    (
        "shop",
        "店舗は有効で、自動処理とモールへの反映が動いています",
        "The shop, its automation and write-back are on",
    ),
    ("phase", "フェーズは出荷通知の対象です", "The phase is a target phase"),
    ("order", "管理区分は通常で、同梱の子でもFBAでもありません", "A normal order, no bundled child, not FBA"),
    ("mall", "モールで保留もキャンセルもされていません", "Neither held nor cancelled at the mall"),
    ("state", "連携ステータスは未連携です", "Not sent yet"),
    ("parcels", "出荷日・配送業者・配送番号に問題はありません", "Ship date, carrier and number are fine"),
];

impl Asking<'_> {
    /// Everything that keeps the notice of an order back.
    ///
    /// # Errors
    /// As the database says.
    pub async fn not_notified(
        &self,
        shop: &Shop,
        mall: &dyn Mall,
        seq: OrderSeq,
    ) -> Result<Option<NoticeAnswer>, StoreError> {
        let kind = WriteKind::ShipmentNotice;
        let Some(view) = self.ledger.order(self.access, seq).await? else { return Ok(None) };
        let judged = judge_orders(self.ledger, shop, mall, kind, &[seq], false, self.now).await?.pop();
        let Some(judged) = judged else { return Ok(None) };
        let rules = self.ledger.rules(shop.shop_id).await?;
        let targets: Vec<PhaseKey> =
            rules.into_iter().filter(|r| r.kind == kind).map(|r| r.target_phase).collect();
        let phases = self.ledger.phases().await?;
        let parent = self.ledger.family(self.access, seq).await?.parent.map(|p| p.order_no);
        let ways = Ways {
            shop,
            mall: mall.descriptor().mall,
            order_no: &view.row.order_no,
            id: &view.row.mall_order_id,
            parent,
            targets: &targets,
            phases: &phases,
        };
        let mut refusals = of_shop(shop);
        let mut checks = Vec::new();
        for refusal in judged.verdict.refusals {
            match refusal.code.as_str() {
                "notice_already" => match told_state(&view) {
                    Ok(told) => refusals.push(told),
                    Err(fine) => checks.push(Check { mends: ways.mends(&why::notice_applied()), ..*fine }),
                },
                "not_in_target_phase" if targets.is_empty() => refusals.push(why::no_notice_rule(&shop.name)),
                _ => refusals.push(refusal),
            }
        }
        refusals.extend(self.link_off(shop, mall, &view, &phases).await?);
        let said = |check: &str| refusals.iter().any(|r| check_of(&r.code) == check);
        for (check, ja, en) in TICKED {
            if !said(check) && !checks.iter().any(|c| c.check == check) {
                checks.push(Check::passed(check, ja, en));
            }
        }
        for reason in refusals {
            let mends = ways.mends(&reason);
            checks.push(Check::cause(check_of(&reason.code), reason, mends));
        }
        for reason in judged.verdict.warnings {
            let mends = ways.mends(&reason);
            let words = Check::passed("warning", reason.ja.clone(), reason.en.clone());
            checks.push(Check { reason: Some(reason), mends, ..words });
        }
        if mall.shipment_files().is_some() && view.row.notice_state != NoticeState::Applied {
            checks.push(period(view.row.updated_at, &ways));
        }
        if !checks.iter().any(Check::is_cause) && view.row.notice_state == NoticeState::NotSent {
            checks.push(Check::passed("sent", why::will_be_sent().ja, why::will_be_sent().en));
        }
        // What stands in the way first, then the rest in the order in which it is asked.
        checks.sort_by_key(|c| !c.is_cause());
        Ok(Some(NoticeAnswer {
            order_no: view.row.order_no,
            mall_order_id: view.row.mall_order_id,
            notice_state: view.row.notice_state,
            checks,
        }))
    }

    /// 紐付け設定: the row of the order's phase is there and switched off.
    async fn link_off(
        &self,
        shop: &Shop,
        mall: &dyn Mall,
        view: &OrderView,
        phases: &[Phase],
    ) -> Result<Option<Reason>, StoreError> {
        if mall.descriptor().write(WriteKind::MallStatus).is_none() {
            return Ok(None);
        }
        let links = self.ledger.status_links(shop.shop_id).await?;
        let off = links.iter().any(|link| link.phase == view.row.phase && !link.on);
        let name = phases.iter().find(|p| p.phase == view.row.phase).map_or("", |p| &p.name);
        Ok(off.then(|| why::status_link_off(name)))
    }
}

/// What concerns every order of the shop.
fn of_shop(shop: &Shop) -> Vec<Reason> {
    let mut found = Vec::new();
    if shop.state != "active" {
        found.push(domain::reason::shop_off(&shop.name));
    }
    if let Some(held) = &shop.held_reason {
        found.push(with_mall(why::shop_held(&shop.name, words(held)), held));
    }
    found
}

/// NTF-12: a file of a period holds only what was changed in it.
fn period(updated_at: UtcMillis, ways: &Ways<'_>) -> Check {
    let reason = why::outside_last_update(updated_at.japan_date());
    let mends = ways.mends(&reason);
    Check { mends, ..Check::passed("period", reason.ja, reason.en) }
}
