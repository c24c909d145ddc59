//! 受注伝票有効化 (IMP-14): asking the mall for a 仮伝票, and making an order of it by hand.

use crate::doors;
use crate::hub::Hub;
use crate::requests::{IMPORT, ImportRequest};
use domain::history::By;
use domain::order::Flag;
use domain::snapshot::{Coded, Content, MallFacts, MallStage, Snapshot};
use domain::{OrderSeq, PhaseKey, Reason, RequestId, phase, reason};
use store::orders::NewOrder;
use store::provisional::Provisional;
use store::{Shop, StoreError};

/// Asks the mall for it by its number (モールに問い合わせる).
///
/// # Errors
/// As the database says.
pub async fn ask_mall(hub: &Hub, shop: &Shop, of: &Provisional, by: &By) -> Result<RequestId, StoreError> {
    let now = hub.clock.now();
    let orders = Some(vec![of.mall_order_id.clone()]);
    let body = ImportRequest { from: now, to: now, statuses: None, overwrite: false, force: false, orders };
    doors::ask(hub, shop, IMPORT, &body, by).await
}

/// What is known of it: nothing but the number. The mall's status is 不明 until the mall says it.
fn empty(of: &Provisional, mapping_version: u32) -> Snapshot {
    Snapshot {
        mapping_version,
        mall_order_id: of.mall_order_id.clone(),
        ordered_at: of.seen_at,
        facts: MallFacts {
            status: Coded::default(),
            stage: MallStage::Unknown,
            sub_status: None,
            payment_status: None,
            shipping_status: None,
            hold: domain::hold::Hold::NotKnown,
            cancel: None,
            shipments: Vec::new(),
            revision: None,
            changed_at: None,
            confirmed_at: None,
            fixed_at: None,
            shipment_reported_at: None,
            ship_by: None,
            deadlines: Vec::new(),
            changed_by_buyer: false,
            cautions: Vec::new(),
            unknown: Vec::new(),
        },
        content: Content::default(),
    }
}

/// Makes an order of it (有効化). It lands in 新規受付, marked 要対応 and without content; the import that brings it later
/// fills it, as if it were new.
///
/// # Errors
/// The inner reason: it waits no longer. Else as the database says.
pub async fn activate(
    hub: &Hub,
    shop: &Shop,
    of: &Provisional,
    by: &By,
) -> Result<Result<OrderSeq, Reason>, StoreError> {
    let Some(mall) = hub.mall(&shop.mall) else { return Ok(Err(reason::mall_not_known(&shop.mall))) };
    let order = NewOrder {
        id: uuid::Uuid::now_v7(),
        snapshot: empty(of, mall.descriptor().mapping_version),
        raw: Vec::new(),
        phase: PhaseKey::from(phase::NEW),
        flags: Flag::bits(&[Flag::NeedsAttention, Flag::UnknownValue]),
        source: store::orders::MAIL,
        dates: Default::default(),
        events: Vec::new(),
    };
    match hub.ledger.activate_provisional(of, order, by, hub.clock.now()).await {
        Ok(Some(seq)) => Ok(Ok(seq)),
        // The import stored it at this very moment.
        Ok(None) | Err(StoreError::Conflict { .. }) => Ok(Err(reason::provisional_settled())),
        Err(error) => Err(error),
    }
}
