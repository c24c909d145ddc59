#!/bin/sh
# Drives every endpoint of the JSON API with generated requests, against a demo of its own, and fails on any server error,
# any answer that the description does not know, and any body that is no JSON.
#
#   crates/web/tests/schemathesis.sh [PATH OF choba]     needs Python 3; schemathesis comes from PyPI into a venv of its own
set -eu
choba=${1:-target/debug/choba}
version=4.32.5
work=$(mktemp -d)
venv=${SCHEMATHESIS_VENV:-$work/venv}
trap 'kill "$demo" 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" -q install "schemathesis==$version"; }

"$choba" demo --by-hand --listen 127.0.0.1:0 --data "$work/data" >"$work/out" 2>&1 &
demo=$!
# The link says where it listens. It signs in once; the session makes a token.
for _ in $(seq 1 300); do
  link=$(sed -n 's|.*\(http://[0-9.]*:[0-9]*/login/link/[A-Za-z0-9_-]*\).*|\1|p' "$work/out" | head -1)
  if [ -n "$link" ] && curl -s -o /dev/null "$link"; then break; fi
  sleep 0.1
done
base=${link%/login/link/*}
curl -sf -o /dev/null -c "$work/jar" -X POST "$link"
token=$(curl -sf -b "$work/jar" -d name=schemathesis -d days=1 "$base/me/tokens" | sed -n 's/.*id="token"[^>]*value="\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "no token" >&2; exit 1; }

"$venv/bin/schemathesis" run "$base/api/openapi.json" \
  -H "Authorization: Bearer $token" \
  --checks not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance \
  --phases examples,coverage,fuzzing --max-examples "${EXAMPLES:-40}" --seed 1 --workers 1
