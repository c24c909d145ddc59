//! Words of imports: the same at every door. Pure.

use crate::requests::ImportCounts;

/// Japanese and English.
pub type Words = (&'static str, &'static str);

/// What an import counts, in the order in which doors tell it.
#[must_use]
pub fn counts(counts: &ImportCounts) -> [(Words, u64); 8] {
    [
        (("新規", "new"), counts.new),
        (("変更なし", "unchanged"), counts.unchanged),
        (("モールの状態を更新", "refreshed"), counts.refreshed),
        (("上書き", "overwritten"), counts.overwritten),
        (("モール側で変更あり", "changed at the mall"), counts.changed_at_mall),
        (("変更の重なり", "conflicts"), counts.conflicts),
        (("対象外", "left out"), counts.left_out),
        (("失敗", "failed"), counts.failed),
    ]
}

/// A word for the state of a run or of its request; `None` for one of a newer program.
#[must_use]
pub fn run_state(state: &str) -> Option<Words> {
    Some(match state {
        "queued" => ("受け付けました", "queued"),
        "running" => ("取込中", "running"),
        "interrupted" => ("中断（自動で再開します）", "interrupted"),
        "succeeded" => ("成功", "succeeded"),
        "partial" => ("一部失敗", "partly failed"),
        "failed" => ("失敗", "failed"),
        "stopped" => ("引き継がれました", "stopped"),
        _ => return None,
    })
}

/// A word for a note of a run about one order.
#[must_use]
pub fn note(kind: &str) -> Option<Words> {
    Some(match kind {
        "left_out" => ("対象外", "left out"),
        "failed" => ("失敗", "failed"),
        "conflict" => ("変更の重なり", "conflict"),
        _ => return None,
    })
}

/// A word for an order that was set aside: tried again by itself, or waiting for a person.
#[must_use]
pub fn set_aside(state: &str) -> Words {
    if state == "retry" {
        ("自動で再取得します", "tried again")
    } else {
        ("要対応", "needs attention")
    }
}
