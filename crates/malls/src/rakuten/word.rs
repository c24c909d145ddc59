//! 楽天's mail about a new order (rakuten.md 8.1).

use mall_api::word::{OrderMail, find_number, is_numbered};

/// 店舗ID, 受注日, serial: 5 to 7, 8 and 8 to 10 digits.
fn number(text: &str) -> Option<String> {
    // The label stands before it in the text; a subject or another layout has the number alone.
    let after = text.split_once("[受注番号]").map(|(_, rest)| rest);
    let find = |text: &str| find_number(text, |run| is_numbered(run, &[(5, 7), (8, 8), (8, 10)]));
    after.and_then(find).or_else(|| find(text))
}

/// Its first part is the shop's: a copy of a mail to a buyer of another shop is recognised by it.
fn account(number: &str) -> Option<&str> {
    number.split_once('-').map(|(shop, _)| shop)
}

pub(super) fn mail() -> OrderMail {
    OrderMail {
        sender_domains: &["rakuten.co.jp"],
        // The whole subject is 【楽天市場】注文内容ご確認（自動配信メール）; the mobile one differs around these words.
        subjects: &["注文内容ご確認"],
        number,
        account: Some(account),
        help: "RMS →「店舗設定」→「基本情報設定」→「店舗・企業詳細情報」→「注文確認メール送り先メールアドレス」に、このメールボックスのアドレスを加えてください（カンマ区切り。変更には楽天の承認が必要です）。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mall_api::word::{Mail, News};

    fn read(from: &str, subject: &str, text: &str) -> Option<News> {
        mail().read(&Mail {
            from: from.into(),
            subject: subject.into(),
            text: text.into(),
            ..Mail::default()
        })
    }

    #[test]
    fn the_documented_mail_is_recognised_with_number_and_shop_imp7() {
        let text = "この度はご注文ありがとうございます。\n[受注番号] 370001-20261122-00000123\n[日時] 2026-11-22 10:00:00\n";
        let news = read("order@rakuten.co.jp", "【楽天市場】注文内容ご確認（自動配信メール）", text).unwrap();
        assert_eq!(news.order.as_deref(), Some("370001-20261122-00000123"));
        assert_eq!(news.account.as_deref(), Some("370001"));
    }

    #[test]
    fn other_mails_of_the_mall_and_forged_ones_say_nothing_f15() {
        assert_eq!(read("order@rakuten.co.jp", "【楽天市場】licenseKeyの有効期限のお知らせ", ""), None);
        assert_eq!(read("order@rakuten.co.jp.example.com", "注文内容ご確認", ""), None);
        let without = read("order@rakuten.co.jp", "注文内容ご確認", "電話 03-12345678-00000000").unwrap();
        assert_eq!(without, News::default());
    }
}
