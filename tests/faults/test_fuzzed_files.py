"""Whatever is in a file that pycaddy reads, it says so and goes on: no crash, nothing elsewhere."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pycaddy import Project, StorageMode
from pycaddy.errors import ArchiveError, NameClashError, SweepError
from pycaddy.interop import export_archive, import_archive
from pycaddy.sweeper import load_sweep
from tests.cli.sample import invoke, snapshot
from tests.faults import odd
from tests.faults.conftest import LONG

EXAMPLES = 1500 if LONG else 60
chances = st.integers(0, 2**32).map(random.Random)
files = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])


def lived_in(root: Path, mode: StorageMode = StorageMode.SUBFOLDER) -> Project:
    """A project with a run of everything that a run can have."""
    project = Project(root, storage_mode=mode, durability="process")
    run = project.session("train", {"lr": 0.1, "net": {"act": ["relu"]}}).start()
    run.path("model.txt").write_text("weights")
    run.attach_files({"model": run.path("model.txt")}, hash=True)
    run.result = {"loss": 0.5}
    run.log("loss", 0.5)
    run.tag("fast").note("größer").done()
    project.session("eval").start().error("no")
    return project


@pytest.fixture(scope="module", params=StorageMode, ids=lambda mode: mode.value)
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    lived_in(folder / "results", request.param).ledger.store.close()
    return folder / "results"


@given(odd.values, chances, st.sampled_from(["a part", "bytes", "all", "JSON"]), st.booleans())
@files
def test_whatever_a_run_json_says_the_rest_is_found_and_nothing_else_is_touched(
    template: Path, value: Any, chance: random.Random, what: str, lost: bool
) -> None:
    place = template.parent / "place"
    shutil.copytree(template, place / "results")
    outside = place / "outside"
    outside.write_text("nobody else's business")
    (described,) = (place / "results/train").rglob("*run.json")
    content = described.read_bytes()
    match what:
        case "a part":
            changed = odd.with_a_part_replaced(json.loads(content), value, chance)
            described.write_text(json.dumps(changed))
        case "bytes":
            described.write_bytes(odd.with_bytes_changed(content, chance))
        case "all":
            described.write_bytes(chance.randbytes(chance.randrange(200)))
        case "JSON":
            described.write_text(json.dumps(value))
    if lost:
        for path in (place / "results/.pycaddy").glob("ledger.db*"):
            path.unlink()
    try:
        project = Project(place / "results", durability="process")
        report = project.rebuild()
        assert "eval/0001" in {str(run.key) for run in project.sessions()}
        left_out = [problem for problem in report.problems if str(described) in problem]
        assert left_out or any(run.identifier == "train" for run in project.sessions())
        for problem in report.problems:
            problem.encode()
        for command in ("doctor", "verify", "ls", "show train/1", "doctor --fix", "rebuild"):
            result = invoke(*command.split(), "--project", str(project.root))
            if not isinstance(result.exception, (SystemExit, type(None))):
                raise result.exception
            assert "Traceback" not in result.output
        list(project.verify(data=True))
        for run in project.sessions():
            run._repr_html_()
            run.metrics()
        if not lost:  # the ledger knew better, and the file is as it was
            assert described.read_bytes() == content
        assert [
            str(each) for each in project.doctor(fix=True) if not each.fixed and each.severe
        ] == [str(each) for each in project.doctor() if each.severe]
        project.ledger.store.close()
        assert outside.read_text() == "nobody else's business"
        assert {path.name for path in place.iterdir()} == {"results", "outside"}
    finally:
        shutil.rmtree(place)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    project = lived_in(folder / "source")
    export_archive(project, folder / "good.zip")
    project.ledger.store.close()
    return folder / "good.zip"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("target") / "results", durability="process")
    project.session("train", {"mine": True}).start().done()
    project.ledger.store.close()
    return Path(project.root)


def changed_archive(archive: Path, bad: Path, value: Any, chance: random.Random) -> None:
    """Write *bad*: the archive with another manifest, another run.json, or other bytes."""
    import zipfile

    if chance.random() < 0.4:
        bad.write_bytes(odd.with_bytes_changed(archive.read_bytes(), chance))
        return
    with zipfile.ZipFile(archive) as good, zipfile.ZipFile(bad, "w") as changed:
        victim = chance.choice([name for name in good.namelist() if name.endswith(".json")])
        for name in good.namelist():
            content = good.read(name)
            if name == victim:
                facts = odd.with_a_part_replaced(json.loads(content), value, chance)
                content = json.dumps(facts).encode()
            changed.writestr(name, content)


@given(odd.values, chances)
@files
def test_whatever_is_in_an_archive_is_taken_in_whole_or_refused_without_a_trace(
    archive: Path, target: Path, value: Any, chance: random.Random
) -> None:
    place = target.parent / "place"
    place.mkdir()
    try:
        shutil.copytree(target, place / "results")
        changed_archive(archive, place / "bad.zip", value, chance)
        project = Project(place / "results", durability="process")
        project.sessions()
        lock = place / "results/.pycaddy/import.lock"
        lock.touch()
        before = snapshot(place)
        try:
            import_archive(project, place / "bad.zip")
        except (ArchiveError, NameClashError):
            assert snapshot(place) == before
        else:
            assert len(project.sessions("train")) >= 1
            assert [str(each) for each in project.doctor() if each.severe] == []
        project.ledger.store.close()
        assert {path.name for path in place.iterdir()} == {"results", "bad.zip"}
    finally:
        shutil.rmtree(place)


SWEEP = """
method: grid
parameters:
  lr: {values: [0.1, 1.0e-3]}
  depth: {min: 1, max: 3}
  net:
    parameters:
      act: {value: relu}
  when: {type: fixed, value: 2026-01-31}
seed: 3
""".strip()
LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@given(
    st.text()
    | st.binary()
    | chances.map(lambda chance: odd.with_bytes_changed(SWEEP.encode(), chance))
    | odd.values.map(lambda value: json.dumps({"parameters": {"x": value}}))
    | odd.values.map(json.dumps),
    st.sampled_from([".yaml", ".json", ".toml"]),
)
@example(SWEEP, ".yaml")
@example("2026-99-99", ".yaml")
@example("x: 2026-02-31 99:99:99", ".yaml")
@example("a: !!python/object/apply:os.system [id]", ".yaml")
@example("? [1, 2]\n: 3", ".yaml")
@example("&a [*a]", ".yaml")
@example("parameters: &a {x: *a}", ".yaml")
@example("parameters:\n  x: {values: &a [*a]}", ".yaml")
@example("[" * 20000, ".yaml")
@example("[" * 20000, ".json")
@example("x=" + "[" * 20000, ".toml")
@example("parameters: {x: {value: " + "9" * 5000 + "}}", ".yaml")
@example('{"parameters": {"x": {"value": ' + "9" * 5000 + "}}}", ".json")
@example("x = " + "9" * 5000, ".toml")
@example("x: !!binary '*'", ".yaml")
@example("x: !!timestamp 'x'", ".yaml")
@example("x: !!float 'x'", ".yaml")
@example("x: !!int '0o9'", ".yaml")
@example(LAUGHS, ".yaml")
@example("parameters:\n  x: {min: 0, max: 1.0e+308, step: 1.0e-308}", ".yaml")
@settings(max_examples=5000 if LONG else 300)
def test_whatever_a_sweep_file_says_is_a_sweep_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"sweep{ending}"
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    path.write_bytes(data)
    with suppress(SweepError):
        sweep = load_sweep(path)
        assert all(isinstance(config, dict) for config in islice(sweep, 3))
