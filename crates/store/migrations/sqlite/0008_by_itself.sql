-- It runs by itself: automatic import, letters, keys entered ahead, the proof of import, what was never seen before.

-- A phase is counted and summed by its index alone.
DROP INDEX orders_phase;
CREATE INDEX orders_phase ON orders (phase, ordered_at, seq, shop_id, total);

-- 分割: what is in a parcel; NULL = everything that no other parcel holds.
ALTER TABLE parcels ADD COLUMN contents JSONB;

-- 自動受注取込
ALTER TABLE shops ADD COLUMN import_mode TEXT NOT NULL DEFAULT 'schedule';  -- off, schedule, mail (and schedule)
ALTER TABLE shops ADD COLUMN skip_inbox BOOLEAN NOT NULL DEFAULT FALSE;     -- straight to 新規受付
ALTER TABLE shops ADD COLUMN date_rule JSONB;                               -- 日付自動登録; NULL = none
ALTER TABLE shops ADD COLUMN hinted_at BIGINT;                              -- something new was announced and not looked at yet
ALTER TABLE shops ADD COLUMN next_import_why TEXT;                          -- limit, rhythm, budget, ceiling …
UPDATE shops SET import_mode = 'off' WHERE import_interval_ms = 0;
ALTER TABLE orders ADD COLUMN print_on TEXT;                                -- 納品書印刷指示日

-- Who tells us that there is something new: mailboxes (imap), queues (sqs).
CREATE TABLE listeners (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,                      -- imap, sqs
  name TEXT NOT NULL UNIQUE,
  config JSONB NOT NULL,                   -- host, port, folder …: nothing secret
  sealed BLOB NOT NULL,                    -- password or key
  state TEXT NOT NULL,                     -- on, off
  version BIGINT NOT NULL,
  bookmark JSONB,                          -- how far it was read
  heard_at BIGINT,                         -- last sign of life
  failing_since BIGINT,
  reason JSONB
);

-- What they said. Each is heard once; nothing of an order is taken from it but its number.
CREATE TABLE hints (
  key_hash TEXT PRIMARY KEY,               -- of the mail's or message's own id
  source TEXT NOT NULL,                    -- mail, queue
  shop_id BIGINT REFERENCES shops (id),    -- NULL: no shop was recognised
  at BIGINT NOT NULL
);
CREATE INDEX hints_at ON hints (at);

-- 仮伝票: orders known only from their mail.
CREATE TABLE provisional_orders (
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  mall_order_id TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  state TEXT NOT NULL,                     -- waiting, filled, activated, dropped
  settled_at BIGINT,
  PRIMARY KEY (shop_id, mall_order_id)
);
CREATE INDEX provisional_waiting ON provisional_orders (shop_id, seen_at) WHERE state = 'waiting';

-- Letters that go out: result mails, warnings, checklists.
CREATE TABLE letters (
  id BIGINT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,                -- what it is about: the same thing is never written twice
  kind TEXT NOT NULL,
  shop_id BIGINT REFERENCES shops (id),
  sealed BLOB NOT NULL,                    -- recipients, subject, text
  state TEXT NOT NULL,                     -- queued, sending, sent, unclear, failed
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  reason JSONB
);
CREATE INDEX letters_due ON letters (next_at, id) WHERE state IN ('queued', 'sending');
CREATE INDEX letters_newest ON letters (created_at, id);

-- The server by which they leave; one row.
CREATE TABLE mail_server (
  id BIGINT PRIMARY KEY,                   -- 1
  config JSONB NOT NULL,                   -- host, port, addresses …: nothing secret
  sealed BLOB,                             -- password; NULL = none
  version BIGINT NOT NULL
);

-- When each kind of report was written last, per shop.
CREATE TABLE report_marks (
  kind TEXT NOT NULL,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  upto BIGINT NOT NULL,
  told JSONB NOT NULL,                     -- orders that stay behind and were told already
  PRIMARY KEY (kind, shop_id)
);

-- What is not in a report yet: a report and these marks are one transaction, whatever the clock does.
ALTER TABLE outbox ADD COLUMN sent_told BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE outbox ADD COLUMN end_told BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX outbox_sent_untold ON outbox (shop_id, id) WHERE NOT sent_told;
CREATE INDEX outbox_end_untold ON outbox (shop_id, id) WHERE NOT end_told;

-- Keys that were entered ahead: tested and put in place by the lane.
CREATE TABLE next_credentials (
  id BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  credential TEXT NOT NULL,
  sealed BLOB NOT NULL,
  expires_at BIGINT,
  entered_by JSONB NOT NULL,
  entered_at BIGINT NOT NULL,
  tried_at BIGINT,                         -- last try with the mall
  reason JSONB,                            -- why it did not work at the last try
  UNIQUE (shop_id, credential)
);

-- What may be used once (the way back from a mall's consent page), by digest, until it would be too late anyway.
CREATE TABLE spent_tickets (
  digest TEXT PRIMARY KEY,
  until BIGINT NOT NULL
);
CREATE INDEX spent_tickets_until ON spent_tickets (until);

-- 取込の証明: per shop and day, what the mall lists and what the ledger has.
CREATE TABLE import_proofs (
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  day TEXT NOT NULL,                       -- calendar day in Japan
  listed BIGINT NOT NULL,
  held BIGINT NOT NULL,                    -- of those listed
  left_out BIGINT NOT NULL,                -- of those listed: in a status the shop does not fetch
  filled BIGINT NOT NULL,                  -- came in because a proof found them missing
  beyond BIGINT NOT NULL,                  -- of that day in the ledger, no longer listed
  missing JSONB NOT NULL,                  -- numbers
  checked_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, day)
);

-- After a restore: orders whose notice may have been sent in the time that is lost, read back before anything is sent.
CREATE TABLE restore_checks (
  seq BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL,
  state TEXT NOT NULL                      -- open, same, shipped, not_given
);
CREATE INDEX restore_checks_shop ON restore_checks (shop_id, state, seq);

-- Codes of malls that nobody has explained yet.
CREATE TABLE unknown_codes (
  mall TEXT NOT NULL,
  code TEXT NOT NULL,
  words TEXT NOT NULL,                     -- the mall's, as far as they are no person's
  n BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (mall, code)
);

INSERT INTO counters (name, next) VALUES ('listener_ids', 1), ('letter_ids', 1);

-- ホーム: what a person does today, and how the last days went, whatever the ledger's size.
CREATE INDEX orders_seen ON orders (created_at, ordered_at, shop_id);
CREATE INDEX orders_to_ship ON orders (ship_on, shop_id) WHERE ship_on IS NOT NULL AND phase NOT IN ('shipped', 'completed', 'cancelled');
CREATE INDEX outbox_ended ON outbox (finished_at, shop_id, result) WHERE finished_at IS NOT NULL;
CREATE INDEX import_runs_failed ON import_runs (finished_at) WHERE state = 'failed';
CREATE INDEX letters_lost ON letters (created_at) WHERE state IN ('failed', 'unclear');
