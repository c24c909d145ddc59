-- The ledger: shops, orders, what is wanted of the malls, and what was said.
-- Times are BIGINT milliseconds UTC, calendar days TEXT YYYY-MM-DD. Nothing outside the sealed byte columns is buyer data.

-- 店舗
CREATE TABLE shops (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  mall TEXT NOT NULL,
  lane_key TEXT NOT NULL,
  state TEXT NOT NULL,                     -- active, off, archived
  automation_enabled BOOLEAN NOT NULL,     -- 自動処理 開始/停止
  import_interval_ms BIGINT NOT NULL,      -- 0 = only by hand
  import_statuses JSONB,                   -- NULL = the mall's defaults
  settings JSONB NOT NULL,
  endpoints JSONB NOT NULL,
  imported_to BIGINT,                      -- end of the last window read completely
  next_import_at BIGINT,
  second_look_at BIGINT,                   -- next daily second look
  held_reason JSONB,                       -- the shop's work is held (credential lapsed, not allowed …)
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE shop_credentials (
  id BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  credential TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  set_at BIGINT NOT NULL,
  expires_at BIGINT,
  checked_at BIGINT,
  check_reason JSONB,
  UNIQUE (shop_id, credential)
);

-- Lanes: who may talk to a mall with one pacing key, and when each bucket has its next turn.
CREATE TABLE lanes (
  lane_key TEXT PRIMARY KEY,
  mall TEXT NOT NULL,
  owner TEXT,
  host TEXT,
  beat BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  held_until BIGINT NOT NULL
);

CREATE TABLE lane_buckets (
  lane_key TEXT NOT NULL,
  bucket TEXT NOT NULL,
  tat BIGINT NOT NULL,
  PRIMARY KEY (lane_key, bucket)
);

-- What a person, a script or a schedule asked a lane to do.
CREATE TABLE requests (
  id BIGINT PRIMARY KEY,
  lane_key TEXT NOT NULL,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  kind TEXT NOT NULL,
  body JSONB NOT NULL,
  state TEXT NOT NULL,                     -- queued, running, succeeded, partial, failed
  result JSONB,
  requested_by JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX requests_open ON requests (lane_key, id) WHERE state IN ('queued', 'running');

CREATE TABLE import_runs (
  id BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  request_id BIGINT,
  import_trigger TEXT NOT NULL,            -- manual, auto, second_look, reimport
  period_from BIGINT NOT NULL,
  period_to BIGINT NOT NULL,
  options JSONB NOT NULL,
  state TEXT NOT NULL,                     -- running, interrupted, succeeded, partial, failed, stopped
  cursor JSONB NOT NULL,
  counts JSONB NOT NULL,
  reason JSONB,
  started_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  finished_at BIGINT
);
-- The last line against two imports of one shop at once (F16).
CREATE UNIQUE INDEX import_runs_open ON import_runs (shop_id) WHERE state IN ('running', 'interrupted');
CREATE INDEX import_runs_shop ON import_runs (shop_id, id);

-- Orders a run left out or could not read, with the reason.
CREATE TABLE import_notes (
  run_id BIGINT NOT NULL REFERENCES import_runs (id),
  mall_order_id TEXT NOT NULL,
  kind TEXT NOT NULL,                      -- left_out, failed, conflict
  reason JSONB NOT NULL,
  PRIMARY KEY (run_id, mall_order_id, kind)
);

-- 取込エラー, and orders whose details were not given yet.
CREATE TABLE quarantine (
  id BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  mall_order_id TEXT NOT NULL,
  state TEXT NOT NULL,                     -- retry, open, solved
  tries BIGINT NOT NULL,
  reason JSONB NOT NULL,
  raw BYTEA,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  UNIQUE (shop_id, mall_order_id)
);
CREATE INDEX quarantine_open ON quarantine (shop_id, state) WHERE state <> 'solved';

CREATE TABLE phases (
  phase TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  position BIGINT NOT NULL,
  ship_date_required BOOLEAN NOT NULL
);

CREATE TABLE carriers (
  carrier TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  mall_codes JSONB NOT NULL
);

CREATE TABLE rules (
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  kind TEXT NOT NULL,
  target_phase TEXT NOT NULL,
  success_phase TEXT,
  failure_phase TEXT,
  PRIMARY KEY (shop_id, kind, target_phase)
);

-- 受注
CREATE TABLE orders (
  seq BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  shop_id BIGINT NOT NULL,
  mall_order_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  version BIGINT NOT NULL,
  handling_class TEXT NOT NULL,
  fulfillment TEXT NOT NULL,
  source TEXT NOT NULL,
  order_grouping TEXT NOT NULL,
  parent_seq BIGINT,
  provisional BOOLEAN NOT NULL,
  mall_status TEXT NOT NULL,
  mall_status_label TEXT NOT NULL,
  mall_stage TEXT NOT NULL,
  hold JSONB NOT NULL,
  revision TEXT,
  notice_state TEXT NOT NULL,
  confirming BOOLEAN NOT NULL,
  confirm_state TEXT NOT NULL,             -- ステータス変更状態 of 注文確認, same words as notice_state
  flags BIGINT NOT NULL,
  total BIGINT,                            -- 請求金額 in yen; NULL = undecided or another currency
  payment_method TEXT NOT NULL,
  deliver_on TEXT,
  ordered_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,              -- 最終更新日: staff only (NTF-12)
  seen_at BIGINT NOT NULL,                 -- last time the mall was asked
  erased_at BIGINT,
  UNIQUE (shop_id, mall_order_id)
);
CREATE INDEX orders_number ON orders (mall_order_id);
CREATE INDEX orders_phase ON orders (phase, ordered_at, seq);
CREATE INDEX orders_notice ON orders (notice_state, seq) WHERE notice_state NOT IN ('not_sent', 'applied');
CREATE INDEX orders_confirm ON orders (confirm_state, seq) WHERE confirm_state NOT IN ('not_sent', 'applied');
-- What an automation may take next: short lists, whatever the ledger's size.
CREATE INDEX orders_unsent ON orders (shop_id, phase, seq) WHERE notice_state = 'not_sent';
CREATE INDEX orders_confirmable ON orders (shop_id, phase, seq) WHERE confirm_state = 'not_sent' AND mall_stage = 'awaiting_confirmation';
CREATE INDEX orders_flags ON orders (seq) WHERE flags <> 0;
-- Orders the mall has not done with: asked for again once an hour.
CREATE INDEX orders_open_at_mall ON orders (shop_id, seen_at) WHERE mall_stage IN ('awaiting_confirmation', 'mall_processing', 'shippable', 'change_pending', 'cancel_requested');
CREATE INDEX orders_parent ON orders (parent_seq) WHERE parent_seq IS NOT NULL;

CREATE TABLE order_lines (
  seq BIGINT NOT NULL,
  line_key TEXT NOT NULL,
  position BIGINT NOT NULL,
  recipient_key TEXT NOT NULL,
  sku TEXT,
  item_code TEXT,
  title TEXT,
  quantity BIGINT NOT NULL,
  cancelled_quantity BIGINT NOT NULL,
  unit_price BIGINT,
  tax_rate_bp BIGINT,
  PRIMARY KEY (seq, line_key)
);

CREATE TABLE recipients (
  seq BIGINT NOT NULL,
  recipient_key TEXT NOT NULL,
  position BIGINT NOT NULL,
  remote_island BOOLEAN NOT NULL,
  address_awaited BOOLEAN NOT NULL,
  PRIMARY KEY (seq, recipient_key)
);

CREATE TABLE parcels (
  id BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL,
  recipient_key TEXT NOT NULL,
  carrier TEXT,
  tracking_number TEXT NOT NULL,
  shipped_on TEXT,
  version BIGINT NOT NULL,
  mall_ref TEXT,
  sent_version BIGINT NOT NULL,
  removed BOOLEAN NOT NULL
);
CREATE INDEX parcels_order ON parcels (seq);
CREATE INDEX parcels_number ON parcels (tracking_number) WHERE tracking_number <> '';

-- Buyer data. The row of order_keys is the person: deleting it erases them everywhere.
CREATE TABLE order_keys (
  seq BIGINT PRIMARY KEY,
  wrapped_key BYTEA NOT NULL
);

CREATE TABLE order_sealed (
  seq BIGINT PRIMARY KEY,
  mapping_version BIGINT NOT NULL,
  snapshot BYTEA NOT NULL,                 -- base of the three-way reconcile
  edits BYTEA,                             -- what staff changed
  theirs BYTEA,                            -- a newer copy of the mall that was not taken over
  raw BYTEA NOT NULL
);

CREATE TABLE sealed_head (
  seq BIGINT PRIMARY KEY,
  head BYTEA NOT NULL
);

CREATE TABLE history (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor JSONB NOT NULL,
  event JSONB NOT NULL,
  run_id BIGINT
);
CREATE INDEX history_order ON history (seq, id);

-- Exact counts that never block: base + sum of the deltas; one job folds.
CREATE TABLE phase_counts (
  shop_id BIGINT NOT NULL,
  phase TEXT NOT NULL,
  orders BIGINT NOT NULL,
  PRIMARY KEY (shop_id, phase)
);
CREATE TABLE phase_deltas (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shop_id BIGINT NOT NULL,
  phase TEXT NOT NULL,
  delta BIGINT NOT NULL
);

-- Writing back: what is wanted, its steps, the calls that were made.
CREATE TABLE outbox (
  id BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL,
  shop_id BIGINT NOT NULL,
  lane_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,                     -- open, done
  result TEXT,
  phase_at TEXT NOT NULL,                  -- phase the order was in: the rule that applies at the end
  requested_by JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
-- The last line against two open wishes for the same thing.
CREATE UNIQUE INDEX outbox_open ON outbox (seq, kind) WHERE state = 'open';
CREATE INDEX outbox_order ON outbox (seq, id);

CREATE TABLE outbox_steps (
  id BIGINT PRIMARY KEY,
  outbox_id BIGINT NOT NULL REFERENCES outbox (id),
  seq BIGINT NOT NULL,
  shop_id BIGINT NOT NULL,
  lane_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  parcel_id BIGINT,
  wanted JSONB,
  state TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  sent_at BIGINT,                          -- last time it was in a call
  attempts BIGINT NOT NULL,
  looks BIGINT NOT NULL,                   -- read-backs that could not tell
  mall_ref TEXT,
  reason JSONB,
  warnings JSONB
);
CREATE INDEX outbox_steps_due ON outbox_steps (lane_key, due_at) WHERE state IN ('ready', 'unknown', 'pending', 'sending');
CREATE INDEX outbox_steps_of ON outbox_steps (outbox_id);

CREATE TABLE calls (
  id BIGINT PRIMARY KEY,
  lane_key TEXT NOT NULL,
  shop_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  operation TEXT NOT NULL,
  draft BYTEA NOT NULL,
  fence BIGINT NOT NULL,
  state TEXT NOT NULL,                     -- in_flight, pending, answered, unknown
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  http_status BIGINT,
  receipt TEXT,
  poll_at BIGINT,
  deadline_at BIGINT
);
CREATE INDEX calls_live ON calls (lane_key, state) WHERE state IN ('in_flight', 'pending');

CREATE TABLE call_items (
  call_id BIGINT NOT NULL REFERENCES calls (id),
  step_id BIGINT NOT NULL,
  outcome TEXT,
  PRIMARY KEY (call_id, step_id)
);
CREATE INDEX call_items_step ON call_items (step_id);

CREATE SEQUENCE shop_ids;
CREATE SEQUENCE order_ids;
CREATE SEQUENCE parcel_ids;
CREATE SEQUENCE request_ids;
CREATE SEQUENCE run_ids;
CREATE SEQUENCE outbox_ids;
CREATE SEQUENCE step_ids;
CREATE SEQUENCE call_ids;
CREATE SEQUENCE credential_ids;
CREATE SEQUENCE quarantine_ids;

-- Sealed bytes do not compress: do not try.
ALTER TABLE order_sealed ALTER COLUMN snapshot SET STORAGE EXTERNAL;
ALTER TABLE order_sealed ALTER COLUMN raw SET STORAGE EXTERNAL;
ALTER TABLE order_sealed ALTER COLUMN theirs SET STORAGE EXTERNAL;
