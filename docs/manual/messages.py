#!/usr/bin/env python3
"""Writes src/messages.md from the program's own words, so that the manual cannot say something else.

Read: `reasons!` in crates/domain/src/reason.rs, and the refusals that doors make themselves (`Reason::new("…", …)` in
crates/web/src). `--check` writes nothing and fails when the page is not what the program says.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = HERE / "src" / "messages.md"

# Names of the macro's arguments, as a reader meets them.
PLACES = {
    "carrier": "配送業者",
    "characters": "文字",
    "class": "管理区分",
    "code": "コード",
    "count": "回数",
    "date": "日付",
    "fields": "項目",
    "file": "ファイル",
    "id": "番号",
    "key": "認証情報",
    "kind": "種類",
    "kinds": "種類",
    "level": "権限",
    "limit": "大きさ",
    "line": "行",
    "mall": "モール",
    "menu": "メニュー",
    "method": "配送便",
    "name": "店舗",
    "number": "配送番号",
    "phase": "フェーズ",
    "recipient": "お届け先",
    "shop": "店舗",
    "shops": "店舗",
    "state": "連携ステータス",
    "status": "モールステータス",
    "what": "内容",
}
# An argument that means something else in one reason.
HERE_IT_IS = {("mall_unavailable", "status"): "番号"}

ACTORS = {
    "Staff": ("担当者", "担当者が直すもの", "受注や店舗の作業で直せます。"),
    "Admin": ("管理者", "管理者が直すもの", "認証情報や設定の変更が要ります。権限のない人は、管理者に頼んでください。"),
    "Mall": ("モール", "モールを待つもの", "モールの側が変わるのを待ちます。"),
    "Nobody": ("なし", "操作の要らないもの", "帳場が自分で続けるか、知らせるだけのものです。"),
}

STRING = r'"((?:[^"\\]|\\.)*)"'
REASON = re.compile(
    r"^    (\w+)\(([^)]*)\)\s*\[(\w+)(,\s*retried)?\]\s*"
    rf"ja\s+{STRING}\s*remedy\s+{STRING}\s*en\s+{STRING}",
    re.MULTILINE,
)
NEW = re.compile(rf"Reason::new\(\s*{STRING},\s*{STRING},\s*{STRING},\s*{STRING},?\s*\)((?:\s*\.\w+\([\w:]*\))*)")


def plain(text, code):
    """A Rust format string as a table's cell."""
    text = re.sub(r"\\\n\s*", "", text).replace('\\"', '"').replace("\\n", " ")

    def place(found):
        name = found.group(1)
        word = HERE_IT_IS.get((code, name)) or PLACES.get(name)
        if word is None:
            sys.exit(f"messages.py: {code}: PLACES does not name {{{name}}}")
        return f"〔{word}〕"

    return re.sub(r"\{(\w+)\}", place, text).replace("|", "\\|")


def of_domain():
    source = (ROOT / "crates/domain/src/reason.rs").read_text(encoding="utf-8")
    body = source.split("\nreasons! {", 1)[1].split("\n}\n", 1)[0]
    rows = [
        (code, plain(ja, code), plain(remedy, code), actor, bool(retried))
        for code, _, actor, retried, ja, remedy, _ in REASON.findall(body)
    ]
    names = re.findall(r"^    (\w+)\(.*\) \[", body, re.MULTILINE)
    if [row[0] for row in rows] != names:
        missed = sorted(set(names) - {row[0] for row in rows})
        sys.exit(f"messages.py: cannot read {missed}")
    return rows


def of_doors():
    rows = {}
    for file in sorted((ROOT / "crates/web/src").rglob("*.rs")):
        source = file.read_text(encoding="utf-8").split("#[cfg(test)]\nmod tests", 1)[0]
        for code, ja, remedy, _, more in NEW.findall(source):
            # A value put in by the program, not by an argument's name.
            if "{" in ja + remedy:
                continue
            actor = re.search(r"Actor::(\w+)", more)
            row = (code, plain(ja, code), plain(remedy, code), actor.group(1) if actor else "Staff", "retried" in more)
            rows.setdefault((code, ja), row)
    return sorted(rows.values())


def table(rows):
    lines = ["| 事象と原因 | 対処 | 誰が動くか | コード |", "| --- | --- | --- | --- |"]
    for code, ja, remedy, actor, retried in rows:
        who = ACTORS[actor][0] + ("（自動で再試行）" if retried else "")
        lines.append(f"| {ja} | {remedy or 'なし'} | {who} | `{code}` |")
    return lines


def page():
    lines = [
        "# メッセージ",
        "",
        "帳場が出す言葉の一覧です。文は画面・コマンド・APIで同じものを使います。",
        "〔　〕の中には、その時の名前や番号が入ります。モールが返した番号と言葉があるときは、文のあとに添えて表示します。",
        "探すときは、画面の文の一部を上の検索に入れてください。",
        "",
        "「自動で再試行」とあるものは、待つだけで帳場がもう一度行います。",
        "",
    ]
    rows = of_domain()
    for actor, (_, title, lead) in ACTORS.items():
        lines += [f"## {title}", "", lead, "", *table([r for r in rows if r[3] == actor]), ""]
    lines += ["## 画面とAPIの受付", "", "操作そのものを受け付けられなかったときの言葉です。", "", *table(of_doors()), ""]
    return "\n".join(lines)


def main():
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/manual/src/messages.md is not what the program says: run docs/manual/messages.py")
        return
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
