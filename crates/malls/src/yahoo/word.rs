//! Yahoo!'s mail about a new order (yahoo.md 12). Neither its sender nor its subject is documented and stores change the
//! templates: every mail of Yahoo! to the mailbox counts as "look now".

use mall_api::word::{OrderMail, find_number};

/// `<store>-<8 or more digits>`.
fn number(text: &str) -> Option<String> {
    find_number(text, |run| {
        run.rsplit_once('-').is_some_and(|(store, digits)| {
            // A store's account is a word: a date or telephone number is none.
            store.starts_with(|c: char| c.is_ascii_lowercase())
                && (8..=12).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

fn account(number: &str) -> Option<&str> {
    number.rsplit_once('-').map(|(store, _)| store)
}

pub(super) fn mail() -> OrderMail {
    OrderMail {
        sender_domains: &["yahoo.co.jp", "yahoo-net.jp"],
        subjects: &[],
        number,
        account: Some(account),
        help: "ストアクリエイターPro →「設定」→「アラート・通知設定」→「メールアドレスを追加」で、このメールボックスのアドレスを加え、「注文」にチェックを入れてください。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mall_api::word::{Mail, News};

    fn read(from: &str, text: &str) -> Option<News> {
        mail().read(&Mail { from: from.into(), text: text.into(), ..Mail::default() })
    }

    #[test]
    fn any_mail_of_the_mall_is_a_hint_and_a_number_names_the_store_imp7() {
        assert_eq!(read("order@mail.shopping.yahoo.co.jp", "本日のお知らせ"), Some(News::default()));
        let news = read("a@yahoo.co.jp", "注文ID：kaku-store-10001234（電話 03-12345678）").unwrap();
        assert_eq!(news.order.as_deref(), Some("kaku-store-10001234"));
        assert_eq!(news.account.as_deref(), Some("kaku-store"));
        assert_eq!(read("a@yahoo.example", "kaku-store-10001234"), None);
    }
}
