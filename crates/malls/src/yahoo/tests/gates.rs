//! One test per kind of answer that is not a good answer of the order API (9; F05, F07, F08), and the XML reader.

use super::{error, headed, raw, xml};
use crate::yahoo::envelope::open;
use crate::yahoo::xml::{element, parse};
use domain::reason::Actor;
use mall_api::{MallErrorKind, WireAnswer};

fn refused(answer: &WireAnswer) -> (MallErrorKind, String) {
    let error = open(answer).unwrap_err();
    (error.kind, error.reason.code)
}

#[test]
fn the_twelve_hours_point_to_the_public_key_y01() {
    let told = open(&error(401, "px-04102", "AccessToken has been expired.")).unwrap_err();
    assert_eq!((told.kind, told.reason.actor), (MallErrorKind::Credential, Actor::Admin));
    assert!(told.reason.remedy.contains("公開鍵") && told.reason.mall_text.is_some());
}

#[test]
fn each_gateway_code_goes_by_its_meaning_whatever_the_status() {
    for status in [400, 401, 403] {
        for code in ["px-04303", "px-04306", "px-04307", "px-14303", "px-14304"] {
            assert_eq!(refused(&error(status, code, "m")), (MallErrorKind::NotAllowed, code.into()));
        }
        for code in ["px-04001", "px-04400"] {
            assert_eq!(refused(&error(status, code, "m")), (MallErrorKind::Refused, code.into()));
        }
    }
}

#[test]
fn a_401_without_a_code_is_read_by_its_words() {
    let dead = xml(401, "<Error><Message>Bearer error=\"invalid_token\"</Message></Error>");
    assert_eq!(refused(&dead), (MallErrorKind::Credential, "invalid_token".into()));
    let scope = headed(
        xml(401, "<Error><Message>no</Message></Error>"),
        "www-authenticate",
        "Bearer error=\"insufficient_scope\"",
    );
    assert_eq!(refused(&scope), (MallErrorKind::NotAllowed, "insufficient_scope".into()));
    let bare = headed(raw(401, "text/plain", ""), "www-authenticate", "Bearer error=\"insufficient_scope\"");
    assert_eq!(refused(&bare).0, MallErrorKind::NotAllowed);
    assert_eq!(
        refused(&raw(401, "text/plain", "")),
        (MallErrorKind::Credential, "YAHOO_UNAUTHORISED".into())
    );
}

#[test]
fn a_403_without_a_code_is_the_limit_and_obeys_retry_after_f07() {
    let page = "<!DOCTYPE html><html><body>Your Request was Forbidden</body></html>";
    let limited = |ms| MallErrorKind::RateLimited { retry_after_ms: Some(ms) };
    for answer in [
        raw(403, "text/html", page),
        raw(403, "text/plain", ""),
        xml(403, "<Error><Message>m</Message></Error>"),
        raw(429, "text/plain", ""),
    ] {
        assert_eq!(refused(&answer).0, limited(5_000));
        assert_eq!(refused(&headed(answer, "retry-after", "60")).0, limited(60_000));
    }
}

#[test]
fn maintenance_is_a_503_or_its_codes_f05() {
    for answer in [
        error(503, "ed-00002", "m"),
        error(503, "st-02000", "m"),
        raw(503, "text/html", "<html></html>"),
        raw(503, "text/plain", ""),
    ] {
        assert!(matches!(refused(&answer).0, MallErrorKind::Maintenance { .. }));
    }
    let page = raw(200, "text/html", "<html><body>メンテナンス中</body></html>");
    assert!(matches!(refused(&page).0, MallErrorKind::Maintenance { .. }));
}

#[test]
fn unknown_codes_keep_the_malls_words_4xx_refuse_5xx_may_pass() {
    for (status, kind) in [
        (400, MallErrorKind::Refused),
        (404, MallErrorKind::Refused),
        (500, MallErrorKind::Unavailable),
        (502, MallErrorKind::Unavailable),
    ] {
        let told = open(&error(status, "od99999", "なにか")).unwrap_err();
        assert_eq!((told.kind, told.reason.code.as_str()), (kind, "mall_code_unknown"));
        assert_eq!(
            (told.reason.mall_code.as_deref(), told.reason.mall_text.as_deref()),
            (Some("od99999"), Some("なにか"))
        );
    }
    let listed = open(&error(400, "od91150", "m")).unwrap_err();
    assert!(listed.reason.code == "od91150" && listed.reason.ja.contains("公開されていません"));
}

#[test]
fn statuses_and_bodies_that_mean_nothing_are_unreadable_not_parsed() {
    for answer in [
        raw(200, "application/xml", ""),
        raw(200, "application/json", "{}"),
        raw(200, "text/html", "<html>login</html>"),
        raw(302, "text/html", ""),
        raw(400, "text/plain", "x"),
        raw(200, "application/xml", "<ResultSet><Result>"),
        raw(200, "application/xml", "<a></b>"),
        raw(200, "application/xml", &b"<a>\xff</a>"[..]),
    ] {
        assert_eq!(refused(&answer), (MallErrorKind::Unreadable, "answer_unreadable".into()));
    }
    assert_eq!(refused(&raw(404, "text/plain", "")).1, "YAHOO_WRONG_ADDRESS");
    assert_eq!(refused(&raw(500, "text/plain", "")), (MallErrorKind::Unavailable, "mall_unavailable".into()));
}

#[test]
fn an_empty_error_element_is_none() {
    assert!(open(&xml(200, "<ResultSet><Error /><Result><Status>OK</Status></Result></ResultSet>")).is_ok());
}

#[test]
fn texts_are_put_together_trimmed_and_unescaped() {
    let document =
        parse(b"\xEF\xBB\xBF <a>\n <b> x &amp; <![CDATA[<y> & ]]>&#x3042; </b><b>last</b><n:c/></a>")
            .unwrap();
    assert_eq!(document.children[0].text, "x & <y> & あ");
    assert_eq!((document.text_of("b"), document.text_of("c"), document.all("b").count()), ("last", "", 2));
    assert_eq!(document.text_of("nothing"), "");
}

#[test]
fn dtds_entities_depth_and_second_roots_are_refused() {
    let deep = format!("{}{}", "<a>".repeat(17), "</a>".repeat(17));
    let wide = format!("<a>{}</a>", "<b/>".repeat(400_001));
    for text in [
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<a>&x;</a>",
        "<a>&#xFFFFFF;</a>",
        "<a/><b/>",
        "<a>",
        "x",
        "",
        deep.as_str(),
        wide.as_str(),
    ] {
        assert!(parse(text.as_bytes()).is_err(), "{}", text.chars().take(40).collect::<String>());
    }
    assert!(parse(format!("{}{}", "<a>".repeat(16), "</a>".repeat(16)).as_bytes()).is_ok());
}

#[test]
fn what_is_sent_is_escaped_and_has_no_control_characters() {
    assert_eq!(element("a", "x<y> & \u{7}z\u{FFFE}〜"), "<a>x&lt;y&gt; &amp; z〜</a>");
}
