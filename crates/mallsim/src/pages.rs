//! Pages a mall's front shows instead of its API: maintenance in Shift_JIS, a login form by redirect. Knows no mall.

use crate::wire::Reply;

const MAINTENANCE: &str = "<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"Shift_JIS\">\
<title>メンテナンス中</title></head>\n<body><h1>ただいまシステムメンテナンス中です</h1>\
<p>ご不便をおかけいたしますが、終了までしばらくお待ちください。～見本モール～</p></body></html>\n";

/// The maintenance page, in real Shift_JIS bytes.
pub(crate) fn maintenance(status: u16) -> Reply {
    let (body, _, _) = encoding_rs::SHIFT_JIS.encode(MAINTENANCE);
    Reply::new(status, "text/html; charset=Shift_JIS", body.into_owned())
}

/// A redirect to a login form.
pub(crate) fn login() -> Reply {
    let mut reply = Reply::new(
        302,
        "text/html; charset=UTF-8",
        "<html><body><a href=\"/login\">ログイン</a></body></html>",
    );
    reply.set_header("Location", "https://glogin.example.invalid/?service_id=top");
    reply
}
