#!/usr/bin/env python3
"""What a small shop really has: requests + sqlite3. Fetches all orders of two days from a mall of 楽天's shape and
stores them: order, lines, addresses, the document as it came; one transaction a page of 100, durable (WAL, FULL).
No history, no search index, no sealing, no counters, no resuming. `choba bench import` runs it as its rival.

usage: import_script.py URL SERVICE_SECRET LICENSE_KEY NOW_MS DATABASE
"""

import base64
import json
import sqlite3
import sys
import time
from datetime import datetime, timedelta, timezone

import requests

url, secret, key, now_ms, path = sys.argv[1:6]
jst = timezone(timedelta(hours=9))
now = datetime.fromtimestamp(int(now_ms) / 1000, jst)

session = requests.Session()
session.trust_env = False
session.headers["Authorization"] = "ESA " + base64.b64encode(f"{secret}:{key}".encode()).decode()
session.headers["Content-Type"] = "application/json; charset=utf-8"

db = sqlite3.connect(path, isolation_level=None)
db.executescript(
    """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE orders (number TEXT PRIMARY KEY, status INTEGER, ordered_at TEXT, total INTEGER, payment TEXT);
CREATE TABLE lines (number TEXT, line INTEGER, item TEXT, title TEXT, units INTEGER, price INTEGER);
CREATE TABLE addresses (number TEXT, kind TEXT, name TEXT, kana TEXT, zip TEXT, address TEXT, phone TEXT, mail TEXT);
CREATE TABLE documents (number TEXT PRIMARY KEY, document TEXT);
"""
)


def call(operation, body):
    answer = session.post(f"{url}/es/2.0/order/{operation}/", data=json.dumps(body), timeout=60)
    answer.raise_for_status()
    return answer.json()


def address(number, kind, a):
    return (
        number,
        kind,
        f"{a.get('familyName') or ''} {a.get('firstName') or ''}",
        f"{a.get('familyNameKana') or ''} {a.get('firstNameKana') or ''}",
        f"{a.get('zipCode1') or ''}-{a.get('zipCode2') or ''}",
        f"{a.get('prefecture') or ''}{a.get('city') or ''}{a.get('subAddress') or ''}",
        "-".join(str(a.get(f"phoneNumber{i}") or "") for i in (1, 2, 3)),
        a.get("emailAddress"),
    )


def store(models):
    orders, lines, addresses, documents = [], [], [], []
    for o in models:
        number = o["orderNumber"]
        settlement = (o.get("SettlementModel") or {}).get("settlementMethod")
        orders.append((number, o["orderProgress"], o["orderDatetime"], o.get("requestPrice"), settlement))
        addresses.append(address(number, "buyer", o["OrdererModel"]))
        for package in o["PackageModelList"]:
            addresses.append(address(number, "recipient", package.get("SenderModel") or {}))
            for item in package["ItemModelList"]:
                lines.append(
                    (number, item["itemDetailId"], item["itemNumber"], item["itemName"], item["units"], item["price"])
                )
        documents.append((number, json.dumps(o, ensure_ascii=False)))
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?)", orders)
    db.executemany("INSERT INTO lines VALUES (?,?,?,?,?,?)", lines)
    db.executemany("INSERT INTO addresses VALUES (?,?,?,?,?,?,?,?)", addresses)
    db.executemany("INSERT OR REPLACE INTO documents VALUES (?,?)", documents)
    db.execute("COMMIT")
    return len(orders)


started, cpu = time.perf_counter(), time.process_time()
stored, page = 0, 1
while True:
    listed = call(
        "searchOrder",
        {
            "dateType": 1,
            "startDatetime": (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S+0900"),
            "endDatetime": now.strftime("%Y-%m-%dT%H:%M:%S+0900"),
            "PaginationRequestModel": {
                "requestRecordsAmount": 1000,
                "requestPage": page,
                "SortModelList": [{"sortColumn": 1, "sortDirection": 1}],
            },
        },
    )
    numbers = listed.get("orderNumberList") or []
    for i in range(0, len(numbers), 100):
        answer = call("getOrder", {"orderNumberList": numbers[i : i + 100], "version": 10})
        stored += store(answer["OrderModelList"])
    if len(numbers) < 1000:
        break
    page += 1
print(
    json.dumps(
        {
            "orders": stored,
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - cpu,
        }
    )
)
