use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const TODAY: Date = date(2026, 11, 22);

fn read(text: &str) -> Result<Date, DateProblem> {
    read_date(text, TODAY)
}

#[test]
fn a_day_is_read_in_every_form_people_type_ux3() {
    let forms = [
        "1122",
        "11/22",
        "11-22",
        "11.22",
        "11月22日",
        "11月22",
        "１１／２２",
        "11 22",
        "11月 22日",
        "2026/11/22",
        "20261122",
        "2026-11-22",
        "2026.11.22",
        "2026年11月22日",
        "２０２６年１１月２２日",
        "2026 11 22",
        "R8.11.22",
        "r8/11/22",
        "R08.11.22",
        "R081122",
        "令和8年11月22日",
        "令和 8年 11月 22日",
        "㋿8.11.22",
        "Ｒ８．１１．２２",
        "11/22(日)",
        "11月22日（日曜日）",
        "今日",
        " 本日 ",
        "today",
        "11ー22",
        "2026−11−22",
        "\u{FEFF}11/22\r\n",
    ];
    for typed in forms {
        assert_eq!(read(typed), Ok(TODAY), "{typed}");
    }
}

#[test]
fn words_are_counted_from_today_ux3() {
    let words = [
        ("一昨日", 20),
        ("昨日", 21),
        ("きのう", 21),
        ("今日", 22),
        ("明日", 23),
        ("あす", 23),
        ("明後日", 24),
    ];
    for (word, day) in words {
        assert_eq!(read(word), Ok(date(2026, 11, day)), "{word}");
    }
    assert_eq!(read_date("明日", date(2026, 12, 31)), Ok(date(2027, 1, 1)));
    assert!(read_date("明日", Date::MAX).is_err() && read_date("昨日", Date::MIN).is_err());
}

#[test]
fn a_day_without_year_is_the_one_closest_to_today() {
    let cases = [
        ("1/5", TODAY, date(2027, 1, 5)),
        ("10/30", TODAY, date(2026, 10, 30)),
        ("5/24", TODAY, date(2026, 5, 24)),
        ("5/23", TODAY, date(2027, 5, 23)),
        ("12/28", date(2027, 1, 4), date(2026, 12, 28)),
        ("0104", date(2026, 12, 28), date(2027, 1, 4)),
        ("2/29", date(2027, 12, 1), date(2028, 2, 29)),
    ];
    for (typed, today, expected) in cases {
        assert_eq!(read_date(typed, today), Ok(expected), "{typed} seen from {today}");
    }
    // 31 August 2023 lies 183 days after 1 March 2023 and 183 before 1 March 2024.
    assert_eq!(
        read_date("3/1", date(2023, 8, 31)),
        Ok(date(2024, 3, 1)),
        "of two equally close days the later"
    );
}

#[test]
fn an_era_is_read_and_its_limits_are_kept_f5() {
    let eras = [
        ("H31.4.30", date(2019, 4, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R1.5.1", date(2019, 5, 1)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("T15/12/24", date(1926, 12, 24)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("M45.7.29", date(1912, 7, 29)),
    ];
    for (typed, expected) in eras {
        assert_eq!(read(typed), Ok(expected), "{typed}");
    }
    for typed in ["H31.5.1", "R1.4.30", "平成38年11月22日", "S64.1.8", "H1.1.7"] {
        let problem = read(typed).unwrap_err();
        assert!(matches!(problem, DateProblem::OutsideEra { .. }), "{typed}: {problem:?}");
    }
    let over = read("H31.5.1").unwrap_err();
    assert!(over.ja().contains("平成の期間（平成元年1月8日～平成31年4月30日）"), "{}", over.ja());
    assert!(over.to_string().contains("2019-04-30"), "{over}");
}

#[test]
fn a_day_that_does_not_exist_is_named_ux3() {
    let day = |year, month, day| DateProblem::NoSuchDay { year, month, day };
    let cases = [
        ("", DateProblem::Empty),
        (" 　", DateProblem::Empty),
        ("11/31", day(None, 11, 31)),
        ("1131", day(None, 11, 31)),
        ("0/0", DateProblem::NoSuchMonth(0)),
        ("2026/2/29", day(Some(2026), 2, 29)),
        ("2/29", day(None, 2, 29)),
        ("11/0", day(None, 11, 0)),
        ("13/1", DateProblem::NoSuchMonth(13)),
        ("22/11", DateProblem::NoSuchMonth(22)),
        ("2026", DateProblem::NoSuchMonth(20)),
        ("R8.13.1", DateProblem::NoSuchMonth(13)),
        ("3026/11/22", DateProblem::YearOutOfRange(3026)),
        ("0206/11/22", DateProblem::YearOutOfRange(206)),
        ("26/11/22", DateProblem::YearUnclear("26/11/22".into())),
        ("8年11月22日", DateProblem::YearUnclear("8年11月22日".into())),
        ("261122", DateProblem::YearUnclear("261122".into())),
        ("111", DateProblem::Ambiguous("111".into())),
    ];
    for (typed, expected) in cases {
        assert_eq!(read(typed), Err(expected), "{typed}");
    }
}

#[test]
fn what_is_no_day_is_refused_and_never_guessed() {
    let refused = [
        "あした頃",
        "11",
        "1",
        "11/",
        "/22",
        "11/22/",
        "2026/11",
        "2026年11月",
        "2026/11-22",
        "11月22年",
        "2026/011/22",
        "12345",
        "202611220",
        "R8",
        "R.11.22",
        "R0.11.22",
        "R2026.11.22",
        "R元",
        "元.11.22",
        "11/22(祝)",
        "11/2x",
        "十一月二十二日",
        "2026-11-22T00:00:00",
        "2026/11/22 0:00",
        "٢/٣",
        "-11/22",
        "11//22",
        "122/11/22",
    ];
    for typed in refused {
        assert_eq!(read(typed), Err(DateProblem::NotADate(typed.into())), "{typed}");
    }
}

#[test]
fn a_refusal_says_in_both_languages_what_is_wrong() {
    for (typed, ja, en) in [
        ("11/31", "11月に31日はありません。", "there is no day 31 in month 11"),
        ("2026/2/29", "2026年2月に29日はありません。", "there is no day 29 in month 2 of 2026"),
        (
            "2/29",
            "2月29日は今年とその前後の年にありません。年も入力してください。",
            "there is no day 29 in month 2",
        ),
        ("13/1", "13月はありません。", "there is no month 13"),
        ("", "日付が入力されていません。", "no date was typed"),
    ] {
        let problem = read(typed).unwrap_err();
        assert_eq!((problem.ja().as_str(), problem.to_string().as_str()), (ja, en));
    }
}

#[test]
fn a_day_is_written_in_its_era_and_the_first_year_is_gannen_f5() {
    let days = [
        (date(2026, 11, 22), "令和8年11月22日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1873, 1, 1), "明治6年1月1日"),
        (date(1872, 12, 31), "1872年12月31日"),
    ];
    for (day, expected) in days {
        assert_eq!(wareki(day), expected);
    }
}

fn days() -> impl Strategy<Value = Date> {
    (1873_i16..=2099, 1_i16..=365)
        .prop_map(|(year, day)| date(year, 1, 1).with().day_of_year(day).build().unwrap())
}

proptest! {
    #[test]
    fn no_typed_day_panics(
        any in any::<String>(),
        near in "[0-9０-９/／.\\-年月日元令和平成昭RHSTM() ]{0,14}",
        numbers in "[RH]?[0-9]{1,5}[/年.-][0-9]{1,3}[/月.-][0-9]{1,3}日?",
        today in days(),
    ) {
        for typed in [any, near, numbers] {
            for today in [today, Date::MIN, Date::MAX] {
                if let Err(problem) = read_date(&typed, today) {
                    prop_assert!(!problem.ja().is_empty() && !problem.to_string().is_empty());
                }
            }
        }
    }

    #[test]
    fn a_day_that_was_shown_is_read_back(day in days(), today in days()) {
        for shown in [wareki(day), day.to_string(), day.strftime("%Y/%m/%d").to_string(), day.strftime("%Y%m%d").to_string()] {
            prop_assert_eq!(read_date(&shown, today), Ok(day));
        }
    }

    #[test]
    fn a_day_without_year_is_at_most_half_a_year_away(day in days(), today in days()) {
        prop_assume!((day.month(), day.day()) != (2, 29));
        let found = read_date(&day.strftime("%m%d").to_string(), today).unwrap();
        prop_assert_eq!((found.month(), found.day()), (day.month(), day.day()));
        prop_assert!(days_between(today, found).abs() <= 183, "{} from {}", found, today);
    }
}
