"""Every statement and every snippet of the two documents that users have, as a test.

000 is "Project & Session - High-Level Experiment Management", of `pycaddy.project`; 001 is
"Project & Session - Friendly Facade", of `tracker`. What they leave open is read as the comments
say. Each test runs under both import names, unless a snippet writes its import itself.

    document, part             statement                                  test (test_...)
    000, 001 Quick Start       the whole program                          the_quick_start
    000, 001 Key Concepts      Project: root + relpath + shared Ledger    a_project_is_a_namespace
                               Session: (identifier, uid)                 a_session_is_identified_by
                               SUBFOLDER is the default                   subfolder_is_the_default
                               StorageMode, ExistingRun: their members    the_enums
    000 Storage Modes          results/train/0001/model.pt, log.txt       the_tree_of_subfolder
                               results/train/0001_model.pt, _log.txt      the_tree_of_prefix
    000 Existing Run           RESUME: same parameters and completed      resume
                               NEW: always a new run                      new_always_creates
                               None: default, a new run                   none_is_the_default
    000 API Project            signature                                  the_signature_of_project
                               ensure_folder() -> self, mkdir -p          ensure_folder
                               sub(name): deeper relpath                  sub
                               session(...): signature, a Session         the_signature_of_session
    000 API Session            uid zero-padded                            uid
                               status, and is_done()                      the_statuses
                               folder auto-created                        folder
                               files: dict[str, Path]                     files
                               start/done/error mark, return self         start_done_and_error_chain
                               path(): both modes literally               path
                               attach_files(file_dict)                    attach_files
    000 Grid Search            skips what is completed                    the_grid_of_000
                               killed and started again                   a_killed_grid_goes_on
    001 Grid Search            done() without start()                     the_grid_of_001
    000, 001 Nested            results/imagenet/randaug/                  nested_namespaces
    000, 001 Logging Files     include_identifier=False, later files      logging_extra_files
    000 Cheat Sheet            the whole program                          the_cheat_sheet_of_000
    001 Cheat-Sheet            the calls, one by one                      the_cheat_sheet_of_001
    000 See Also, our reading  Ledger, Parameter Sweeping                 the_linked_documents
    our reading                str or Path, positional or by name         str_or_path
                               files right after a move                   files_after_a_move
                               both import names, the same classes        both_import_names
"""

from __future__ import annotations

import inspect
import os
import re
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pycaddy
import pycaddy.ledger
import pycaddy.project
import pycaddy.sweeper
import tracker
from tests.processes import finished
from tests.scripts import Talk, answer

IMPORTS = {
    "pycaddy.project": pycaddy.project,
    "tracker": tracker,
    "pycaddy": pycaddy,
}


@pytest.fixture(params=IMPORTS.values(), ids=IMPORTS)
def api(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The module that the reader imports from, in an empty current directory."""
    monkeypatch.chdir(tmp_path)
    return request.param


def tree(root: str) -> list[str]:
    """The files that the reader's own program made below *root*."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in Path(root).rglob("*")
        if path.is_file() and ".pycaddy" not in path.parts and not path.name.endswith("run.json")
    )


def save_model(path: Path) -> None:
    Path(path).write_text("weights")


# Quick Start


QUICK_START = """
    from pathlib import Path
    {import_}

    def save_model(path):
        Path(path).write_text("weights")

    proj = Project(root="results").ensure_folder()

    run = proj.session("train", params={{"lr": 1e-3}})
    run.start()

    save_model(run.path("model.pt"))

    run.done()
    print(run.uid, run.status.name, run.params)
"""


@pytest.mark.parametrize("name", IMPORTS)
def test_the_quick_start(tmp_path: Path, name: str) -> None:
    program = QUICK_START.format(import_=f"from {name} import Project")
    assert answer(program, tmp_path) == "0001 DONE {'lr': 0.001}"
    assert tree(str(tmp_path / "results")) == ["train/0001/model.pt"]
    assert answer(program, tmp_path) == "0002 DONE {'lr': 0.001}"


# Key Concepts


def test_a_project_is_a_namespace(api: ModuleType) -> None:
    proj = api.Project("results")
    sub = proj.sub("imagenet")
    assert proj.root == sub.root == Path("results").absolute()
    assert (proj.relpath, sub.relpath) == ("", "imagenet")
    sub.session("train", params={})
    assert proj.ledger.load() == sub.ledger.load()
    assert list(proj.ledger.load()["train"]) == ["imagenet"]


def test_a_session_is_identified_by_identifier_and_uid(api: ModuleType) -> None:
    proj = api.Project("results")
    runs = [proj.session(name, params={}) for name in ("train", "eval", "train")]
    assert [(run.identifier, run.uid) for run in runs] == [
        ("train", "0001"),
        ("eval", "0001"),
        ("train", "0002"),
    ]
    paths = {run.path("out.txt") for run in runs}
    assert len(paths) == 3  # "train" and "eval" never overwrite each other


def test_subfolder_is_the_default(api: ModuleType) -> None:
    assert api.Project("results").storage_mode is api.StorageMode.SUBFOLDER
    run = api.Project("results").session("train", params={})
    assert run.path("x").parent.name == "0001"


def test_the_enums(api: ModuleType) -> None:
    assert {"SUBFOLDER", "PREFIX"} == set(api.StorageMode.__members__)
    assert {"RESUME", "NEW"} <= set(api.ExistingRun.__members__)


# Storage Modes


def write_both(run: Any, *names: str) -> None:
    for name in names:
        run.path(name).write_text(name)


def test_the_tree_of_subfolder(api: ModuleType) -> None:
    proj = api.Project("results", storage_mode=api.StorageMode.SUBFOLDER)
    write_both(proj.session("train", params={"n": 1}), "model.pt", "log.txt")
    write_both(proj.session("train", params={"n": 2}), "model.pt")
    assert tree("results") == ["train/0001/log.txt", "train/0001/model.pt", "train/0002/model.pt"]


def test_the_tree_of_prefix(api: ModuleType) -> None:
    proj = api.Project("results", storage_mode=api.StorageMode.PREFIX)
    write_both(proj.session("train", params={"n": 1}), "model.pt", "log.txt")
    write_both(proj.session("train", params={"n": 2}), "model.pt")
    assert tree("results") == ["train/0001_log.txt", "train/0001_model.pt", "train/0002_model.pt"]


# Existing Run Strategies


def test_resume_reuses_a_completed_run_with_the_same_parameters(api: ModuleType) -> None:
    proj, resume = api.Project("results"), api.ExistingRun.RESUME
    first = proj.session("train", params={"lr": 0.1}).start().done()
    assert proj.session("train", {"lr": 0.1}, resume).uid == first.uid
    assert proj.session("train", {"lr": 0.2}, resume).uid == "0002"  # other parameters
    unfinished = [
        proj.session("train", {"lr": 0.3}),
        proj.session("train", {"lr": 0.3}).start(),
        proj.session("train", {"lr": 0.3}).start().error(),
    ]
    fresh = proj.session("train", {"lr": 0.3}, resume)  # not completed: a fresh one
    assert fresh.uid not in [run.uid for run in unfinished]
    assert not fresh.is_done()


def test_new_always_creates(api: ModuleType) -> None:
    proj = api.Project("results")
    for uid in ("0001", "0002", "0003"):
        run = proj.session("train", {"lr": 0.1}, existing_run_strategy=api.ExistingRun.NEW)
        assert run.start().done().uid == uid


def test_none_is_the_default_and_creates(api: ModuleType) -> None:
    proj = api.Project("results")
    for n, strategy in enumerate([{}, {"existing_run_strategy": None}] * 2, start=1):
        run = proj.session("train", params={"lr": 0.1}, **strategy).start().done()
        assert run.uid == f"{n:04d}"


# API Reference, Project


def parameters(function: object) -> list[tuple[str, object]]:
    return [
        (name, parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()  # type: ignore[arg-type]
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name != "self"
    ]


def test_the_signature_of_project(api: ModuleType) -> None:
    assert parameters(api.Project) == [
        ("root", inspect.Parameter.empty),
        ("relpath", ""),
        ("storage_mode", api.StorageMode.SUBFOLDER),
    ]
    by_position = api.Project("results", "imagenet", api.StorageMode.PREFIX)
    by_name = api.Project(
        root=Path("results"), relpath=Path("imagenet"), storage_mode=api.StorageMode.PREFIX
    )
    for proj in (by_position, by_name):
        assert proj.session("train", params={}).path("x").parent == proj.root / "imagenet/train"


def test_ensure_folder_creates_the_directory_and_returns_self(api: ModuleType) -> None:
    proj = api.Project("a/b/results")
    assert proj.ensure_folder() is proj
    assert Path("a/b/results").is_dir()
    assert proj.ensure_folder() is proj  # if it doesn't exist


def test_sub_creates_a_sub_project_with_a_deeper_relpath(api: ModuleType) -> None:
    root = api.Project("results")
    imagenet = root.sub("imagenet")
    assert isinstance(imagenet, api.Project)
    assert imagenet.ensure_folder() is imagenet
    assert Path("results/imagenet").is_dir()
    assert imagenet.relpath == "imagenet"


def test_the_signature_of_session(api: ModuleType) -> None:
    names = [name for name, _ in parameters(api.Project.session)]
    assert names == ["identifier", "params", "existing_run_strategy", "storage_mode"]
    defaults = dict(parameters(api.Project.session))
    assert defaults["existing_run_strategy"] is defaults["storage_mode"] is None
    proj = api.Project("results")
    new, prefix = api.ExistingRun.NEW, api.StorageMode.PREFIX
    by_position = proj.session("train", {"lr": 0.1}, new, prefix)
    by_name = proj.session(
        identifier="train", params={"lr": 0.1}, existing_run_strategy=new, storage_mode=prefix
    )
    bare = proj.session("train")  # params may be left out
    assert [run.uid for run in (by_position, by_name, bare)] == ["0001", "0002", "0003"]
    assert isinstance(bare, pycaddy.project.Session)
    assert by_name.path("x") == Path("results/train/0002_x").absolute()


# API Reference, Session


def test_uid_is_zero_padded_and_counts_from_0001(api: ModuleType) -> None:
    proj = api.Project("results")
    uids = [proj.session("train", params={}).uid for _ in range(12)]
    assert uids == [f"{n:04d}" for n in range(1, 13)]
    assert proj.sub("a").session("train").uid == "0001"


def test_the_statuses_and_is_done(api: ModuleType) -> None:
    run = api.Project("results").session("train", params={})
    seen = [(run.status.name, run.is_done())]
    for move in (run.start, run.error, run.start, run.done):
        move()
        seen.append((run.status.name, run.is_done()))
    assert seen == [
        ("PENDING", False), ("RUNNING", False), ("ERROR", False), ("RUNNING", False),
        ("DONE", True),
    ]  # fmt: skip
    assert isinstance(run.status, pycaddy.ledger.Status)


def test_folder_is_created_for_the_run(api: ModuleType) -> None:
    run = api.Project("results").session("train", params={})
    assert run.folder == Path("results/train/0001").absolute()
    assert run.folder.is_dir()
    (run.folder / "mine.txt").write_text("x")
    assert run.path("mine.txt").read_text() == "x"


def test_files_is_a_dictionary_of_absolute_paths(api: ModuleType) -> None:
    run = api.Project("results").session("train", params={})
    assert run.files == {}
    run.attach_files({"a": run.path("a.txt"), "b": "b.txt"})
    assert run.files == {"a": run.path("a.txt"), "b": Path("b.txt").absolute()}
    assert all(isinstance(path, Path) and path.is_absolute() for path in run.files.values())


def test_start_done_and_error_chain(api: ModuleType) -> None:
    proj = api.Project("results")
    for move, status in (("start", "RUNNING"), ("done", "DONE"), ("error", "ERROR")):
        run = proj.session("train", params={})
        assert getattr(run, move)() is run
        assert run.status.name == status
    assert proj.session("train").start().attach_files({}).done().is_done()
    run = proj.session("train")
    assert run.start().error("no data").error_text == "no data"
    assert "KeyError" in proj.session("train").error(KeyError("lr")).error_text


def test_path_builds_the_documented_paths(api: ModuleType) -> None:
    session = api.Project("results").session("train", params={})
    model_path = session.path("model.pt")
    assert model_path == Path("results/train/0001/model.pt").absolute()
    prefix = api.Project("prefixed", storage_mode=api.StorageMode.PREFIX)
    session = prefix.session("train", params={})
    assert session.path("model.pt") == Path("prefixed/train/0001_model.pt").absolute()
    assert session.path("model.pt", include_identifier=True) == session.path("model.pt")
    assert session.path("log.txt", False) == Path("prefixed/train/log.txt").absolute()
    assert parameters(pycaddy.project.Session.path) == [
        ("filename", inspect.Parameter.empty),
        ("include_identifier", True),
    ]


def test_attach_files_adds_up(api: ModuleType) -> None:
    session = api.Project("results").session("train", params={})
    session.attach_files({
        "checkpoint": session.path("ckpt.pt"),
        "logs": session.path("train.log"),
    })  # fmt: skip
    assert session.attach_files(file_dict={"more": "more.txt"}) is session
    assert list(session.files) == ["checkpoint", "logs", "more"]
    assert not session.files["logs"].exists()  # a file may not exist yet


# Grid Search with Auto-Resume


GRID_OF_000 = """
    import sys
    from pathlib import Path
    from pycaddy.sweeper import DictSweep

    sweep = DictSweep({"lr": [0.1, 0.01, 0.001, 0.0001], "seed": [0, 1]})
    trained = 0

    def train_model(config, checkpoint):
        global trained
        checkpoint.write_text("half")
        if trained == int(sys.argv[1]):
            print("there", flush=True)
            sys.stdin.read()
        checkpoint.write_text(str(config))
        trained += 1

    from pycaddy.project import Project, ExistingRun, StorageMode

    project = Project("results/grid", storage_mode=StorageMode.PREFIX)

    for config in sweep.generate():
        session = project.session(
            "train",
            params=config,
            existing_run_strategy=ExistingRun.RESUME
        )

        if session.is_done():
            print(f"Skipping completed: {config}")
            continue

        session.start()
        train_model(config, checkpoint=session.path("ckpt.pt"))
        session.done()

    print("trained", trained)
"""
NEVER = "-1"


def test_the_grid_of_000_trains_each_configuration_once(tmp_path: Path) -> None:
    assert answer(GRID_OF_000, tmp_path, NEVER) == "trained 8"
    assert tree(str(tmp_path / "results/grid")) == [f"train/000{n}_ckpt.pt" for n in range(1, 9)]
    again = answer(GRID_OF_000, tmp_path, NEVER).splitlines()
    assert again[-1] == "trained 0"
    assert again[0] == "Skipping completed: {'lr': 0.1, 'seed': 0}"
    assert len(again) == 9


def test_a_killed_grid_goes_on_where_it_was(tmp_path: Path) -> None:
    """SIGKILL in the fourth training; the second start trains it again and the rest."""
    with Talk(GRID_OF_000, tmp_path, "3") as talk:
        assert talk.line() == "there"
        talk.signal(signal.SIGKILL)
        assert talk.end()[0] == -signal.SIGKILL
    shown = answer(GRID_OF_000, tmp_path, NEVER).splitlines()
    assert [line.startswith("Skipping") for line in shown] == [True] * 3 + [False]
    assert shown[-1] == "trained 5"
    project = pycaddy.Project(tmp_path / "results" / "grid")
    done = project.sessions("train", status=pycaddy.Status.DONE)
    assert len(done) == 8
    assert len({run.param_hash for run in done}) == 8
    assert [run.uid for run in done] == ["0001", "0002", "0003", *(f"000{n}" for n in range(5, 10))]
    left = project.session_of("train/0004")  # an unfinished one is left alone
    assert left.is_stale
    assert left.path("ckpt.pt").read_text() == "half"
    for run in done:
        assert run.path("ckpt.pt").read_text() == str(run.params)
    assert answer(GRID_OF_000, tmp_path, NEVER).splitlines()[-1] == "trained 0"


GRID_OF_001 = """
    from tracker import Project, DictSweep
    cfgs = []

    sweep = DictSweep(parameters={"lr": [0.1, 0.01]}, constants={"epochs": 3})
    assert len(sweep) == 2

    def train(cfg, checkpoint):
        cfgs.append(cfg)
        checkpoint.write_text("weights")

    from tracker import StorageMode, ExistingRun

    grid = Project("results/grid", storage_mode=StorageMode.PREFIX)

    for cfg in sweep:
        s = grid.session("train", params=cfg,
                         existing_run_strategy=ExistingRun.RESUME)
        if s.is_done():
            continue                 # already finished
        train(cfg, checkpoint=s.path("ckpt.pt"))
        s.done()

    print(cfgs, *[s.uid for s in grid.sessions() if s.is_done()])
"""


def test_the_grid_of_001_is_done_without_start(tmp_path: Path) -> None:
    first = answer(GRID_OF_001, tmp_path)
    assert first == "[{'lr': 0.1, 'epochs': 3}, {'lr': 0.01, 'epochs': 3}] 0001 0002"
    assert answer(GRID_OF_001, tmp_path) == "[] 0001 0002"
    assert tree(str(tmp_path / "results/grid")) == ["train/0001_ckpt.pt", "train/0002_ckpt.pt"]


# Nested Namespaces


def test_nested_namespaces(api: ModuleType) -> None:
    root = api.Project("results")
    imagenet = root.sub("imagenet")
    randaug = imagenet.sub("randaug")
    session = randaug.session("train", params={"aug_level": 5})
    session.start()
    session.path("model.pt").write_text("weights")
    session.done()
    assert imagenet.folder == Path("results/imagenet").absolute()
    assert randaug.folder == Path("results/imagenet/randaug").absolute()
    assert tree("results") == ["imagenet/randaug/train/0001/model.pt"]
    assert randaug.session("train", {"aug_level": 5}, api.ExistingRun.RESUME).is_done()
    assert not imagenet.session("train", {"aug_level": 5}, api.ExistingRun.RESUME).is_done()


# Logging Extra Files


def test_logging_extra_files(api: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    project = api.Project("experiments").ensure_folder()
    session = project.session("train", params={"lr": 0.001})
    session.start()
    session.attach_files({
        "log": session.path("train.log", include_identifier=False),
        "config": session.path("config.yaml"),
        "tensorboard": session.path("events.out"),
    })  # fmt: skip
    session.done()
    print(session.files["log"])
    assert capsys.readouterr().out == f"{Path('experiments/train/0001/train.log').absolute()}\n"
    later = api.Project("experiments").session("train", {"lr": 0.001}, api.ExistingRun.RESUME)
    assert later.files == session.files
    assert sorted(later.files) == ["config", "log", "tensorboard"]


def test_logging_extra_files_of_001(api: ModuleType) -> None:
    grid = api.Project("results/grid", storage_mode=api.StorageMode.PREFIX)
    s = grid.session("train", params={})
    s.attach_files({"log": s.path("train.log", include_identifier=False)})
    assert s.files == {"log": Path("results/grid/train/train.log").absolute()}


# Cheat Sheets


CHEAT_SHEET_OF_000 = """
    from pycaddy.project import Project, ExistingRun, StorageMode

    p = Project("results")
    p.ensure_folder()

    sub = p.sub("experiment_name")

    s = p.session(
        "train",
        params={"lr": 0.001},
        existing_run_strategy=ExistingRun.RESUME,  # optional
        storage_mode=StorageMode.SUBFOLDER          # optional
    )

    s.start()
    s.done()
    s.error()

    if s.is_done():
        print("Already completed!")

    model_path = s.path("model.pt")
    log_path = s.path("log.txt", include_identifier=False)

    s.attach_files({
        "checkpoint": s.path("ckpt.pt"),
        "metrics": s.path("metrics.json")
    })

    print(s.files)  # dict[str, Path]

    print(s.folder)  # Path to run directory
"""


def test_the_cheat_sheet_of_000(tmp_path: Path) -> None:
    """done(), then error(): a result found bad. So it is not "Already completed!"."""
    files, folder = answer(CHEAT_SHEET_OF_000, tmp_path).splitlines()
    assert re.fullmatch(r"\{'checkpoint': \w+Path\('.*ckpt.pt'\), 'metrics': .*\}", files)
    assert folder == str(tmp_path / "results" / "train" / "0001")
    assert "Already completed!" not in files
    done = CHEAT_SHEET_OF_000.replace("    s.error()\n", "")
    assert "Already completed!" in answer(done, tmp_path)


def test_the_cheat_sheet_of_001(api: ModuleType) -> None:
    p, cfg = api.Project("results"), {"lr": 0.1}
    p.ensure_folder()
    p.sub("name")
    s = p.session("train", params=cfg,
                  existing_run_strategy=None,
                  storage_mode=None)  # fmt: skip
    s.start()
    s.done()
    s.error()
    assert (s.status.name, s.is_done()) == ("ERROR", False)
    assert s.folder.is_dir()
    assert s.path("file.ext").name == "file.ext"
    s.attach_files({"ckpt": Path("ckpt.pt")})
    assert s.files == {"ckpt": Path("ckpt.pt").absolute()}


# What the documents link to, and what we read into them


def test_the_linked_documents_hold(api: ModuleType) -> None:
    """See Also: the Ledger, and parameter sweeping."""
    names = ("DictSweep", "ChainSweep", "EmptySweep", "StrategyName")
    assert all(hasattr(pycaddy.sweeper, name) for name in names)
    sweep = pycaddy.sweeper.DictSweep(
        parameters={"lr": [0.1, 0.01], "n": [1, 2]}, strategy=pycaddy.sweeper.StrategyName.ZIP
    )
    assert list(sweep) == list(sweep.generate()) == [{"lr": 0.1, "n": 1}, {"lr": 0.01, "n": 2}]
    ledger = pycaddy.ledger.Ledger("results")
    uid = ledger.allocate("train", relpath="a", params={"lr": 0.1})
    ledger.log("train", uid, relpath="a", status=pycaddy.ledger.Status.DONE, path_dict={"m": "m"})
    run = api.Project("results", "a").session("train", {"lr": 0.1}, api.ExistingRun.RESUME)
    assert (run.uid, run.files) == (uid, {"m": Path("m").absolute()})


@pytest.mark.parametrize("kind", [str, Path])
def test_str_or_path(api: ModuleType, tmp_path: Path, kind: type) -> None:
    proj = api.Project(kind("results"), kind("a"))
    run = proj.session("train", params={"data": kind("data.csv")})
    run.attach_files({"out": kind(run.path("out.txt"))})
    assert run.files == {"out": tmp_path / "results/a/train/0001/out.txt"}
    assert run.params == {"data": "data.csv"}


def test_files_after_a_move(api: ModuleType) -> None:
    run = api.Project("old").session("train", params={}).start()
    save_model(run.path("model.pt"))
    run.attach_files({"model": run.path("model.pt")}).done()
    os.rename("old", "new")
    moved = api.Project("new").session("train", {}, api.ExistingRun.RESUME)
    assert moved.files == {"model": Path("new/train/0001/model.pt").absolute()}
    assert moved.files["model"].read_text() == "weights"


def test_both_import_names_give_the_same_classes() -> None:
    for name in tracker.__all__:
        assert getattr(tracker, name) is getattr(pycaddy, name)
    assert set(tracker.__all__) <= set(pycaddy.__all__)
    for home in (pycaddy.project, pycaddy.ledger, pycaddy.sweeper):
        for name in home.__all__:
            if name in tracker.__all__:
                assert getattr(tracker, name) is getattr(home, name)


@pytest.mark.parametrize("name", ["pycaddy.project", "tracker"])
def test_the_documented_imports_work_in_a_fresh_process(tmp_path: Path, name: str) -> None:
    program = f"from {name} import Project, ExistingRun, StorageMode; print(Project.__name__)"
    done = finished(sys.executable, "-W", "error", "-c", program, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Project\n")
    assert os.listdir(tmp_path) == []


def test_the_table_above_names_the_tests_below() -> None:
    """Its last column, from the line of its header on."""
    lines = (__doc__ or "").splitlines()
    header = next(number for number, line in enumerate(lines) if "test (test_...)" in line)
    column = lines[header].index("test (test_...)")
    named = {line[column:].strip() for line in lines[header + 1 :]} - {""}
    tests = [name.removeprefix("test_") for name in globals() if name.startswith("test_")]
    for name in named:
        assert any(test.startswith(name) for test in tests), name
    for test in tests:
        assert any(test.startswith(name) for name in named) or test.startswith("the_"), test
    assert len(named) > 30
