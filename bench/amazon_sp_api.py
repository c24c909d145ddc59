#!/usr/bin/env python3
"""What a programmer with a shop on Amazon takes: the client library python-amazon-sp-api and sqlite3. Fetches all
orders of two days (Orders 2026-01-01, which carries items, buyer and recipient) and stores them: order, lines,
address, the document as it came; one transaction a page of 100, durable (WAL, FULL).
No history, no search index, no sealing, no counters, no resuming. `choba bench amazon` runs it as its rival.

usage: amazon_sp_api.py URL CLIENT_ID CLIENT_SECRET REFRESH_TOKEN NOW_MS DATABASE
"""

import json
import os
import sqlite3
import sys
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

os.environ["NO_PROXY"] = "127.0.0.1"

from sp_api.api.orders.orders import Orders, OrdersVersion
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces

url, client_id, client_secret, refresh_token, now_ms, path = sys.argv[1:7]
now = datetime.fromtimestamp(int(now_ms) / 1000, timezone.utc)


class Login(AccessTokenClient):
    """The library's own, at the simulated mall's address."""

    scheme = "http://"
    host = urlsplit(url).netloc


db = sqlite3.connect(path, isolation_level=None)
db.executescript(
    """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE orders (number TEXT PRIMARY KEY, status TEXT, created TEXT, updated TEXT, total TEXT);
CREATE TABLE lines (number TEXT, item TEXT, sku TEXT, title TEXT, units INTEGER, price TEXT);
CREATE TABLE addresses (number TEXT, name TEXT, zip TEXT, address TEXT, phone TEXT, mail TEXT);
CREATE TABLE documents (number TEXT PRIMARY KEY, document TEXT);
"""
)


def at(value, *path):
    for key in path:
        value = (value or {}).get(key)
    return value


def store(page):
    orders, lines, addresses, documents = [], [], [], []
    for o in page:
        number = o["orderId"]
        orders.append(
            (
                number,
                at(o, "fulfillment", "fulfillmentStatus"),
                o.get("createdTime"),
                o.get("lastUpdatedTime"),
                at(o, "proceeds", "grandTotal", "amount"),
            )
        )
        a = at(o, "recipient", "deliveryAddress") or {}
        lots = "".join(a.get(k) or "" for k in ("stateOrRegion", "city", "addressLine1", "addressLine2"))
        addresses.append((number, a.get("name"), a.get("postalCode"), lots, a.get("phone"), at(o, "buyer", "buyerEmail")))
        for item in o.get("orderItems") or []:
            lines.append(
                (
                    number,
                    item.get("orderItemId"),
                    at(item, "product", "sellerSku"),
                    at(item, "product", "title"),
                    item.get("quantityOrdered"),
                    at(item, "product", "price", "unitPrice", "amount"),
                )
            )
        documents.append((number, json.dumps(o, ensure_ascii=False)))
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?)", orders)
    db.executemany("INSERT INTO lines VALUES (?,?,?,?,?,?)", lines)
    db.executemany("INSERT INTO addresses VALUES (?,?,?,?,?,?)", addresses)
    db.executemany("INSERT OR REPLACE INTO documents VALUES (?,?)", documents)
    db.execute("COMMIT")
    return len(orders)


started, cpu = time.perf_counter(), time.process_time()
client = Orders(
    marketplace=Marketplaces.JP,
    refresh_token=refresh_token,
    credentials={"lwa_app_id": client_id, "lwa_client_secret": client_secret},
    version=OrdersVersion.V_2026_01_01,
    auth_token_client_class=Login,
)
client.endpoint = url
question = {
    "createdAfter": (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "marketplaceIds": [Marketplaces.JP.marketplace_id],
    "maxResultsPerPage": 100,
    "includedData": "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,PAYMENT",
}
stored, token = 0, None
while True:
    answer = client.search_orders(**question, **({"paginationToken": token} if token else {}))
    stored += store(answer.payload["orders"])
    token = answer.next_token
    if not token:
        break
print(
    json.dumps(
        {
            "orders": stored,
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - cpu,
        }
    )
)
