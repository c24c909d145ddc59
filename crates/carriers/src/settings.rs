//! What a shop decides about its labels, and every fact the papers are not sure of: data, not code.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{LabelProgram, Mark};
use jiff::civil::Date;

/// How a day is written where both forms have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// `20261122`.
    #[default]
    Compact,
    /// `2026/11/22`.
    Slashes,
}

impl DateForm {
    pub(crate) fn write(self, date: Date) -> String {
        let pattern = match self {
            Self::Compact => "%Y%m%d",
            Self::Slashes => "%Y/%m/%d",
        };
        date.strftime(pattern).to_string()
    }
}

/// How B2クラウド is told of several parcels to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveralParcels {
    /// One row, 発行枚数 says how many labels.
    #[default]
    IssueCount,
    /// 発払い(複数口): as many rows as parcels, held together by 複数口くくりキー.
    Grouped,
}

/// Settings of one shop for one program. [`LabelSettings::of`] gives those to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSettings {
    /// Write a line of headings first.
    pub header: bool,
    /// 敬称 where the contact has none of its own. ゆうプリR wants a code here.
    pub honorific: String,
    /// Our 配送便 → the program's code of the service.
    pub services: BTreeMap<String, String>,
    /// Slot key ([`crate::Slot::key`]) → the program's code. What is not here, the carrier lacks.
    pub slots: BTreeMap<String, String>,
    /// 荷扱い → the program's text or code.
    pub marks: BTreeMap<Mark, String>,
    /// Values for columns the label says nothing of, by column number from 1: 請求先 and 運賃管理番号, お客様コード,
    /// 荷姿, 差出方法 … They never replace what a label says.
    pub fixed: BTreeMap<usize, String>,
    /// 品名 instead of the goods' own names; empty: the names.
    pub items_text: String,
    /// Shorten names of goods that are too long, with a warning. Off: they hold the label.
    pub shorten_items: bool,
    /// Characters written as another text, on top of those that only look different in CP932.
    pub replacements: BTreeMap<char, String>,
    /// 決済種別 of a 代引 (e飛伝III; the papers disagree between 3 and 5: ask the contract).
    pub cod_payment_code: String,
    /// Value that switches a notice mail on (ゆうプリR 配達予告メール; not in the papers).
    pub notify_code: String,
    /// お届け予定メッセージ (B2クラウド).
    pub notify_message: String,
    /// Form of お届け日 (e飛伝III).
    pub deliver_date_form: DateForm,
    /// Form of 出荷日 (e飛伝III).
    pub ship_date_form: DateForm,
    /// Several parcels (B2クラウド).
    pub several_parcels: SeveralParcels,
    /// Columns that only some descriptions of the layout have: B2クラウド 96 and 97 (off), ゆうプリR 72 (on).
    pub doubtful_columns: bool,
    /// Today in Japan, for the check of 出荷予定日; `None`: not checked.
    #[serde(default)]
    pub today: Option<Date>,
}

impl LabelSettings {
    /// The settings a shop begins with: what the papers are sure of is filled in, the rest is blank.
    pub fn of(program: LabelProgram) -> Self {
        let mut settings = Self {
            header: true,
            honorific: String::new(),
            services: BTreeMap::new(),
            slots: BTreeMap::new(),
            marks: BTreeMap::new(),
            fixed: BTreeMap::new(),
            items_text: String::new(),
            shorten_items: true,
            // formats.md 0.2 [B]. 髙 and 﨑 are in CP932 and stay.
            replacements: [('𠮷', "吉"), ('繫', "繋")].map(|(c, by)| (c, by.to_owned())).into(),
            cod_payment_code: String::new(),
            notify_code: String::new(),
            notify_message: String::new(),
            deliver_date_form: DateForm::Compact,
            ship_date_form: DateForm::Compact,
            several_parcels: SeveralParcels::IssueCount,
            doubtful_columns: false,
            today: None,
        };
        match program {
            LabelProgram::B2Cloud => crate::b2::begin(&mut settings),
            LabelProgram::EHiden3 => crate::e_hiden::begin(&mut settings),
            LabelProgram::YuPri => crate::yu_pri::begin(&mut settings),
        }
        settings
    }
}

/// A table of texts as settings keep it.
pub(crate) fn table<K: Into<String> + Copy>(pairs: &[(K, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).to_owned())).collect()
}
