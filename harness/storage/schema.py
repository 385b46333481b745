"""The tables of a run's file, and what brings those of an older version up to date."""

SCHEMA_VERSION = 6

_CELLS = """\
CREATE TABLE cells (
    restorer TEXT, set_name TEXT, image TEXT, fingerprint TEXT NOT NULL,
    degraded_sha256 TEXT NOT NULL, restored TEXT NOT NULL, sha256 TEXT NOT NULL,
    seconds REAL NOT NULL, growth_mib REAL NOT NULL, cuda_mib REAL, flops INTEGER, tile INTEGER,
    precision TEXT, fell_back INTEGER NOT NULL DEFAULT 0, checksum TEXT NOT NULL DEFAULT '',
    peak_mib REAL, beside INTEGER, threads INTEGER, height INTEGER, width INTEGER,
    cold INTEGER NOT NULL DEFAULT 0, host TEXT, batch INTEGER NOT NULL DEFAULT 1, row_hash INTEGER,
    PRIMARY KEY (restorer, set_name, image)) WITHOUT ROWID;
"""

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, row_hash INTEGER) WITHOUT ROWID;
CREATE TABLE samples (
    set_name TEXT, image TEXT, degraded_sha256 TEXT NOT NULL, reference_sha256 TEXT,
    row_hash INTEGER,
    PRIMARY KEY (set_name, image)) WITHOUT ROWID;
{_CELLS}CREATE TABLE scores (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT, fingerprint TEXT NOT NULL,
    sha256 TEXT NOT NULL, value REAL NOT NULL, spread REAL, row_hash INTEGER,
    PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE failures (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL,
    message TEXT NOT NULL, row_hash INTEGER,
    PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE skipped (restorer TEXT NOT NULL DEFAULT '', set_name TEXT, reason TEXT NOT NULL,
    row_hash INTEGER, PRIMARY KEY (restorer, set_name)) WITHOUT ROWID;
"""

_CELLS_4 = """restorer, set_name, image, fingerprint, degraded_sha256, restored, sha256, seconds,
    growth_mib, cuda_mib, flops, tile, precision, fell_back, checksum, peak_mib, beside, threads,
    height, width, cold"""
"""What a row of `cells` was hashed over before it had a host, and then a batch."""

LATER = {"host": None, "batch": 1}
"""Columns that schemas 5 and 6 have added to `cells`, one each, and what older rows have there."""


def _remade(columns: str) -> str:
    """Makes `cells` anew, for `row_hash` is the last column; a row that does not fit stays so."""
    return f"""
ALTER TABLE cells RENAME TO cells_old;
{_CELLS}
INSERT INTO cells ({columns}, row_hash) SELECT {columns}, CASE
    WHEN row_hash IS NULL OR row_hash = row_check({columns}) THEN NULL ELSE 0 END FROM cells_old;
DROP TABLE cells_old;
DELETE FROM meta WHERE key = 'seal';
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
ALTER TABLE cells RENAME COLUMN peak_mib TO growth_mib;
ALTER TABLE cells ADD COLUMN peak_mib REAL;
ALTER TABLE cells ADD COLUMN beside INTEGER;
ALTER TABLE cells ADD COLUMN threads INTEGER;
ALTER TABLE cells ADD COLUMN height INTEGER;
ALTER TABLE cells ADD COLUMN width INTEGER;
ALTER TABLE cells ADD COLUMN cold INTEGER NOT NULL DEFAULT 0;
UPDATE cells SET beside = 0 WHERE (SELECT json_extract(value, '$.workers') = 1
    AND json_extract(value, '$.merged') IS NULL FROM meta WHERE key = 'environment');
ALTER TABLE cells ADD COLUMN row_hash INTEGER;
ALTER TABLE samples ADD COLUMN row_hash INTEGER;
ALTER TABLE scores ADD COLUMN row_hash INTEGER;
""",
    3: """
ALTER TABLE meta ADD COLUMN row_hash INTEGER;
ALTER TABLE failures ADD COLUMN row_hash INTEGER;
ALTER TABLE skipped ADD COLUMN row_hash INTEGER;
""",
    4: _remade(_CELLS_4),
    5: _remade(f"{_CELLS_4}, host"),
}
"""What leads from a schema to the next; an older store is brought up to date where it lies.

Before schema 3, `peak_mib` was the growth over what the worker held before a cell, and only the
number of workers says whether cells were restored side by side. Before schema 5, a run had
one host; before schema 6, no batches.
"""

TABLES = ("meta", "samples", "cells", "scores", "failures", "skipped")
"""Each row has a checksum in its last column, `row_hash`."""
