"""The libraries whose values are accepted are never loaded for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

REPORT = """
import json, sys
before = set(sys.modules)
from pycaddy.params import freeze, thaw
frozen = freeze({"lr": 0.1, "layers": [64, {"act": "relu"}], "nan": float("nan"), "set": {1, 2}})
thaw(frozen.text)
print(json.dumps([frozen.key, sorted(set(sys.modules) - before)]))
"""


def report(*options: str) -> Any:
    command = [sys.executable, *options, "-c", REPORT]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_freezing_loads_the_standard_library_only_and_little_of_it() -> None:
    _, loaded = report()
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - sys.stdlib_module_names == {"pycaddy"}
    assert not roots & {"asyncio", "decimal", "logging", "subprocess", "uuid"}


def test_every_process_computes_the_same_key() -> None:
    assert len({report("-X", f"int_max_str_digits={limit}")[0] for limit in (0, 640, 4300)}) == 1
