"""Loaded by the process that the workers are forked from, after all else that they need."""

import gc
import importlib

# What `multiprocessing` itself imports in each worker.
for name in ("multiprocessing.popen_forkserver", "pkgutil"):
    importlib.import_module(name)

# A collection in a worker would write to every page that it shares with the others.
gc.freeze()
