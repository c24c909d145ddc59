//! Eventful days and months in simulated time, a few seeds a test so that every core has work: twenty days in every run, a
//! hundred and two months when they are asked for. A failure prints its plan and the command that replays it
//! (docs/simulation.md).

#![cfg(test)]

use testkit::days::{self, Length};

/// Lives these seeds, and tells all that failed.
fn live(seeds: std::ops::Range<u64>, length: Length) {
    println!("seeds {seeds:?} of {}", length.word());
    let failed: Vec<String> = seeds.filter_map(|seed| days::run(seed, length).err()).collect();
    assert!(failed.is_empty(), "{} seeds failed:\n{}", failed.len(), failed.join("\n"));
}

macro_rules! seeds {
    ($($(#[$meta:meta])* $name:ident: $seeds:expr, $length:ident;)*) => {
        $(
            #[test]
            $(#[$meta])*
            fn $name() {
                live($seeds, Length::$length);
            }
        )*
    };
}

// A day takes some eight seconds: what every run can afford is twenty of them.
seeds! {
    days_00_to_09_come_out_right: 0..10, Day;
    days_10_to_19_come_out_right: 10..20, Day;
    #[ignore = "by hand: --run-ignored all"]
    days_20_to_39_come_out_right: 20..40, Day;
    #[ignore = "by hand: --run-ignored all"]
    days_40_to_59_come_out_right: 40..60, Day;
    #[ignore = "by hand: --run-ignored all"]
    days_60_to_79_come_out_right: 60..80, Day;
    #[ignore = "by hand: --run-ignored all"]
    days_80_to_99_come_out_right: 80..100, Day;
    #[ignore = "by hand: --run-ignored all"]
    month_0_comes_out_right: 0..1, Month;
    #[ignore = "by hand: --run-ignored all"]
    month_1_comes_out_right: 1..2, Month;
}
