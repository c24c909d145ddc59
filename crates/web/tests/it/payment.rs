//! 入金 as a browser sees it.

use crate::depot::{Depot, content};
use axum::http::StatusCode;
use domain::hold::Hold;
use domain::rights::Rights;
use domain::{Amount, OrderSeq};

async fn waiting(depot: &Depot, amounts: &[i64]) -> Vec<OrderSeq> {
    let orders = amounts.iter().map(|n| {
        let mut order = content();
        order.amounts.requested = Amount::yen(*n).into();
        order.payment.prepaid = true;
        (order, Hold::None)
    });
    let seqs = depot.import(orders.collect()).await;
    for seq in &seqs {
        depot.shift(*seq, "awaiting_payment").await;
    }
    seqs
}

async fn id(depot: &Depot, seq: OrderSeq) -> String {
    format!("{}.{}", seq.0, depot.row(seq).await.version)
}

#[tokio::test]
async fn an_order_is_marked_as_paid_moved_on_and_taken_back() {
    let depot = Depot::new().await;
    let seqs = waiting(&depot, &[3_300, 500]).await;
    let list = depot.get("/payment").await.text();
    assert!(
        list.contains("3,300円") && list.contains("支払期限 2026/11/21") && list.contains("期限超過"),
        "{list}"
    );
    let one = id(&depot, seqs[0]).await;
    let form = [("id", one.as_str()), ("paid_on", "2026-11-20"), ("to", "awaiting_print")];
    let done = depot.post("/payment/paid", &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let row = depot.row(seqs[0]).await;
    assert_eq!((row.paid_on.as_deref(), row.phase.as_str()), (Some("2026-11-20"), "awaiting_print"));
    assert_eq!(depot.row(seqs[1]).await.paid_on, None);
    let again = depot.post("/payment/paid", &form).await.text();
    assert!(again.contains("ほかの人が先に変更しました"), "the version is an old one: {again}");
    let undone = depot.post("/payment/undo", &[("s", &done.hidden("s"))]).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER);
    let row = depot.row(seqs[0]).await;
    assert_eq!((row.paid_on, row.phase.as_str()), (None, "awaiting_payment"));
}

#[tokio::test]
async fn a_banks_csv_is_laid_beside_the_orders_and_a_person_decides() {
    let depot = Depot::new().await;
    let seqs = waiting(&depot, &[3_300, 500, 500]).await;
    let csv = "日付,摘要,お預り金額\n2026/11/20,ﾌﾘｺﾐ ﾐﾎﾝ ﾊﾅｺ,\"3,300\"\n2026/11/20,<img src=x>,500\n2026/11/20,ﾀﾞﾚｶ,7\n";
    let bytes = encoding_rs::SHIFT_JIS.encode(csv).0.into_owned();
    let page = depot.upload("/payment/bank", &[], "../口座.csv", &bytes).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let text = page.text();
    assert!(text.contains("Shift_JIS") && !text.contains("<img") && !text.contains("../"), "{text}");
    assert_eq!(text.matches(" checked").count(), 1, "only the certain one is ticked");
    assert_eq!(text.matches("name=\"id\"").count(), 3);
    assert!(text.contains("4行目") && text.contains("見つからない"));
    assert_eq!(depot.row(seqs[0]).await.paid_on, None, "looking marks nothing");
    let id = page.hidden("id");
    let done = depot.post("/payment/paid", &[("id", &id), ("paid_on", "2026-11-22"), ("to", "")]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(depot.row(seqs[0]).await.paid_on.as_deref(), Some("2026-11-20"), "the day of the bank");
}

#[tokio::test]
async fn payments_need_their_rights_and_days_that_can_be_i11() {
    let depot = Depot::new().await;
    let seqs = waiting(&depot, &[500]).await;
    let one = id(&depot, seqs[0]).await;
    for day in ["2026-11-23", "gestern", ""] {
        let answer = depot.post("/payment/paid", &[("id", &one), ("paid_on", day), ("to", "")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
    }
    depot.sign_in(Rights { buyer_data: false, ..Rights::all() }).await;
    assert!(!depot.get("/payment").await.text().contains("花子"));
    assert_eq!(depot.upload("/payment/bank", &[], "x.csv", b"x").await.status, StatusCode::FORBIDDEN);
    depot.sign_in(Rights::default()).await;
    assert_eq!(depot.get("/payment").await.status, StatusCode::FORBIDDEN);
    let other = domain::ShopId(depot.shop.shop_id.0 + 1);
    depot.sign_in(Rights { shops: Some(vec![other]), ..Rights::all() }).await;
    let stolen = depot.post("/payment/paid", &[("id", &one), ("paid_on", "2026-11-20"), ("to", "")]).await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
    assert_eq!(depot.row(seqs[0]).await.paid_on, None);
}
