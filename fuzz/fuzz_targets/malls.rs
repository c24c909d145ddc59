//! Every parser of every mall.
#![no_main]

#[path = "../../crates/malls/tests/hostile/feed.rs"]
mod feed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for mall in malls::registry() {
        futures::executor::block_on(feed::every_parser(&*mall, bytes));
    }
});
