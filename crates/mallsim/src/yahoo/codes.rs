//! Codes and the shapes they come in (document 4.4, 4.5, 9). Where the document only has a number without a meaning
//! the choice made here is marked.

use super::xml::Xml;
use crate::wire::Reply;

/// A refusal: HTTP status, code (empty: none), message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

fn refusal(status: u16, code: &'static str, message: &str) -> Refusal {
    Refusal { status, code, message: message.to_owned() }
}

impl Refusal {
    pub fn parameter(what: &str) -> Self {
        refusal(400, "od90101", &format!("Invalid Parameter : {what}"))
    }

    pub fn unknown_order() -> Self {
        refusal(404, "od91801", "Not Exists : OrderId")
    }

    pub fn trouble() -> Self {
        refusal(500, "od91001", "Internal Server Error")
    }

    /// `od90166`: the meaning and the HTTP status are inferred (7).
    pub fn held() -> Self {
        refusal(400, "od90166", "Cannot Be Operated : FraudHoldStatus")
    }

    /// The buyer's ten minutes; both code and refusal are a guess, `od90183` has no known meaning (9.2).
    pub fn read_only() -> Self {
        refusal(400, "od90183", "Cannot Be Operated : IsReadOnly")
    }

    /// A move the table of 6.2 forbids; the code is a guess, the message was seen for cancelled orders (9.2).
    pub fn not_allowed(what: &str) -> Self {
        refusal(400, "od90150", &format!("Cannot Be Operated : {what}"))
    }

    /// Completion before its precondition (6.2 ※5, 6.3); the code is a guess.
    pub fn not_yet(what: &str) -> Self {
        refusal(400, "od90180", &format!("Cannot Be Completed : {what}"))
    }

    pub fn reply(&self) -> Reply {
        error(self.status, self.code, &self.message)
    }

    /// `orderList` words its refusals in its own root (9.1).
    pub fn list_reply(&self) -> Reply {
        let mut xml = Xml::with_capacity(256);
        xml.element("Result", "", |x| {
            x.plain("Status", "NG");
            x.element("Error", "", |x| {
                x.text("Code", self.code);
                x.text("Message", &self.message);
            });
        });
        answer(self.status, xml)
    }
}

pub(crate) fn answer(status: u16, xml: Xml) -> Reply {
    Reply::new(status, "application/xml; charset=utf-8", xml.finish())
}

/// `<Error>` with the code after the message; no `Code` element when there is none.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    let mut xml = Xml::with_capacity(256);
    xml.element("Error", "", |x| {
        x.escaped("Message", message);
        if !code.is_empty() {
            x.plain("Code", code);
        }
    });
    answer(status, xml)
}

/// A warning of a change that was done (5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub code: &'static str,
    pub message: &'static str,
    /// Name and value inside `Detail`.
    pub detail: Option<(&'static str, String)>,
}

impl Warning {
    pub fn new(code: &'static str) -> Self {
        let message = match code {
            "od91705" => "Already in this status",
            "od91704" => "Cancel accepted, done later",
            "od91113" => "Sale already captured",
            "od91130" => "Stock link failed",
            _ => "Warning",
        };
        Self { code, message, detail: None }
    }
}

/// Success of a change (5.6).
pub(crate) fn changed(warnings: &[Warning]) -> Reply {
    let mut xml = Xml::with_capacity(512);
    let attributes = r#" totalResultsAvailable="1" totalResultsReturned="1" ok="1" ng="0""#;
    xml.element("ResultSet", attributes, |x| {
        x.element("Result", "", |x| {
            x.plain("Status", "OK");
            for warning in warnings {
                x.element("Warning", "", |x| {
                    x.plain("Code", warning.code);
                    x.text("Message", warning.message);
                    x.element("Detail", "", |x| {
                        if let Some((name, value)) = &warning.detail {
                            x.text(name, value);
                        }
                    });
                });
            }
        });
    });
    answer(200, xml)
}

const PAY_METHODS: &[(&str, &str, &str)] = &[
    ("payment_a1", "クレジットカード", "0"),
    ("payment_a6", "コンビニ（セブン）", "5"),
    ("payment_a7", "コンビニ（その他）", "5"),
    ("payment_a9", "d払い", "2"),
    ("payment_a10", "au PAY（auかんたん決済）", "2"),
    ("payment_a15", "ペイジー", "1"),
    ("payment_a17", "PayPay残高等", "7"),
    ("payment_b1", "銀行振込", "3"),
    ("payment_d1", "商品代引", "4"),
    ("payment_e1", "店頭払い（見本）", "7"),
    ("payment_z1", "ポイント全額払い", "7"),
    ("payment_z3", "LINE外部決済", "7"),
];

pub(crate) fn pay_method_name(code: &str) -> &'static str {
    PAY_METHODS.iter().find(|(c, ..)| *c == code).map_or("", |(_, name, _)| name)
}

pub(crate) fn pay_kind(code: &str) -> &'static str {
    PAY_METHODS.iter().find(|(c, ..)| *c == code).map_or("7", |(.., kind)| kind)
}

/// Money the shop itself looks after: `orderPayStatusChange` is for these (5.4).
pub(crate) fn shop_settles(pay_method: &str) -> bool {
    ["payment_b", "payment_c", "payment_d", "payment_e"].iter().any(|p| pay_method.starts_with(p))
}

/// 完了 may be taken back for card and the store's own payments only (6.2 ※3).
pub(crate) fn reopens(pay_method: &str) -> bool {
    pay_method == "payment_a1" || pay_method.starts_with("payment_e")
}

pub(crate) fn carrier(code: &str) -> bool {
    matches!(code.parse::<u32>(), Ok(1000..=1029 | 5000 | 5001)) && code.len() == 4
}

/// `postage1`…`postage14`, `postage16`…`postage22` (4.5).
pub(crate) fn ship_method(code: &str) -> bool {
    let n = code.strip_prefix("postage").filter(|n| !n.starts_with('0')).and_then(|n| n.parse::<u32>().ok());
    matches!(n, Some(1..=14 | 16..=22))
}

/// The carrier the store tied to a method; it wins over `ShipCompanyCode` (6.1).
pub(crate) fn tied_carrier(ship_method: &str) -> Option<&'static str> {
    match ship_method {
        "postage1" => Some("1001"),
        "postage2" => Some("1003"),
        "postage3" => Some("1002"),
        _ => None,
    }
}

/// The rules on tracking numbers (6.1).
pub(crate) fn number_fits(number: &str, carrier: &str) -> bool {
    let all = |fits: fn(char) -> bool| number.chars().all(fits);
    let general = all(|c| c.is_ascii_alphanumeric() || c == '-') && number.len() <= 30;
    general
        && match carrier {
            "1001" => all(|c| c.is_ascii_digit() || c == '-') && number.len() <= 14,
            "1003" => !number.contains('-') && (11..=13).contains(&number.len()),
            _ => true,
        }
}

/// Reasons a shop may give for a cancel (4.10).
pub(crate) fn shop_reason(code: i64) -> bool {
    matches!(code, 100 | 110 | 120 | 130 | 140 | 150 | 160 | 170 | 180 | 200 | 210 | 220 | 230)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_their_carrier() {
        assert!(number_fits("0000-1111-2222", "1001") && number_fits("000011112222", "1001"));
        assert!(!number_fits("0000-1111-22223", "1001") && !number_fits("00001111222A", "1001"));
        assert!(number_fits("000011112222", "1003") && number_fits("MH000000000JP", "1003"));
        assert!(!number_fits("0000-1111-222", "1003") && !number_fits("0000111122", "1003"));
        assert!(number_fits("A-1", "1000") && !number_fits("A_1", "1000") && !number_fits("１", "1000"));
        assert!(!number_fits(&"1".repeat(31), "1000"));
    }

    #[test]
    fn postage_15_does_not_exist() {
        assert!(ship_method("postage1") && ship_method("postage22"));
        for bad in ["postage15", "postage0", "postage23", "postage01", "宅配便", ""] {
            assert!(!ship_method(bad), "{bad}");
        }
        assert!(
            carrier("1029") && carrier("5001") && !carrier("103") && !carrier("+1001") && !carrier("1030")
        );
    }
}
