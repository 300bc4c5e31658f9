-- The params come first, and the identifier as an expression: of a table that the server has no
-- statistics of yet, every index that begins with the identifier looks as good to it as this one,
-- and a statement that was prepared then reads all runs of the identifier for each key.
DROP INDEX run_by_params;
CREATE INDEX run_by_params ON run (param_hash, (identifier + 0), uid);
