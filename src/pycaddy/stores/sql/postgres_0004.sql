-- Runs of pycaddy 0.2 whose params are known only by a hash have param_version 0. Most ledgers have
-- none, so the index costs them nothing.
CREATE INDEX run_hash_only ON run (identifier, param_hash) WHERE param_version = 0;
