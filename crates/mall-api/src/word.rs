//! Word from outside that a mall has something new: its mail to the shop, its message in a queue. How each looks is data
//! of the mall; reading it is pure. Such a word is a hint to look at the mall and never data of an order: all that is
//! taken from it is the order's number, and anybody can write one (F15).

/// A mail, as far as it is looked at.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// What stays the same when the same mail comes again: its Message-Id, or what stands for one.
    pub id: String,
    /// Address of the sender, without its name.
    pub from: String,
    /// Subject, decoded.
    pub subject: String,
    /// The beginning of the text, decoded.
    pub text: String,
}

/// A mall's mail about a new order.
#[derive(Debug, Clone)]
pub struct OrderMail {
    /// The sender's domain is one of these, or below one.
    pub sender_domains: &'static [&'static str],
    /// One of these stands in the subject; empty: every mail of the sender counts (subjects are not documented).
    pub subjects: &'static [&'static str],
    /// The order's number in a text; `None`: the mail names none.
    pub number: fn(&str) -> Option<String>,
    /// The part of a number that is the shop's own, where numbers have one: tells several shops of a mall apart.
    pub account: Option<fn(&str) -> Option<&str>>,
    /// Where at the mall the mail is ordered, Japanese.
    pub help: &'static str,
}

/// What a word says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// The order's number, where one stands there.
    pub order: Option<String>,
    /// The shop's own part of the number.
    pub account: Option<String>,
}

/// Without blanks and in one case: subjects are folded and spaced in many ways.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

impl OrderMail {
    /// Is it this mall's word of a new order, and what does it say? `None`: something else.
    #[must_use]
    pub fn read(&self, mail: &Mail) -> Option<News> {
        let domain = mail.from.rsplit_once('@')?.1.to_ascii_lowercase();
        let ours = |known: &&str| {
            domain == **known || domain.strip_suffix(*known).is_some_and(|rest| rest.ends_with('.'))
        };
        if !self.sender_domains.iter().any(ours) {
            return None;
        }
        let subject = squeezed(&mail.subject);
        if !self.subjects.is_empty() && !self.subjects.iter().any(|s| subject.contains(&squeezed(s))) {
            return None;
        }
        let order = (self.number)(&mail.text).or_else(|| (self.number)(&mail.subject));
        let account =
            order.as_deref().and_then(|n| self.account.and_then(|of| of(n))).map(str::to_ascii_lowercase);
        Some(News { order, account })
    }
}

/// A mall's messages in a queue.
#[derive(Debug, Clone)]
pub struct OrderQueue {
    /// What the mall calls them.
    pub name: &'static str,
    /// Reads a message: its own id and what it says; `None`: something else.
    pub read: fn(&str) -> Option<(String, News)>,
    /// How it is set up at the mall, Japanese.
    pub help: &'static str,
}

/// The first run of characters in `text` that `fits`, among runs of digits, letters and hyphens.
pub fn find_number(text: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(|run| fits(run)).map(str::to_owned)
}

/// Parts of a run between hyphens are digits of these lengths (from, to).
#[must_use]
pub fn is_numbered(run: &str, parts: &[(usize, usize)]) -> bool {
    let given: Vec<&str> = run.split('-').collect();
    given.len() == parts.len()
        && given.iter().zip(parts).all(|(part, (least, most))| {
            (*least..=*most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Option<String> {
        find_number(text, |run| is_numbered(run, &[(3, 3), (7, 7), (7, 7)]))
    }

    fn rule() -> OrderMail {
        OrderMail {
            sender_domains: &["mall.example.jp"],
            subjects: &["注文内容ご確認"],
            number,
            account: Some(|n| n.split_once('-').map(|(first, _)| first)),
            help: "",
        }
    }

    fn mail(from: &str, subject: &str, text: &str) -> Mail {
        Mail { id: "1".into(), from: from.into(), subject: subject.into(), text: text.into() }
    }

    #[test]
    fn only_the_malls_own_senders_are_believed_f15() {
        let with = |from: &str| rule().read(&mail(from, "【店】注文内容ご確認（自動配信）", ""));
        assert!(with("order@mall.example.jp").is_some() && with("order@MAIL.Mall.Example.JP").is_some());
        for forged in [
            "order@evilmall.example.jp",
            "order@mall.example.jp.evil.example",
            "mall.example.jp",
            "",
            "a@b@evil.example",
        ] {
            assert_eq!(with(forged), None, "{forged}");
        }
    }

    #[test]
    fn a_folded_subject_is_the_same_subject_and_another_is_not_imp7() {
        let with = |subject: &str| rule().read(&mail("a@mall.example.jp", subject, "")).is_some();
        assert!(with("【店】 注文 内容\r\n ご確認"));
        assert!(!with("発送のお知らせ") && !with(""));
    }

    #[test]
    fn the_number_is_taken_from_the_text_then_from_the_subject_imp14() {
        let subject = "注文内容ご確認 250-1234567-7654321";
        let with = |text: &str| rule().read(&mail("a@mall.example.jp", subject, text)).and_then(|n| n.order);
        assert_eq!(with("注文番号：249-1111111-2222222です").as_deref(), Some("249-1111111-2222222"));
        assert_eq!(with("電話 03-1234-5678").as_deref(), Some("250-1234567-7654321"));
        let account = rule().read(&mail("a@mall.example.jp", subject, "")).and_then(|n| n.account);
        assert_eq!(account.as_deref(), Some("250"));
    }

    proptest! {
        #[test]
        fn no_mail_makes_it_panic(from in ".{0,40}", subject in ".{0,40}", text in ".{0,200}") {
            let _ = rule().read(&mail(&from, &subject, &text));
            let _ = rule().read(&mail("a@mall.example.jp", "注文内容ご確認", &text));
        }
    }
}
