//! The label programs we write for, and what a written file is.

use crate::problem::{self, LabelProblem};
use crate::sheet::Column;
use crate::{Label, LabelSettings, b2, e_hiden, yu_pri};
use domain::CarrierKey;
use jiff::civil::Date;
use mall_api::charset::encode_shift_jis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Labels of one file; the carriers' programs themselves take a few thousand at most.
pub(crate) const MOST_LABELS: usize = 100_000;

/// A carrier's own program for labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelProgram {
    /// ヤマト運輸 B2クラウド.
    B2Cloud,
    /// 佐川急便 e飛伝III.
    EHiden3,
    /// 日本郵便 ゆうパックプリントR.
    YuPri,
}

/// A file to be given to a label program. It holds buyers' addresses: keep it as sealed as the orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFile {
    /// The bytes: CP932, CRLF.
    pub bytes: Vec<u8>,
    /// Rows, the headings not counted.
    pub rows: usize,
    /// What is worth a look although it was written.
    pub warnings: Vec<LabelProblem>,
}

type Rows = (Vec<Vec<String>>, Vec<LabelProblem>);

impl LabelProgram {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::B2Cloud, Self::EHiden3, Self::YuPri];

    /// Its name.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::B2Cloud => "B2クラウド",
            Self::EHiden3 => "e飛伝III",
            Self::YuPri => "ゆうプリR",
        }
    }

    /// 配送便 of an order for which nobody chose one: the carrier's ordinary service.
    pub fn standard_service(self) -> &'static str {
        match self {
            Self::B2Cloud => "takkyubin",
            Self::EHiden3 => "hikyaku",
            Self::YuPri => "yu_pack",
        }
    }

    /// Key of the carrier in our master list.
    pub fn carrier(self) -> CarrierKey {
        match self {
            Self::B2Cloud => "yamato",
            Self::EHiden3 => "sagawa",
            Self::YuPri => "japan_post",
        }
        .into()
    }

    /// Name for a file made on this day; it names no person.
    pub fn file_name(self, date: Date) -> String {
        let stem = match self {
            Self::B2Cloud => "b2cloud",
            Self::EHiden3 => "ehiden3",
            Self::YuPri => "yupri",
        };
        format!("{stem}_{}.csv", date.strftime("%Y%m%d"))
    }

    /// The columns of its file, for a settings screen. Column numbers count from 1.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::B2Cloud => &b2::COLUMNS,
            Self::EHiden3 => &e_hiden::COLUMNS,
            Self::YuPri => &yu_pri::COLUMNS,
        }
    }

    /// Everything that is wrong or worth saying: characters that CP932 lacks first, then what blocks, then warnings;
    /// the settings' own before those of labels.
    pub fn check(self, labels: &[Label], settings: &LabelSettings) -> Vec<LabelProblem> {
        self.rows(labels, settings).1
    }

    /// Writes the file.
    ///
    /// # Errors
    /// At least one problem blocks; all problems are given, in the order of [`LabelProgram::check`]. Nothing is
    /// written then: leave out the labels that are named, or mend them.
    pub fn write(self, labels: &[Label], settings: &LabelSettings) -> Result<LabelFile, Vec<LabelProblem>> {
        let (rows, problems) = self.rows(labels, settings);
        if problems.iter().any(|p| p.blocks) {
            return Err(problems);
        }
        let headings: Vec<String> = self.columns().iter().map(|c| c.name.to_owned()).collect();
        let all = settings.header.then_some(&headings).into_iter().chain(&rows);
        let text: String = all.map(|row| self.line(row, settings)).collect();
        match encode_shift_jis(&text) {
            Ok(bytes) => Ok(LabelFile { bytes, rows: rows.len(), warnings: problems }),
            Err(lost) => Err(vec![problem::unmappable(&lost).at(None, "", true)]),
        }
    }

    fn rows(self, labels: &[Label], settings: &LabelSettings) -> Rows {
        let mut problems = self.of_settings(settings);
        let mut rows = Vec::with_capacity(labels.len().min(MOST_LABELS));
        if labels.is_empty() || labels.len() > MOST_LABELS {
            let words = problem::plain(
                "count",
                format!("1～{MOST_LABELS}件を選んでください。"),
                format!("Choose 1 to {MOST_LABELS} labels."),
            );
            problems.push(words.at(None, "", true));
            return (rows, problems);
        }
        for label in labels {
            let (more_rows, more_problems) = match self {
                Self::B2Cloud => b2::rows(label, settings),
                Self::EHiden3 => e_hiden::rows(label, settings),
                Self::YuPri => yu_pri::rows(label, settings),
            };
            rows.extend(more_rows);
            problems.extend(more_problems);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in labels {
            *counts.entry(label.order_no.trim()).or_default() += 1;
        }
        for (order_no, count) in counts.into_iter().filter(|(key, count)| *count > 1 && !key.is_empty()) {
            let words = problem::plain(
                "key_twice",
                format!(
                    "同じ管理番号の送り状が{count}件あります。配送番号はどの荷物のものか区別できません。"
                ),
                format!("{count} labels have this key; their tracking numbers cannot be told apart."),
            );
            let key_name = self.key_column();
            problems.push(words.at(Some(order_no), key_name, false));
        }
        problems.sort_by_key(|p| match (p.code.as_str(), p.blocks) {
            ("not_in_cp932", _) => 0,
            (_, true) => 1,
            (_, false) => 2,
        });
        (rows, problems)
    }

    fn key_column(self) -> &'static str {
        match self {
            Self::B2Cloud | Self::EHiden3 => "お客様管理番号",
            Self::YuPri => "お客様側管理番号",
        }
    }

    fn of_settings(self, settings: &LabelSettings) -> Vec<LabelProblem> {
        let columns = self.columns();
        let mut problems: Vec<LabelProblem> = settings
            .fixed
            .keys()
            .filter(|at| !(1..=columns.len()).contains(*at))
            .map(|at| {
                let words = problem::plain(
                    "no_such_column",
                    format!("固定値の列番号{at}はありません（1～{}）。", columns.len()),
                    format!("There is no column {at} for a fixed value (1 to {}).", columns.len()),
                );
                words.at(None, "", true)
            })
            .collect();
        problems.extend(match self {
            Self::B2Cloud => b2::of_settings(settings),
            Self::EHiden3 => e_hiden::of_settings(settings),
            Self::YuPri => yu_pri::of_settings(settings),
        });
        problems
    }

    /// One line with CRLF. e飛伝III quotes every cell; the others where it must be.
    fn line(self, row: &[String], settings: &LabelSettings) -> String {
        let left_out = |at: usize| match self {
            Self::B2Cloud => !settings.doubtful_columns && b2::is_doubtful(at),
            Self::EHiden3 => false,
            Self::YuPri => !settings.doubtful_columns && yu_pri::is_doubtful(at),
        };
        let kept: Vec<&str> =
            row.iter().enumerate().filter(|(i, _)| !left_out(i + 1)).map(|(_, cell)| cell.as_str()).collect();
        if self == Self::EHiden3 {
            let quoted: Vec<String> =
                kept.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
            return quoted.join(",") + "\r\n";
        }
        mall_api::table::line(&kept, ',')
    }
}

/// A fixed value that must be set, or had better be.
pub(crate) fn ask_fixed(
    settings: &LabelSettings,
    columns: &[Column],
    at: usize,
    blocks: bool,
) -> Option<LabelProblem> {
    let blank = settings.fixed.get(&at).is_none_or(|value| value.trim().is_empty());
    let name = columns.get(at.saturating_sub(1)).map_or("", |c| c.name);
    blank.then(|| problem::unset(blocks).at(None, name, blocks))
}
