-- Files in and out, and the services of carriers.

-- The installation's own pattern of tracking links; NULL = the built-in one, empty = none.
ALTER TABLE carriers ADD COLUMN tracking_url TEXT;

-- 配送便
CREATE TABLE shipping_methods (
  shipping_method TEXT PRIMARY KEY,
  carrier TEXT NOT NULL,
  name TEXT NOT NULL,
  tracked BOOLEAN NOT NULL,
  mall_names JSONB NOT NULL
);

-- Files of an import request, sealed; gone when the request is finished.
CREATE TABLE request_files (
  id BIGINT PRIMARY KEY,
  request_id BIGINT NOT NULL REFERENCES requests (id),
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  content BYTEA NOT NULL,
  UNIQUE (request_id, position)
);

-- Shipment files that were written for upload by hand (NTF-8). The sealed content goes with the answer.
CREATE TABLE shipment_files (
  id BIGINT PRIMARY KEY,
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  request_id BIGINT UNIQUE,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  checksum TEXT NOT NULL,
  content BYTEA,
  state TEXT NOT NULL,                     -- open, done, not_yet
  written_by JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  answered_by JSONB,
  answered_at BIGINT
);
CREATE INDEX shipment_files_open ON shipment_files (shop_id, id) WHERE state = 'open';

CREATE TABLE shipment_file_items (
  file_id BIGINT NOT NULL REFERENCES shipment_files (id),
  outbox_id BIGINT NOT NULL UNIQUE REFERENCES outbox (id),
  seq BIGINT NOT NULL,
  PRIMARY KEY (file_id, outbox_id)
);
CREATE INDEX shipment_file_items_order ON shipment_file_items (seq);

CREATE SEQUENCE request_file_ids;
CREATE SEQUENCE shipment_file_ids;

-- Sealed bytes do not compress: do not try.
ALTER TABLE request_files ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE shipment_files ALTER COLUMN content SET STORAGE EXTERNAL;
