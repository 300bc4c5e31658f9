-- Times are microseconds since 1970-01-01 UTC. Texts named in the comments are JSON: they come back
-- byte for byte, which jsonb does not promise. Beside those that are asked about stands a jsonb copy.
CREATE TABLE meta (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- Of a text that jsonb cannot take there is no copy, and the run is kept all the same.
CREATE FUNCTION as_jsonb(value text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

-- One row per (project, relpath, identifier): uids are counted here, so that none is given twice.
CREATE TABLE identifier (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project  text   NOT NULL,
    relpath  text   COLLATE "C" NOT NULL,
    name     text   COLLATE "C" NOT NULL,
    last_uid bigint NOT NULL,
    UNIQUE (project, relpath, name)
) WITH (fillfactor = 50);

-- Every folder below a project that belongs to somebody, under the name that a file system
-- which ignores case would know it by. kind: 'names' (namespaces, identifiers) or 'files'
-- (a folder that runs in PREFIX mode share).
CREATE TABLE folder (
    project text NOT NULL,
    folded  text NOT NULL,
    path    text NOT NULL,
    kind    text NOT NULL,
    PRIMARY KEY (project, folded)
);

-- No index has a column that changes: an update that finds room on its page touches none of them.
CREATE TABLE run (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identifier    bigint  NOT NULL REFERENCES identifier (id),
    uid           bigint  NOT NULL,
    revision      bigint  NOT NULL,
    ticket        bigint  NOT NULL,  -- of the call that wrote the row last
    status        text    NOT NULL,
    attempt       integer NOT NULL,
    mode          text    NOT NULL,
    param_hash    text    NOT NULL,
    param_version integer NOT NULL,
    params        text    NOT NULL,  -- JSON
    files         text    NOT NULL,  -- JSON
    result        text,              -- JSON
    error         text,
    owner         text,              -- JSON
    beat          bigint  NOT NULL DEFAULT 0,  -- goes up while the owner lives
    lease_until   timestamptz NOT NULL,        -- by this server's clock
    created       bigint  NOT NULL,
    started       bigint,
    ended         bigint,
    trashed       bigint,
    tags          text    NOT NULL,  -- JSON: sorted texts
    note          text,
    summary       text,              -- JSON: {series: {last, min, max, mean, ...}}
    capture       text,              -- JSON: what was noted of the code, the command, the machine
    history       text    NOT NULL,  -- JSON: [[status, time, attempt, detail], ...]
    params_json   jsonb GENERATED ALWAYS AS (as_jsonb(params)) STORED,
    result_json   jsonb GENERATED ALWAYS AS (as_jsonb(result)) STORED,
    summary_json  jsonb GENERATED ALWAYS AS (as_jsonb(summary)) STORED,
    tags_json     jsonb GENERATED ALWAYS AS (as_jsonb(tags)) STORED,
    UNIQUE (identifier, uid)
) WITH (fillfactor = 70);

CREATE INDEX run_by_params ON run (identifier, param_hash, uid);
CREATE INDEX run_by_param ON run USING gin (params_json jsonb_path_ops);

-- For people who look at it with another tool.
CREATE VIEW runs AS
SELECT i.project, i.relpath, i.name AS identifier,
       lpad(r.uid::text, greatest(4, length(r.uid::text)), '0') AS uid, r.status, r.attempt,
       r.params_json AS params, r.result_json AS result, r.summary_json AS metrics,
       r.tags_json AS tags, r.note, r.files, r.error,
       to_timestamp(r.created / 1e6) AS created_at, (r.ended - r.started) / 1e6 AS seconds
FROM run r JOIN identifier i ON i.id = r.identifier
WHERE r.trashed IS NULL;
