-- Keyed hashes of name pieces, phone and mail. A token is (seq >> 16) << 32 | 32 bits of a hash: its
-- upper half is a bucket of 65,536 orders, so that a common name does not need one giant posting list.
CREATE TABLE search_tokens (
    seq    BIGINT PRIMARY KEY,
    tokens BIGINT[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
-- Every index scan reads the whole pending list, once per bucket: 256 kB bounds that and the pause
-- of the batch that empties it.
CREATE INDEX search_tokens_gin ON search_tokens USING gin (tokens)
    WITH (fastupdate = on, gin_pending_list_limit = 256);
