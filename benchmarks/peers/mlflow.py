"""MLflow with its SQLite backend: the file is an artifact, which it copies to its own place."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # a benchmark sends nothing to anybody

import mlflow


class Peer:
    version = f"MLflow {version('mlflow')}"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "model.pt"
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        artifacts = (folder / "artifacts").as_uri()
        known = mlflow.get_experiment_by_name("train")
        self.experiment = (
            known.experiment_id
            if known
            else mlflow.create_experiment("train", artifact_location=artifacts)
        )

    def live(self, params: dict[str, Any]) -> None:
        with mlflow.start_run(experiment_id=self.experiment):
            mlflow.log_params(params)
            self.file.write_bytes(b"x" * 100)
            mlflow.log_artifact(str(self.file))

    def is_done(self, params: dict[str, Any]) -> bool:
        wanted = [f"params.{name} = '{value}'" for name, value in params.items()]
        return bool(self._search(" and ".join(["attributes.status = 'FINISHED'", *wanted]), 1))

    def listed(self) -> list[Any]:
        return self._search("", 100_000)

    def filtered(self, seed: int) -> list[Any]:
        # Its params are texts: one can be equal, and has no order.
        return self._search(f"attributes.status = 'FINISHED' and params.seed = '{seed}'", 100_000)

    def log(self, points: int) -> None:
        with mlflow.start_run(experiment_id=self.experiment) as run:
            for step in range(points):
                mlflow.log_metric("loss", 0.5, step=step)
        self.last = run.info.run_id

    def read(self) -> list[float]:
        history = mlflow.MlflowClient().get_metric_history(self.last, "loss")
        return [metric.value for metric in history]

    def _search(self, condition: str, most: int) -> list[Any]:
        return mlflow.search_runs(
            [self.experiment], condition, output_format="list", max_results=most
        )
