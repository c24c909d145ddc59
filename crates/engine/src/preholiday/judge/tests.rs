use super::*;
use crate::preholiday::HEADINGS;
use domain::Reason;
use mall_api::descriptor::Renewal;

fn now() -> UtcMillis {
    UtcMillis::parse_lenient("2026-12-25 10:00:00").unwrap()
}

fn period() -> Period {
    let day = |text: &str| text.parse::<Date>().unwrap();
    Period::new(day("2026-12-29"), day("2027-01-04")).unwrap()
}

fn shop() -> Shop {
    Shop {
        shop_id: ShopId(1),
        name: "架空の店".to_owned(),
        mall: "any".to_owned(),
        lane_key: "any:1".to_owned(),
        state: "active".to_owned(),
        automation_enabled: true,
        import_mode: domain::ImportMode::Schedule,
        skip_inbox: false,
        date_rule: None,
        import_interval_ms: 300_000,
        import_statuses: None,
        settings: BTreeMap::new(),
        endpoints: BTreeMap::new(),
        imported_to: Some(now().plus(-60_000)),
        next_import_at: None,
        next_import_why: None,
        hinted_at: None,
        second_look_at: None,
        held_reason: None,
    }
}

fn key(end: Option<&str>) -> BoardRow {
    let expires_at = end.map(|text| UtcMillis::parse_lenient(text).unwrap());
    let left = domain::credential::remaining(expires_at, now());
    BoardRow {
        shop_id: ShopId(1),
        shop: "架空の店".to_owned(),
        active: true,
        mall: "any".to_owned(),
        mall_name: "どこか",
        key: "k",
        label: "キー",
        help: "",
        renewal: Renewal::NONE,
        by_consent: false,
        required: true,
        is_set: true,
        set_at: Some(now().plus(-DAY)),
        expires_at,
        source: if end.is_some() { EndSource::Entered } else { EndSource::NotKnown },
        days_left: left.days_left,
        urgency: left.urgency,
        checked_at: None,
        remark: None,
        refused: false,
        next: None,
    }
}

/// All is well.
fn well() -> Facts {
    Facts {
        shops: vec![ShopFacts { shop: shop(), has_rules: true, unsent: 0 }],
        credentials: vec![key(Some("2027-03-31 23:59:59"))],
        mail_is_set: true,
        mail_to: 1,
        backup_at: Some(now().plus(-DAY)),
        disk: Some(Finding::ok("disk", "空きは100GBです", "100 GB are free")),
        ..Facts::default()
    }
}

fn pending(phase: &str) -> Pending {
    Pending {
        shop_id: ShopId(1),
        phase: phase.to_owned(),
        n: 2,
        oldest: now().plus(-DAY),
        ship_before: 0,
        ship_within: 0,
        deliver_within: 0,
    }
}

fn worst(facts: &Facts, check: &str) -> (Level, Mend) {
    let ticks = judge(facts, period(), now());
    let worst = ticks.into_iter().filter(|t| t.check == check).max_by_key(|t| t.level).unwrap();
    (worst.level, worst.mend)
}

#[test]
fn every_check_is_said_even_when_all_is_well_crd5() {
    let ticks = judge(&well(), period(), now());
    for (check, ..) in HEADINGS {
        assert!(ticks.iter().any(|t| t.check == check), "{check}");
    }
    // What the malls show of lead times nobody here can know.
    let others: Vec<_> = ticks.iter().filter(|t| t.level != Level::Ok).map(|t| t.check).collect();
    assert_eq!(others, ["delivery"]);
    assert!(ticks.iter().filter(|t| t.level == Level::Ok).all(|t| t.mend == Mend::None));
    let text = crate::preholiday::as_text(period(), &ticks);
    assert!(
        text.starts_with("休業期間：2026-12-29 〜 2027-01-04") && text.contains("■ API有効期限"),
        "{text}"
    );
}

#[test]
fn a_key_that_ends_in_the_days_is_urgent_and_one_soon_after_is_said_crd5() {
    let level = |end: Option<&str>| worst(&Facts { credentials: vec![key(end)], ..well() }, "credentials").0;
    assert_eq!(level(Some("2026-12-24 23:59:59")), Level::Needed, "over already");
    assert_eq!(
        level(Some("2026-12-28 23:59:59")),
        Level::Needed,
        "before the days, and nobody renews it later"
    );
    assert_eq!(level(Some("2027-01-04 23:59:59")), Level::Needed);
    assert_eq!(level(Some("2027-01-05 00:00:00")), Level::Careful);
    assert_eq!(level(Some("2027-01-11 23:59:59")), Level::Careful);
    assert_eq!(level(Some("2027-01-12 00:00:00")), Level::Ok);
    assert_eq!(level(None), Level::Careful, "not known is not fine");
    let refused =
        Facts { credentials: vec![BoardRow { refused: true, ..key(Some("2027-03-31 23:59:59")) }], ..well() };
    assert_eq!(worst(&refused, "credentials"), (Level::Needed, Mend::Credentials));
    let off =
        Facts { credentials: vec![BoardRow { active: false, ..key(Some("2026-12-30 23:59:59")) }], ..well() };
    assert_eq!(worst(&off, "credentials").0, Level::Ok, "a shop that is off needs no key");
}

#[test]
fn days_that_are_not_closed_in_the_calendar_are_named_crd5() {
    let open = vec!["2026-12-29".parse().unwrap(), "2026-12-30".parse().unwrap()];
    let facts = Facts { open_days: open, ..well() };
    assert_eq!(worst(&facts, "calendar"), (Level::Needed, Mend::Calendar));
    let ticks = judge(&facts, period(), now());
    assert!(
        ticks
            .iter()
            .any(|t| t.ja.contains("2日が営業日のまま（12/29、12/30）") || t.ja.contains("12/29、12/30"))
    );
}

#[test]
fn imports_and_notices_that_stand_still_are_said_with_their_shop_crd5() {
    let with = |change: &dyn Fn(&mut ShopFacts)| {
        let mut facts = well();
        change(&mut facts.shops[0]);
        facts
    };
    let id = ShopId(1);
    let off = with(&|s| s.shop.import_mode = domain::ImportMode::Off);
    assert_eq!(worst(&off, "import"), (Level::Careful, Mend::Shop(id)));
    let held =
        with(&|s| s.shop.held_reason = Some(Reason::new("x", "認証に失敗", "更新してください。", "no")));
    assert_eq!(worst(&held, "import"), (Level::Needed, Mend::Shop(id)));
    let stale = with(&|s| s.shop.imported_to = Some(now().plus(-2 * DAY)));
    assert_eq!(worst(&stale, "import"), (Level::Needed, Mend::Import));
    let looks = with(&|s| {
        s.shop.settings.insert(domain::write::WRITE_BACK.to_owned(), "off".to_owned());
    });
    let level = worst(&looks, "notices");
    assert!(shop().writes_back() && level == (Level::Careful, Mend::WriteBack(id)), "{level:?}");
    let stopped = with(&|s| {
        s.shop.automation_enabled = false;
        s.unsent = 3;
    });
    assert_eq!(worst(&stopped, "notices"), (Level::Needed, Mend::Shop(id)), "orders wait to be told");
    assert_eq!(worst(&with(&|s| s.has_rules = false), "notices"), (Level::Careful, Mend::Rules));
}

#[test]
fn orders_that_wait_stand_still_or_fall_into_the_days_are_counted_crd5() {
    let with = |row: Pending| Facts { pending: vec![row], ..well() };
    assert_eq!(worst(&with(pending("awaiting_shipment")), "to_ship").0, Level::Careful);
    let late = Pending { ship_before: 1, ..pending("awaiting_shipment") };
    assert_eq!(worst(&with(late), "to_ship").0, Level::Needed);
    let wish = Pending { deliver_within: 1, ..pending("awaiting_stock") };
    assert_eq!(worst(&with(wish), "delivery"), (Level::Needed, Mend::Phase("awaiting_stock".to_owned())));
    let ship = Pending { ship_within: 1, ..pending("new") };
    assert_eq!(worst(&with(ship), "delivery").0, Level::Needed);
    let old = Pending { oldest: now().plus(-14 * DAY), ..pending("on_hold") };
    assert_eq!(worst(&with(old), "stuck").0, Level::Careful);
    assert_eq!(worst(&with(pending("on_hold")), "stuck").0, Level::Ok);
    assert_eq!(worst(&with(pending("awaiting_payment")), "payment").0, Level::Careful);
    let sleeps = Pending { oldest: now().plus(-7 * DAY), ..pending("awaiting_payment") };
    assert_eq!(worst(&with(sleeps), "payment").0, Level::Needed);
    let states = BTreeMap::from([((ShopId(1), "rejected".to_owned()), 2)]);
    let facts = Facts { states, ..well() };
    assert_eq!(worst(&facts, "attention"), (Level::Needed, Mend::State("rejected".to_owned())));
}

#[test]
fn what_tells_of_trouble_must_itself_work_crd5() {
    assert_eq!(worst(&Facts { mail_is_set: false, ..well() }, "mail"), (Level::Needed, Mend::Mail));
    assert_eq!(worst(&Facts { mail_to: 0, ..well() }, "mail").0, Level::Needed);
    assert_eq!(worst(&Facts { failed_letters: 1, ..well() }, "mail").0, Level::Needed);
    let failing = Facts { failing_listeners: vec![("箱".to_owned(), now())], ..well() };
    assert_eq!(worst(&failing, "listeners").0, Level::Careful);
    assert_eq!(worst(&Facts { free_lanes: 1, ..well() }, "lanes"), (Level::Needed, Mend::Diagnostics));
    assert_eq!(worst(&Facts { backup_at: None, ..well() }, "backup"), (Level::Careful, Mend::Backup));
    assert_eq!(worst(&Facts { backup_at: Some(now().plus(-3 * DAY)), ..well() }, "backup").0, Level::Careful);
    let full = Finding::warning("disk", "空きは10MBです", "10 MB", "消してください。");
    assert_eq!(worst(&Facts { disk: Some(full), ..well() }, "disk"), (Level::Careful, Mend::Diagnostics));
}

#[test]
fn a_period_has_a_beginning_an_end_and_a_sensible_length_crd5() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert_eq!(period().days().count(), 7);
    assert!(Period::new(day("2027-01-04"), day("2026-12-29")).is_none());
    assert!(Period::new(day("2026-12-29"), day("2027-12-29")).is_none());
    assert_eq!(Period::new(day("2026-12-29"), day("2026-12-29")).unwrap().days().count(), 1);
}
