//! 強制ダウンロード: what a stopped run leaves undone goes to the run that takes its place. Pure.

use super::Options;
use super::cursor::Cursor;
use crate::requests::ImportRequest;
use domain::MallOrderId;
use std::collections::BTreeSet;
use store::imports::RunRow;

/// Widens `body` by what `run` has not done, and says which orders are asked for by number beside it: those a person
/// asked to have fetched again, in either run.
pub(crate) fn take_over(body: &mut ImportRequest, run: &RunRow) -> BTreeSet<MallOrderId> {
    // Of another version, or damaged: its period is still known, its numbers are not.
    let options: Options = serde_json::from_value(run.options.clone()).unwrap_or_default();
    let cursor: Cursor = serde_json::from_value(run.cursor.clone()).unwrap_or_default();
    let by_number = matches!(run.trigger.as_str(), "reimport" | "look_again" | "proof" | "read_back");
    let asked_for = |id: &MallOrderId| run.trigger == "reimport" || options.carried.contains(id);
    let mut carried: BTreeSet<MallOrderId> = cursor.orders.into_iter().filter(asked_for).collect();
    match body.orders.take() {
        None if by_number => {}
        None => {
            body.from = body.from.min(run.from);
            body.to = body.to.max(run.to);
        }
        Some(mut orders) if by_number => {
            orders.retain(|id| !carried.contains(id));
            orders.extend(std::mem::take(&mut carried));
            body.orders = Some(orders);
        }
        // Its period is walked on, as it was asked for, with these orders first.
        Some(orders) => {
            carried.extend(orders);
            (body.from, body.to) = (run.from, run.to);
            body.statuses = Some(options.statuses);
            body.overwrite = options.overwrite;
        }
    }
    carried
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RunId, ShopId, UtcMillis};
    use serde_json::json;

    fn run(trigger: &str, orders: &[&str], carried: &[&str]) -> RunRow {
        RunRow {
            run_id: RunId(1),
            shop_id: ShopId(1),
            request_id: None,
            trigger: trigger.to_owned(),
            from: UtcMillis(100),
            to: UtcMillis(200),
            options: json!({ "statuses": ["300"], "carried": carried }),
            state: "running".to_owned(),
            cursor: json!({ "orders": orders }),
            counts: json!({}),
            reason: None,
            started_at: UtcMillis(0),
            updated_at: UtcMillis(0),
            finished_at: None,
        }
    }

    fn request(orders: Option<&[&str]>) -> ImportRequest {
        let list = |orders: &[&str]| orders.iter().map(|id| (*id).into()).collect();
        ImportRequest {
            from: UtcMillis(150),
            to: UtcMillis(300),
            statuses: None,
            overwrite: false,
            force: true,
            orders: orders.map(list),
        }
    }

    fn set(ids: &[&str]) -> BTreeSet<MallOrderId> {
        ids.iter().map(|id| (*id).into()).collect()
    }

    #[test]
    fn imp5_the_rest_of_a_stopped_reimport_is_asked_for_by_the_run_that_takes_over() {
        let mut body = request(None);
        assert_eq!(take_over(&mut body, &run("reimport", &["a", "b"], &[])), set(&["a", "b"]));
        assert_eq!((body.from, body.orders.is_none()), (UtcMillis(150), true));
        let mut body = request(Some(&["b", "c"]));
        assert_eq!(take_over(&mut body, &run("reimport", &["a", "b"], &[])), set(&[]));
        assert_eq!(body.orders.map(|o| o.into_iter().collect()), Some(set(&["a", "b", "c"])));
    }

    #[test]
    fn imp5_the_period_of_a_stopped_run_is_walked_by_the_run_that_takes_over() {
        // Numbers of a period's run are earlier failures: they are asked for again in any case.
        let mut body = request(None);
        assert_eq!(take_over(&mut body, &run("manual", &["x"], &[])), set(&[]));
        assert_eq!((body.from, body.to), (UtcMillis(100), UtcMillis(300)));
        let mut body = request(Some(&["a"]));
        assert_eq!(take_over(&mut body, &run("auto", &["x"], &[])), set(&["a"]));
        assert_eq!((body.from, body.to, body.orders), (UtcMillis(100), UtcMillis(200), None));
        assert_eq!(body.statuses, Some(vec!["300".to_owned()]));
    }

    #[test]
    fn imp5_what_was_carried_once_is_carried_on() {
        let mut body = request(None);
        assert_eq!(take_over(&mut body, &run("manual", &["a", "x"], &["a", "done"])), set(&["a"]));
        let mut body = request(None);
        assert_eq!(take_over(&mut body, &run("look_again", &["held"], &[])), set(&[]));
        assert_eq!(body.from, UtcMillis(150), "a look at held orders has no period");
    }
}
