"""What is noted when a run starts: by real programs, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pycaddy._machine import host_name
from pycaddy.errors import InvalidNameError
from pycaddy.project import Project, Status, StorageMode
from pycaddy.project.capture import DEFAULT, PARTS, parse_parts
from pycaddy.project.capture import git as git_capture
from pycaddy.project.capture.snapshot import capture_here, take
from tests.project.repository import Repository
from tests.scripts import answer

ROOT = Path(__file__).parents[2]


def captured(root: Path, run: str = "train/0001") -> dict[str, Any]:
    return Project(root, capture=None).session_of(run).capture


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "code")


def test_the_command_is_noted_by_default_and_in_the_description(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text(
        "from pycaddy.project import Project\nProject('results').session('train').start().done()\n"
    )
    command = [sys.executable, "go.py", "--lr", "0.1", "--token", "hunter2"]
    subprocess.run(command, cwd=tmp_path, check=True)
    found = captured(tmp_path / "results")
    assert found["command"] == [*command[:-1], "[redacted]"]
    assert found["script"] == str(tmp_path / "go.py")
    assert found["cwd"] == str(tmp_path)
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["executable"] == sys.executable
    assert found["host"] == host_name()
    assert found["machine"]["cores"] >= 1
    assert "git" not in found  # it is in no repository
    assert "problems" not in found
    description = json.loads((tmp_path / "results/train/0001/run.json").read_text())
    assert description["capture"] == found


@pytest.mark.parametrize("capture", [None, "", " , "])
def test_nothing_is_noted_where_nothing_is_wanted(tmp_path: Path, capture: str | None) -> None:
    project = Project(tmp_path, capture=capture)
    assert project.capture == ()
    with project.session("train") as run:
        pass
    assert run.capture == {}
    assert [path.name for path in run.folder.iterdir()] == ["run.json"]


def test_the_default_of_a_project_is_that_of_its_namespaces(tmp_path: Path) -> None:
    assert Project(tmp_path).capture == parse_parts(DEFAULT)
    assert Project(tmp_path, capture="env").sub("a").capture == ("command", "env")
    assert Project(tmp_path, capture=None).sub("a").capture == ()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("git,env", ("command", "git", "env")),
        ("commit", ("command", "commit")),
        ("git, commit", ("command", "git")),
        (",".join(PARTS), tuple(part for part in PARTS if part != "commit")),
    ],
)
def test_parts_are_named(words: str, parts: tuple[str, ...]) -> None:
    assert parse_parts(words) == parts


def test_what_names_no_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"names 'gti'. There is command, .*, output"):
        Project(tmp_path, capture="gti")
    with pytest.raises(TypeError, match="'git,env'"):
        Project(tmp_path, capture=["git"])  # type: ignore[arg-type]


def test_the_commit_is_noted_by_default(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "code", capture=DEFAULT)
    repository.python("train.py")
    found = captured(repository.folder / "results")["git"]
    assert found == {
        "root": str(repository.folder),
        "commit": repository.commit,
        "branch": "main",
        "dirty": False,
    }
    repository.write("model.py", "VALUE = 2\n")
    repository.git("checkout", "--quiet", "--detach")
    repository.python("train.py")
    found = captured(repository.folder / "results", "train/0002")["git"]
    assert (found["dirty"], found["branch"]) == (True, None)


def test_changes_and_new_sources_are_kept_as_a_patch_that_applies(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("model.py", "from extra.größe import VALUE\n")
    repository.write("extra/größe.py", "VALUE = 3")  # without an end of line
    repository.write("extra/__init__.py", "")
    repository.write("tool.sh", "echo 1\n").chmod(0o755)
    repository.write("data.csv", "1,2\n")
    repository.python("train.py")
    found = captured(repository.folder / "results")["git"]
    assert found["patch"] == "capture.patch"
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository.folder, clone], check=True)
    patch = repository.folder / "results/train/0001/capture.patch"
    subprocess.run(["git", "apply", patch], cwd=clone, check=True)
    for name in ("model.py", "extra/größe.py", "extra/__init__.py", "tool.sh"):
        assert (clone / name).read_bytes() == (repository.folder / name).read_bytes()
    assert os.access(clone / "tool.sh", os.X_OK)
    assert not (clone / "data.csv").exists()


def test_a_changed_binary_file_and_a_deleted_one_are_in_the_patch(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("gone.py", "x = 1\n")
    (repository.folder / "table.bin").write_bytes(bytes(range(256)))
    repository.commit_all("second")
    (repository.folder / "table.bin").write_bytes(bytes(reversed(range(256))))
    (repository.folder / "gone.py").unlink()
    repository.python("train.py")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository.folder, clone], check=True)
    patch = repository.folder / "results/train/0001/capture.patch"
    subprocess.run(["git", "apply", patch], cwd=clone, check=True)
    assert (clone / "table.bin").read_bytes() == bytes(reversed(range(256)))
    assert not (clone / "gone.py").exists()


def test_a_clean_repository_leaves_no_patch(repository: Repository) -> None:
    repository.python("train.py")
    found = captured(repository.folder / "results")["git"]
    assert (found["dirty"], found["patch"]) == (False, None)
    assert not (repository.folder / "results/train/0001/capture.patch").exists()


def test_results_are_no_code(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n")
    repository.commit_all("results are not ignored")
    repository.python("train.py")
    repository.write("results/train/0001/notes.py", "x = 1\n")
    repository.python("train.py")
    assert captured(repository.folder / "results", "train/0002")["git"]["patch"] is None


def test_a_project_at_the_top_of_its_repository_does_not_capture_its_runs(
    repository: Repository,
) -> None:
    script = (repository.folder / "train.py").read_text().replace('"results"', '"."')
    repository.write("train.py", script)
    repository.commit_all("second")
    for _ in range(2):
        repository.python("train.py")
    assert captured(repository.folder, "train/0002")["git"]["patch"] is None


def test_secrets_are_in_neither_the_patch_nor_the_remote(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "https://me:hunter2@example.com/x.git")
    repository.write("model.py", 'VALUE = 1\nAPI_KEY = "hunter2hunter2"\n')
    repository.write("config.yaml", "password: hunter2hunter2\n")
    repository.python("train.py")
    found = captured(repository.folder / "results")["git"]
    assert found["remote"] == "https://[redacted]@example.com/x.git"
    assert found["redacted"] == 2
    for path in (repository.folder / "results").rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path


def test_changes_that_are_too_large_are_a_problem_of_the_run_and_no_error(
    repository: Repository,
) -> None:
    repository.write("model.py", "VALUE = 1\n" + "# changed\n" * 200_000)
    repository.python("train.py")
    found = captured(repository.folder / "results")
    assert found["git"]["patch"] is None
    assert found["git"]["commit"] == repository.commit
    assert "1,048,576 is the most that is kept: commit them" in found["problems"][0]


def test_a_new_file_that_is_too_large_or_binary_is_named(repository: Repository) -> None:
    repository.write("large.json", "1" * 200_000)
    (repository.folder / "binary.py").write_bytes(b"\0")
    repository.python("train.py")
    found = captured(repository.folder / "results")["git"]
    assert found["left_out"] == ["binary.py", "large.json"]
    assert found["patch"] is None


def test_a_repository_without_a_commit_gives_its_files(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "code")
    repository.git("update-ref", "-d", "HEAD")
    repository.git("rm", "-r", "--cached", "--quiet", ".")
    repository.python("train.py")
    found = captured(repository.folder / "results")
    assert found["git"]["commit"] is None
    assert found["git"]["patch"] == "capture.patch"
    assert "problems" not in found


def test_the_repository_of_the_script_comes_before_that_of_the_folder(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    repository.python(str(repository.folder / "train.py"), cwd=other.folder)
    assert captured(other.folder / "results")["git"]["root"] == str(repository.folder)


def test_variables_do_not_lead_git_astray(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    repository.python("train.py", GIT_DIR=str(other.folder / ".git"))
    found = captured(repository.folder / "results")["git"]
    assert found["root"] == str(repository.folder)
    assert found["dirty"] is False


def test_git_takes_no_lock_and_starts_no_hook_of_the_repository(repository: Repository) -> None:
    hook = repository.write(".git/monitor.sh", "#!/bin/sh\ntouch monitored\n")
    hook.chmod(0o755)
    repository.git("config", "core.fsmonitor", ".git/monitor.sh")
    repository.write(".git/index.lock", "")
    repository.write("model.py", "VALUE = 2\n")
    repository.python("train.py")
    assert captured(repository.folder / "results")["git"]["dirty"] is True
    assert not (repository.folder / "monitored").exists()


def test_without_git_a_run_goes_on_and_says_so(repository: Repository) -> None:
    repository.python("train.py", PATH="")
    found = captured(repository.folder / "results")
    assert "git" not in found
    assert found["problems"] == ["git: No such file or directory"]
    assert found["command"]


def test_a_damaged_repository_is_a_problem_of_the_run_and_no_error(repository: Repository) -> None:
    (repository.folder / ".git/HEAD").unlink()
    repository.python("train.py")
    assert "not a git repository" in captured(repository.folder / "results")["problems"][0]


def test_git_is_asked_once_for_all_runs_of_a_process(repository: Repository) -> None:
    log = repository.folder.parent / "calls"
    wrapper = repository.folder.parent / "bin/git"
    wrapper.parent.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {real.stdout.strip()} "$@"\n')
    wrapper.chmod(0o755)
    repository.write("many.py", """if True:
        from pycaddy.project import Project
        for number in range(20):
            Project("results").session("train", {"number": number}).start().done()
    """)  # fmt: skip
    repository.python("many.py", PATH=f"{wrapper.parent}:{os.environ['PATH']}")
    assert len(log.read_text().splitlines()) == 1


def test_packages_are_listed_with_their_versions(tmp_path: Path) -> None:
    from importlib.metadata import version

    with Project(tmp_path, capture="packages").session("train") as run:
        pass
    assert run.capture["packages"] == "capture.packages.txt"
    lines = (run.folder / "capture.packages.txt").read_text().splitlines()
    for name in ("click", "pytest", "hypothesis", "pytest-xdist"):
        assert f"{name}=={version(name)}" in lines
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))


def test_variables_are_noted_by_an_allow_list(tmp_path: Path) -> None:
    program = """
    from pycaddy.project import Project
    Project("results", capture="env").session("train").start().done()
    """
    set_ = {"OMP_NUM_THREADS": "3", "MY_DIARY": "x", "SLURM_JWT_TOKEN": "hunter2",
            "PYTHONPATH": "https://me:hunter2@example.com/"}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in set_.items():
            patch.setenv(name, value)
        answer(program, tmp_path)
    env = captured(tmp_path / "results")["env"]
    assert env["OMP_NUM_THREADS"] == "3"
    assert "MY_DIARY" not in env
    assert env["SLURM_JWT_TOKEN"] == "[redacted]"
    assert "hunter2" not in json.dumps(env)


def test_files_lie_with_the_run_in_both_modes(tmp_path: Path) -> None:
    project = Project(tmp_path, storage_mode=StorageMode.PREFIX, capture="packages")
    run = project.session("train").start().done()
    assert (tmp_path / "train/0001_capture.packages.txt").exists()
    run.remove()
    assert not (tmp_path / "train/0001_capture.packages.txt").exists()


@pytest.mark.parametrize("name", ["capture.patch", "capture.packages.txt", "Capture.Patch"])
def test_the_names_of_captured_files_are_kept_for_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidNameError, match="keeps for the run"):
        Project(tmp_path).session("train").path(name)


def test_another_attempt_is_captured_anew(tmp_path: Path) -> None:
    run = Project(tmp_path, capture="env").session("train").start().error("x")
    assert "env" in run.capture
    Project(tmp_path, capture="machine").session_of(run.key).start().done()
    assert "env" not in run.capture
    assert "machine" in run.capture
    Project(tmp_path, capture=None).session_of(run.key).reopen()
    assert run.capture == {}


def test_claimed_runs_are_captured_and_their_files_written(tmp_path: Path) -> None:
    project = Project(tmp_path, capture="packages")
    for run in project.claim("train", [{"x": 1}, {"x": 2}]):
        with run:
            assert (run.folder / "capture.packages.txt").exists()
            assert run.capture["command"] == take(project.capture, str(tmp_path)).facts["command"]
    assert len(project.sessions("train", status=Status.DONE)) == 2


@pytest.mark.parametrize("executor", ["serial", "threads", "local"])
def test_a_run_of_a_sweep_has_the_command_of_who_called(tmp_path: Path, executor: str) -> None:
    (tmp_path / "go.py").write_text(f"""if True:
        from pycaddy.project import Project
        def square(run):
            return {{"y": run.params["x"] ** 2}}
        if __name__ == "__main__":
            Project("results").run(square, [{{"x": 3}}], executor="{executor}", progress=False)
    """)
    subprocess.run([sys.executable, "go.py"], cwd=tmp_path, check=True)
    found = captured(tmp_path / "results", "square/0001")
    assert found["command"] == [sys.executable, "go.py"]
    assert found["script"] == str(tmp_path / "go.py")
    assert "problems" not in found


def test_a_process_may_speak_for_the_one_that_gave_the_command(tmp_path: Path) -> None:
    answer("""
    from pycaddy.project import Project
    from pycaddy.project.capture.command import speak_for
    speak_for({"command": ["python", "driver.py"], "script": "/driver.py", "cwd": "/"})
    Project("results").session("train").start().done()
    """, tmp_path)  # fmt: skip
    found = captured(tmp_path / "results")
    assert (found["command"], found["cwd"]) == (["python", "driver.py"], "/")
    assert found["executable"] == sys.executable


def test_a_worker_on_another_machine_tells_of_that_machine(tmp_path: Path) -> None:
    project = Project(tmp_path, capture="packages")
    run = project.session("train").start()
    elsewhere = {**run.capture, "host": "elsewhere", "command": ["given", "there"], "python": "3"}
    record = project.ledger.set_capture(run.record, elsewhere, run.attempt)
    record = capture_here(project.capture, project.ledger, record)
    assert record.capture["host"] == host_name()
    assert record.capture["command"] == ["given", "there"]
    assert record.capture["python"] == ".".join(map(str, sys.version_info[:3]))
    assert capture_here(project.capture, project.ledger, record) is record


def test_what_cannot_be_written_is_a_problem_of_the_run(tmp_path: Path) -> None:
    project = Project(tmp_path, capture="packages")
    run = project.session("train")
    (run.folder / "capture.packages.txt").mkdir()
    (run.folder / "capture.packages.txt/in the way").touch()
    with run:
        pass
    assert run.is_done()
    assert run.capture["problems"] == ["capture.packages.txt: Is a directory"]


def test_words_that_are_no_text_are_written_out(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text(
        "from pycaddy.project import Project\nProject('results').session('train').start().done()\n"
    )
    command = [os.fsencode(sys.executable), b"go.py", b"\xff\xfe"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert captured(tmp_path / "results")["command"][-1] == "\\udcff\\udcfe"


def test_a_command_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text(
        "from pycaddy.project import Project\nProject('results').session('train').start().done()\n"
    )
    subprocess.run([sys.executable, "go.py", "x" * 20_000], cwd=tmp_path, check=True)
    assert captured(tmp_path / "results")["command"] is None


def test_what_was_captured_outlives_the_ledger(repository: Repository) -> None:
    repository.python("train.py")
    results = repository.folder / "results"
    before = captured(results)
    (results / ".pycaddy/ledger.db").unlink()
    Project(results).rebuild()
    assert captured(results) == before


def test_a_git_that_hangs_is_given_up(repository: Repository, monkeypatch: Any) -> None:
    fake = repository.folder.parent / "bin/git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 100\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git_capture, "_TIMEOUT_S", 0.2)
    with pytest.raises(subprocess.TimeoutExpired):
        git_capture.commit_facts(str(repository.folder), str(repository.folder / "results"))
