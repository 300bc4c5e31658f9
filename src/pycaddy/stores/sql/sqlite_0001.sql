-- Times are microseconds since 1970-01-01 UTC. Texts named in the comments are JSON.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per (project, relpath, identifier): uids are counted here, so that none is given twice.
CREATE TABLE identifier (
    id       INTEGER PRIMARY KEY,
    project  TEXT NOT NULL,
    relpath  TEXT NOT NULL,
    name     TEXT NOT NULL,
    last_uid INTEGER NOT NULL,
    UNIQUE (project, relpath, name)
) STRICT;

-- Every folder below a project that belongs to somebody, under the name that a file system
-- which ignores case would know it by. kind: 'names' (namespaces, identifiers) or 'files'
-- (a folder that runs in PREFIX mode share).
CREATE TABLE folder (
    project TEXT NOT NULL,
    folded  TEXT NOT NULL,
    path    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    PRIMARY KEY (project, folded)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id            INTEGER PRIMARY KEY,
    identifier    INTEGER NOT NULL REFERENCES identifier (id),
    uid           INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,
    mode          TEXT    NOT NULL,
    param_hash    TEXT    NOT NULL,
    param_version INTEGER NOT NULL,
    params        TEXT    NOT NULL,  -- JSON
    files         TEXT    NOT NULL,  -- JSON
    result        TEXT,              -- JSON
    error         TEXT,
    owner         TEXT,              -- JSON
    beat          INTEGER NOT NULL DEFAULT 0,  -- goes up while the owner lives
    created       INTEGER NOT NULL,
    started       INTEGER,
    ended         INTEGER,
    trashed       INTEGER,
    history       TEXT    NOT NULL,  -- JSON: [[status, time, attempt, detail], ...]
    UNIQUE (identifier, uid)
) STRICT;

CREATE INDEX run_by_params ON run (identifier, param_hash, uid);

-- For people who open the file with another tool.
CREATE VIEW runs AS
SELECT i.relpath, i.name AS identifier, printf('%04d', r.uid) AS uid, r.status, r.attempt,
       r.params, r.result, r.files, r.error,
       datetime(r.created / 1e6, 'unixepoch') AS created_utc,
       (r.ended - r.started) / 1e6 AS seconds
FROM run r JOIN identifier i ON i.id = r.identifier
WHERE r.trashed IS NULL;
