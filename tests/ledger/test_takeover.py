"""A project that the real pycaddy 0.2.0 wrote, opened with this pycaddy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy import DictSweep, ExistingRun, Project, Session, Status
from pycaddy.errors import LedgerDamagedError, LedgerMissingError, RunNotFoundError
from pycaddy.ledger import Ledger
from pycaddy.params import VERSION
from pycaddy.stores import Selection
from pycaddy.testing._at_once import MANY, in_processes
from tests.ledger.earlier.contents import configs, status_of
from tests.ledger.earlier.environment import talking_to, write_project

MODES = ("SUBFOLDER", "PREFIX")
NUMBER = 200
DRIVER = Path(__file__).with_name("killed_takeover.py")
BECOMES = {"running": "error"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Projects of pycaddy 0.2 in both modes. Tests take copies of them."""
    folder = tmp_path_factory.mktemp("earlier")
    for mode in MODES:
        write_project(folder / mode, mode, NUMBER)
    write_project(folder / "small", number=6)
    return folder


@pytest.fixture
def root(written: Path, tmp_path: Path) -> Path:
    """A small project of pycaddy 0.2."""
    return shutil.copytree(written / "small", tmp_path / "results")


@pytest.fixture
def made(tmp_path: Path) -> Callable[[object], Path]:
    """Write a `metadata.json` by hand."""

    def write(document: object) -> Path:
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "metadata.json").write_text(text)
        return tmp_path

    return write


def entry(status: str = "done", **facts: object) -> dict[str, object]:
    times = [["2025-05-01T12:00:00", "pending"], ["2025-05-01T12:00:01.5", status]]
    return {
        "status": status, "param_hash": None, "files": {}, "timestamp_status_lst": times
    } | facts  # fmt: skip


def count(root: str) -> int:
    project = Project(root)
    found = len(project.sessions(recursive=True))
    project.ledger.store.close()
    return found


def started(project: Project) -> dict[str, tuple[object, ...]]:
    """What is told of each run that a folder describes."""
    return {
        str(run.key): (run.status, run.params, run.files, run.record.history, run.record.created_us)
        for run in project.sessions(recursive=True)
        if run.status is not Status.PENDING
    }


def refuse(session: Session) -> None:
    raise AssertionError(f"{session} was run again")


@pytest.mark.parametrize("mode", MODES)
def test_a_grid_with_the_same_params_runs_nothing(written: Path, tmp_path: Path, mode: str) -> None:
    root = shutil.copytree(written / mode, tmp_path / "results")
    old = root / "metadata.json"
    before = old.read_bytes(), old.stat().st_mtime_ns
    project = Project(root)
    assert len(project.sessions(recursive=True)) == 2 * NUMBER + 1
    for place in (project, project.sub("imagenet").sub("randaug")):
        for position, config in enumerate(configs(NUMBER)):
            wanted = BECOMES.get(status_of(position), status_of(position))
            assert place.session_of("train", position).status is Status(wanted)
            if wanted == "done":
                run = place.session("train", config, ExistingRun.RESUME)
                assert (run.uid, run.status) == (f"{position:04d}", Status.DONE)
                assert run.params == project.session("other", config).params
                assert run.files["model"].read_text() == f"{position}"
                assert run.files["model"].is_relative_to(root)
        assert len(place.sessions("train")) == NUMBER
    assert (old.read_bytes(), old.stat().st_mtime_ns) == before
    assert [str(found) for found in project.doctor() if found.severe] == []
    assert project.verify() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_claim_takes_what_was_not_done_and_nothing_else(
    written: Path, tmp_path: Path, mode: str
) -> None:
    project = Project(shutil.copytree(written / mode, tmp_path / "results"))
    taken = []
    for run in project.claim("train", configs(NUMBER)):
        with run:
            taken.append(int(run.uid))
    assert taken == [n for n in range(NUMBER) if status_of(n) != "done"]
    assert len(project.sessions("train")) == NUMBER
    assert project.ledger.hash_only.keys() == {("imagenet/randaug", "train")}
    report = project.run(refuse, configs(NUMBER), identifier="train", executor="serial")
    assert report.skipped == NUMBER


def test_a_sweep_that_runs_skips_what_was_done(root: Path) -> None:
    project = Project(root)
    report = project.run(
        lambda run: {"position": run.uid}, configs(6), identifier="train", executor="serial"
    )
    assert (report.skipped, report.done) == (5, 1)


def test_new_runs_count_on_and_our_own_still_begin_at_1(root: Path) -> None:
    project = Project(root)
    assert project.session("train").uid == "0006"
    assert project.session("eval").uid == "0001"
    assert project.session("another").uid == "0001"


def test_a_run_is_found_by_its_old_uid(root: Path) -> None:
    project = Project(root)
    assert project.session_of("train/000").uid == "0000"
    assert project.session_of("train", 0).key == project.session_of("train/0000").key
    assert project.ledger.get_record("train", "000").uid == "0000"
    assert project.session_of("imagenet/randaug/train/005").uid == "0005"
    assert [run.uid for run in project.runs("train", where="uid < 2")] == ["0000", "0001"]
    assert (root / "train/0000/run.json").exists()
    shown = subprocess.run(
        [sys.executable, "-m", "pycaddy", "show", "train/000"],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert shown.stdout.startswith("train/0000")
    assert "unknown" in shown.stdout


def test_runs_without_params_are_found_by_that(root: Path) -> None:
    run = Project(root).session("eval", {}, ExistingRun.RESUME)
    assert (run.uid, run.params, run.record.param_version) == ("0000", {}, VERSION)


def test_a_run_that_was_running_is_an_error_that_says_so(root: Path) -> None:
    old = root / "metadata.json"
    old.write_text(old.read_text().replace('"error"', '"running"'))
    run = Project(root).session_of("train/3")
    assert (run.status, run.error_text) == (
        Status.ERROR, "It was running when it was taken over from pycaddy 0.2."
    )  # fmt: skip
    again = Project(root).session("train", configs(6)[3], ExistingRun.CONTINUE)
    assert again.key == run.key


def test_dotted_keys_of_a_sweep_are_found_by_nested_params(
    made: Callable[[object], Path],
) -> None:
    from pycaddy.params._earlier import earlier_hashes

    [hashed] = earlier_hashes({"model.layers": 3, "lr": 0.1})
    project = Project(made({"train": {"": {"000": entry(param_hash=hashed)}}}))
    [config] = DictSweep(parameters={"model": {"layers": [3]}}, constants={"lr": 0.1})
    assert project.session("train", config, ExistingRun.RESUME).is_done()


def test_the_params_of_a_run_are_unknown_until_they_are_asked_for(root: Path) -> None:
    project = Project(root)
    run = project.session_of("train/000")
    assert (run.params, run.record.param_version) == ({}, 0)
    assert run.record.capture["origin"]["run"] == "train/000"
    assert run.record.capture["origin"]["param_hash"] == run.record.param_hash
    found = project.session("train", configs(1)[0], ExistingRun.RESUME)
    assert (found.key, found.record.param_version) == (run.key, VERSION)
    described = json.loads((root / "train/0000/run.json").read_text())
    assert described["params"] == found.params


def test_other_params_are_a_fresh_run(root: Path) -> None:
    project = Project(root)
    assert project.session("train", {"lr": 1}, ExistingRun.RESUME).uid == "0006"
    assert project.session("train", configs(1)[0]).uid == "0007"
    assert project.session_of("train/000").record.param_version == 0


@pytest.mark.parametrize("known", [False, True])
def test_a_rebuild_gives_the_same_runs(root: Path, known: bool) -> None:
    project = Project(root)
    if known:
        for config in configs(6):
            project.session("train", config, ExistingRun.RESUME)
    before = started(project)
    project.ledger.store.close()
    shutil.rmtree(root / ".pycaddy")
    rebuilt = Project(root)
    assert rebuilt.rebuild().problems == ()
    assert started(rebuilt) == before
    assert rebuilt.session("train", configs(1)[0], ExistingRun.RESUME).uid == "0000"


def test_files_are_found_after_moves_before_and_after_the_first_opening(
    written: Path, tmp_path: Path
) -> None:
    place = tmp_path / "first"
    write_project(place, number=2)
    for name in ("second", "third"):
        place = place.rename(tmp_path / name)
        project = Project(place)
        files = [run.files["model"] for run in project.sessions("train")]
        assert [file.read_text() for file in files] == ["0", "1"]
        assert all(file.is_relative_to(place) for file in files)
        project.ledger.store.close()


def test_a_relative_path_counts_from_where_the_script_was_started(
    made: Callable[[object], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("above.txt", "results/below.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(name)
    paths = {"a": "above.txt", "b": "results/below.txt", "c": "below.txt", "gone": "gone.txt"}
    root = tmp_path / "results"
    shutil.move(made({"train": {"": {"000": entry(files=paths)}}}) / "metadata.json", root)
    monkeypatch.chdir(root)
    files = Project(".").session_of("train/0").files
    assert files == {
        "a": tmp_path / "above.txt",
        "b": root / "below.txt",
        "c": root / "below.txt",
        "gone": root / "gone.txt",
    }


def test_of_many_that_open_it_at_once_one_takes_it_over(root: Path) -> None:
    assert in_processes(MANY, count, str(root)) == [13] * MANY
    assert "to_import" not in json.loads((root / ".pycaddy/project.json").read_text())
    assert [str(found) for found in Project(root).doctor() if found.severe] == []


def test_a_killed_opening_leaves_nothing_half_done(
    root: Path, record_property: Callable[[str, object], None]
) -> None:
    done = subprocess.run(
        [sys.executable, DRIVER, root], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    for one in tries:
        assert one["after"] in (0, 13), one
        assert one["again"] == tries[-1]["again"], one
    kills = sum(one["killed"] for one in tries)
    assert kills > sum(one["after"] == 13 for one in tries if one["killed"]) > 0
    record_property("figures", f"{kills} first openings of a 0.2 project killed: none was half")


def test_a_ledger_that_is_there_already_takes_nothing_over(root: Path) -> None:
    old = (root / "metadata.json").rename(root.parent / "metadata.json")
    Project(root).session("mine")
    old.rename(root / "metadata.json")
    assert count(str(root)) == 1


def test_a_reader_takes_nothing_over(root: Path) -> None:
    project = Project(root)
    assert len(project.sessions()) == 7
    project.ledger.store.close()
    shutil.rmtree(root / ".pycaddy/backups", ignore_errors=True)
    facts = root / ".pycaddy/project.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "to_import": "metadata.json"}))
    reader = Ledger(root, read_only=True)
    assert len(reader.records(Selection())) == 13
    assert reader.hash_only == {}
    assert "to_import" in facts.read_text()


def test_it_is_told_once(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "pycaddy")
    for _ in range(2):
        count(str(root))
    assert [record.getMessage() for record in caplog.records] == [
        f"Took over 13 runs of pycaddy 0.2 from {root}/metadata.json, which stays as it is."
    ]


@pytest.mark.parametrize(
    "document",
    ["{}", "[]", "7", '{"name": "data", "columns": {"a": {"b": {"status": "done"}}}}', "[" * 10**5],
)
def test_the_metadata_of_another_program_is_ignored(
    made: Callable[[object], Path], document: str
) -> None:
    root = made(document)
    assert Project(root).session("train").uid == "0001"
    assert (root / "metadata.json").read_text() == document
    assert "to_import" not in (root / ".pycaddy/project.json").read_text()


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_torn_file_is_refused_and_nothing_is_made(root: Path, cut: int) -> None:
    old = root / "metadata.json"
    whole = old.read_bytes()
    old.write_bytes(whole[:cut])
    with pytest.raises(LedgerDamagedError, match=r"metadata.json.* is not JSON.* rename it"):
        Project(root).session("train")
    assert not (root / ".pycaddy").exists()
    old.write_bytes(whole)
    assert count(str(root)) == 13


def test_a_file_that_is_too_large_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pycaddy.ledger import earlier

    monkeypatch.setattr(earlier, "MAX_BYTES", 100)
    with pytest.raises(LedgerDamagedError, match="100 is the most"):
        Project(root).session("train")
    assert not (root / ".pycaddy").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_process_that_writes_the_file_is_waited_for(root: Path) -> None:
    old, lock = root / "metadata.json", str(root / "metadata.lock")
    whole = old.read_bytes()
    found: list[int] = []
    with talking_to("hold", root) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        old.write_bytes(whole[:100])
        opener = threading.Thread(target=lambda: found.append(count(str(root))))
        opener.start()
        while lock not in opened_files():
            assert opener.is_alive()
        old.write_bytes(whole)
    opener.join()
    assert found == [13]


def opened_files() -> set[str]:
    paths = set()
    for entry in os.listdir("/proc/self/fd"):
        try:
            paths.add(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:
            continue
    return paths


@pytest.mark.parametrize(
    "broken",
    [
        entry(status="odd"),
        entry(timestamp_status_lst=[]),
        entry(timestamp_status_lst=[["yesterday", "done"]]),
        entry(param_hash=7),
        entry(param_hash="\0"),
        entry(param_hash="\ud800"),
        entry(param_hash="int:5"),
        entry(param_hash="x" * 2001),
        entry(files=["a"]),
        "text",
    ],
)
def test_a_malformed_run_is_refused_by_its_name(
    made: Callable[[object], Path], broken: object
) -> None:
    root = made({"train": {"": {"000": entry(), "001": broken}}})
    with pytest.raises(LedgerDamagedError, match=r"malformed run.*001"):
        Project(root).session("train")
    assert not (root / ".pycaddy").exists()


def test_a_status_that_was_changed_by_hand_counts(made: Callable[[object], Path]) -> None:
    """People set a bad result of 0.2 to "error" in the file, so that it ran again."""
    root = made({"train": {"": {"000": entry() | {"status": "error"}, "001": entry()}}})
    run = Project(root).session_of("train/0")
    assert run.status is Status.ERROR
    assert [move.status.value for move in run.record.history] == ["pending", "done", "error"]
    assert run.record.ended_us is not None


@pytest.mark.parametrize(
    "hashed", ["lr=0.1 bs=2", '{"lr": 0.1}', "é", "", "a\nb", "-12", "x" * 2000]
)
def test_a_hash_that_a_program_made_itself_finds_its_run(
    made: Callable[[object], Path], hashed: str
) -> None:
    """`Ledger.allocate` of 0.2 took any str."""
    ledger = Ledger(made({"train": {"": {"000": entry(param_hash=hashed)}}}))
    found = ledger.find_by_param_hash("train", hashed)
    assert found is not None
    assert (found[0], found[1].param_hash) == ("0000", hashed)
    project = Project(ledger.root)
    assert not project.session("train", {"lr": 0.1}, ExistingRun.RESUME).is_done()
    ledger.store.close()
    assert project.rebuild().added == 0
    assert ledger.find_by_param_hash("train", hashed) is not None


def test_runs_whose_names_cannot_be_kept_are_left_out_with_a_warning(
    made: Callable[[object], Path], caplog: pytest.LogCaptureFixture
) -> None:
    runs = {"000": entry()}
    root = made(
        {
            "train": {
                "": {"000": entry(), "0000": entry(), "x": entry()},
                "../up": runs,
                "a": runs,
            },
            "Train": {"": runs},
            "my:run": {"": runs},
            "eval": {"A": runs, "a/2024": runs},
        }
    )
    project = Project(root)
    keys = [str(run.key) for run in project.sessions(recursive=True)]
    assert keys == ["train/0000", "a/train/0000"]
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(" was left out: ")[0].split(" run ")[1] for text in told] == [
        repr(name)
        for name in (
            "train/0000", "train/x", "../up/train/000", "Train/000", "my:run/000",
            "A/eval/000", "a/2024/eval/000",
        )
    ]  # fmt: skip


def test_a_file_that_cannot_be_kept_is_left_out_with_a_warning(
    made: Callable[[object], Path], caplog: pytest.LogCaptureFixture
) -> None:
    files = {"ledger": ".pycaddy/ledger.db", "bad\ud800": "x", "good": "x"}
    project = Project(made({"train": {"": {"000": entry(files=files)}}}))
    assert set(project.session_of("train/0").files) == {"good"}
    assert sum("was left out" in record.getMessage() for record in caplog.records) == 2


def test_a_file_in_the_way_of_a_run_is_told(made: Callable[[object], Path]) -> None:
    root = made({"train": {"": {"000": entry()}}})
    (root / "train").write_text("")
    with pytest.raises(Exception, match="train is a file, and a folder is needed there"):
        Project(root).sessions()
    (root / "train").unlink()
    assert count(str(root)) == 1
    assert (root / "train/0000/run.json").exists()


def test_the_project_can_be_taken_back(root: Path) -> None:
    before = sorted(path for path in root.rglob("*") if path.is_file())
    project = Project(root)
    assert len(project.sessions()) == 7
    project.ledger.store.close()
    shutil.rmtree(root / ".pycaddy")
    for path in root.rglob("run.json"):
        path.unlink()
    assert sorted(path for path in root.rglob("*") if path.is_file()) == before


def test_a_project_that_lost_its_ledger_is_not_taken_over_again(root: Path) -> None:
    """The runs would lose their params, tags and results, and stand in the way of newer ones."""
    project = Project(root)
    for config in configs(3):
        project.session("train", config, ExistingRun.RESUME)
    project.session_of("train/0000").tag("good")
    fresh = project.session("train", {"new": 1}).start()
    fresh.result = {"loss": 1}
    fresh.done()
    before = started(project)
    project.ledger.store.close()
    shutil.rmtree(root / ".pycaddy")
    with pytest.raises(LedgerMissingError, match=r"taken over before.*pycaddy rebuild"):
        Project(root).session("train", {"new": 1}, ExistingRun.RESUME)
    assert not (root / ".pycaddy").exists()
    again = Project(root)
    again.rebuild()
    assert started(again) == before
    assert again.session("train", {"new": 1}, ExistingRun.RESUME).result == {"loss": 1}
    assert again.session("train", configs(1)[0], ExistingRun.RESUME).tags == ("good",)
    assert [str(found) for found in again.doctor() if found.severe] == []
    again.ledger.store.close()


def test_a_ledger_in_postgresql_takes_it_over_once_per_project(
    root: Path, written: Path, tmp_path: Path, ledger_url: str
) -> None:
    other = shutil.copytree(written / "small", tmp_path / "other")
    for place in (root, other, root):
        project = Project(place, ledger=ledger_url)
        assert len(project.sessions(recursive=True)) == 13
        found = project.session("train", configs(1)[0], ExistingRun.RESUME)
        assert (found.uid, found.files["model"].is_relative_to(place)) == ("0000", True)
        assert list(project.claim("train", configs(3))) == []
        assert [str(found) for found in project.doctor() if found.severe] == []
        project.ledger.store.close()


def test_many_open_it_at_once_with_a_ledger_in_postgresql(root: Path, ledger_url: str) -> None:
    assert in_processes(MANY, count_in, str(root), ledger_url) == [13] * MANY


def count_in(root: str, url: str) -> int:
    project = Project(root, ledger=url)
    found = len(project.sessions(recursive=True))
    project.ledger.store.close()
    return found


def test_a_number_that_is_no_run_is_refused_as_before(root: Path) -> None:
    with pytest.raises(RunNotFoundError):
        Project(root).session_of("train/-1")
