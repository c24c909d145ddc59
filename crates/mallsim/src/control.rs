//! The control API, `/_sim/…`: what a test or a demo turns while the malls run. Speaks JSON only and holds no state
//! of its own. Never part of a mall: a client under test must not call it.
//!
//! | call | does |
//! | --- | --- |
//! | `GET /_sim/clock` | `{"mode":"real"\|"moved","now_ms":…}` |
//! | `POST /_sim/clock` | `{"now_ms":…}`, `{"advance_ms":…}` or `{"mode":"real"}` |
//! | `GET /_sim/world` | shops with credentials, orders with status and shipping records |
//! | `GET /_sim/effects` | the ledger: effects by order, counters, doubled tracking numbers |
//! | `POST /_sim/orders` | `{"shop":300001,"count":1,"traits":["cod"],"lines":2,"at_ms":…,"status":300}` → numbers |
//! |  | other malls: `"mall":"yahoo"` and that mall's own JSON, described in its `control` module |
//! | `POST /_sim/orders/{number}` | `address`, `remarks`, `units`, `cancel`, `status`, `hold`, `hidden`, `paid`, … |
//! | `GET`, `POST`, `DELETE /_sim/faults` | the plan with its counts; adds rules; ends all |
//! | `POST /_sim/shops/{id}` | `{"functions_off":["getOrder"]}` |
//! | `POST /_sim/shops/{id}/key` | `{"action":"renew"}` or `{"action":"expire","at_ms":…}` |
//! | `GET`, `POST /_sim/settings` | all settings; a merge patch of them |
//! | `POST /_sim/reset` | a new world; the body may change the configuration |

use serde_json::{Value, json};

use crate::jst::MOST_MS;
use crate::sim::{Clock, Sim};
use crate::wire::{Reply, Request, percent_decode};

fn good(value: &Value) -> Reply {
    Reply::json(200, value)
}

fn bad(error: &str) -> Reply {
    Reply::json(400, &json!({ "error": error }))
}

fn result(done: Result<Value, String>) -> Reply {
    match done {
        Ok(value) => good(&value),
        Err(error) => bad(&error),
    }
}

/// Answers one control call.
pub(crate) fn handle(sim: &mut Sim, request: &Request, now_ms: i64) -> Reply {
    let body = if request.body.iter().all(u8::is_ascii_whitespace) {
        Value::Object(serde_json::Map::new())
    } else {
        match serde_json::from_slice(&request.body) {
            Ok(body) => body,
            Err(error) => return bad(&error.to_string()),
        }
    };
    let path = request.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["clock"]) => clock(sim, now_ms),
        ("POST", ["clock"]) => set_clock(sim, &body, now_ms),
        ("GET", ["world"]) => {
            sim.advance(now_ms);
            good(&json!({
                "now_ms": sim.now(now_ms),
                "shops": sim.shops(now_ms),
                "orders": sim.orders(now_ms),
            }))
        }
        ("GET", ["effects"]) => {
            sim.advance(now_ms);
            let duplicates = sim.duplicates();
            good(&sim.effects.to_value(&duplicates))
        }
        ("POST", ["orders"]) => {
            sim.advance(now_ms);
            let numbers = sim.add_orders(&body, now_ms);
            result(numbers.map(|n| json!({ "numbers": n })))
        }
        ("POST", ["orders", number]) => {
            sim.advance(now_ms);
            result(sim.edit_order(&percent_decode(number), &body, now_ms))
        }
        ("POST", ["shops", shop, "key"]) => {
            let key = body.get("action").cloned().unwrap_or(Value::Null);
            let at = body.get("at_ms").cloned().unwrap_or(Value::Null);
            result(sim.change_shop(shop, &json!({ "key": key, "at_ms": at }), now_ms))
        }
        ("POST", ["shops", shop]) => result(sim.change_shop(shop, &body, now_ms)),
        ("GET", ["faults"]) => good(&sim.faults.to_value()),
        ("POST", ["faults"]) => result(sim.add_faults_json(body).map(|()| sim.faults.to_value())),
        ("DELETE", ["faults"]) => {
            sim.clear_faults();
            good(&sim.faults.to_value())
        }
        ("GET", ["settings"]) => settings(sim),
        ("POST", ["settings"]) => match sim.settings.patched(&body) {
            Ok(new) => {
                sim.set_settings(new);
                settings(sim)
            }
            Err(error) => bad(&error),
        },
        ("POST", ["reset"]) => reset(sim, &body, now_ms),
        _ => Reply::json(404, &json!({ "error": "no such control" })),
    }
}

fn settings(sim: &Sim) -> Reply {
    result(serde_json::to_value(&sim.settings).map_err(|e| e.to_string()))
}

fn clock(sim: &Sim, now_ms: i64) -> Reply {
    let mode = if sim.clock == Clock::Real { "real" } else { "moved" };
    good(&json!({ "mode": mode, "now_ms": sim.now(now_ms) }))
}

fn set_clock(sim: &mut Sim, body: &Value, now_ms: i64) -> Reply {
    let field = |name: &str| body.get(name).and_then(Value::as_i64);
    if body.get("mode").and_then(Value::as_str) == Some("real") {
        sim.set_clock(Clock::Real);
        return clock(sim, now_ms);
    }
    let to = match (field("now_ms"), field("advance_ms")) {
        (Some(to), None) => to,
        (None, Some(by)) => sim.now(now_ms).saturating_add(by),
        _ => return bad("give now_ms or advance_ms as a whole number, or mode real"),
    };
    if !(0..MOST_MS).contains(&to) {
        return bad("that time is out of range");
    }
    sim.set_clock(Clock::Moved { now_ms: to });
    clock(sim, now_ms)
}

/// Begins again; the body may change the configuration (a merge patch of it).
fn reset(sim: &mut Sim, body: &Value, now_ms: i64) -> Reply {
    let config = serde_json::to_value(&sim.config).map_err(|e| e.to_string()).and_then(|mut config| {
        crate::settings::merge(&mut config, body);
        serde_json::from_value(config).map_err(|e| e.to_string())
    });
    match config {
        Ok(config) => {
            sim.reset(config);
            clock(sim, now_ms)
        }
        Err(error) => bad(&error),
    }
}
