//! A hundred eventful days and two months in simulated time (issue 5), a few seeds a test so that every core has work.
//! A failure prints its plan and the command that replays it (docs/simulation.md).

#![cfg(test)]

use testkit::days::{self, Length};

/// Lives these seeds, and tells all that failed.
fn live(seeds: std::ops::Range<u64>, length: Length) {
    println!("seeds {seeds:?} of {}", length.word());
    let failed: Vec<String> = seeds.filter_map(|seed| days::run(seed, length).err()).collect();
    assert!(failed.is_empty(), "{} seeds failed:\n{}", failed.len(), failed.join("\n"));
}

macro_rules! seeds {
    ($($name:ident: $seeds:expr, $length:ident;)*) => {
        $(
            #[test]
            fn $name() {
                live($seeds, Length::$length);
            }
        )*
    };
}

seeds! {
    days_00_to_09_come_out_right: 0..10, Day;
    days_10_to_19_come_out_right: 10..20, Day;
    days_20_to_29_come_out_right: 20..30, Day;
    days_30_to_39_come_out_right: 30..40, Day;
    days_40_to_49_come_out_right: 40..50, Day;
    days_50_to_59_come_out_right: 50..60, Day;
    days_60_to_69_come_out_right: 60..70, Day;
    days_70_to_79_come_out_right: 70..80, Day;
    days_80_to_89_come_out_right: 80..90, Day;
    days_90_to_99_come_out_right: 90..100, Day;
    month_0_comes_out_right: 0..1, Month;
    month_1_comes_out_right: 1..2, Month;
}
