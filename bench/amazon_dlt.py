#!/usr/bin/env python3
"""What a data engineer takes: dlt, its rest_api source and its DuckDB destination. Loads all orders of two days
(Orders 2026-01-01) by merge on the order number, so that loading twice changes nothing; nested lists become tables of
their own, as dlt does by itself. `choba bench amazon` runs it as its rival.

usage: amazon_dlt.py URL CLIENT_ID CLIENT_SECRET REFRESH_TOKEN NOW_MS DATABASE
"""

import json
import os
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

os.environ["NO_PROXY"] = "127.0.0.1"
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt
import requests
from dlt.sources.rest_api import rest_api_source

url, client_id, client_secret, refresh_token, now_ms, path = sys.argv[1:7]
now = datetime.fromtimestamp(int(now_ms) / 1000, timezone.utc)

started, cpu = time.perf_counter(), time.process_time()
answer = requests.post(
    f"{url}/auth/o2/token",
    data={
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    },
    timeout=60,
)
answer.raise_for_status()
source = rest_api_source(
    {
        "client": {
            "base_url": url,
            "headers": {"user-agent": "dlt-shop/1.0 (Language=Python)"},
            "auth": {
                "type": "api_key",
                "name": "x-amz-access-token",
                "api_key": answer.json()["access_token"],
                "location": "header",
            },
            "paginator": {"type": "cursor", "cursor_path": "pagination.nextToken", "cursor_param": "paginationToken"},
        },
        "resources": [
            {
                "name": "orders",
                "primary_key": "orderId",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "orders/2026-01-01/orders",
                    "data_selector": "orders",
                    "params": {
                        "createdAfter": (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                        "marketplaceIds": "A1VC38T7YXB528",
                        "maxResultsPerPage": "100",
                        "includedData": "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,PAYMENT",
                    },
                },
            }
        ],
    },
    name="amazon",
)
pipeline = dlt.pipeline(
    pipeline_name="amazon_orders",
    pipelines_dir=str(Path(path).with_suffix(".pipelines")),
    destination=dlt.destinations.duckdb(path),
    dataset_name="shop",
)
pipeline.run(source).raise_on_failed_jobs()
seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
with pipeline.sql_client() as client:
    stored = client.execute_sql("SELECT COUNT(*) FROM orders")[0][0]
print(json.dumps({"orders": stored, "seconds": seconds, "cpu_seconds": cpu_seconds}))
