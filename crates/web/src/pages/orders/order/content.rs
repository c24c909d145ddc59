//! What a content shows, section by section. Fields are taken from the flat list of all its fields one by one; whatever no
//! section took is shown at the end. So nothing a mall said is lost, in a newer program's content either.

use super::labels;
use crate::words::Lang;
use domain::reconcile::{self, item_path};
use domain::snapshot::Content;
use domain::{Reason, amount_check};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Label.
    pub label: String,
    /// Words.
    pub value: String,
    /// Masked: 「表示」 shows it.
    pub masked: bool,
    /// Words and class of tags behind it.
    pub tags: Vec<(&'static str, &'static str)>,
}

/// One line of the goods.
#[derive(Debug, Clone, Default)]
pub struct LineShown {
    /// 商品名.
    pub title: String,
    /// Everything else about it.
    pub details: Vec<Item>,
    /// SKU.
    pub sku: String,
    /// `8%`.
    pub rate: String,
    /// 単価.
    pub unit: String,
    /// 数量.
    pub quantity: String,
    /// Of these, cancelled; empty for none.
    pub cancelled: String,
    /// 小計.
    pub sum: String,
    /// Tags.
    pub tags: Vec<(&'static str, &'static str)>,
}

/// A recipient.
#[derive(Debug, Clone)]
pub struct RecipientShown {
    /// Its key.
    pub key: String,
    /// Title.
    pub title: String,
    /// Fields.
    pub items: Vec<Item>,
}

/// The content of an order, in sections.
#[derive(Debug, Clone, Default)]
pub struct ContentShown {
    /// 注文者.
    pub buyer: Vec<Item>,
    /// お届け先.
    pub recipients: Vec<RecipientShown>,
    /// 明細.
    pub lines: Vec<LineShown>,
    /// Sums: label, value, whether it is the last line.
    pub sums: Vec<Item>,
    /// 請求額.
    pub requested: Option<Item>,
    /// What does not add up.
    pub mismatches: Vec<Reason>,
    /// Amounts are not decided yet.
    pub undecided: bool,
    /// 支払.
    pub payment: Vec<Item>,
    /// 配送の希望.
    pub delivery: Vec<Item>,
    /// 備考.
    pub notes: Vec<Item>,
    /// 注文の種類 and the like.
    pub order: Vec<Item>,
    /// What no section took.
    pub rest: Vec<Item>,
    /// An address does not fit its postal code.
    pub address_in_doubt: bool,
}

/// How fields are marked and masked.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Edited by staff.
    pub edited: BTreeSet<String>,
    /// Changed on both sides.
    pub conflicts: BTreeSet<String>,
    /// Changed at the mall, not taken over.
    pub changed: BTreeSet<String>,
    /// Phone numbers and mail addresses are shown in full.
    pub contact: bool,
}

/// `•••-••••-0000`, `•••@example.jp`.
#[must_use]
pub fn masked(value: &str) -> String {
    if let Some((_, host)) = value.rsplit_once('@') {
        return format!("•••@{host}");
    }
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    match digits.len().checked_sub(4).filter(|more| *more >= 4) {
        Some(at) => format!("•••-••••-{}", digits.iter().skip(at).collect::<String>()),
        None => "•••".to_owned(),
    }
}

struct Shower<'a> {
    left: BTreeMap<String, Value>,
    marks: &'a Marks,
    lang: Lang,
}

impl Shower<'_> {
    fn tags(&self, path: &str) -> Vec<(&'static str, &'static str)> {
        let lang = self.lang;
        let mut tags = Vec::new();
        if self.marks.conflicts.contains(path) {
            tags.push((lang.t("変更の重なり", "conflict"), "bad"));
        } else if self.marks.changed.contains(path) {
            tags.push((lang.t("モール側で変更あり", "changed at the mall"), "warn"));
        }
        if self.marks.edited.contains(path) {
            tags.push((lang.t("修正済み", "edited"), "info"));
        }
        tags
    }

    fn value(&mut self, path: &str) -> Option<Value> {
        self.left.remove(path)
    }

    /// A text, taken. Empty when it is not there.
    fn text(&mut self, path: &str) -> String {
        match self.value(path) {
            Some(value) if !labels::is_empty(&value) => labels::words(path, &value, self.lang),
            _ => String::new(),
        }
    }

    /// A field as an item, unless it is empty and nobody emptied it.
    fn item(&mut self, path: &str) -> Option<Item> {
        let value = self.value(path)?;
        let tags = self.tags(path);
        if labels::is_empty(&value) && tags.is_empty() {
            return None;
        }
        let words = labels::words(path, &value, self.lang);
        let hide = labels::is_contact(path) && !self.marks.contact && !labels::is_empty(&value);
        Some(Item {
            label: labels::short(path, self.lang),
            value: if hide { masked(&words) } else { words },
            masked: hide,
            tags,
        })
    }

    fn items(&mut self, prefix: &str, names: &[&str]) -> Vec<Item> {
        names.iter().filter_map(|name| self.item(&format!("{prefix}{name}"))).collect()
    }

    /// Everything under a prefix that is still left.
    fn under(&mut self, prefix: &str) -> Vec<Item> {
        let paths: Vec<String> = self.left.keys().filter(|p| p.starts_with(prefix)).cloned().collect();
        paths.iter().filter_map(|p| self.item(p)).collect()
    }

    /// Several fields as one item.
    fn joined(&mut self, label: &str, prefix: &str, names: &[&str], between: &str) -> Option<Item> {
        let mut tags = Vec::new();
        let mut parts = Vec::new();
        for name in names {
            let path = format!("{prefix}{name}");
            for tag in self.tags(&path) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            let text = self.text(&path);
            if !text.is_empty() {
                parts.push(text);
            }
        }
        if parts.is_empty() && tags.is_empty() {
            return None;
        }
        Some(Item { label: label.to_owned(), value: parts.join(between), masked: false, tags })
    }

    /// A person: name, kana, company, address, contacts. The second is whether the address is in doubt.
    fn person(&mut self, prefix: &str) -> (Vec<Item>, bool) {
        let lang = self.lang;
        let text = |left: &BTreeMap<String, Value>, name: &str| {
            left.get(&format!("{prefix}{name}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let doubt = address_in_doubt(
            &text(&self.left, "country"),
            &text(&self.left, "postal_code"),
            &text(&self.left, "prefecture"),
            &format!("{}{}", text(&self.left, "city"), text(&self.left, "address1")),
        );
        let mut items = Vec::new();
        items.extend(self.item(&format!("{prefix}full_name")));
        items.extend(self.joined(lang.t("氏名", "Name"), prefix, &["family_name", "given_name"], " "));
        items.extend(self.joined(lang.t("カナ", "Kana"), prefix, &["family_kana", "given_kana"], " "));
        items.extend(self.items(prefix, &["company", "department"]));
        items.extend(self.joined(lang.t("郵便番号", "Postal code"), prefix, &["postal_code"], ""));
        let address = ["prefecture", "city", "address1", "address2", "address3"];
        let mut at = self.joined(lang.t("住所", "Address"), prefix, &address, " ");
        if doubt {
            let tag = (lang.t("住所不備の可能性", "address in doubt"), "bad");
            at.get_or_insert_with(|| Item {
                label: lang.t("住所", "Address").to_owned(), ..Item::default()
            })
            .tags
            .push(tag);
        }
        items.extend(at);
        items.extend(self.items(prefix, &["country", "phone", "phone2", "email"]));
        (items, doubt)
    }

    fn line(&mut self, at: &str, line: &domain::snapshot::Line, recipients: usize) -> LineShown {
        let lang = self.lang;
        let path = |name: &str| format!("{at}.{name}");
        let mut tags = Vec::new();
        for name in ["title", "sku", "quantity", "unit_price", "tax_rate_bp"] {
            for tag in self.tags(&path(name)) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        let with_tax = line.unit_price_with_tax.value().or(line.unit_price.value());
        let left = line.quantity.saturating_sub(line.cancelled_quantity);
        let sum = with_tax
            .and_then(domain::Amount::money)
            .and_then(|m| Some(domain::Money { minor: m.minor.checked_mul(left)?, currency: m.currency }));
        let title = self.text(&path("title"));
        let mut shown = LineShown {
            title: if title.is_empty() {
                lang.t("（商品名なし）", "(no title)").to_owned()
            } else {
                title
            },
            sku: self.text(&path("sku")),
            rate: self.text(&path("tax_rate_bp")),
            unit: self.text(&path("unit_price")),
            quantity: self.text(&path("quantity")),
            cancelled: String::new(),
            sum: sum.map(|m| m.to_string()).unwrap_or_default(),
            details: self.items(&format!("{at}."), &["variant", "options"]),
            tags,
        };
        self.value(&path("cancelled_quantity"));
        if line.cancelled_quantity != 0 {
            shown.cancelled = crate::words::grouped(line.cancelled_quantity);
        }
        let included = self.value(&path("tax_included")).is_some_and(|v| v == Value::Bool(true));
        let with_tax = self.text(&path("unit_price_with_tax"));
        if !included {
            shown.tags.push((lang.t("税別", "without tax"), "mute"));
        }
        if !with_tax.is_empty() && with_tax != shown.unit {
            shown.details.push(Item {
                label: lang.t("税込単価", "Unit price with tax").to_owned(),
                value: with_tax,
                ..Item::default()
            });
        }
        if recipients < 2 {
            self.value(&path("recipient_key"));
        }
        shown.details.extend(self.under(&format!("{at}.")));
        shown
    }
}

/// Whether an address and its postal code do not fit (a warning only: people move, cities merge).
#[must_use]
pub fn address_in_doubt(country: &str, code: &str, prefecture: &str, city: &str) -> bool {
    let in_japan = matches!(country, "" | "JP" | "JPN" | "日本");
    if !in_japan || code.is_empty() {
        return false;
    }
    let Some(digits) = japan::postal_code(code) else { return true };
    match japan::matches_address(&digits, prefecture, city) {
        japan::Match::OtherPrefecture | japan::Match::OtherCity => true,
        japan::Match::Fits => false,
        japan::Match::Unknown => japan::places(&digits).is_empty(),
    }
}

const SUMS: [&str; 11] = [
    "goods",
    "postage",
    "wrapping",
    "cod_fee",
    "payment_fee",
    "other_fee",
    "discount",
    "coupon_shop",
    "coupon_mall",
    "points_used",
    "total",
];

/// Amounts that lessen what is asked for.
const MINUS: [&str; 4] = ["discount", "coupon_shop", "coupon_mall", "points_used"];

fn sums(shower: &mut Shower<'_>, content: &Content) -> Vec<Item> {
    let lang = shower.lang;
    let mut items = Vec::new();
    for name in SUMS {
        let Some(mut item) = shower.item(&format!("amounts.{name}")) else { continue };
        let nothing = item.value.starts_with('0');
        if MINUS.contains(&name) && !nothing && !item.value.starts_with('-') {
            item.value = format!("−{}", item.value);
        }
        items.push(item);
        // Coupons stand under the sum they make up.
        let payers: &[&str] = match name {
            "coupon_shop" => &["shop"],
            "coupon_mall" => &["mall", "maker"],
            _ => continue,
        };
        items.extend(coupons(shower, content, payers));
    }
    items.extend(coupons(shower, content, &["shop", "mall", "maker"]));
    for one in &content.wrapping {
        let at = item_path("wrapping", &one.key);
        let name = shower.text(&format!("{at}.name"));
        let price = shower.text(&format!("{at}.price"));
        let rate = shower.text(&format!("{at}.tax_rate_bp"));
        let included = shower.value(&format!("{at}.tax_included")).is_some_and(|v| v == Value::Bool(true));
        shower.value(&format!("{at}.key"));
        let tax = if included { lang.t("税込", "with tax") } else { lang.t("税別", "without tax") };
        let what = match one.key.as_str() {
            "ribbon" => lang.t("リボン", "Ribbon"),
            "paper" => lang.t("包装紙", "Paper"),
            _ => lang.t("包装", "Wrapping"),
        };
        items.push(Item {
            label: format!("{what} {name}（{tax} {rate}）").replace(" ）", "）"),
            value: price,
            ..Item::default()
        });
    }
    items
}

fn coupons(shower: &mut Shower<'_>, content: &Content, payers: &[&str]) -> Vec<Item> {
    let mut items = Vec::new();
    for coupon in &content.coupons {
        let at = item_path("coupons", &coupon.key);
        let payer_path = format!("{at}.payer");
        let fits = shower.left.get(&payer_path).and_then(Value::as_str).is_some_and(|p| payers.contains(&p));
        if !fits {
            continue;
        }
        let payer = shower.text(&payer_path);
        let parts: Vec<String> = ["name", "code"]
            .map(|n| shower.text(&format!("{at}.{n}")))
            .into_iter()
            .chain(coupon.line_key.as_ref().map(|key| {
                let title = content.lines.iter().find(|l| &l.key == key).map(|l| l.title.text());
                format!("{}：{}", shower.lang.t("対象", "for"), title.unwrap_or(key))
            }))
            .filter(|p| !p.is_empty())
            .collect();
        let total = shower.text(&format!("{at}.total"));
        shower.value(&format!("{at}.key"));
        shower.value(&format!("{at}.line_key"));
        items.push(Item {
            label: format!("└ {}（{payer}） {}", shower.lang.t("クーポン", "Coupon"), parts.join(" ")),
            value: total,
            ..Item::default()
        });
    }
    items
}

fn taxes(shower: &mut Shower<'_>, content: &Content) -> Vec<Item> {
    let lang = shower.lang;
    let mut items = Vec::new();
    for one in &content.tax {
        let at = item_path("tax", &one.key);
        let rate = shower.text(&format!("{at}.rate_bp"));
        let taxed = shower.text(&format!("{at}.taxed"));
        let tax = shower.text(&format!("{at}.tax"));
        shower.value(&format!("{at}.key"));
        items.push(Item {
            label: format!("{rate}{}（{} {tax}）", lang.t("対象", " taxed"), lang.t("うち消費税", "tax")),
            value: taxed,
            ..Item::default()
        });
    }
    items
}

/// A content in sections.
#[must_use]
pub fn show(content: &Content, marks: &Marks, lang: Lang) -> ContentShown {
    let mut shower = Shower { left: reconcile::fields(content), marks, lang };
    let check = amount_check::check(content);
    let (buyer, _) = shower.person("buyer.");
    let mut shown = ContentShown {
        buyer,
        mismatches: check.mismatches,
        undecided: check.undecided,
        ..ContentShown::default()
    };
    let several = content.recipients.len() > 1;
    for (n, recipient) in content.recipients.iter().enumerate() {
        let at = item_path("recipients", &recipient.key);
        let (mut items, doubt) = shower.person(&format!("{at}.party."));
        shown.address_in_doubt |= doubt;
        if !several {
            shower.value(&format!("{at}.key"));
        }
        items.extend(shower.under(&format!("{at}.")));
        let title = lang.t("お届け先", "Recipient");
        shown.recipients.push(RecipientShown {
            key: recipient.key.clone(),
            title: if several { format!("{title} {}", n + 1) } else { title.to_owned() },
            items,
        });
    }
    for line in &content.lines {
        let at = item_path("lines", &line.key);
        shown.lines.push(shower.line(&at, line, content.recipients.len()));
    }
    shown.sums = sums(&mut shower, content);
    shown.sums.extend(taxes(&mut shower, content));
    shown.requested = shower.item("amounts.requested");
    shown.payment = shower
        .items("payment.", &["method", "terms", "paid_on", "prepaid", "cash_on_delivery", "collect_amount"]);
    shown.delivery =
        shower.items("delivery.", &["deliver_on", "deliver_slot", "method", "class", "promises"]);
    shown.notes = shower.items("", &["buyer_note", "mall_memo"]);
    shown.order =
        shower.items("", &["kind", "gift", "fulfillment", "mall_parent_id", "documents_wanted", "marks"]);
    let left: Vec<String> = shower.left.keys().cloned().collect();
    for path in left {
        if let Some(mut item) = shower.item(&path) {
            item.label = labels::label(&path, lang);
            shown.rest.push(item);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(shown: &ContentShown) -> Vec<String> {
        let items =
            |of: &[Item]| of.iter().flat_map(|i| [i.label.clone(), i.value.clone()]).collect::<Vec<_>>();
        let mut all = Vec::new();
        for list in [
            &shown.buyer,
            &shown.sums,
            &shown.payment,
            &shown.delivery,
            &shown.notes,
            &shown.order,
            &shown.rest,
        ] {
            all.extend(items(list));
        }
        all.extend(items(shown.requested.as_slice()));
        for recipient in &shown.recipients {
            all.extend(items(&recipient.items));
        }
        for line in &shown.lines {
            all.extend([&line.title, &line.sku, &line.rate, &line.unit, &line.quantity].map(Clone::clone));
            all.extend(items(&line.details));
        }
        all
    }

    #[test]
    fn every_value_of_a_full_order_of_each_mall_is_shown() {
        let marks = Marks { contact: true, ..Marks::default() };
        for content in super::super::full::contents() {
            let shown = all(&show(&content, &marks, Lang::Ja)).join("\n");
            for (path, value) in reconcile::fields(&content) {
                let said_otherwise = path.ends_with("].key")
                    || path.ends_with(".line_key")
                    || path.ends_with(".recipient_key")
                    || path.ends_with(".tax_included");
                if labels::is_empty(&value) || said_otherwise {
                    continue;
                }
                let words = labels::words(&path, &value, Lang::Ja);
                assert!(shown.contains(&words), "{path}: {words} is missing in\n{shown}");
            }
        }
    }

    #[test]
    fn a_list_and_a_field_nobody_knows_are_shown_at_the_end() {
        let content = super::super::full::contents().remove(0);
        let marks = Marks { contact: true, ..Marks::default() };
        let mut shower = Shower { left: reconcile::fields(&content), marks: &marks, lang: Lang::Ja };
        shower.left.insert("delivery.drone".to_owned(), Value::from("屋上"));
        assert_eq!(shower.item("delivery.drone").unwrap().value, "屋上");
        assert!(show(&content, &marks, Lang::Ja).rest.is_empty(), "a known field has no section");
    }

    #[test]
    fn contacts_are_masked_without_the_right() {
        let content = super::super::full::contents().remove(0);
        let shown = all(&show(&content, &Marks::default(), Lang::Ja)).join("\n");
        for secret in [content.buyer.phone.text(), content.buyer.email.text()] {
            assert!(!secret.is_empty() && !shown.contains(secret), "{secret}");
        }
        assert!(shown.contains("•••-••••-0001") && shown.contains("•••@pc.fw.rakuten.ne.jp"));
        assert_eq!(masked("110"), "•••");
        assert_eq!(masked("+81 3-0000-1234"), "•••-••••-1234");
        assert_eq!(masked(""), "•••");
    }

    #[test]
    fn an_address_that_does_not_fit_its_code_is_doubted_not_refused() {
        assert!(!address_in_doubt("", "100-0001", "東京都", "千代田区千代田1-1"));
        assert!(address_in_doubt("", "100-0001", "大阪府", "大阪市"));
        assert!(address_in_doubt("JP", "10000", "東京都", "千代田区"));
        assert!(!address_in_doubt("US", "94105", "CA", "San Francisco"));
        assert!(!address_in_doubt("", "", "", ""));
    }

    #[test]
    fn a_sum_that_does_not_add_up_says_what() {
        let mut content = super::super::full::contents().remove(0);
        content.amounts.requested = domain::Amount::yen(1).into();
        let shown = show(&content, &Marks::default(), Lang::Ja);
        assert!(shown.mismatches.iter().any(|m| m.ja.contains("金額不一致")), "{:?}", shown.mismatches);
    }

    #[test]
    fn marks_say_who_changed_what() {
        let content = super::super::full::contents().remove(0);
        let marks = Marks {
            edited: ["buyer.address1".to_owned()].into(),
            changed: ["delivery.deliver_on".to_owned()].into(),
            ..Marks::default()
        };
        let shown = show(&content, &marks, Lang::Ja);
        let tag = |items: &[Item], label: &str| items.iter().find(|i| i.label == label).unwrap().tags.clone();
        assert_eq!(tag(&shown.buyer, "住所"), [("修正済み", "info")]);
        assert_eq!(tag(&shown.delivery, "お届け希望日"), [("モール側で変更あり", "warn")]);
    }
}
