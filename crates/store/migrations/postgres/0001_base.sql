-- Values of the whole installation: schema floor, key fingerprints, wrapped search key.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT
);
