"""The tables of a run's file, and what brings those of an older version up to date."""

SCHEMA_VERSION = 3

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE samples (
    set_name TEXT, image TEXT, degraded_sha256 TEXT NOT NULL, reference_sha256 TEXT,
    row_hash INTEGER,
    PRIMARY KEY (set_name, image)) WITHOUT ROWID;
CREATE TABLE cells (
    restorer TEXT, set_name TEXT, image TEXT, fingerprint TEXT NOT NULL,
    degraded_sha256 TEXT NOT NULL, restored TEXT NOT NULL, sha256 TEXT NOT NULL,
    seconds REAL NOT NULL, peak_mib REAL NOT NULL, cuda_mib REAL, flops INTEGER, tile INTEGER,
    precision TEXT, fell_back INTEGER NOT NULL DEFAULT 0, checksum TEXT NOT NULL DEFAULT '',
    row_hash INTEGER,
    PRIMARY KEY (restorer, set_name, image)) WITHOUT ROWID;
CREATE TABLE scores (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT, fingerprint TEXT NOT NULL,
    sha256 TEXT NOT NULL, value REAL NOT NULL, spread REAL, row_hash INTEGER,
    PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE failures (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE skipped (restorer TEXT NOT NULL DEFAULT '', set_name TEXT, reason TEXT NOT NULL,
    PRIMARY KEY (restorer, set_name)) WITHOUT ROWID;
"""

UPGRADES = {
    1: """
ALTER TABLE cells ADD COLUMN cuda_mib REAL;
ALTER TABLE cells ADD COLUMN flops INTEGER;
ALTER TABLE cells ADD COLUMN tile INTEGER;
ALTER TABLE cells ADD COLUMN precision TEXT;
ALTER TABLE cells ADD COLUMN fell_back INTEGER NOT NULL DEFAULT 0;
""",
    2: """
ALTER TABLE cells ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
ALTER TABLE cells ADD COLUMN row_hash INTEGER;
ALTER TABLE samples ADD COLUMN row_hash INTEGER;
ALTER TABLE scores ADD COLUMN row_hash INTEGER;
""",
}
"""What leads from a schema to the next; an older store is brought up to date where it lies."""

CHECKED = ("samples", "cells", "scores")
"""Tables whose rows have a checksum in their last column, `row_hash`."""
