"""A project: its root, its namespaces, where it is moved and copied to, who else opens it."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycaddy.project
from pycaddy.errors import (
    InvalidNameError,
    LedgerError,
    LedgerMissingError,
    NameClashError,
    PycaddyError,
)
from pycaddy.ledger import Ledger
from pycaddy.project import ExistingRun, Project, Status, StorageMode
from tests.scripts import answer, killed
from tests.threads import in_this_thread


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def test_the_rooms_names_are_the_documented_ones() -> None:
    assert set(pycaddy.project.__all__) >= {
        "ExistingRun", "Project", "Session", "Status", "StorageMode",
    }  # fmt: skip


def test_making_a_project_touches_nothing(tmp_path: Path) -> None:
    Project(tmp_path / "a" / "results").sub("imagenet").sub("randaug")
    assert os.listdir(tmp_path) == []


def test_arguments_by_position_and_by_name(tmp_path: Path) -> None:
    one = Project(str(tmp_path), "a/b", StorageMode.PREFIX)
    two = Project(root=tmp_path, relpath=Path("a/b"), storage_mode=StorageMode.PREFIX)
    for project in (one, two):
        assert project.root == tmp_path
        assert project.relpath == "a/b"
        assert project.storage_mode is StorageMode.PREFIX
        assert project.folder == tmp_path / "a" / "b"
        assert project.ignore == ()


def test_without_more_a_project_is_its_root_with_subfolders(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert project.relpath == ""
    assert project.folder == project.root
    assert project.storage_mode is StorageMode.SUBFOLDER
    assert Project(tmp_path, Path()).relpath == ""


def test_a_later_chdir_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project("results")
    early = project.session("train")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    late = project.session("train").start()
    assert project.root == tmp_path / "results"
    assert early.path("x").parent.parent == late.path("x").parent.parent
    assert (late.uid, os.listdir(tmp_path / "elsewhere")) == ("0002", [])


def test_dots_in_a_root_are_resolved(tmp_path: Path) -> None:
    assert Project(tmp_path / "a" / ".." / "b").root == tmp_path / "b"


def test_the_current_directory_may_be_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for root in (".", ""):
        assert Project(root).root == tmp_path


def test_ensure_folder_makes_the_namespaces_folder_and_returns_the_project(
    project: Project,
) -> None:
    inner = project.sub("imagenet/randaug")
    assert inner.ensure_folder() is inner
    assert inner.ensure_folder().folder.is_dir()
    assert os.listdir(project.root) == ["imagenet"]


@pytest.mark.parametrize("root", [None, 1, b"results", ["results"]])
def test_a_root_is_a_path(root: object) -> None:
    with pytest.raises(TypeError):
        Project(root)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"storage_mode": "prefix"}, r"not 'prefix'\. Use StorageMode\.SUBFOLDER or .*PREFIX"),
        ({"storage_mode": None}, r"not None\. Use StorageMode\.SUBFOLDER"),
        ({"ignore": "seed"}, r"list of names, such as \('seed',\), not one text"),
    ],
    ids=str,
)
def test_a_wrong_option_is_named(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Project(tmp_path, **options)  # type: ignore[arg-type]


def test_a_wrong_durability_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be 'power' or 'process', not 'fast'"):
        Project(tmp_path, durability="fast")


@pytest.mark.parametrize(("durability", "syncs"), [("power", 1), ("process", 0)])
def test_durability_is_whether_a_call_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: str, syncs: int
) -> None:
    project = Project(tmp_path, durability=durability).sub("a")
    project.session("train")
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", in_this_thread(synced.append, os.fdatasync))
    project.session("train")
    assert len(synced) == syncs


def test_projects_and_sessions_show_what_they_are(tmp_path: Path) -> None:
    project = Project(tmp_path / "r")
    assert repr(project) == f"Project({str(tmp_path / 'r')!r})"
    assert repr(project.sub("a")) == f"Project({str(tmp_path / 'r')!r}, 'a')"
    run = project.sub("a").session("train", {"lr": 0.1})
    assert repr(run) == "Session('a/train/0001', PENDING, params={'lr': 0.1})"
    assert repr(run.start()) == "Session('a/train/0001', RUNNING, params={'lr': 0.1})"
    assert repr(project.ledger) == f"Ledger({str(tmp_path / 'r/.pycaddy/ledger.db')!r})"


def test_namespaces_nest_and_share_the_ledger(project: Project) -> None:
    inner = project.sub("imagenet").sub("randaug")
    assert inner.relpath == project.sub("imagenet/randaug").relpath == "imagenet/randaug"
    assert inner.folder == project.root / "imagenet" / "randaug"
    assert inner.ledger is project.ledger
    run = inner.session("train")
    assert run.path("x") == project.root / "imagenet/randaug/train/0001/x"
    assert project.session_of("imagenet/randaug/train/0001").key == run.key


def test_a_namespace_keeps_its_projects_options(tmp_path: Path) -> None:
    project = Project(tmp_path, storage_mode=StorageMode.PREFIX, ignore=["seed"])
    inner = project.sub("a")
    assert inner.storage_mode is StorageMode.PREFIX
    assert inner.session("t", {"seed": 1}).param_hash == inner.session("t").param_hash


def test_uids_are_counted_in_each_namespace_and_identifier(project: Project) -> None:
    inner = project.sub("train")
    uids = [
        run.session(name).uid
        for run in (project, inner)
        for name in ("train", "train", "eval")
    ]  # fmt: skip
    assert uids == ["0001", "0002", "0001"] * 2


@pytest.mark.parametrize("name", ["2026", "0001", "实验", "🚀", "a b", "a/b/c"])
def test_names_that_a_namespace_may_have(project: Project, name: str) -> None:
    assert project.sub(name).session("train").folder == project.root / name / "train" / "0001"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", r"name of a sub-project '' is empty"),
        ("..", r"'\.\.' leads to another folder"),
        ("../other", r"'\.\.' leads to another folder"),
        ("/etc", r"'/etc' is an absolute path"),
        ("a/", r"'a/' has an empty part\. Use 'a'"),
        ("a//b", r"'a//b' has an empty part\. Use 'a/b'"),
        ("a/0001", r"'0001' below 'a' reads as a run's number"),
        (".pycaddy", r"'\.pycaddy' is the folder of a project's ledger"),
        ("a/.PyCaddy", r"'\.PyCaddy' is the folder of a project's ledger"),
        ("CON", r"'CON' is a device on Windows"),
    ],
)
def test_names_that_a_namespace_may_not_have(project: Project, name: str, message: str) -> None:
    with pytest.raises(InvalidNameError, match=message):
        project.sub(name)


@pytest.mark.parametrize("relpath", ["..", "/etc", "a//b", "a/0001", ".pycaddy"])
def test_the_same_holds_for_a_relpath(tmp_path: Path, relpath: str) -> None:
    with pytest.raises(InvalidNameError):
        Project(tmp_path, relpath)


@pytest.mark.parametrize("name", [None, 1, b"a", Path("a")])
def test_the_name_of_a_namespace_is_a_string(project: Project, name: object) -> None:
    with pytest.raises(TypeError, match="name of a sub-project must be a str, not "):
        project.sub(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["train", "2026", "0001", "обучение", "🚀", "a b", "x" * 120])
def test_identifiers_are_folders(project: Project, name: str) -> None:
    run = project.session(name).start().done()
    assert (project.root / name / "0001" / "run.json").exists()
    assert project.session_of(name, 1).key == run.key
    assert [each.identifier for each in project.sessions(name)] == [name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a/b", r"'a/b' contains the separator '/'.*sub\(\)"),
        ("..", r"'\.\.' leads to another folder"),
        ("a\0b", r"'a\\x00b' contains the control character U\+0000\. Leave it out"),
        ("x" * 500, r"takes 500 bytes in UTF-8, and 120 is the most.*shorter name"),
        ("", r"The identifier '' is empty"),
        (".pycaddy", r"'\.pycaddy' is the folder of a project's ledger"),
        ("\ud800", r"lone surrogate U\+D800"),
    ],
    ids=ascii,
)
def test_what_an_identifier_may_not_be(project: Project, name: str, message: str) -> None:
    for strategy in (None, *ExistingRun):
        with pytest.raises(InvalidNameError, match=message):
            project.session(name, existing_run_strategy=strategy)
    assert project.ledger.load() == {}


def test_below_the_first_level_an_identifier_is_no_number(project: Project) -> None:
    with pytest.raises(InvalidNameError, match=r"'0001' below 'a' reads as a run's number"):
        project.sub("a").session("0001")
    project.session("0001")


@pytest.mark.parametrize("name", [None, 1, b"train"])
def test_an_identifier_is_a_string(project: Project, name: object) -> None:
    with pytest.raises(TypeError, match="The identifier must be a str, not "):
        project.session(name)  # type: ignore[arg-type]


def test_names_that_differ_only_by_case_clash(project: Project) -> None:
    project.session("Train")
    project.sub("ImageNet").session("train")
    for clash in (
        lambda: project.session("train"),
        lambda: project.sub("imagenet").session("eval"),
        lambda: project.sub("train").session("eval"),
        lambda: project.sub("ImageNet").session("TRAIN"),
    ):
        with pytest.raises(NameClashError, match=r"differs only by case from '(\w+/)?\w+'.*Use"):
            clash()
    assert project.session("Train").uid == "0002"


PART = st.text(max_size=5) | st.sampled_from(
    ["train", "Train", "0001", "..", "con", "é", "É", "🚀"]
)
NAME = st.lists(PART, max_size=3).map("/".join) | st.text(min_size=100, max_size=260)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("results"), durability="process")


@given(NAME, PART)
@settings(max_examples=200)
def test_any_text_is_a_good_name_or_is_refused(
    crowded: Project, namespace: str, identifier: str
) -> None:
    try:
        home = crowded.sub(namespace)
        run = home.session(identifier)
        path = run.path("file.txt")
    except InvalidNameError as error:  # a NameClashError is one
        str(error).encode()
        return
    assert path == crowded.root / namespace / identifier / run.uid / "file.txt"
    assert path.resolve() == path
    assert not path.exists()  # no other run has this place
    path.write_text(str(run.key), encoding="utf-8")
    found = crowded.session_of(run.key)
    assert (
        found.path("file.txt").read_text(encoding="utf-8") == f"{namespace}/{identifier}/{run.uid}"
    )
    assert [each.uid for each in home.sessions(identifier)][-1] == run.uid


def test_uids_grow_past_9999_and_are_ordered_as_numbers(project: Project) -> None:
    project.ledger.store.load((), {("", "train"): 9_997})
    uids = [project.session("train").uid for _ in range(4)]
    assert uids == ["9998", "9999", "10000", "10001"]
    assert [run.uid for run in project.sessions("train")] == uids
    assert list(project.ledger.get_uid_record_dict("train")) == uids
    for uid in uids:
        project.session_of("train", uid).start().done()
    newest = project.session("train", existing_run_strategy=ExistingRun.RESUME)
    assert newest.uid == "10001"
    assert newest.path("x").parent.name == "10001"


def test_a_moved_project_keeps_its_runs(project: Project, tmp_path: Path) -> None:
    run = project.session("train", {"lr": 0.1}).start()
    run.path("model.txt").write_text("weights")
    run.done()
    project.ledger.store.close()
    os.rename(project.root, tmp_path / "moved")
    moved = Project(tmp_path / "moved")
    found = moved.session("train", {"lr": 0.1}, ExistingRun.RESUME)
    assert found.is_done()
    assert found.path("model.txt").read_text() == "weights"
    assert not [finding for finding in moved.doctor() if finding.severe]
    assert moved.session("train").uid == "0002"


def test_a_project_may_be_moved_while_it_is_used(project: Project, tmp_path: Path) -> None:
    run = project.session("train").start()
    run.path("model.txt").write_text("weights")
    run.attach_files({"model": run.path("model.txt")})
    os.rename(project.root, tmp_path / "moved")
    moved = Project(tmp_path / "moved").session_of("train/0001")
    assert moved.files == {"model": tmp_path / "moved/train/0001/model.txt"}
    moved.done()
    assert moved.is_done()


def test_a_process_whose_project_was_moved_away_does_not_begin_another(
    project: Project, tmp_path: Path
) -> None:
    run = project.session("train").start()
    os.rename(project.root, tmp_path / "moved")
    for use in (run.done, project.sessions, lambda: project.session("train")):
        with pytest.raises(
            LedgerMissingError, match=r"deleted or moved while it was in use\. Open"
        ):
            use()
    assert os.listdir(tmp_path) == ["moved"]
    os.rename(tmp_path / "moved", project.root)
    assert run.done().is_done()


def test_a_copied_project_goes_its_own_way(project: Project, tmp_path: Path) -> None:
    run = project.session("train").start()
    run.path("model.txt").write_text("weights")
    run.attach_files({"model": run.path("model.txt")}).done()
    project.ledger.store.close()
    shutil.copytree(project.root, tmp_path / "copy")
    other = Project(tmp_path / "copy")
    copied = other.session_of("train/0001")
    assert copied.files["model"] == tmp_path / "copy/train/0001/model.txt"
    copied.files["model"].write_text("other weights")
    assert project.verify() == []
    copied.remove()
    assert len(project.sessions()) == 1
    assert other.session("train").uid == project.session("train").uid == "0002"


def test_two_projects_on_one_root_in_one_process_agree(tmp_path: Path) -> None:
    one, two = Project(tmp_path), Project(tmp_path)
    assert [each.session("train").uid for each in (one, two, one)] == ["0001", "0002", "0003"]
    one.session_of("train/0002").start().done()
    assert two.session_of("train/0002").is_done()
    two.sub("a").session("train")
    assert len(one.sessions(recursive=True)) == 4


def test_a_project_within_a_project_is_left_to_itself(tmp_path: Path) -> None:
    inner = Project(tmp_path / "results" / "train")
    inner.session("inner").start().done()
    outer = Project(tmp_path / "results")
    for use in (lambda: outer.session("train"), lambda: outer.sub("train").session("x")):
        with pytest.raises(NameClashError, match=r"results/train is a project of its own.*Open"):
            use()
    outer.session("eval").start().done()
    assert [str(run.key) for run in outer.sessions(recursive=True)] == ["eval/0001"]
    assert not [finding for finding in outer.doctor() if finding.severe]
    assert outer.rebuild().found == 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_projects_sessions_and_ledgers_pickle_without_their_connections(
    tmp_path: Path, protocol: int
) -> None:
    project = Project(
        tmp_path, "a", StorageMode.PREFIX, durability="process", ignore=["seed"]
    )  # fmt: skip
    run = project.session("train", {"lr": 0.1, "seed": 1}).start()
    thing = pickle.loads(pickle.dumps((project, run, project.ledger), protocol))
    assert (thing[0].root, thing[0].relpath) == (project.root, "a")
    assert thing[0].storage_mode is StorageMode.PREFIX
    assert thing[0].session("train", {"lr": 0.1}).param_hash == run.param_hash
    assert thing[1].uid == "0001"
    assert thing[1].path("x") == run.path("x")
    assert thing[1].attempt == 1
    assert thing[1].done().is_done()
    assert run.is_done()
    assert thing[2].durability == "process"
    assert thing[2].get_record("train", 1, relpath="a").status is Status.DONE
    assert copy.deepcopy(run).status is Status.DONE


SPAWN = """
    import multiprocessing
    import os
    from pycaddy.project import Project

    def work(run):
        run.path("model.txt").write_text(run.params["text"])
        run.attach_files({"model": run.path("model.txt")})
        return os.getcwd(), run.done().status.name

    if __name__ == "__main__":
        run = Project("results").session("train", {"text": "weights"}).start()
        os.chdir("/")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(*pool.apply(work, (run,)), run.status.name, run.files["model"].read_text())
"""


def test_a_session_works_on_in_a_spawned_process(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(dedent(SPAWN))
    shown = answer("import runpy; runpy.run_path('program.py', run_name='__main__')", tmp_path)
    assert shown == "/ DONE DONE weights"


def test_a_run_of_a_killed_process_is_stale_and_can_be_ended(tmp_path: Path) -> None:
    killed(
        "from pycaddy.project import Project; run = Project('results').session('t').start()",
        tmp_path,
    )
    project = Project(tmp_path / "results")
    run = project.session_of("t/0001")
    assert run.status is Status.RUNNING
    assert run.is_stale
    assert [each.uid for each in project.reap()] == ["0001"]
    assert run.status is Status.ERROR
    assert "died" in (run.error_text or "")


def test_the_ledger_may_lie_elsewhere(tmp_path: Path) -> None:
    project = Project(tmp_path / "results", ledger=tmp_path / "lab" / "lab.db")
    run = project.session("train").start()
    run.path("model.txt").write_text("weights")
    run.done()
    assert (tmp_path / "lab" / "lab.db").exists()
    assert not (tmp_path / "results" / ".pycaddy" / "ledger.db").exists()
    assert sorted(os.listdir(tmp_path / "results" / "train" / "0001")) == ["model.txt", "run.json"]
    assert project.rebuild().added == 0


def test_a_project_remembers_its_ledger(tmp_path: Path) -> None:
    Project(tmp_path / "results", ledger=tmp_path / "lab.db").session("train").start().done()
    assert Project(tmp_path / "results").session_of("train/0001").is_done()


def test_projects_may_share_a_ledger_and_see_only_their_own(tmp_path: Path) -> None:
    one, two = (Project(tmp_path / name, ledger=tmp_path / "lab.db") for name in "ab")
    assert one.session("train").uid == two.session("train").uid == "0001"
    one.session("Eval")
    two.session("eval")
    assert [run.identifier for run in one.sessions()] == ["Eval", "train"]
    one.session_of("train/0001").remove()
    assert len(two.sessions()) == 2
    assert two.trash() == []


def test_a_ledger_that_is_given_serves_the_projects_root(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "lab.db", durability="process")
    project = Project(tmp_path / "results", ledger=ledger)
    path = project.session("train").path("a/model.txt")
    assert path == tmp_path / "results/train/0001/a/model.txt"
    assert path.parent.is_dir()
    assert project.ledger.address == ledger.address
    assert project.ledger.durability == "process"
    assert sorted(os.listdir(tmp_path)) == ["lab.db", "lab.db-shm", "lab.db-wal", "lab.db.lock",
                                            "results"]  # fmt: skip
    assert Project(tmp_path / "results", ledger=project.ledger).ledger is project.ledger


@pytest.mark.parametrize("url", ["mysql://u:secret@host/db", "http://host/x"])
def test_a_ledger_of_unknown_kind_is_refused_without_its_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(LedgerError, match=r"is of no known kind\. Use the path") as refused:
        Project(tmp_path, ledger=url)
    assert "secret" not in str(refused.value)
    assert isinstance(refused.value, PycaddyError)
