//! Queues (IMP-7): ORDER_CHANGE through SQS is a hint like a mail.

use crate::kit::{self, Listening, hurry, is_alive, listener, shop, waiting};
use crate::moto::Moto;
use serde_json::json;
use store::Kind;
use testkit::house::Plan;

fn message(id: &str, number: &str) -> String {
    json!({
        "NotificationVersion": "1.0", "NotificationType": "ORDER_CHANGE", "PayloadVersion": "1.0",
        "EventTime": "2026-11-02T00:00:00Z",
        "Payload": { "OrderChangeNotification": {
            "NotificationLevel": "OrderLevel", "SellerId": "AKAKUU", "AmazonOrderId": number,
            "OrderChangeType": "OrderStatusChange", "OrderChangeTrigger": null,
            "Summary": { "OrderStatus": "Unshipped", "FulfillmentType": "MFN" } } },
        "NotificationMetadata": { "ApplicationId": "a", "SubscriptionId": "s",
            "PublishTime": "2026-11-02T00:00:00Z", "NotificationId": id }
    })
    .to_string()
}

#[test]
fn an_order_change_hints_its_shop_once_and_is_deleted_after_it_is_kept_imp7() {
    testkit::house::run(Plan::empty(Kind::Sqlite, 0).mall("amazon", 1), async |house| {
        let mut server = Moto::start().await;
        hurry(house, 0).await;
        let config = json!({ "queue_url": server.queue_url, "access_key_id": "AKIAKAKUU" });
        kit::add(house, "sqs", config, "kakuu-no-himitsu").await;
        server.send("something else").await;
        for _ in 0..3 {
            server.send(&message("n-1", "250-1234567-7654321")).await;
        }
        let mut ear = Listening::begin(house);
        ear.until("it is hinted", async || shop(house, 0).await.hinted_at.is_some()).await;
        ear.until("it is kept", async || !waiting(house).await.is_empty()).await;
        assert_eq!(waiting(house).await, ["250-1234567-7654321"]);
        // The last copy is deleted a moment after it was heard; the next message shows that it was.
        server.send(&message("n-2", "250-1234567-0000001")).await;
        ear.until("the next is heard", async || waiting(house).await.len() == 2).await;
        ear.end().await;
        let (there, _given_out) = server.left().await;
        assert_eq!(there, "0");

        server.end();
        let mut ear = Listening::begin(house);
        ear.until("the outage is noticed", async || !is_alive(house).await).await;
        let reason = listener(house).await.reason.unwrap();
        assert_eq!((reason.code.as_str(), reason.retried), ("listener_no_connection", true));
        ear.end().await;
    });
}

#[test]
fn a_queue_that_is_not_there_is_said_in_words_imp7() {
    testkit::house::run(Plan::empty(Kind::Sqlite, 0), async |house| {
        let server = Moto::start().await;
        let kinds = kit::kinds(house);
        let test = async |url: &str| {
            let config = json!({ "queue_url": url, "access_key_id": "AKIAKAKUU" });
            let place = engine::listening::Place::new(config, "kakuu-no-himitsu".to_owned());
            let steps = kinds[1].test(&place).await;
            steps[0].outcome.clone().map_err(|r| r.code)
        };
        assert!(test(&server.queue_url).await.is_ok());
        let gone = server.queue_url.replace("orders", "nai");
        assert_eq!(test(&gone).await.unwrap_err(), "queue_not_found");
    });
}
