-- The series of the runs. They are those of a uid, not of a row: a rebuild makes rows anew.
CREATE TABLE series (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identifier bigint NOT NULL REFERENCES identifier (id),
    uid        bigint NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    UNIQUE (identifier, uid, name)
);

-- Up to a thousand points of a series. steps are int64; vals and times float64, little-endian;
-- times in seconds since 1970 UTC.
CREATE TABLE block (
    series  bigint  NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    ticket  bigint  NOT NULL,  -- chosen by who wrote it, so that it is written once
    number  bigint  GENERATED ALWAYS AS IDENTITY,  -- in the order of writing
    attempt integer NOT NULL,
    points  integer NOT NULL,  -- how many
    last    bigint  NOT NULL,  -- the step of the last one
    steps   bytea   NOT NULL,
    vals    bytea   NOT NULL,
    times   bytea   NOT NULL,
    PRIMARY KEY (series, ticket)
);
