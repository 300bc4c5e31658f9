"""A peer's page: a folder is filled with runs, and how to serve it is told.

    python -I page_of.py optuna_dashboard FOLDER 10000

This runs in the peer's own environment. The last line of the output is JSON: `version`, `command`
(what serves the page, with {port} in it), `at` (where its list of runs is) and `env`. Each library
is filled in bulk where its documents show a way to, since nobody waits for that here.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent


def main(peer: str, folder: str, runs: str) -> None:
    print(json.dumps(PEERS[peer](Path(folder), int(runs))), flush=True)


def values(runs: int) -> Iterator[tuple[dict[str, Any], float]]:
    """The params and the loss of each run, the same for all."""
    chance = random.Random(0)
    for number in range(runs):
        params = {"lr": 10 ** -chance.uniform(1, 5), "width": 16 << number % 5, "seed": number}
        yield params, chance.random()


def pycaddy(folder: Path, runs: int) -> dict[str, Any]:
    from pycaddy import Project
    from pycaddy.testing.factories import started_record

    project = Project(folder / "results").ensure_folder()
    records = (
        started_record(number, params, result_text=json.dumps({"loss": loss}))
        for number, (params, loss) in enumerate(values(runs), 1)
    )
    project.ledger.store.load(records, {})
    root = str(project.root)
    command = [sys.executable, "-m", "pycaddy", "ui", root, "--port", "{port}", "--no-browser"]
    return {"version": f"pycaddy {version('pycaddy')}", "command": command, "at": "", "env": {}}


def optuna_dashboard(folder: Path, runs: int) -> dict[str, Any]:
    import optuna
    from optuna.distributions import FloatDistribution, IntDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = f"sqlite:///{folder / 'optuna.db'}"
    study = optuna.create_study(study_name="train", storage=storage)
    ranges = {
        "lr": FloatDistribution(1e-6, 1),
        "width": IntDistribution(1, 1000),
        "seed": IntDistribution(0, max(runs, 1)),
    }
    study.add_trials(
        [
            optuna.trial.create_trial(params=params, distributions=ranges, value=loss)
            for params, loss in values(runs)
        ]
    )
    return {
        "version": f"optuna-dashboard {version('optuna-dashboard')}",
        "command": [str(BIN / "optuna-dashboard"), storage, "--port", "{port}"],
        "at": "/dashboard/studies/1/trials",
        "env": {},
    }


def mlflow(folder: Path, runs: int) -> dict[str, Any]:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # a benchmark sends nothing to anybody
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    store = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(store)
    artifacts = (folder / "artifacts").as_uri()
    experiment = client.create_experiment("train", artifact_location=artifacts)
    for params, loss in values(runs):
        run = client.create_run(experiment).info.run_id
        given = [Param(name, str(value)) for name, value in params.items()]
        client.log_batch(run, metrics=[Metric("loss", loss, 0, 0)], params=given)
        client.set_terminated(run)
    command = [str(BIN / "mlflow"), "ui", "--backend-store-uri", store, "--port", "{port}"]
    return {
        "version": f"MLflow {version('mlflow')}",
        "command": command,
        "at": f"/#/experiments/{experiment}/runs",
        "env": {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_DO_NOT_TRACK": "1"},
    }


def trackio(folder: Path, runs: int) -> dict[str, Any]:
    env = {"HF_HUB_OFFLINE": "1", "TRACKIO_DIR": str(folder), "GRADIO_ANALYTICS_ENABLED": "False"}
    os.environ.update(env)  # read by the import
    from trackio.sqlite_storage import SQLiteStorage

    # A process, a thread and a server for each of ten thousand runs would take hours; this is
    # what they end in.
    for number, (params, loss) in enumerate(values(runs)):
        SQLiteStorage.bulk_log(
            project="train", run=f"run-{number}", metrics_list=[{"loss": loss}], config=params
        )
    return {
        "version": f"Trackio {version('trackio')}",
        "command": [str(BIN / "trackio"), "show", "--project", "train"],
        "at": "/runs?project=train",
        "env": {**env, "GRADIO_SERVER_PORT": "{port}", "BROWSER": "true"},
    }


PEERS = {
    "pycaddy": pycaddy,
    "optuna_dashboard": optuna_dashboard,
    "mlflow": mlflow,
    "trackio": trackio,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
