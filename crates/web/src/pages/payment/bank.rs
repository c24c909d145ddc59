//! A bank's CSV of what came in, and which unpaid order each line may be: by amount, then by the payer's name in folded kana.
//! Nothing is decided for sure here: a person ticks. Pure.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization as _;

/// Lines of a file.
const MOST: usize = 5_000;
/// Lines before the headings.
const BEFORE_HEADINGS: usize = 10;

/// Headings of the columns, as a shop set them; blank: found by the usual names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Columns {
    /// 日付.
    pub date: String,
    /// 入金額.
    pub amount: String,
    /// 振込人.
    pub name: String,
}

/// Usual headings, the best first.
const DATES: [&str; 8] = ["入金日", "取引日", "お取引日", "お取扱日", "取扱日付", "勘定日", "日付", "年月日"];
const AMOUNTS: [&str; 10] = [
    "入金額",
    "入金金額",
    "お預入金額",
    "預入金額",
    "お預り金額",
    "お預かり金額",
    "振込金額",
    "取引金額",
    "受取金額",
    "金額",
];
const NAMES: [&str; 9] = [
    "振込依頼人名",
    "振込依頼人",
    "依頼人名",
    "振込人名",
    "振込人",
    "摘要",
    "お取引内容",
    "取引内容",
    "内容",
];

/// One payment that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Line of the file.
    pub line: u64,
    /// Day.
    pub on: Date,
    /// Yen.
    pub amount: i64,
    /// Who paid, as the bank writes it.
    pub name: String,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BankFile {
    /// UTF-8 or Shift_JIS.
    pub charset: &'static str,
    /// Money that came in.
    pub received: Vec<Received>,
    /// Lines that cannot be read: 「12行目：…」.
    pub problems: Vec<String>,
    /// Headings that were found.
    pub columns: Columns,
}

fn cells(text: &str) -> Vec<(u64, Vec<String>)> {
    // A bank's file is small; a quoted cell may hold a line break.
    let mut all = Vec::new();
    let (mut row, mut cell, mut quoted, mut line, mut begin) = (Vec::new(), String::new(), false, 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' | '\t' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' => {}
            '\n' => {
                line += 1;
                if quoted {
                    cell.push(' ');
                    continue;
                }
                row.push(std::mem::take(&mut cell));
                all.push((begin, std::mem::take(&mut row)));
                begin = line;
            }
            c => cell.push(c),
        }
    }
    row.push(cell);
    all.push((begin, row));
    all.retain(|(_, row)| row.iter().any(|c| !c.trim().is_empty()));
    all
}

/// A heading as it is compared.
fn heading(text: &str) -> String {
    let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    plain.split('(').next().unwrap_or_default().to_owned()
}

fn place(row: &[String], own: &str, usual: &[&str]) -> Option<usize> {
    let at = |name: &str| row.iter().position(|c| heading(c) == heading(name));
    if own.trim().is_empty() { usual.iter().find_map(|name| at(name)) } else { at(own) }
}

/// Reads a file. `today` is for dates without a year.
///
/// # Errors
/// Words for people: the columns were not found, or it is too large.
pub fn read(bytes: &[u8], own: &Columns, today: Date) -> Result<BankFile, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, charset) = match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), "UTF-8"),
        Err(_) => (encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned(), "Shift_JIS"),
    };
    let rows = cells(&text);
    if rows.len() > MOST {
        return Err(format!("一度に読み込めるのは{MOST}行までです"));
    }
    let found = rows.iter().take(BEFORE_HEADINGS).enumerate().find_map(|(at, (_, row))| {
        let date = place(row, &own.date, &DATES)?;
        let amount = place(row, &own.amount, &AMOUNTS)?;
        Some((at, date, amount, place(row, &own.name, &NAMES)?))
    });
    let Some((at, date, amount, name)) = found else {
        let shown: Vec<&str> = rows
            .first()
            .map(|(_, row)| row.iter().take(12).map(String::as_str).collect())
            .unwrap_or_default();
        return Err(format!(
            "日付・金額・振込人の列が見つかりません。列の見出しを指定してください（1行目：{}）",
            shown.join("、")
        ));
    };
    let cell = |row: &[String], at: usize| row.get(at).map(|c| c.trim().to_owned()).unwrap_or_default();
    let head = rows.get(at).map(|(_, row)| row.clone()).unwrap_or_default();
    let mut file = BankFile {
        charset,
        columns: Columns { date: cell(&head, date), amount: cell(&head, amount), name: cell(&head, name) },
        ..BankFile::default()
    };
    for (line, row) in rows.iter().skip(at + 1) {
        let (on, yen, name) = (cell(row, date), cell(row, amount), cell(row, name));
        if yen.is_empty() {
            continue;
        }
        match (japan::read_date(&on, today), japan::read_yen(&yen)) {
            // Money that went out.
            (_, Ok(n)) if n <= 0 => {}
            (Ok(on), Ok(amount)) => file.received.push(Received { line: *line, on, amount, name }),
            (Err(_), _) => file.problems.push(format!("{line}行目：日付を読み取れません")),
            (_, Err(_)) => file.problems.push(format!("{line}行目：金額を読み取れません")),
        }
    }
    Ok(file)
}

/// A name as banks and buyers both write it: katakana of full size, without spaces, signs and words of the bank.
#[must_use]
pub fn fold(name: &str) -> String {
    let small = "ァィゥェォッャュョヮ";
    let full = "アイウエオツヤユヨワ";
    let plain: String = name
        .nfkc()
        .filter_map(|c| {
            let c = match c {
                'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
                c => c,
            };
            let c = small.chars().position(|s| s == c).and_then(|at| full.chars().nth(at)).unwrap_or(c);
            c.is_alphanumeric().then_some(c)
        })
        .filter(|c| *c != 'ー')
        .flat_map(char::to_uppercase)
        .collect();
    let words = ["フリコミ", "振込", "フリカエ", "振替"];
    words.iter().find_map(|word| plain.strip_prefix(word)).unwrap_or(&plain).to_owned()
}

/// An order that waits for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaid {
    /// Place in the list of the caller.
    pub at: usize,
    /// Yen that are asked for.
    pub amount: i64,
    /// Names and numbers it may be known by, folded.
    pub names: Vec<String>,
}

/// What a payment may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// 一致: amount and name, and nothing else fits.
    One(usize),
    /// 候補が複数: the amount fits these.
    Several(Vec<usize>),
    /// 見つからない.
    None,
}

/// Names of fewer characters fit too much.
const SHORTEST_NAME: usize = 2;

fn is_named(received: &str, unpaid: &Unpaid) -> bool {
    unpaid.names.iter().any(|name| name.chars().count() >= SHORTEST_NAME && received.contains(name.as_str()))
}

/// What each payment may be. An order that two payments would be is sure for neither.
#[must_use]
pub fn matches(received: &[Received], unpaid: &[Unpaid]) -> Vec<Match> {
    let mut found: Vec<Match> = received
        .iter()
        .map(|payment| {
            let name = fold(&payment.name);
            let fits: Vec<&Unpaid> = unpaid.iter().filter(|u| u.amount == payment.amount).collect();
            let named: Vec<&&Unpaid> = fits.iter().filter(|u| is_named(&name, u)).collect();
            match (named.as_slice(), fits.as_slice()) {
                (_, []) => Match::None,
                ([only], _) => Match::One(only.at),
                ([], fits) => Match::Several(fits.iter().map(|u| u.at).collect()),
                (named, _) => Match::Several(named.iter().map(|u| u.at).collect()),
            }
        })
        .collect();
    let mut claims = BTreeMap::<usize, usize>::new();
    for one in &found {
        if let Match::One(at) = one {
            *claims.entry(*at).or_default() += 1;
        }
    }
    let twice: BTreeSet<usize> = claims.into_iter().filter(|(_, n)| *n > 1).map(|(at, _)| at).collect();
    for one in &mut found {
        if let Match::One(at) = one
            && twice.contains(at)
        {
            *one = Match::Several(vec![*at]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> Date {
        jiff::civil::date(2026, 11, 22)
    }

    fn unpaid(at: usize, amount: i64, name: &str) -> Unpaid {
        Unpaid { at, amount, names: vec![fold(name)] }
    }

    fn received(amount: i64, name: &str) -> Received {
        Received { line: 1, on: today(), amount, name: name.to_owned() }
    }

    #[test]
    fn a_banks_file_is_read_in_both_charsets_and_money_that_went_out_is_passed_over() {
        let text = "口座,普通 0000000\n日付,摘要,お支払金額,お預り金額,残高\n2026/11/20,ﾌﾘｺﾐ ﾐﾎﾝ ﾊﾅｺ,,\"3,300\",9\n2026/11/21,手数料,330,,9\n20xx,ﾐﾎﾝ,,100,9\n";
        let sjis = encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        let bom = format!("\u{feff}{text}").into_bytes();
        for (bytes, charset) in [(text.as_bytes().to_vec(), "UTF-8"), (sjis, "Shift_JIS"), (bom, "UTF-8")] {
            let file = read(&bytes, &Columns::default(), today()).unwrap();
            assert_eq!(file.charset, charset);
            assert_eq!(file.columns.amount, "お預り金額");
            let [one] = file.received.as_slice() else { panic!("{:?}", file.received) };
            assert_eq!((one.line, one.amount, one.on.to_string().as_str()), (3, 3_300, "2026-11-20"));
            assert_eq!(file.problems, ["5行目：日付を読み取れません"]);
        }
    }

    #[test]
    fn columns_of_another_name_are_named_by_the_shop() {
        let text = "day,yen,who\n2026-11-20,100,ミホン\n";
        assert!(read(text.as_bytes(), &Columns::default(), today()).unwrap_err().contains("day、yen、who"));
        let own = Columns { date: "day".into(), amount: "yen".into(), name: "who".into() };
        assert_eq!(read(text.as_bytes(), &own, today()).unwrap().received.len(), 1);
    }

    #[test]
    fn kana_of_any_width_and_size_is_the_same_name() {
        assert_eq!(fold("ﾌﾘｺﾐ ｼﾞｭﾝﾊﾟ ｼｮｳﾀ"), fold("じゅんぱ　しょうた"));
        assert_eq!(fold("フリコミ ミホン　ハナコ"), "ミホンハナコ");
        assert_eq!(fold("カ)ミホンショウテン"), "カミホンシヨウテン");
    }

    #[test]
    fn a_payment_is_one_order_only_when_nothing_else_fits() {
        let orders = [
            unpaid(0, 3_300, "ミホン ハナコ"),
            unpaid(1, 3_300, "レイジ タロウ"),
            unpaid(2, 500, "ミホン ハナコ"),
            unpaid(3, 500, "ミホン ハナコ"),
        ];
        let of = |list: &[Received]| matches(list, &orders);
        assert_eq!(of(&[received(3_300, "ﾐﾎﾝ ﾊﾅｺ")]), [Match::One(0)]);
        assert_eq!(of(&[received(3_300, "ﾀﾞﾚｶ")]), [Match::Several(vec![0, 1])]);
        assert_eq!(of(&[received(500, "ﾐﾎﾝ ﾊﾅｺ")]), [Match::Several(vec![2, 3])]);
        assert_eq!(of(&[received(999, "ﾐﾎﾝ ﾊﾅｺ")]), [Match::None]);
        let twice = [received(3_300, "ﾐﾎﾝ ﾊﾅｺ"), received(3_300, "ﾐﾎﾝ ﾊﾅｺ")];
        assert_eq!(of(&twice), [Match::Several(vec![0]), Match::Several(vec![0])]);
        assert_eq!(
            matches(&[received(5, "x")], &[Unpaid { at: 0, amount: 5, names: vec![String::new()] }]),
            [Match::Several(vec![0])]
        );
    }

    proptest! {
        #[test]
        fn no_file_whatever_breaks_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(read(&bytes, &Columns::default(), today()));
        }
    }
}
