from __future__ import annotations

import os

from pycaddy.project import Project
from tests.cli.sample import document, invoke


def test_files_as_they_were_are_no_difference(project: Project) -> None:
    result = invoke("verify")
    assert result.exit_code == 0
    assert result.stdout == "Compared 3 files of 4 runs: no difference.\n"
    assert document("verify") == {
        "project": str(project.root),
        "data": False,
        "runs": 4,
        "files": 3,
        "differences": [],
    }


def test_each_difference_is_told_and_the_exit_code_is_1(project: Project) -> None:
    (project.root / "train/0001/model.pt").unlink()
    (project.root / "train/0003/model.pt").write_text("longer than before")
    result = invoke("verify")
    assert result.exit_code == 1
    first, second, summary = result.stdout.splitlines()
    assert first.endswith("train/0001/model.pt is missing")
    assert "train/0003 model: " in second
    assert summary == "Compared 3 files of 4 runs: 2 differences."
    assert document("verify", exit_code=1)["differences"] == [
        {
            "run": "train/0001",
            "key": "model",
            "path": str(project.root / "train/0001/model.pt"),
            "problem": "is missing",
        },
        {
            "run": "train/0003",
            "key": "model",
            "path": str(project.root / "train/0003/model.pt"),
            "problem": "has 18 bytes, and had 7",
        },
    ]


def test_a_flipped_bit_is_found_by_reading_the_data(project: Project) -> None:
    model = project.root / "train/0001/model.pt"
    before = model.stat()
    model.write_text("weightz")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert invoke("verify").exit_code == 0
    found = document("verify", "--data", exit_code=1)
    assert found["data"] is True
    assert "SHA-256" in found["differences"][0]["problem"]


def test_a_run_that_has_not_ended_is_left_out(project: Project) -> None:
    run = project.session("train").start()
    run.attach_files({"model": run.path("model.pt")})
    assert document("verify")["runs"] == 4
