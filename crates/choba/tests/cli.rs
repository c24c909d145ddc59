//! The program as people and scripts run it: against simulated malls behind real sockets, in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test from end to end, helpers included"
)]

use mallsim::{SharedSim, Sim, SimConfig};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// How secrets of the mall begin.
const PREFIXES: [&str; 2] = ["SP", "SL"];

/// A folder, and simulated malls that live as long as this does.
struct Desk {
    folder: TempDir,
    sim: SharedSim,
    url: String,
    credentials: Vec<String>,
    _malls: tokio::runtime::Runtime,
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
    }

    fn object(&self) -> Value {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.lines().pop().unwrap()
    }

    fn error(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.lines().pop().unwrap()["error"].clone()
    }
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_choba"));
    for name in
        ["CHOBA_DATA", "CHOBA_DATABASE", "CHOBA_KEY_FILE", "CHOBA_MASTER_KEY", "CHOBA_FAIL", "CHOBA_LOG"]
    {
        command.env_remove(name);
    }
    command.arg("--data").arg(folder).arg("--allow-private-endpoints");
    command
}

/// Yesterday: one window of the mall's, so one search.
fn since() -> String {
    domain::UtcMillis(now_ms() - domain::time::DAY).to_japan_text()
}

fn now_ms() -> i64 {
    use mall_api::Clock as _;
    mall_api::clock::SystemClock::default().now().0
}

impl Desk {
    fn open() -> Self {
        let config = SimConfig { start_ms: now_ms(), orders_per_shop: 0, ..SimConfig::default() };
        let sim = mallsim::shared(Sim::new(config));
        // The malls' own limit of one call a second is not what these tests are about.
        let patch = json!({ "pace": { "enabled": false } });
        let settings = sim.lock().unwrap().settings().patched(&patch).unwrap();
        sim.lock().unwrap().set_settings(settings);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(mallsim::serve(listener, sim.clone()));
        let shop = sim.lock().unwrap().shops(now_ms()).remove(0);
        let credentials = shop
            .credentials
            .iter()
            .map(|(k, v)| {
                format!(
                    "{}={v}",
                    if k.to_lowercase().contains("secret") { "service_secret" } else { "license_key" }
                )
            })
            .collect();
        Self { folder: TempDir::new().unwrap(), sim, url, credentials, _malls: runtime }
    }

    fn run(&self, args: &[&str]) -> Said {
        let said = said(program(self.folder.path()).args(args).output().unwrap());
        for secret in &self.credentials {
            let secret = secret.split_once('=').unwrap().1;
            assert!(
                !said.out.contains(secret) && !said.err.contains(secret),
                "a secret was printed by {args:?}"
            );
        }
        said
    }

    fn json(&self, args: &[&str]) -> Said {
        self.run(&[&["--json"], args].concat())
    }

    /// A desk with the shop `honten`.
    fn with_shop() -> Self {
        let desk = Self::open();
        let mut args = vec!["shop", "add", "honten", "--mall", "rakuten", "--endpoint", &desk.url];
        for credential in &desk.credentials {
            args.extend(["--credential", credential]);
        }
        let added = desk.json(&args).object();
        assert_eq!(added["shop"], "honten");
        assert_eq!(added["missing_credentials"], json!([]));
        desk
    }

    fn orders(&self, count: usize, status: i64) -> Vec<String> {
        let wanted = json!({ "shop": 300_001, "count": count, "status": status, "traits": [], "at_ms": now_ms() - 600_000 });
        self.sim.lock().unwrap().add_orders(&wanted, now_ms()).unwrap()
    }
}

#[test]
fn an_order_comes_in_is_shipped_and_its_mall_is_told_once() {
    let desk = Desk::with_shop();
    let numbers = desk.orders(3, 300);
    let imported = desk.json(&["import", "--shop", "honten", "--from", &since()]);
    let summary = imported.object();
    assert_eq!(summary["event"], "summary");
    assert_eq!((&summary["state"], &summary["counts"]["new"]), (&json!("succeeded"), &json!(3)));
    let again = desk.json(&["import", "--all", "--from", &since()]).object();
    assert_eq!(again["counts"]["new"], 0);

    let listed = desk.json(&["order", "list", "--phase", "new", "--shop", "honten"]);
    assert_eq!(listed.lines().len(), 3);
    let row = listed.lines().remove(0);
    assert!(row["ordered_at"].as_str().unwrap().ends_with("+09:00"), "{row}");
    assert_eq!(row["notice_state"], "not_sent");

    let id = numbers[0].as_str();
    let refused = desk.json(&["order", "move", "shipped", id]);
    assert_eq!(
        (refused.code, &refused.lines()[0]["refused"][0]["reason"]["code"]),
        (1, &json!("ship_date_required"))
    );
    let keys = desk.json(&["order", "show", id]).object()["content"]["recipients"].clone();
    for recipient in keys.as_array().unwrap() {
        let key = recipient["key"].as_str().unwrap();
        let parcel = [
            "order",
            "ship",
            id,
            "--carrier",
            "yamato",
            "--number",
            "400000000015",
            "--date",
            "today",
            "--recipient",
            key,
        ];
        assert_eq!(desk.json(&parcel).object()["tracking_number"], "400000000015");
    }
    assert_eq!(desk.json(&["order", "move", "shipped", id]).code, 0);

    let dry = desk.json(&["notify", "--dry-run", id]).object();
    assert_eq!((&dry["eligible"], &dry["refusals"]), (&json!(true), &json!([])));
    let other = desk.json(&["notify", "--dry-run", &numbers[1]]).object();
    assert_eq!(other["eligible"], false);
    assert!(other["refusals"].as_array().unwrap().iter().any(|r| r["code"] == "no_parcel"));

    let sent = desk.json(&["notify", id]).object();
    assert_eq!(sent["notice_state"], "applied", "{sent}");
    assert_eq!(desk.json(&["notify", id]).code, 1, "what was sent is not sent again");
    assert!(desk.sim.lock().unwrap().duplicates().is_empty());
    let shown = desk.json(&["order", "show", id]).object();
    let events: Vec<&str> =
        shown["history"].as_array().unwrap().iter().map(|h| h["event"]["event"].as_str().unwrap()).collect();
    for event in ["imported", "parcel_set", "phase_moved", "write_wanted", "notice_state_changed"] {
        assert!(events.contains(&event), "{event} in {events:?}");
    }
    assert_eq!(desk.run(&["order", "show", id]).code, 0);
    assert_eq!(desk.json(&["doctor"]).code, 0);
}

#[test]
fn every_bad_input_names_its_field() {
    let desk = Desk::with_shop();
    let cases: [(&[&str], &str); 16] = [
        (&["shop", "add", "x", "--mall", "nowhere"], "--mall"),
        (&["shop", "add", "x", "--mall", "rakuten", "--endpoint", "ftp://x"], "--endpoint"),
        (&["shop", "add", "x", "--mall", "rakuten", "--endpoint", "login=https://example.com"], "--endpoint"),
        (&["shop", "add", "x", "--mall", "rakuten", "--credential", "key=1"], "--credential key"),
        (
            &["shop", "add", "x", "--mall", "rakuten", "--credential", "license_key=a b"],
            "--credential license_key",
        ),
        (
            &["shop", "add", "x", "--mall", "rakuten", "--credential", "license_key=@/nowhere"],
            "--credential license_key",
        ),
        (&["shop", "set", "honten", "import_interval=soon"], "import_interval"),
        (&["shop", "set", "honten", "import_statuses=123"], "import_statuses"),
        (&["shop", "set", "honten", "getorder_version=99"], "getorder_version"),
        (&["shop", "set", "honten", "colour=red"], "colour"),
        (&["import", "--shop", "honten", "--from", "soon"], "--from"),
        (&["import", "--shop", "honten"], "--from"),
        (&["import", "--shop", "honten", "--from", "2026-02-02", "--to", "2026-02-01"], "--to"),
        (&["import", "--shop", "honten", "--from", "2026-02-02", "--status", "1"], "--status"),
        (&["order", "list", "--phase", "limbo"], "--phase"),
        (&["rule", "set", "honten", "--kind", "gift", "--target", "new"], "--kind"),
    ];
    for (args, field) in cases {
        assert_eq!(desk.json(args).error(2)["field"], field, "{args:?}");
        let words = desk.run(args);
        assert!(words.code == 2 && words.err.contains(field), "{args:?}: {}", words.err);
    }
    for args in [&["order", "show", "nothing"][..], &["import", "--shop", "nobody", "--from", "2026-01-01"]] {
        assert!(desk.json(args).error(1)["ja"].as_str().unwrap().contains("ありません"), "{args:?}");
    }
    assert_eq!(desk.json(&["frobnicate"]).error(2)["code"], "usage");
}

#[test]
fn a_secret_that_is_mistyped_is_not_repeated() {
    let desk = Desk::open();
    for prefix in PREFIXES {
        let typed = format!("service_secret={prefix}canary-4711 x");
        let args =
            ["shop", "add", "x", "--mall", "rakuten", "--credential", &typed, "--credential", "canary-4711"];
        let said = desk.run(&args);
        assert_eq!(said.code, 2);
        assert!(!said.err.contains("canary") && !said.out.contains("canary"), "{}", said.err);
    }
}

#[test]
fn a_busy_shop_offers_three_choices_and_forcing_duplicates_nothing_imp5() {
    let desk = Desk::with_shop();
    desk.orders(5, 100);
    // An import that dies in the middle: the mall never answers its second call.
    desk.sim
        .lock()
        .unwrap()
        .add_faults_json(json!({ "operation": "getOrder", "times": 1, "action": "hang" }))
        .unwrap();
    let mut dying = program(desk.folder.path())
        .args(["--json", "import", "--shop", "honten", "--from", &since()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hung = || desk.sim.lock().unwrap().effects().counters().faults > 0;
    let mut looks = 0;
    while !hung() && looks < 300 {
        looks += 1;
        desk.json(&["phase", "list"]);
    }
    dying.kill().unwrap();
    dying.wait().unwrap();
    assert!(hung(), "the import reaches the mall");

    let busy = desk.json(&["import", "--shop", "honten", "--from", &since()]).error(1);
    assert_eq!(busy["code"], "shop_busy");
    assert_eq!(busy["choices"].as_array().unwrap().len(), 3);
    let words = desk.run(&["import", "--shop", "honten", "--from", &since()]).err;
    for choice in ["選択しなおす", "やめる", "強制ダウンロード"] {
        assert!(words.contains(choice), "{words}");
    }
    let forced = desk.run(&["import", "--shop", "honten", "--from", &since(), "--force"]);
    assert_eq!(forced.code, 0, "{}{}", forced.out, forced.err);
    assert!(forced.out.contains("重複はありません"));
    assert_eq!(desk.json(&["order", "list"]).lines().len(), 5);
}

#[test]
fn masters_rules_and_credentials_are_managed_by_command() {
    let desk = Desk::with_shop();
    let phase =
        desk.json(&["phase", "add", "gift_wrap", "--name", "ギフト包装", "--ship-date", "required"]).object();
    assert_eq!((&phase["name"], &phase["ship_date_required"]), (&json!("ギフト包装"), &json!(true)));
    assert_eq!(desk.json(&["phase", "remove", "gift_wrap"]).code, 0);
    assert_eq!(desk.json(&["phase", "remove", "new"]).error(1)["code"], "phase_needed");
    let rule = desk.json(&["rule", "set", "honten", "--kind", "shipment_notice", "--target", "new"]).object();
    assert_eq!(rule["warnings"], json!(["ship_date_optional", "no_success_phase", "no_failure_phase"]));
    assert_eq!(desk.json(&["automation", "start", "--shop", "honten"]).object()["automation_enabled"], true);
    let carriers = desk.json(&["carrier", "list"]).lines();
    assert!(carriers.iter().any(|c| c["carrier"] == "yamato" && !c["mall_codes"]["rakuten"].is_null()));
    let tested = desk.json(&["shop", "test", "honten"]).object();
    assert_eq!(tested["ok"], true);
    // What no mall can be asked for is typed: the last day counts to its end in Japan.
    let typed = ["credential", "set", "honten", "--expires", "service_secret=2027-11-21"];
    assert_eq!(desk.json(&typed).object()["set"], json!(["service_secret"]));
    let board = desk.json(&["credential", "list"]).lines();
    let secret = board.iter().find(|c| c["credential"] == "service_secret").unwrap();
    assert_eq!(secret["expires_at"], "2027-11-21T23:59:59+09:00");
    for wrong in ["service_secret=2027-02-30", "nonsense=2027-01-01", "2027-01-01"] {
        let error = desk.json(&["credential", "set", "honten", "--expires", wrong]).error(2);
        assert_eq!(error["field"], "--expires", "{error}");
    }
    let board = desk.json(&["credential", "list"]).lines();
    let license = board.iter().find(|c| c["credential"] == "license_key").unwrap();
    assert!(license["days_left"].as_i64().unwrap() > 30 && license["urgency"] == "fine", "{license}");
    assert!(desk.run(&["credential", "list"]).out.contains("○ 有効"));
    let moved = desk.json(&["shop", "set", "honten", "endpoint=http://127.0.0.1:9"]).object();
    assert_eq!(moved["endpoints"]["*"], "http://127.0.0.1:9");
    let board = desk.json(&["credential", "list"]).lines();
    assert!(board.iter().all(|c| c["is_set"] == false), "another endpoint does not get the old secrets");
    assert_eq!(desk.json(&["shop", "archive", "honten"]).object()["state"], "archived");
}

#[test]
fn the_master_key_is_private_and_can_be_changed() {
    let desk = Desk::with_shop();
    desk.orders(1, 100);
    assert_eq!(desk.json(&["import", "--all", "--from", &since()]).code, 0);
    let key = desk.folder.path().join("master.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read_to_string(&key).unwrap();
    let next = desk.folder.path().join("next.key");
    assert_eq!(desk.json(&["key", "rotate", "--new-key-file", next.to_str().unwrap()]).code, 0);
    assert_ne!(std::fs::read_to_string(&key).unwrap(), before);
    let row = desk.json(&["order", "list"]).object();
    assert!(!row["head"]["buyer"].as_str().unwrap().is_empty());
    std::fs::write(&key, &before).unwrap();
    assert_eq!(desk.json(&["order", "list"]).error(1)["code"], "wrong_key");
    std::fs::remove_file(&key).unwrap();
    assert_eq!(desk.json(&["order", "list"]).error(1)["code"], "key_missing");
}

#[test]
fn erasing_needs_a_yes_and_leaves_no_name() {
    let desk = Desk::with_shop();
    let id = desk.orders(1, 100).remove(0);
    assert_eq!(desk.json(&["import", "--all", "--from", &since()]).code, 0);
    assert_eq!(desk.json(&["order", "erase", &id]).error(2)["field"], "--yes");
    assert_eq!(desk.json(&["order", "erase", &id, "--yes"]).object()["erased"], true);
    let shown = desk.json(&["order", "show", &id]).object();
    assert!(shown["content"].is_null() && shown["head"].is_null() && shown["erased"] == true);
}

#[test]
fn edits_name_the_version_they_were_made_from() {
    let desk = Desk::with_shop();
    let id = desk.orders(1, 100).remove(0);
    assert_eq!(desk.json(&["import", "--all", "--from", &since()]).code, 0);
    let version = desk.json(&["order", "show", &id]).object()["version"].to_string();
    let edit = ["order", "edit", &id, "buyer.city=見本市中央区", "--version", &version];
    assert_eq!(desk.json(&edit).object()["edited"], json!(["buyer.city"]));
    let conflict = desk.json(&edit).error(1);
    assert_eq!(
        (&conflict["code"], &conflict["difference"][0]["current"]),
        (&json!("conflict"), &json!("見本市中央区"))
    );
    assert_eq!(desk.json(&["order", "edit", &id, "buyer.nothing=1"]).code, 2);
    assert_eq!(desk.json(&["order", "class", &id, "on_hold"]).object()["handling_class"], "on_hold");
}

#[test]
fn orders_come_by_file_and_shipments_leave_by_file_imp10_ntf8() {
    let desk = Desk::with_shop();
    let id = desk.orders(1, 300).remove(0);
    let path = |name: &str| desk.folder.path().join(name).to_str().unwrap().to_owned();
    let head = "注文番号,ステータス,注文日時,支払方法名,注文者姓,注文者名,送付先ID,送付先姓,送付先名,商品明細ID,商品名,単価,個数";
    let row = format!("{id},300,2026-11-20 09:00:00,銀行振込,空区,花子,1001,空区,太郎,1,茶碗,1000,1");
    std::fs::write(path("orders.csv"), format!("{head}\r\n{row}\r\nx,300,きのう,,,,1,,,1,,1,1\r\n")).unwrap();
    let import = ["import", "--shop", "honten", "--file", &path("orders.csv")];
    let summary = desk.json(&import).object();
    assert_eq!((&summary["state"], &summary["counts"]["new"]), (&json!("partial"), &json!(1)), "{summary}");
    assert!(summary["notes"][0]["reason"]["ja"].as_str().unwrap().contains("3行目"), "{summary}");
    assert_eq!(desk.json(&import).object()["counts"]["unchanged"], 1, "the same file again");
    std::fs::write(path("other.csv"), "a,b\r\n1,2\r\n").unwrap();
    let other = desk.json(&["import", "--shop", "honten", "--file", &path("other.csv")]);
    assert_eq!(
        (other.code, &other.lines().pop().unwrap()["reason"]["code"]),
        (1, &json!("file_not_recognised"))
    );
    assert_eq!(desk.json(&["import", "--shop", "honten", "--file", "nowhere"]).error(2)["field"], "--file");

    let ship = |number: &str| {
        let args = ["order", "ship", &id, "--carrier", "yamato", "--number", number, "--date", "today"];
        desk.json(&args).object()
    };
    let typed = ship("４４４４－１３７５－８７０３");
    assert_eq!((&typed["tracking_number"], &typed["warnings"]), (&json!("444413758703"), &json!([])));
    let shown = desk.json(&["order", "show", &id]).object();
    let link = shown["parcels"][0]["tracking_link"].as_str().unwrap();
    assert!(link.starts_with("https://") && link.ends_with("444413758703"), "{link}");
    let carriers = desk.json(&["carrier", "list"]).lines();
    let yamato = carriers.iter().find(|c| c["carrier"] == "yamato").unwrap();
    assert_eq!(yamato["mall_codes"]["rakuten"], "1001");
    assert!(yamato["shipping_methods"].as_array().unwrap().iter().any(|m| m["name"] == "宅急便"));

    assert_eq!(desk.json(&["order", "move", "shipped", &id]).code, 0);
    let folder = path("");
    let out = desk.json(&["notify", &id, "--file-out", &folder]).object();
    let number = out["file"]["file_id"].to_string();
    let file = std::fs::read(out["file"]["path"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&file).contains("444413758703"));
    let refused = desk.json(&["notify", &id]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.out.contains("in_shipment_file"), "{}", refused.out);
    let again = desk.json(&["notify", "--file-again", &number, "--file-out", &folder]).object();
    assert_eq!(again["file"]["path"], out["file"]["path"]);
    assert_eq!(desk.json(&["notify", "--files"]).object()["state"], "open");
    let answer = |word: &str| desk.json(&["notify", "--file-answer", &number, word]);
    assert_eq!(answer("perhaps").error(2)["field"], "--file-answer");
    assert_eq!(answer("done").object()["orders"].as_array().unwrap().len(), 1);
    assert_eq!(desk.json(&["order", "show", &id]).object()["notice_state"], "applied");
    assert_eq!(answer("not-yet").error(1)["code"], "shipment_file_answered");
}

#[test]
fn a_missing_order_is_explained_with_a_command_that_brings_it_in_why1_why2() {
    let desk = Desk::with_shop();
    let id = desk.orders(1, 500).remove(0);
    let said = desk.json(&["why", &id]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let answer = said.lines().pop().unwrap();
    assert_eq!(
        (&answer["found"], &answer["cause"]["reason"]["code"]),
        (&json!(false), &json!("status_not_fetched"))
    );
    let checks = answer["parts"][1]["checks"].as_array().unwrap();
    let cause = checks.iter().find(|c| c["outcome"] == "cause").unwrap();
    let command = cause["mends"][0]["command"].as_str().unwrap();
    assert_eq!(command, format!("choba reimport {id} --shop honten"));
    let words = desk.run(&["why", &id]).out;
    for word in ["○ 台帳にはまだありません", "× モールステータス", "choba shop set honten import_statuses="]
    {
        assert!(words.contains(word), "{word}: {words}");
    }
    // The command does what it says.
    let typed: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(desk.json(&typed).code, 0);
    let here = desk.json(&["why", &id]).lines().pop().unwrap();
    assert_eq!((&here["found"], &here["notice"]["notice_state"]), (&json!(true), &json!("not_sent")));
    assert!(here["why_in_phase"].as_str().unwrap().contains("新規受付"), "{here}");
    let notice = desk.run(&["why", &id, "--notice"]).out;
    assert!(notice.contains("× 出荷情報がありません") && notice.contains("choba order ship"), "{notice}");
    assert_eq!(desk.json(&["why", "nowhere", "--notice"]).error(1)["code"], "no_such_order");
    assert_eq!(desk.json(&["why", &id, "--shop", "dareka"]).error(1)["code"], "no_such_shop");
    let errors = desk.json(&["errors", "too far in the future"]).lines();
    assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!("AMAZON_CLOCK_SKEW")));
    assert_eq!(desk.json(&["errors", "--mall", "dareka"]).error(2)["field"], "--mall");
    assert!(desk.json(&["errors", "--unknown"]).lines().is_empty());
}

#[test]
fn help_names_every_command_and_the_malls_run_alone() {
    let folder = TempDir::new().unwrap();
    let help = said(program(folder.path()).arg("--help").output().unwrap());
    for command in [
        "demo", "serve", "work", "shop", "import", "order", "notify", "notice", "why", "errors", "doctor",
        "mallsim",
    ] {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}: {}", help.out);
    }
    let mut malls = program(folder.path())
        .args(["--json", "mallsim", "--listen", "127.0.0.1:0", "--shops", "rakuten=2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(malls.stdout.take().unwrap()), &mut first)
        .unwrap();
    malls.kill().unwrap();
    malls.wait().unwrap();
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["shops"].as_array().unwrap().len(), 2);
}
