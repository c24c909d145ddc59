-- The back office: people and their rights, what they see and do, and the columns a list is filtered by.

-- 権限グループ
CREATE TABLE permission_groups (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  rights JSONB NOT NULL,                   -- levels per menu, shops, special rights
  version BIGINT NOT NULL
);

-- ユーザー
CREATE TABLE users (
  id BIGINT PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,              -- folded
  name TEXT NOT NULL,
  group_id BIGINT NOT NULL REFERENCES permission_groups (id),
  password TEXT,                           -- argon2id; NULL = cannot sign in by password
  totp BYTEA,                               -- sealed secret; NULL = no second factor
  totp_step BIGINT NOT NULL,               -- last time step that was used: a code is good once
  state TEXT NOT NULL,                     -- active, off
  prefs JSONB NOT NULL,
  failures BIGINT NOT NULL,                -- failed sign-ins in a row
  locked_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  password_set_at BIGINT NOT NULL,
  signed_in_at BIGINT
);

-- Only hashes of tokens are kept.
CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  agent TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
  id BIGINT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  read_only BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

-- Links that are good once: first set-up, sign-in printed by a command.
CREATE TABLE one_time_links (
  token_hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,                      -- setup, sign_in
  user_id BIGINT,
  expires_at BIGINT NOT NULL
);

-- 操作ログ: who did what through a door. Names rows, never values.
CREATE TABLE audit_log (
  id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at BIGINT NOT NULL,
  actor JSONB NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  details JSONB NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);

-- Answers of writes that carried an Idempotency-Key.
CREATE TABLE idempotency (
  key_hash TEXT PRIMARY KEY,               -- of the person and the key
  request_hash TEXT NOT NULL,
  status BIGINT,                           -- NULL: still being worked
  answer BYTEA,                             -- sealed
  created_at BIGINT NOT NULL
);

-- 保存した表示
CREATE TABLE saved_views (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT REFERENCES users (id),   -- NULL = shared
  name TEXT NOT NULL,
  query TEXT NOT NULL,                     -- filter and order as in the URL
  position BIGINT NOT NULL
);
CREATE INDEX saved_views_owner ON saved_views (owner_id);

-- Bulk work on orders, one row an order.
CREATE TABLE jobs (
  id BIGINT PRIMARY KEY,
  action JSONB NOT NULL,
  state TEXT NOT NULL,                     -- running, succeeded, partial, failed
  total BIGINT NOT NULL,
  requested_by JSONB NOT NULL,
  user_id BIGINT,
  rights JSONB NOT NULL,                   -- what the person could do when it was asked for
  undo_of BIGINT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX jobs_running ON jobs (id) WHERE state = 'running';
CREATE TABLE job_items (
  job_id BIGINT NOT NULL REFERENCES jobs (id),
  position BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  input JSONB,                             -- what differs from order to order; no buyer data
  state TEXT NOT NULL,                     -- queued, done, refused
  reason JSONB,
  before JSONB,                            -- what undo goes back to
  PRIMARY KEY (job_id, position)
);
CREATE INDEX job_items_queued ON job_items (job_id, position) WHERE state = 'queued';

-- Notes of the staff, sealed under the order's key.
CREATE TABLE order_notes (
  id BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor JSONB NOT NULL,
  body BYTEA NOT NULL
);
CREATE INDEX order_notes_order ON order_notes (seq, id);

CREATE TABLE order_tags (
  seq BIGINT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (seq, tag)
);
CREATE INDEX order_tags_tag ON order_tags (tag, seq);

-- What a list is filtered by.
ALTER TABLE orders ADD COLUMN traits BIGINT NOT NULL DEFAULT 0;     -- bit set: domain::traits
ALTER TABLE orders ADD COLUMN payment_label TEXT NOT NULL DEFAULT '';  -- 支払方法 by the mall's name
ALTER TABLE orders ADD COLUMN ship_on TEXT;                         -- 出荷予定日
ALTER TABLE orders ADD COLUMN printed_at BIGINT;                    -- 印刷済み
ALTER TABLE orders ADD COLUMN paid_on TEXT;                         -- 入金日
ALTER TABLE orders ADD COLUMN shipping_method TEXT;                 -- 配送便
CREATE INDEX orders_newest ON orders (ordered_at, seq);
CREATE INDEX order_lines_sku ON order_lines (sku, seq) WHERE sku IS NOT NULL;

CREATE SEQUENCE group_ids;
CREATE SEQUENCE user_ids;
CREATE SEQUENCE api_token_ids;
CREATE SEQUENCE view_ids;
CREATE SEQUENCE job_ids;
CREATE SEQUENCE note_ids;

-- 連携履歴: newest first, and what failed, however much there is.
CREATE INDEX outbox_newest ON outbox (created_at, id);
CREATE INDEX outbox_failed ON outbox (created_at, id) WHERE result IN ('rejected', 'send_failed', 'result_unknown');
