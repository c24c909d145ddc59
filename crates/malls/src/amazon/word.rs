//! Amazon's word of new orders: its mail to the seller, whose look is not documented (any mail of Amazon that names an
//! order counts), and ORDER_CHANGE in a queue (amazon.md 7).

use mall_api::word::{News, OrderMail, OrderQueue, find_number, is_numbered};
use serde_json::Value;

/// 3-7-7 digits.
fn number(text: &str) -> Option<String> {
    find_number(text, |run| is_numbered(run, &[(3, 3), (7, 7), (7, 7)]))
}

pub(super) fn mail() -> OrderMail {
    OrderMail {
        sender_domains: &["amazon.co.jp"],
        subjects: &["注文", "出荷", "order"],
        number,
        // A number does not tell whose it is.
        account: None,
        help: "セラーセントラル →「設定」→「通知設定」→「注文通知」の送り先に、このメールボックスのアドレスを加えてください（購入済み・注文確定の通知）。",
    }
}

/// A member by its name, whatever its case: notifications write them in two ways (7).
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, member)| member)
}

fn text(value: &Value, name: &str) -> Option<String> {
    member(value, name)?.as_str().map(str::to_owned)
}

fn read(body: &str) -> Option<(String, News)> {
    let message: Value = serde_json::from_str(body).ok()?;
    if text(&message, "NotificationType")? != "ORDER_CHANGE" {
        return None;
    }
    let id = text(member(&message, "NotificationMetadata")?, "NotificationId")?;
    let change = member(member(&message, "Payload")?, "OrderChangeNotification")?;
    let order = text(change, "AmazonOrderId").filter(|n| number(n).as_ref() == Some(n));
    // The seller a message names is none of our credentials: the queue's settings say whose it is.
    Some((id, News { order, account: None }))
}

pub(super) fn queue() -> OrderQueue {
    OrderQueue {
        name: "ORDER_CHANGE",
        read,
        help: "AWSでSQSの標準キューを作り、Amazon（437568002678）にSQS:SendMessageとSQS:GetQueueAttributesを許可し、SP-APIでORDER_CHANGEの通知先として登録します。キューを読むアクセスキーには、そのキューのReceiveMessageとDeleteMessageだけを許可してください。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mall_api::word::Mail;

    const MESSAGE: &str = r#"{"NotificationVersion":"1.0","NotificationType":"ORDER_CHANGE","PayloadVersion":"1.0",
      "EventTime":"2026-11-22T00:09:53.109Z","Payload":{"OrderChangeNotification":{"NotificationLevel":"OrderLevel",
      "SellerId":"A00000EXAMPLE","AmazonOrderId":"250-1234567-7654321","OrderChangeType":"OrderStatusChange",
      "OrderChangeTrigger":null,"Summary":{"OrderStatus":"Unshipped","FulfillmentType":"MFN"}}},
      "NotificationMetadata":{"ApplicationId":"a","SubscriptionId":"s","PublishTime":"2026-11-22T00:10:00Z",
      "NotificationId":"d0e9e693-0000-4000-8000-000000000001"}}"#;

    #[test]
    fn an_order_change_names_its_order_imp7() {
        let (id, news) = read(MESSAGE).unwrap();
        assert_eq!(id, "d0e9e693-0000-4000-8000-000000000001");
        assert_eq!(news.order.as_deref(), Some("250-1234567-7654321"));
        let other = MESSAGE.replace("\"ORDER_CHANGE\"", "\"FEED_PROCESSING_FINISHED\"");
        assert!(read(&other).is_none() && read("{}").is_none() && read("not json").is_none());
        let odd = MESSAGE.replace("250-1234567-7654321", "250-1234567-7654321 or 1=1");
        assert_eq!(read(&odd).unwrap().1.order, None);
    }

    #[test]
    fn a_mail_with_a_number_is_recognised_by_sender_and_subject_imp7() {
        let mail = |from: &str, subject: &str| Mail {
            from: from.into(),
            subject: subject.into(),
            text: "注文番号： 250-1234567-7654321".into(),
            ..Mail::default()
        };
        let news = super::mail().read(&mail("donotreply@amazon.co.jp", "注文確定：出荷の準備をしてください"));
        assert_eq!(news.unwrap().order.as_deref(), Some("250-1234567-7654321"));
        assert!(super::mail().read(&mail("donotreply@amazon.co.jp", "今週のおすすめ")).is_none());
        assert!(super::mail().read(&mail("a@amazon.co.jp.example", "注文確定")).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_message_makes_it_panic(body in ".{0,200}", cut in 0_usize..900) {
            let _ = read(&body);
            let _ = read(MESSAGE.get(..cut).unwrap_or(MESSAGE));
        }
    }
}
