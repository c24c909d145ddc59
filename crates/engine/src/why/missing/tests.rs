//! Each check of WHY-1 alone, and the order in which they are asked.

use super::checks::ALL;
use super::facts::Facts;
use crate::setup::CredentialState;
use crate::why::{Check, Live, Mend, Outcome, Seen, Trouble, until_cause};
use domain::credential::Urgency;
use domain::hold::Hold;
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR};
use domain::{Reason, ShopId, UtcMillis, reason};
use store::Shop;
use store::imports::{AsideRow, Note};

const NOW: UtcMillis = UtcMillis(1_793_577_600_000);

fn shop() -> Shop {
    Shop {
        shop_id: ShopId(1),
        name: "架空店".into(),
        mall: "rakuten".into(),
        lane_key: "rakuten:1".into(),
        state: "active".into(),
        automation_enabled: true,
        import_mode: domain::ImportMode::Schedule,
        skip_inbox: false,
        date_rule: None,
        import_interval_ms: 900_000,
        import_statuses: None,
        settings: Default::default(),
        endpoints: Default::default(),
        imported_to: Some(NOW),
        next_import_at: Some(NOW.plus(900_000)),
        next_import_why: None,
        hinted_at: None,
        second_look_at: None,
        held_reason: None,
    }
}

fn credential(key: &'static str) -> CredentialState {
    CredentialState {
        key,
        label: key,
        help: "",
        required: true,
        is_set: true,
        expires_at: Some(NOW.plus(30 * DAY)),
        days_left: Some(30),
        urgency: Urgency::Fine,
        checked_at: None,
        check_reason: None,
        expiry_asked: false,
        usual_life_ms: None,
    }
}

fn there() -> Seen {
    Seen {
        status: "300".into(),
        label: "発送待ち".into(),
        stage: MallStage::Shippable,
        hold: Hold::None,
        ordered_at: NOW.plus(-HOUR),
    }
}

/// All is well: the mall has it, it is fetched, the period was read.
fn facts() -> Facts {
    let mall = malls::by_key("rakuten").unwrap();
    Facts {
        shop: shop(),
        descriptor: mall.descriptor().clone(),
        id: "300001-20261101-0000000001".into(),
        ordered: Some((NOW.plus(-HOUR), NOW.plus(-HOUR))),
        covered: true,
        by_api: true,
        never_in_files: Some(Vec::new()),
        is_granted: false,
        credentials: vec![credential("service_secret"), credential("license_key")],
        aside: None,
        provisional: None,
        notes: Vec::new(),
        skew_ms: Some(10),
        live: Live::There(there()),
        now: NOW,
    }
}

fn run(facts: &Facts) -> Vec<Check> {
    until_cause(facts, ALL)
}

/// The last check and the code of what it says.
fn told(facts: &Facts) -> (&'static str, Outcome, String) {
    let checks = run(facts);
    let last = checks.last().unwrap();
    let code = last.reason.as_ref().map(|r| r.code.clone()).unwrap_or_default();
    (last.check, last.outcome, code)
}

fn failed(trouble: Trouble, reason: Reason) -> Live {
    Live::Failed { trouble, reason }
}

fn note(kind: &str, reason: Reason) -> Vec<(UtcMillis, Note)> {
    vec![(NOW, Note { mall_order_id: "x".into(), kind: kind.into(), reason })]
}

#[test]
fn each_cause_alone_is_found_and_named_why1() {
    type Change = fn(&mut Facts);
    let cases: [(&str, &str, Change); 21] = [
        ("set_aside", "order_set_aside", |f| {
            f.aside = Some(AsideRow {
                shop_id: ShopId(1),
                mall_order_id: f.id.clone(),
                state: "open".into(),
                tries: 1,
                reason: reason::order_unreadable("orderDatetime"),
                first_seen_at: NOW,
                last_seen_at: NOW,
            });
        }),
        ("mail", "known_from_mail_only", |f| (f.provisional, f.live) = (Some(NOW), Live::Nobody)),
        ("shop", "shop_off", |f| f.shop.state = "off".into()),
        ("files_only", "only_by_file", |f| f.credentials.iter_mut().for_each(|c| c.is_set = false)),
        ("credential", "credential_missing", |f| f.credentials[1].is_set = false),
        ("credential", "credential_expired", |f| {
            (f.credentials[1].expires_at, f.live) = (Some(NOW.plus(-1)), Live::Nobody);
        }),
        ("credential", "credential_refused", |f| {
            f.live = failed(Trouble::Credential, reason::credential_missing("k"));
        }),
        ("credential", "credential_refused", |f| {
            f.live = Live::Nobody;
            f.shop.held_reason = Some(reason::credential_missing("k"));
        }),
        ("allowed", "access_not_allowed", |f| {
            f.live = failed(Trouble::NotAllowed, reason::access_refused());
        }),
        ("clock", "clocks_apart", |f| {
            f.skew_ms = Some(-120_000);
            f.live = failed(Trouble::Passing, reason::mall_unavailable(500));
        }),
        ("mall", "mall_does_not_answer_now", |f| {
            f.live = failed(Trouble::Passing, reason::mall_maintenance());
        }),
        ("mall", "mall_does_not_answer_now", |f| {
            f.live = failed(Trouble::Refused, reason::mall_code_unknown("E"));
        }),
        ("age", "order_too_old", |f| {
            let old = NOW.plus(-731 * DAY);
            (f.ordered, f.live) = (Some((old, old)), Live::NotThere);
        }),
        ("at_mall", "order_not_at_mall", |f| f.live = Live::NotThere),
        ("status", "status_not_fetched", |f| {
            f.live = Live::There(Seen { status: "500".into(), label: "発送済".into(), ..there() });
        }),
        ("status", "status_not_fetched", |f| {
            (f.live, f.notes) = (Live::Nobody, note("left_out", reason::status_not_fetched("発送済")));
        }),
        ("automatic", "automatic_import_off", |f| {
            (f.shop.import_mode, f.covered) = (domain::ImportMode::Off, false)
        }),
        ("period", "outside_imported_period", |f| f.covered = false),
        ("hold", "held_and_not_listed", |f| {
            f.live = Live::There(Seen { hold: Hold::Fraud { raw: "1".into() }, ..there() });
        }),
        ("at_mall", "listed_but_failed", |f| f.live = Live::Unreadable { what: "orderDatetime".into() }),
        ("failed", "listed_but_failed", |f| f.notes = note("failed", reason::order_not_given())),
    ];
    for (check, code, change) in cases {
        let mut facts = facts();
        change(&mut facts);
        assert_eq!(told(&facts), (check, Outcome::Cause, code.to_owned()), "{:#?}", run(&facts));
        let checks = run(&facts);
        assert_eq!(checks.iter().filter(|c| c.is_cause()).count(), 1, "it stops at the first cause");
    }
}

#[test]
fn nothing_wrong_says_when_it_comes_and_no_live_answer_says_so_why1() {
    assert_eq!(told(&facts()), ("waits", Outcome::Cause, "not_imported_yet".into()));
    let offline = Facts { live: Live::Nobody, ..facts() };
    assert_eq!(told(&offline), ("waits", Outcome::Unknown, "no_cause_found".into()));
    let asked: Vec<_> = run(&offline).into_iter().filter(|c| c.check == "asked").collect();
    assert_eq!(asked[0].reason.as_ref().unwrap().code, "lane_not_worked");
}

#[test]
fn the_live_answer_counts_more_than_what_was_typed_why1() {
    let mut typed_wrong = facts();
    typed_wrong.credentials[0].expires_at = Some(NOW.plus(-DAY));
    typed_wrong.shop.held_reason = Some(reason::credential_missing("k"));
    assert_eq!(told(&typed_wrong).0, "waits");
    // A clock that is off and a mall that answers all the same: said, and not the cause.
    let off = Facts { skew_ms: Some(-90_000), ..facts() };
    assert_eq!(told(&off).0, "waits");
    assert!(run(&off).iter().any(|c| c.check == "clock" && c.outcome == Outcome::Unknown));
}

#[test]
fn mends_come_with_what_they_need_why1() {
    let mut facts = facts();
    facts.live = Live::There(Seen { status: "500".into(), label: "発送済".into(), ..there() });
    let mends = run(&facts).pop().unwrap().mends;
    assert!(matches!(&mends[0], Mend::ImportThis { mall_order_id, .. } if *mall_order_id == facts.id));
    let Mend::AddStatus { statuses, label, .. } = &mends[1] else { panic!("{mends:?}") };
    assert!(
        statuses.contains(&"500".to_owned()) && statuses.contains(&"300".to_owned()) && label == "発送済"
    );
    facts.live = failed(Trouble::Credential, reason::credential_missing("k"));
    facts.is_granted = true;
    let mends = run(&facts).pop().unwrap().mends;
    assert!(matches!(
        mends[..],
        [Mend::Authorise { .. }, Mend::EnterCredential { .. }, Mend::TestShop { .. }]
    ));
}

#[test]
fn a_reason_of_the_mall_keeps_its_code_and_its_mend_why1() {
    let mut facts = facts();
    let theirs = facts.descriptor.reason_for("GA0001", "Un-Authorised");
    facts.live = failed(Trouble::Credential, theirs.clone());
    let told = run(&facts).pop().unwrap().reason.unwrap();
    assert_eq!((told.mall_code.as_deref(), &told.remedy), (Some("GA0001"), &theirs.remedy));
    assert!(told.ja.contains(&theirs.ja) && told.en.contains(&theirs.en));
}
