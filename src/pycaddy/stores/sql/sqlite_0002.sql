-- Texts named in the comments are JSON. tags: sorted texts.
ALTER TABLE run ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE run ADD COLUMN note TEXT;
-- summary: {series: {last, min, max, mean, ...}}
ALTER TABLE run ADD COLUMN summary TEXT;
-- capture: what was noted of the code, the command and the machine
ALTER TABLE run ADD COLUMN capture TEXT;

DROP VIEW runs;
CREATE VIEW runs AS
SELECT i.relpath, i.name AS identifier, printf('%04d', r.uid) AS uid, r.status, r.attempt,
       r.params, r.result, r.summary AS metrics, r.tags, r.note, r.files, r.error,
       datetime(r.created / 1e6, 'unixepoch') AS created_utc,
       (r.ended - r.started) / 1e6 AS seconds
FROM run r JOIN identifier i ON i.id = r.identifier
WHERE r.trashed IS NULL;
