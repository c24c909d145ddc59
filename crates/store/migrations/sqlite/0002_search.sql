-- Keyed hashes of name pieces, phone and mail; the rowid is the order's seq. Holds no text: a word is
-- 40 bits of a hash. Erasing a row leaves its words in the file until segments are merged (see scrub).
CREATE VIRTUAL TABLE search_tokens USING fts5(
    tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
