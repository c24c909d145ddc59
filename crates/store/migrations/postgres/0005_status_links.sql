-- 紐付け設定: which mall status an order gets when it enters a phase, with a switch per row.
CREATE TABLE status_links (
  shop_id BIGINT NOT NULL REFERENCES shops (id),
  phase TEXT NOT NULL,
  status TEXT NOT NULL,                    -- the mall's code
  is_on BOOLEAN NOT NULL,
  PRIMARY KEY (shop_id, phase)
);

-- Orders under fraud review are asked for again until the mall releases them: a short list. 512 is the bit of the flag.
CREATE INDEX orders_held ON orders (shop_id, seen_at) WHERE flags <> 0 AND (flags & 512) <> 0;

-- What runs left out is offered when a shop's fetch statuses grow.
CREATE INDEX import_notes_order ON import_notes (mall_order_id, run_id) WHERE kind = 'left_out';
