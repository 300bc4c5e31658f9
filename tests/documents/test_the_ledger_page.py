"""Every statement and every snippet of the Ledger page and the README of pycaddy 0.2, as a test.

The document of projects and sessions links both. What they leave open is read as the comments say.
Each test runs under both import names, and with the ledger in SQLite and in PostgreSQL: there the
environment names the server, and the programs are the same.

    page, part              statement                                   test (test_...)
    Ledger, introduction    one registry per project, in its folder     one_registry_per_project
                            the foundation of Project and Session       one_registry_per_project
    Quick Start             the whole program                           the_quick_start
    Key Concepts            identifier, relpath, uid                    uids_count
                            relpath is a subfolder, "" is the root      the_empty_relpath
                            param_hash is an integer                    the_param_hash
                            LEDGER_LOCK                                 a_lock_is_ignored
    Run Lifecycle           allocate, log, query                        the_lifecycle_of_a_run
    Initialization          Ledger(path, lock=None)                     the_listed_signatures
                            path of metadata.json                       the_path_of_metadata_json
                            lock, set_global_lock                       a_lock_is_ignored
    Core Methods            each signature                              the_listed_signatures
                            allocate: "0001", or the next               allocate
                            log: status, files, both                    log
                            log, get_record without a relpath           no_relpath_is_needed
                            get_record: the record, or None             get_record
                            get_uid_record_dict                         get_uid_record_dict
                            find_by_param_hash: (uid, record), or None  find_by_param_hash
                            load: identifier, relpath, uid, dict        load
    Examples                Record Auxiliary Files                      auxiliary_files
                            Find Previous Run by Parameters             a_previous_run_is_found
    Cheat Sheet             the whole program                           the_cheat_sheet
    Status Enum             the four of them                            the_status_enum
    Thread/Process Safety   four processes, fork and spawn              a_pool_of_four_processes
                            threads                                     threads_share_a_ledger
    the page's links        lead to headings of ours                    the_linked_headings_exist
    README, Experiment ...  the whole program                           readme_experiment_tracking
    README, Sweeping        the whole program                           readme_sweeping
    README, Grid Search     the whole program, twice                    readme_grid_search
    README, Requirements    Python 3.11                                 readme_requirements
    0.2, as people used it  Project.path, RunRecord's older names       the_older_names
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing import Lock
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

import pycaddy.ledger
import tracker
from pycaddy.project import Project
from pycaddy.stores import Selection
from tests.scripts import answer

ROOT = Path(__file__).parents[2]
IMPORTS: dict[str, ModuleType] = {"pycaddy.ledger": pycaddy.ledger, "tracker": tracker}
PROJECTS = {"pycaddy.ledger": "pycaddy.project", "tracker": "tracker"}
METADATA = Path("results/metadata.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory, and no ledger in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYCADDY_LEDGER", raising=False)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, here: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """What new projects keep their ledger in."""
    if request.param == "postgres":
        monkeypatch.setenv("PYCADDY_LEDGER", request.getfixturevalue("ledger_url"))
    return str(request.param)


@pytest.fixture(params=IMPORTS)
def api(request: pytest.FixtureRequest) -> ModuleType:
    """The module that the reader imports from."""
    return IMPORTS[request.param]


@pytest.fixture
def name(api: ModuleType, store: str) -> str:
    """Its name, for a program that keeps its ledger in *store*."""
    return api.__name__


@pytest.fixture
def ledger(api: ModuleType, store: str) -> Iterator[Any]:
    made = api.Ledger(path=METADATA)
    yield made
    made.store.close()


def printed(program: str, name: str, *arguments: str) -> list[str]:
    """Run *program*, which imports from NAME, and return the lines that it prints."""
    return answer(dedent(program).replace("NAME", name), Path.cwd(), *arguments).splitlines()


# Introduction


def test_one_registry_per_project(ledger: Any, api: ModuleType) -> None:
    uid = ledger.allocate("train")
    again = api.Ledger(METADATA)
    project = Project("results")
    assert again.address == project.ledger.address == ledger.address
    for one in (again, project.ledger):
        assert one.get_record("train", uid) == ledger.get_record("train", uid)
        one.store.close()


# Quick Start


QUICK_START = """
    from NAME import Ledger, Status
    from multiprocessing import Lock
    from pathlib import Path

    Ledger.set_global_lock(Lock())
    ledger = Ledger(path=Path("results/metadata.json"))
    uid = ledger.allocate("train", relpath=Path("mnist/cnn"))
    ledger.log("train", uid, status=Status.RUNNING)
    ledger.log(
        "train",
        uid,
        status=Status.DONE,
        path_dict={"model": Path("model.pt")}
    )
    record = ledger.get_record("train", uid)
    print(uid, record.status.name, record.files == {"model": Path("model.pt")}, record.relpath)
"""


def test_the_quick_start(name: str) -> None:
    assert printed(QUICK_START, name) == ["0001 DONE True mnist/cnn"]
    assert printed(QUICK_START, name) == ["0002 DONE True mnist/cnn"]
    assert Path("results/mnist/cnn/train/0002/run.json").is_file()
    assert not METADATA.exists()


# Key Concepts


def test_uids_count(ledger: Any) -> None:
    homes = [("train", ""), ("train", "a"), ("eval", ""), ("train", ""), ("train", "a")]
    uids = [ledger.allocate(identifier, Path(relpath)) for identifier, relpath in homes]
    assert uids == ["0001", "0001", "0001", "0002", "0002"]


def test_the_empty_relpath(ledger: Any) -> None:
    for relpath in (Path(""), Path("."), ""):
        uid = ledger.allocate("train", relpath=relpath)
        ledger.log("train", uid, status=pycaddy.ledger.Status.DONE)
    runs = ledger.get_uid_record_dict("train", relpath=Path(""))
    assert list(runs) == ["0001", "0002", "0003"]
    assert Path("results/train/0003/run.json").is_file()


@pytest.mark.parametrize("value", [12345, 0, -1, 2**64, -(2**100), "12345"], ids=repr)
def test_the_param_hash(ledger: Any, value: int | str) -> None:
    """An int stays an int; the str of the same digits is another key."""
    uid = ledger.allocate("train", param_hash=value)
    read = ledger.get_record("train", uid).param_hash
    assert (type(read), read) == (type(value), value)
    assert ledger.find_by_param_hash("train", value)[0] == uid
    other = str(value) if isinstance(value, int) else int(value)
    assert ledger.find_by_param_hash("train", other) is None


@pytest.mark.usefixtures("store")
def test_a_lock_is_ignored(api: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    lock = Lock()
    assert api.Ledger.set_global_lock(lock) is None
    assert api.Ledger.set_global_lock(lock=None) is None
    with lock:  # a ledger that took it would wait for itself
        for ledger in (
            api.Ledger(METADATA, lock),
            api.Ledger(METADATA, None),
            api.Ledger(path=METADATA, lock=lock),
        ):
            ledger.log("train", ledger.allocate("train"), status=api.Status.DONE)
            ledger.store.close()
    assert capsys.readouterr() == ("", "")


# Run Lifecycle


def test_the_lifecycle_of_a_run(ledger: Any, api: ModuleType) -> None:
    uid = ledger.allocate("train", param_hash=1)
    seen = [ledger.get_record("train", uid).status]
    for status in (api.Status.RUNNING, api.Status.DONE):
        ledger.log("train", uid, status=status)
        seen.append(ledger.get_record("train", uid).status)
    assert seen == [api.Status.PENDING, api.Status.RUNNING, api.Status.DONE]
    assert ledger.find_by_param_hash("train", 1)[1] == ledger.get_record("train", uid)


# API Reference


NO_DEFAULT = inspect.Parameter.empty
LISTED = {
    "Ledger": [("path", NO_DEFAULT), ("lock", None)],
    "set_global_lock": [("lock", NO_DEFAULT)],
    "allocate": [("identifier", NO_DEFAULT), ("relpath", ""), ("param_hash", None)],
    "log": [
        ("identifier", NO_DEFAULT),
        ("uid", NO_DEFAULT),
        ("status", None),
        ("path_dict", None),
    ],
    "get_record": [("identifier", NO_DEFAULT), ("uid", NO_DEFAULT)],
    "get_uid_record_dict": [("identifier", NO_DEFAULT), ("relpath", "")],
    "find_by_param_hash": [
        ("identifier", NO_DEFAULT),
        ("param_hash", NO_DEFAULT),
        ("relpath", ""),
    ],
    "load": [],
}


@pytest.mark.parametrize("member", LISTED)
def test_the_listed_signatures(api: ModuleType, member: str) -> None:
    """What is listed may be given by position or by name; our own options only by name."""
    function = getattr(api.Ledger, member, api.Ledger)
    found = list(inspect.signature(function).parameters.values())
    found = [parameter for parameter in found if parameter.name != "self"]
    listed = [(one.name, one.default) for one in found if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert listed == LISTED[member]
    more = found[len(listed) :]
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not NO_DEFAULT for one in more)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", [Path, str, Path.absolute], ids=["Path", "str", "absolute"])
def test_the_path_of_metadata_json(api: ModuleType, kind: Callable[[Path], str | Path]) -> None:
    """It need not exist, and the ledger is the one of the project in its folder."""
    ledger = api.Ledger(kind(METADATA))
    uid = ledger.allocate("train")
    assert Path("results").is_dir()
    assert not METADATA.exists()
    project = Project("results")
    assert project.session_of("train", uid).record == ledger.get_record("train", uid)
    project.ledger.store.close()
    ledger.store.close()


def test_allocate(ledger: Any) -> None:
    assert ledger.allocate("train", relpath=Path("mnist"), param_hash=12345) == "0001"
    assert ledger.allocate("train", Path("mnist"), 12345) == "0002"
    runs = ledger.get_uid_record_dict("train", Path("mnist"))
    assert [(run.relpath, run.param_hash) for run in runs.values()] == [("mnist", 12345)] * 2
    with pytest.raises(TypeError, match="param_hash must be an int or a str, not True"):
        ledger.allocate("train", param_hash=True)


def test_log(ledger: Any, api: ModuleType) -> None:
    uid = ledger.allocate("train")
    assert ledger.log("train", uid, status=api.Status.RUNNING) is None
    assert ledger.log("train", uid, path_dict={"model": Path("model.pt")}) is None
    assert ledger.log("train", uid, api.Status.DONE, {"weights": Path("weights.pt")}) is None
    record = ledger.get_record("train", uid)
    assert record.status is api.Status.DONE
    assert record.files == {"model": Path("model.pt"), "weights": Path("weights.pt")}


def test_no_relpath_is_needed(ledger: Any, api: ModuleType) -> None:
    for relpath in ("", "mnist", "mnist/cnn"):
        uid = ledger.allocate("train", relpath=Path(relpath))
        ledger.log("train", uid, status=api.Status.DONE)
        assert ledger.get_record("train", uid).relpath == relpath
    ledger.allocate("train", relpath=Path("mnist"))
    other = api.Ledger(METADATA)  # as in another process
    assert other.get_record("train", "0001").relpath == ""
    assert other.get_record("train", "0002").relpath == "mnist"
    other.store.close()


def test_get_record(ledger: Any, api: ModuleType) -> None:
    uid = ledger.allocate("train", param_hash=12345)
    ledger.log("train", uid, status=api.Status.DONE, path_dict={"model": Path("model.pt")})
    record = ledger.get_record("train", "0001")
    assert isinstance(record, api.RunRecord)
    assert record.status is api.Status.DONE
    assert record.files == {"model": Path("model.pt")}
    assert all(isinstance(path, Path) for path in record.files.values())
    assert record.param_hash == 12345
    assert ledger.get_record("train", "0002") is ledger.get_record("eval", "0001") is None
    Project("results", ledger=ledger).session_of("train/0001").remove()
    assert ledger.get_record("train", "0001") is None


def test_get_uid_record_dict(ledger: Any) -> None:
    for relpath in ("mnist", "mnist", ""):
        ledger.allocate("train", relpath=Path(relpath))
    runs = ledger.get_uid_record_dict("train", relpath=Path("mnist"))
    assert {uid: record.status.name for uid, record in runs.items()} == {
        "0001": "PENDING",
        "0002": "PENDING",
    }
    assert list(ledger.get_uid_record_dict("train")) == ["0001"]
    assert ledger.get_uid_record_dict("eval") == {}


def test_find_by_param_hash(ledger: Any) -> None:
    assert ledger.find_by_param_hash("train", param_hash=12345) is None
    ledger.allocate("train", param_hash=12345)
    ledger.allocate("train", Path("mnist"), 6789)
    uid, record = ledger.find_by_param_hash("train", param_hash=12345)
    assert (uid, record) == ("0001", ledger.get_record("train", "0001", relpath=""))
    assert ledger.find_by_param_hash("train", 6789) is None  # the relpath is the root
    uid, record = ledger.find_by_param_hash("train", 6789, Path("mnist"))
    assert (uid, record.relpath) == ("0001", "mnist")
    assert ledger.find_by_param_hash("train", param_hash=6789, relpath=Path("mnist")) is not None


def test_load(ledger: Any, api: ModuleType) -> None:
    assert ledger.load() == {}
    uid = ledger.allocate("train", Path("mnist/cnn"), 12345)
    ledger.log("train", uid, api.Status.DONE, {"model": Path("model.pt")})
    ledger.allocate("eval")
    data = ledger.load()
    assert json.loads(json.dumps(data)) == data
    shape = {kind: {at: list(runs) for at, runs in homes.items()} for kind, homes in data.items()}
    assert shape == {"train": {"mnist/cnn": ["0001"]}, "eval": {"": ["0001"]}}
    facts = data["train"]["mnist/cnn"]["0001"]
    assert (facts["status"], facts["param_hash"]) == ("done", 12345)
    assert facts["files"] == {"model": "model.pt"}


# Examples


AUXILIARY_FILES = """
    from NAME import Ledger, Status
    from pathlib import Path

    ledger = Ledger(path=Path("results/metadata.json"))
    uid = ledger.allocate("train")
    ledger.log("train", uid, status=Status.RUNNING)
    ledger.log(
        "train",
        uid,
        status=Status.DONE,
        path_dict={
            "tensorboard": Path("tb/events.out"),
            "notes": Path("notes.yaml"),
            "model": Path("model.pt")
        }
    )
    record = ledger.get_record("train", uid)
    print(record.files["model"], record.files["tensorboard"].as_posix(), len(record.files))
"""


def test_auxiliary_files(name: str) -> None:
    assert printed(AUXILIARY_FILES, name) == ["model.pt tb/events.out 3"]


PREVIOUS_RUN = """
    from NAME import Ledger, Status
    from pathlib import Path

    ledger = Ledger(path=Path("results/metadata.json"))
    params = {"lr": 0.001, "batch_size": 32}
    param_hash = hash(frozenset(params.items()))

    for attempt in range(2):
        hit = ledger.find_by_param_hash("train", param_hash=param_hash)
        if hit:
            old_uid, record = hit
            print(f"trained before: {old_uid} {record.files['model']}")
        else:
            uid = ledger.allocate("train", param_hash=param_hash)
            ledger.log("train", uid, status=Status.RUNNING)
            ledger.log(
                "train",
                uid,
                status=Status.DONE,
                path_dict={"model": Path("model.pt")}
            )
            print("trained", ledger.get_record("train", uid).param_hash == param_hash)
"""


def test_a_previous_run_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # else each process hashes texts in its own way
    assert printed(PREVIOUS_RUN, name) == ["trained True", "trained before: 0001 model.pt"]
    assert printed(PREVIOUS_RUN, name) == ["trained before: 0001 model.pt"] * 2


# Cheat Sheet


CHEAT_SHEET = """
    from NAME import Ledger, Status
    from multiprocessing import Lock
    from pathlib import Path

    Ledger.set_global_lock(Lock())
    ledger = Ledger(path=Path("results/metadata.json"))
    uid = ledger.allocate(
        identifier="train",
        relpath=Path("subfolder"),
        param_hash=12345  # optional
    )
    ledger.log("train", uid, status=Status.RUNNING)
    ledger.log("train", uid, status=Status.DONE)
    ledger.log("train", uid, status=Status.ERROR)
    ledger.log("train", uid, path_dict={"weights": Path("w.pt")})

    record = ledger.get_record("train", uid)
    print(record.status.name, record.files == {"weights": Path("w.pt")}, record.param_hash)

    runs = ledger.get_uid_record_dict("train", relpath=Path("subfolder"))
    for uid, rec in runs.items():
        print(uid, rec.status.name)

    hit = ledger.find_by_param_hash("train", param_hash=12345)
    if hit:
        uid, record = hit
        print("found", uid)

    data = ledger.load()
    print(list(data["train"]["subfolder"]))
"""


def test_the_cheat_sheet(name: str) -> None:
    """The status was logged as ERROR last. The run is not in the root, where hit is looked for."""
    assert printed(CHEAT_SHEET, name) == ["ERROR True 12345", "0001 ERROR", "['0001']"]
    in_root = CHEAT_SHEET.replace('Path("subfolder")', 'Path("")').replace('["subfolder"]', '[""]')
    assert printed(in_root, name) == ["ERROR True 12345", "0001 ERROR", "found 0001", "['0001']"]


# Status Enum


def test_the_status_enum(api: ModuleType) -> None:
    assert list(api.Status.__members__) == ["PENDING", "RUNNING", "DONE", "ERROR"]
    assert api.Status is pycaddy.ledger.Status


# Thread/Process Safety


POOL = """
    import multiprocessing
    import sys
    from pathlib import Path
    from NAME import Ledger, Status
    from multiprocessing import Pool, Manager

    configs = list(range(12))

    def train_worker(config):
        ledger = Ledger(path=Path("results/metadata.json"))
        uid = ledger.allocate("train")
        ledger.log("train", uid, status=Status.RUNNING)
        ledger.log("train", uid, status=Status.DONE)

    if __name__ == "__main__":
        multiprocessing.set_start_method(sys.argv[1])
        manager = Manager()
        Ledger.set_global_lock(manager.Lock())

        with Pool(4) as pool:
            pool.map(train_worker, configs)

        runs = Ledger(Path("results/metadata.json")).get_uid_record_dict("train")
        print(len(runs), {run.status.name for run in runs.values()})
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_of_four_processes(tmp_path: Path, name: str, method: str) -> None:
    script = tmp_path / "script.py"  # a new process imports it
    script.write_text(dedent(POOL).replace("NAME", name))
    command = [sys.executable, "-W", "error", script, method]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "12 {'DONE'}\n"


def test_threads_share_a_ledger(ledger: Any, api: ModuleType) -> None:
    def work(n: int) -> str:
        uid = ledger.allocate(f"train{n % 2}", Path(f"a{n}"), n)
        ledger.log(f"train{n % 2}", uid, status=api.Status.DONE, relpath=f"a{n}")
        return str(uid)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(work, range(12))) == {"0001"}
    assert {run.param_hash for run in ledger.records(Selection())} == set(range(12))


# The links


def test_the_linked_headings_exist() -> None:
    text = (ROOT / "docs" / "ledger.md").read_text()
    headings = re.findall(r"^(#+) (.*)$", text, re.MULTILINE)
    titles = [(len(level), title) for level, title in headings]
    for level, title in (
        (2, "Quick Start"), (2, "Key Concepts"), (3, "Run Lifecycle"), (2, "API Reference"),
        (3, "Initialization"), (4, "Class Method"), (3, "Core Methods"), (2, "Examples"),
        (3, "Record Auxiliary Files"), (3, "Find Previous Run by Parameters"),
        (2, "Cheat Sheet"), (2, "Status Enum"), (2, "Thread/Process Safety"), (2, "See Also"),
    ):  # fmt: skip
        assert (level, title) in titles
    methods = [title for level, title in titles if level == 4]
    for method in set(LISTED) - {"Ledger", "set_global_lock"}:
        assert any(title.startswith(f"`{method}(") for title in methods)


# The README


TRACKING = """
    from NAME import Project

    project = Project(root="experiments").ensure_folder()
    session = project.session("train", params={"lr": 0.001, "batch_size": 32})
    session.start()
    model_path = session.path("model.pt")
    model_path.write_text("weights")
    session.done()
    print(session.uid, session.status.name, model_path.relative_to(project.root).as_posix())
"""


def test_readme_experiment_tracking(name: str) -> None:
    assert printed(TRACKING, PROJECTS[name]) == ["0001 DONE train/0001/model.pt"]
    assert printed(TRACKING, PROJECTS[name]) == ["0002 DONE train/0002/model.pt"]


SWEEPING = """
    from SWEEPS import DictSweep, StrategyName

    params = {
        'learning_rate': [0.01, 0.001],
        'batch_size': [16, 32, 64]
    }
    sweep = DictSweep(parameters=params, strategy=StrategyName.PRODUCT)
"""
SWEEPS = {"pycaddy.ledger": "pycaddy.sweeper", "tracker": "tracker"}


def test_readme_sweeping(name: str) -> None:
    """The values of the first parameter change last."""
    program = dedent(SWEEPING) + "for config in sweep.generate():\n    print(config)\n"
    rows = [(lr, size) for lr in (0.01, 0.001) for size in (16, 32, 64)]
    assert printed(program.replace("SWEEPS", SWEEPS[name]), name) == [
        str({"learning_rate": lr, "batch_size": size}) for lr, size in rows
    ]


GRID = """
    from NAME import Project, ExistingRun

    project = Project(root="experiments").ensure_folder()

    for config in sweep.generate():
        session = project.session(
            "train",
            params=config,
            existing_run_strategy=ExistingRun.RESUME
        )

        if session.is_done():
            print(f"Skipping completed run: {session.uid}")
            continue

        session.start()
        session.path("checkpoint.pt").write_text(str(config))
        session.done()
        print("trained", session.uid)
"""


def test_readme_grid_search(name: str) -> None:
    program = dedent(SWEEPING).replace("SWEEPS", SWEEPS[name]) + dedent(GRID)
    uids = [f"{n:04d}" for n in range(1, 7)]
    assert printed(program, PROJECTS[name]) == [f"trained {uid}" for uid in uids]
    again = printed(program, PROJECTS[name])
    assert again == [f"Skipping completed run: {uid}" for uid in uids]
    for uid in uids:
        assert Path(f"experiments/train/{uid}/checkpoint.pt").is_file()


def test_readme_requirements() -> None:
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (facts["name"], facts["requires-python"]) == ("pycaddy", ">=3.11")


# Older names


def test_the_older_names(ledger: Any, api: ModuleType) -> None:
    project = Project("results", "mnist")
    assert project.path == project.folder == Path("results/mnist").absolute()
    uid = ledger.allocate("train", param_hash=7)
    ledger.log("train", uid, status=api.Status.DONE)
    record = ledger.get_record("train", uid)
    times, statuses = zip(*record.timestamp_status_lst, strict=True)
    assert statuses == (api.Status.PENDING, api.Status.DONE)
    assert all(isinstance(at, datetime) for at in times)
    assert record.model_dump() == ledger.load()["train"][""][uid]
