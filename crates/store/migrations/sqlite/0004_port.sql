-- The port after three malls: changes of status carry the mall's code; calls of a lane's day are counted, and how far the
-- mall's clock is from ours is kept beside them.

ALTER TABLE outbox ADD COLUMN target TEXT;

CREATE TABLE lane_days (
  lane_key TEXT PRIMARY KEY,
  day TEXT NOT NULL,                       -- day in Japan
  calls BIGINT NOT NULL,                   -- calls of that day
  skew_ms BIGINT,                          -- the mall's clock minus ours, as last measured
  skew_at BIGINT
);
