"""Which runs go, which stay, and how much room they take."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pycaddy._clock import span_us, utc_now_us
from pycaddy.errors import FilterError
from pycaddy.ledger.cleanup import Best, dispensable
from pycaddy.project import Project, Session, Status, StorageMode
from pycaddy.records import RunRecord

HOUR_US = 3600 * 10**6


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def ended(project: Project, acc: float, identifier: str = "train") -> Session:
    run = project.session(identifier, {"acc": acc}).start()
    run.path("model.pt").write_text("weights")
    run.path("ckpt/last.pt").write_text("more weights")
    run.result = {"val": {"acc": acc}}
    return run.done()


def uids(project: Project) -> list[str]:
    return [str(run.key) for run in project.sessions(recursive=True)]


def test_the_best_of_each_identifier_stay(project: Project) -> None:
    for acc in (0.5, 0.9, 0.7):
        ended(project, acc)
        ended(project.sub("imagenet"), 1 - acc)
    report = project.gc(keep_best=("val/acc", 1))
    assert report.runs == ("train/0001", "train/0003", "imagenet/train/0002", "imagenet/train/0003")
    assert uids(project) == ["train/0002", "imagenet/train/0001"]
    assert len(project.trash()) == 4


def test_the_smallest_may_be_the_best(project: Project) -> None:
    for acc in (0.5, 0.1, 0.7):
        ended(project, acc)
    assert project.gc(keep_best=("val.acc", 2, "min")).runs == ("train/0003",)


def test_where_no_run_has_the_value_all_stay(project: Project) -> None:
    ended(project, 0.5)
    ended(project, 0.6)
    for identifier in ("train", "eval"):
        project.session(identifier).start().error("broke")
    assert project.gc(keep_best=("val/akk", 1)).runs == ()
    assert project.gc(keep_best=("val/acc", 1)).runs == ("train/0001", "train/0003")
    assert uids(project) == ["eval/0001", "train/0002"]


def test_only_what_has_ended_and_is_not_tagged_goes(project: Project) -> None:
    ended(project, 0.5).tag("kept")
    project.session("train").start()
    project.session("train")
    failed = project.session("train").start().error("x")
    for _ in range(2):
        assert project.gc(older_than="0s", dry_run=True).runs == (str(failed.key),)
    assert project.gc(status=Status.DONE).runs == ()
    assert project.gc(status=Status.DONE, keep_tagged=False).runs == ("train/0001",)
    assert project.gc(older_than=timedelta(0)).runs == (str(failed.key),)


def test_what_ended_lately_stays(project: Project) -> None:
    record = ended(project, 0.5).record
    now = utc_now_us()
    old = record._replace(ended_us=now - 2 * HOUR_US)

    def gone(run: RunRecord) -> list[RunRecord]:
        return list(
            dispensable([run], best=None, before_us=now - HOUR_US, status=None, keep_tagged=True)
        )

    assert gone(record) == []
    assert gone(old) == [old]


def test_a_dry_run_changes_nothing_and_tells_the_same(project: Project) -> None:
    ended(project, 0.5)
    dry = project.gc(status=Status.DONE, dry_run=True)
    assert uids(project) == ["train/0001"]
    done = project.gc(status=Status.DONE)
    assert (dry.runs, dry.bytes) == (done.runs, done.bytes)
    assert dry.bytes > len("weights" + "more weights")
    assert str(dry).endswith("bytes (nothing was changed)")
    assert str(done).startswith("1 run, ")


def test_gc_wants_to_be_told_what_may_go(project: Project) -> None:
    with pytest.raises(ValueError, match="needs to be told"):
        project.gc()


@pytest.mark.parametrize("given", ["loss", ("loss",), ("loss", 0), ("loss", 3, "least"), (3, 3)])
def test_what_the_best_are_is_said_in_one_way(given: Any) -> None:
    with pytest.raises(ValueError, match=r"\('loss', 3, 'min'\)"):
        Best.of(given)


def test_other_namespaces_are_left_alone(project: Project) -> None:
    ended(project, 0.5)
    ended(project.sub("a"), 0.5)
    ended(project.sub("a/b"), 0.5)
    assert project.sub("a").gc(status=Status.DONE).runs == ("a/train/0001", "a/b/train/0001")
    assert uids(project) == ["train/0001"]


@pytest.mark.parametrize(
    ("results", "name", "kept"),
    [
        (({"acc": 1}, {"acc": 2}), "acc", 2),
        (({"val": {"acc": 0.5}}, {"val": {"acc": 0.4}}), "val/acc", 1),
        (({"val": {"acc": 0.5}}, {"val": {"acc": 0.4}}), "val.acc", 1),
        (({"val/acc": 0.5}, {"val/acc": 0.4}), "val/acc", 1),
        (({"a.b": {"c": 1}}, {"a.b": {"c": 2}}), "result['a.b'].c", 2),
        (({"acc": float("nan")}, {"acc": 0}), "acc", 2),
        (({"acc": True}, {"acc": 0}), "acc", 2),
        (({"acc": "1"}, {"acc": 0}), "acc", 2),
        (({"val": 1}, {"val": {"acc": 0}}), "val/acc", 2),
        (({}, {"acc": 0}), "acc", 2),
        (({"loss": 2}, {"loss": 1}), "loss", 2),
    ],
)
def test_the_best_are_those_with_the_best_number_of_that_name(
    tmp_path: Path, results: tuple[dict[str, Any], ...], name: str, kept: int
) -> None:
    project = Project(tmp_path)
    for result in results:
        with project.session("train") as run:
            run.result = result
    assert project.gc(keep_best=(name, 1)).runs == (f"train/000{3 - kept}",)


def test_a_metric_counts_by_its_last_point_unless_asked_otherwise(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for values in ((0.9, 0.1), (0.5, 0.6)):
        with project.session("train") as run:
            for value in values:
                run.log("acc", value)

    def gone(name: str) -> tuple[str, ...]:
        return project.gc(keep_best=(name, 1), dry_run=True).runs

    assert gone("acc") == gone("metrics.acc") == ("train/0001",)
    assert gone("acc.max") == gone("metrics['acc'].max") == ("train/0002",)


def test_which_is_the_best_of_a_loss_can_be_said(project: Project) -> None:
    for loss in (0.3, 0.1):
        with project.session("train", {"loss": loss}):
            pass
    assert project.gc(keep_best=("loss", 1), dry_run=True).runs == ("train/0001",)
    assert project.gc(keep_best=("loss", 1, "max"), dry_run=True).runs == ("train/0002",)


def test_a_name_of_the_best_that_cannot_be_read_is_refused(project: Project) -> None:
    with pytest.raises(FilterError, match="never closed"):
        project.gc(keep_best=("acc[", 1))


def test_emptying_the_trash_deletes_for_good_and_gives_no_uid_again(project: Project) -> None:
    ended(project, 0.5)
    ended(project, 0.6)
    last = ended(project, 0.7)
    last.remove()
    project.session_of("train/0001").remove()
    assert project.empty_trash(older_than="1h").runs == ()
    assert set(project.empty_trash(dry_run=True).runs) == {"train/0001", "train/0003"}
    report = project.empty_trash()
    assert set(report.runs) == {"train/0001", "train/0003"}
    assert report.bytes > 0
    assert project.trash() == []
    assert project.disk_usage().trash == 0
    assert uids(project) == ["train/0002"]
    project.ledger.store.close()
    (project.root / ".pycaddy/ledger.db").unlink()
    again = Project(project.root)
    again.rebuild()
    assert uids(again) == ["train/0002"]
    assert again.session("train").uid == "0004"
    assert again.doctor() == [] or all(not finding.severe for finding in again.doctor())


def test_room_is_counted_for_whom_it_is(project: Project) -> None:
    run = ended(project, 0.5)
    ended(project.sub("a"), 0.5)
    before = project.disk_usage()
    run.path("large.bin").write_bytes(b"x" * 10_000)
    run.path("shared.log", include_identifier=False).write_bytes(b"x" * 77)
    usage = project.disk_usage()
    own = 10_000 + (77 if project.storage_mode is StorageMode.SUBFOLDER else 0)
    assert usage.runs["train/0001"] == before.runs["train/0001"] + own
    assert usage.identifiers == {name.rpartition("/")[0]: n for name, n in usage.runs.items()}
    assert usage.total == sum(usage.runs.values()) + usage.ledger
    assert set(project.sub("a").disk_usage().runs) == {"a/train/0001"}


def test_a_link_counts_for_itself(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    before = project.disk_usage().runs["train/0001"]
    (tmp_path / "large").mkdir()
    (tmp_path / "large/file").write_bytes(b"x" * 100_000)
    (run.folder / "data").symlink_to(tmp_path / "large")
    assert project.disk_usage().runs["train/0001"] < before + 1000
    run.done().remove()
    project.empty_trash()
    assert (tmp_path / "large/file").exists()


@pytest.mark.parametrize(
    ("span", "seconds"), [("90s", 90), ("1.5h", 5400), ("30d", 2_592_000), ("2w", 1_209_600)]
)
def test_a_span_is_read(span: str, seconds: int) -> None:
    assert span_us(span) == seconds * 10**6
    assert span_us(timedelta(seconds=seconds)) == seconds * 10**6


@pytest.mark.parametrize("span", ["", "30", "d", "-1d", "1y", "nand", "infd", "1 year"])
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match="'30d', '12h' or '90s'"):
        span_us(span)
