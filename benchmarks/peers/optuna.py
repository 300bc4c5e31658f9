"""Optuna with its SQLite storage, asked and told: params and files are attributes of a trial.

The caller brings the params, so the sampler has nothing to find out: the random one, which does
not look at earlier trials. There is no look-up by params; one reads the trials and compares.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState


class Peer:
    version = f"Optuna {version('optuna')}"

    def __init__(self, folder: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder = folder / "files"
        self.study = optuna.create_study(
            study_name="train",
            storage=self.storage(folder),
            sampler=optuna.samplers.RandomSampler(),
            load_if_exists=True,
        )

    def storage(self, folder: Path) -> Any:
        return f"sqlite:///{folder / 'optuna.db'}"

    def live(self, params: dict[str, Any]) -> None:
        trial = self.study.ask()
        trial.set_user_attr("params", params)
        path = self.folder / str(trial.number) / "model.pt"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)
        trial.set_user_attr("files", {"model": str(path)})
        self.study.tell(trial, 0.0)

    def is_done(self, params: dict[str, Any]) -> bool:
        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return any(trial.user_attrs["params"] == params for trial in done)

    def listed(self) -> list[Any]:
        return self.study.get_trials(deepcopy=False)
