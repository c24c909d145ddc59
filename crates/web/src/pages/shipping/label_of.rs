//! Labels of an order, in the neutral words of `carriers`; or why there is none. Pure.

use super::selection;
use crate::house::Company;
use crate::words::Lang;
use carriers::{Cod, Contact, Cool, Label, LabelProgram, Payment, Slot};
use domain::Amount;
use domain::carrier::ShippingMethod;
use domain::snapshot::{Content, Line, Recipient};
use jiff::civil::Date;
use store::desk::papers::OrderPaper;

/// Tag of an order whose label was written.
pub const ISSUED_TAG: &str = "送り状発行";

/// What labels of all orders of a file share.
pub struct Sender<'a> {
    /// Program the file is for.
    pub program: LabelProgram,
    /// The shop as a sender.
    pub company: &'a Company,
    /// Our list of 配送便.
    pub methods: &'a [ShippingMethod],
    /// 出荷予定日 where an order has none.
    pub ship_on: Date,
    /// Language of the reasons.
    pub lang: Lang,
}

/// 温度帯 of what the mall calls it (楽天 冷蔵, 冷凍 and the like).
#[must_use]
pub fn cool(content: &Content) -> Cool {
    let class = content.delivery.class.value().map_or("", |c| c.label.as_str());
    if class.contains("冷凍") {
        Cool::Frozen
    } else if ["冷蔵", "チルド", "クール"].iter().any(|word| class.contains(word)) {
        Cool::Chilled
    } else {
        Cool::None
    }
}

fn slot(content: &Content) -> Option<Slot> {
    let coded = content.delivery.deliver_slot.value()?;
    Slot::read(if coded.label.is_empty() { &coded.code } else { &coded.label })
}

/// What the driver collects; the inner text says why that is not certain.
fn payment(content: &Content, lang: Lang) -> Result<Payment, &'static str> {
    if !content.payment.cash_on_delivery {
        return Ok(Payment::Sender);
    }
    if content.recipients.len() > 1 {
        return Err(lang.t("代引でお届け先が複数あります", "cash on delivery to several recipients"));
    }
    let stated = content.payment.collect_amount.value().or(content.amounts.requested.value());
    let Some(amount) = stated.and_then(Amount::as_yen).filter(|n| *n > 0) else {
        return Err(lang.t("代引の金額が決まっていません", "the amount to collect is not decided"));
    };
    let taxes: Option<Vec<i64>> = content.tax.iter().map(|t| t.tax.as_yen()).collect();
    // The tax of the whole order is the tax of what is collected only when all of it is collected.
    let whole = content.amounts.requested.value().and_then(Amount::as_yen) == Some(amount);
    let tax = taxes.filter(|t| !t.is_empty() && whole).map(|t| t.iter().sum());
    Ok(Payment::Cod(Cod { amount, tax }))
}

fn is_live(line: &Line) -> bool {
    line.quantity > line.cancelled_quantity
}

/// Key of a label: 管理番号, with the place of the recipient where there are several, so that the number finds its way back.
fn key(paper: &OrderPaper, recipients: usize, at: usize) -> String {
    let order_no = &paper.row.order_no;
    if recipients > 1 { format!("{order_no}-{}", at + 1) } else { order_no.0.clone() }
}

impl Sender<'_> {
    fn label(
        &self,
        paper: &OrderPaper,
        content: &Content,
        at: usize,
        to: &Recipient,
        payment: Payment,
    ) -> Label {
        let several = content.recipients.len() > 1;
        let own = |l: &&Line| is_live(l) && (!several || l.recipient_key == to.key);
        let ship_on = paper.row.ship_on.as_deref().and_then(|t| t.parse().ok());
        Label {
            order_no: key(paper, content.recipients.len(), at),
            recipient: Contact::from_party(&to.party),
            shop: self.company.contact(),
            sender: None,
            items: content.lines.iter().filter(own).map(|l| l.title.text().to_owned()).collect(),
            parcels: 1,
            // A day that has gone by is not a day to ship on.
            ship_on: Some(ship_on.filter(|d| *d >= self.ship_on).unwrap_or(self.ship_on)),
            deliver_on: content.delivery.deliver_on.value().copied(),
            deliver_slot: slot(content),
            shipping_method: match &paper.row.shipping_method {
                Some(method) => method.clone(),
                None => self.program.standard_service().to_owned(),
            },
            cool: cool(content),
            payment,
            ..Label::default()
        }
    }

    /// Labels of an order.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn labels(&self, paper: &OrderPaper) -> Result<Vec<Label>, String> {
        let lang = self.lang;
        if let Some(why) = selection::why_not(&paper.row, lang) {
            return Err(why.to_owned());
        }
        let Some(content) = &paper.content else {
            return Err(lang.t("個人情報が削除されています", "buyer data was erased").to_owned());
        };
        let method = paper.row.shipping_method.as_ref();
        let method = method.and_then(|key| self.methods.iter().find(|m| m.shipping_method == *key));
        if let Some(other) = method.filter(|m| m.carrier != self.program.carrier()) {
            let ja = format!("配送便が「{}」です（ほかの配送業者）", other.name);
            return Err(lang.t(&ja, "shipped by another carrier").to_owned());
        }
        let awaited = content.recipients.iter().any(|r| r.address_awaited);
        if awaited {
            return Err(lang.t("お届け先の住所がまだ決まっていません", "the address is awaited").to_owned());
        }
        if content.recipients.iter().any(|r| !r.pickup_point.text().trim().is_empty()) {
            let ja = "店頭・コンビニ・郵便局などの受取です。送り状は配送業者の手続きで作ってください";
            return Err(lang.t(ja, "picked up at a shop or locker").to_owned());
        }
        let payment = payment(content, lang)?;
        let all = content.recipients.iter().enumerate();
        Ok(all.map(|(at, to)| self.label(paper, content, at, to, payment)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::snapshot::{Coded, TaxSummary};

    #[test]
    fn temperature_is_read_from_the_malls_words() {
        let of = |label: &str| {
            let mut content = Content::default();
            content.delivery.class = Coded::new("x", label).into();
            cool(&content)
        };
        assert_eq!(
            [of("冷凍"), of("冷蔵"), of("クール便"), of("普通"), of("")],
            [Cool::Frozen, Cool::Chilled, Cool::Chilled, Cool::None, Cool::None]
        );
    }

    #[test]
    fn what_the_driver_collects_is_certain_or_there_is_no_label() {
        let mut content = Content { recipients: vec![Recipient::default()], ..Content::default() };
        assert_eq!(payment(&content, Lang::Ja), Ok(Payment::Sender));
        content.payment.cash_on_delivery = true;
        assert!(payment(&content, Lang::Ja).is_err(), "no amount");
        content.amounts.requested = Amount::Undecided.into();
        assert!(payment(&content, Lang::Ja).is_err(), "undecided never counts as zero");
        content.amounts.requested = Amount::yen(3_000).into();
        let tax = |rate_bp, tax| TaxSummary {
            key: String::new(),
            rate_bp,
            taxed: Amount::yen(0),
            tax: Amount::yen(tax),
        };
        content.tax = vec![tax(800, 80), tax(1_000, 150)];
        assert_eq!(payment(&content, Lang::Ja), Ok(Payment::Cod(Cod { amount: 3_000, tax: Some(230) })));
        content.payment.collect_amount = Amount::yen(1_000).into();
        assert_eq!(
            payment(&content, Lang::Ja),
            Ok(Payment::Cod(Cod { amount: 1_000, tax: None })),
            "a part is collected: its tax is not known"
        );
        content.recipients.push(Recipient::default());
        assert!(payment(&content, Lang::Ja).is_err(), "which of the drivers?");
    }
}
