//! Which parcel a line of a carrier's file means: an order by 管理番号 or the mall's number, a recipient, a parcel that is there
//! or a new one. What is not certain is asked or refused, never guessed. Pure.

use crate::words::Lang;
use domain::notice::NoticeState;
use domain::order::Parcel;
use domain::snapshot::Fulfillment;
use domain::{CarrierKey, OrderSeq, ParcelId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::orders::{OrderForRules, ParcelChange};

/// A line as it was read: what travels, sealed, between the look and the confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLine {
    /// Line in the file.
    pub line: u64,
    /// Key as it stands there; `None`: numbers alone.
    pub key: Option<String>,
    /// The key without `-1` … at its end.
    pub short: Option<String>,
    /// 配送番号.
    pub number: String,
    /// Carrier, where it is known.
    pub carrier: Option<CarrierKey>,
    /// 出荷日.
    pub shipped_on: Option<Date>,
}

/// What is to be done with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is entered.
    Go(Target),
    /// A person decides: the words, and what stands there now.
    Ask(Target, String),
    /// It is there already.
    There(OrderSeq),
    /// It is not entered.
    No(Option<OrderSeq>, String),
}

/// Where a number goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Order.
    pub seq: OrderSeq,
    /// What is written.
    pub change: ParcelChange,
    /// What a person saw when asked: the parcel with its version. A yes counts for this only.
    pub seen: String,
}

/// Orders by what a file may call them.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Orders that may be seen.
    pub orders: BTreeMap<OrderSeq, OrderForRules>,
    /// Rows of a mall's number.
    pub by_mall_number: BTreeMap<String, Vec<OrderSeq>>,
    /// For numbers alone: the chosen orders, one by one.
    pub chosen: Vec<OrderSeq>,
    /// Carriers of 配送便 of orders.
    pub usual_carrier: BTreeMap<OrderSeq, CarrierKey>,
}

/// The number behind the hyphen: which recipient or parcel of an order.
fn suffix(key: &str, short: Option<&str>) -> Option<usize> {
    key.strip_prefix(short?)?.strip_prefix('-')?.parse().ok().filter(|n| *n > 0)
}

enum Found {
    One(OrderSeq, Option<usize>),
    None,
    Several,
}

impl Known {
    fn of_key(&self, key: &str) -> Found {
        if let Some(seq) = OrderSeq::from_order_no(key).filter(|s| self.orders.contains_key(s)) {
            return Found::One(seq, None);
        }
        match self.by_mall_number.get(key).map(Vec::as_slice) {
            Some([one]) => Found::One(*one, None),
            Some([]) | None => Found::None,
            Some(_) => Found::Several,
        }
    }

    fn find(&self, line: &ReadLine, at: usize) -> Found {
        let Some(key) = &line.key else {
            return self.chosen.get(at).map_or(Found::None, |seq| Found::One(*seq, None));
        };
        match (self.of_key(key), &line.short) {
            (Found::None, Some(short)) => match self.of_key(short) {
                Found::One(seq, _) => Found::One(seq, suffix(key, Some(short))),
                other => other,
            },
            (found, _) => found,
        }
    }
}

/// Judges all lines, in their order. A parcel or recipient that a line has taken is not free for the next.
#[must_use]
pub fn judge(lines: &[ReadLine], known: &Known, lang: Lang) -> Vec<Verdict> {
    let mut taken = BTreeSet::<ParcelId>::new();
    let mut entered = BTreeSet::<(OrderSeq, String)>::new();
    let bare = lines.iter().filter(|l| l.key.is_none()).count();
    let mut nth = 0;
    lines
        .iter()
        .map(|line| {
            if line.key.is_none() && bare != known.chosen.len() {
                let ja = format!(
                    "番号だけの行が{bare}行、選択した受注が{}件あり、対応が決まりません。管理番号と一緒に貼り付けてください",
                    known.chosen.len()
                );
                return Verdict::No(None, lang.t(&ja, "numbers and chosen orders are not as many").to_owned());
            }
            let found = known.find(line, nth);
            nth += usize::from(line.key.is_none());
            match found {
                Found::None => Verdict::No(None, lang.t("この番号の受注はありません", "no such order").to_owned()),
                Found::Several => {
                    let words = lang.t(
                        "同じ受注番号の受注が複数の店舗にあります。管理番号で指定してください",
                        "several shops have this number; use ours",
                    );
                    Verdict::No(None, words.to_owned())
                }
                Found::One(seq, part) => match known.orders.get(&seq) {
                    None => Verdict::No(None, lang.t("この番号の受注はありません", "no such order").to_owned()),
                    Some(order) => {
                        let usual = known.usual_carrier.get(&seq);
                        One { line, order, part, usual, lang }.judge(&mut taken, &mut entered)
                    }
                },
            }
        })
        .collect()
}

struct One<'a> {
    line: &'a ReadLine,
    order: &'a OrderForRules,
    part: Option<usize>,
    usual: Option<&'a CarrierKey>,
    lang: Lang,
}

impl One<'_> {
    fn no(&self, ja: &str, en: &str) -> Verdict {
        Verdict::No(Some(self.order.seq), self.lang.t(ja, en).to_owned())
    }

    /// The recipient that is meant: the only one, or the one the number behind the hyphen names.
    fn recipient(&self) -> Option<&String> {
        let keys = &self.order.facts.recipient_keys;
        match (keys.as_slice(), self.part) {
            ([only], _) => Some(only),
            (keys, Some(part)) => keys.get(part - 1),
            (_, None) => None,
        }
    }

    fn judge(&self, taken: &mut BTreeSet<ParcelId>, entered: &mut BTreeSet<(OrderSeq, String)>) -> Verdict {
        let facts = &self.order.facts;
        if facts.notice_state == NoticeState::InFlight {
            return self.no(
                "連携中のため変更できません。結果が出てからもう一度読み込んでください",
                "a notice is in flight",
            );
        }
        if facts.fulfillment == Fulfillment::Fba {
            return self.no("FBA注文です（モールが出荷します）", "fulfilled by the mall");
        }
        let Some(recipient) = self.recipient() else {
            return self.no(
                "お届け先が複数あり、どれか決まりません。受注の画面で入力してください",
                "the order has several recipients",
            );
        };
        let number = domain::tracking::normalise(&self.line.number);
        let own: Vec<&Parcel> = facts.parcels.iter().filter(|p| p.recipient_key == *recipient).collect();
        if own.iter().any(|p| p.tracking_number == number && p.sent_version == p.version)
            || !entered.insert((self.order.seq, number.clone()))
        {
            return Verdict::There(self.order.seq);
        }
        let same = own.iter().find(|p| p.tracking_number == number);
        if let Some(same) = same
            && (self.line.shipped_on.is_none() || same.shipped_on == self.line.shipped_on)
            && (self.line.carrier.is_none() || same.carrier == self.line.carrier)
        {
            taken.insert(same.parcel_id);
            return Verdict::There(self.order.seq);
        }
        let blank = own.iter().find(|p| p.tracking_number.is_empty() && !taken.contains(&p.parcel_id));
        let other = own.iter().find(|p| !p.tracking_number.is_empty() && !taken.contains(&p.parcel_id));
        let parcel = same.or(blank).or(other).copied();
        if let Some(parcel) = parcel {
            taken.insert(parcel.parcel_id);
        }
        let target = self.target(recipient, number, parcel);
        let cancelled = facts.mall_cancel
            || facts.handling_class == domain::order::HandlingClass::Cancelled
            || facts.phase.as_str() == domain::phase::CANCELLED;
        let held = facts.hold.is_fraud();
        match (same, blank, other) {
            _ if cancelled => {
                Verdict::Ask(target, self.lang.t("キャンセルされた受注です", "cancelled").to_owned())
            }
            _ if held => {
                Verdict::Ask(target, self.lang.t("不正保留中の受注です", "held for fraud review").to_owned())
            }
            (None, None, Some(other)) => {
                let ja = format!("別の配送番号が入っています（{}）。置き換えますか", other.tracking_number);
                let en = format!("another number stands there ({})", other.tracking_number);
                Verdict::Ask(target, self.lang.t(&ja, &en).to_owned())
            }
            _ => Verdict::Go(target),
        }
    }

    fn target(&self, recipient: &str, number: String, parcel: Option<&Parcel>) -> Target {
        let before = parcel.and_then(|p| p.carrier.clone());
        let carrier = self.line.carrier.clone().or(before).or_else(|| self.usual.cloned());
        Target {
            seq: self.order.seq,
            seen: parcel.map_or_else(|| "new".to_owned(), |p| format!("{}v{}", p.parcel_id, p.version)),
            change: ParcelChange {
                parcel_id: parcel.map(|p| p.parcel_id),
                recipient_key: Some(recipient.to_owned()),
                carrier,
                tracking_number: number,
                shipped_on: self.line.shipped_on.or_else(|| parcel.and_then(|p| p.shipped_on)),
            },
        }
    }
}
