"""Random, Latin hypercube and Sobol sweeps."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from pycaddy.errors import SweepError
from pycaddy.sweeper import (
    Choice,
    DictSweep,
    Distribution,
    Fixed,
    Int,
    LatinHypercubeSweep,
    LogUniform,
    Normal,
    RandomSweep,
    SobolSweep,
    Sweep,
    Uniform,
)
from tests.processes import finished

SPACE: dict[str, Any] = {
    "lr": LogUniform(1e-4, 1e-1),
    "model": {"width": Int(8, 512, log=True), "act": ["relu", "tanh"], "layers": Fixed([64, 64])},
    "dropout": Uniform(0, 0.5),
    "epochs": 10,
}
KINDS = [RandomSweep, LatinHypercubeSweep, SobolSweep]
every_kind = pytest.mark.parametrize("kind", KINDS)


def points(sweep: Sweep) -> Any:
    return np.array([list(config.values()) for config in sweep])


@every_kind
class TestEveryKind:
    def test_makes_n_configurations_of_the_shape_of_the_space(self, kind: Any) -> None:
        sweep = kind(SPACE, 50, constants={"data": ["a", "b"]})
        assert len(sweep) == len(list(sweep)) == 50
        for config in sweep:
            assert list(config) == ["lr", "model", "dropout", "epochs", "data"]
            assert 1e-4 <= config["lr"] <= 1e-1
            assert config["model"]["layers"] == [64, 64]
            assert config["model"]["act"] in ("relu", "tanh")
            assert type(config["model"]["width"]) is int
            assert config["epochs"] == 10
            assert config["data"] == ["a", "b"]

    def test_makes_the_same_at_a_position_as_in_order(self, kind: Any) -> None:
        sweep = kind(SPACE, 300, seed=3)
        assert [sweep[position] for position in range(300)] == list(sweep)
        assert list(sweep[7:200:50]) == list(sweep)[7:200:50]

    def test_depends_on_the_seed_and_on_nothing_else(self, kind: Any) -> None:
        sweep = kind(SPACE, 20, seed=3)
        assert list(sweep) == list(pickle.loads(pickle.dumps(sweep)))
        assert sweep == pickle.loads(pickle.dumps(sweep)) == kind(SPACE, 20, 3)
        assert sweep != kind(SPACE, 20, seed=4)
        assert list(sweep) != list(kind(SPACE, 20, seed=4))

    def test_can_be_chained_filtered_and_repeated(self, kind: Any) -> None:
        study = kind(SPACE, 5) * DictSweep({"fold": [0, 1]}).repeat(3)
        assert len(study) == 30
        assert all(c["dropout"] < 0.3 for c in kind(SPACE, 40).filter(lambda c: c["dropout"] < 0.3))
        assert kind(SPACE, 40, where=lambda c: c["dropout"] < 0.3).count() < 40

    def test_hands_out_lists_that_may_be_changed(self, kind: Any) -> None:
        sweep = kind({"a": Choice([[1], [2]])}, 8)
        before = [config["a"][:] for config in sweep]
        for config in sweep:
            config["a"].append("changed")
        assert [config["a"] for config in sweep] == before

    def test_shows_its_keys_its_seed_and_its_size(self, kind: Any) -> None:
        shown = f"{kind.__name__}(lr, model.width, model.act, dropout; seed=1; 9 configurations)"
        assert repr(kind(SPACE, 9, seed=1)) == shown

    def test_may_draw_nothing_at_all(self, kind: Any) -> None:
        assert list(kind({"a": 1}, 2)) == [{"a": 1}, {"a": 1}]
        assert list(kind(SPACE, 0)) == []

    def test_takes_a_distribution_of_your_own(self, kind: Any) -> None:
        class Even(Distribution):
            def quantile(self, fraction: float) -> int:
                return 2 * int(fraction * 5)

        assert {config["a"] for config in kind({"a": Even()}, 64)} == {0, 2, 4, 6, 8}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([], 3), "space is a list"),
            ((SPACE, -1), "n is -1"),
            ((SPACE, 2.5), "n is 2.5"),
            ((SPACE, 3, None), "Write seed=0"),
            (({"a": []}, 3), "'a' has no values"),
            (({"a": {1, 2}}, 3), "'a' is a set"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, kind: Any, arguments: Any, message: str) -> None:
        with pytest.raises(SweepError, match=message):
            kind(*arguments)
        with pytest.raises(SweepError, match="in the space and in constants"):
            kind(SPACE, 3, constants={"lr": 1})


class TestRandomSweep:
    def test_keeps_its_first_configurations_when_it_grows(self) -> None:
        assert list(RandomSweep(SPACE, 100))[:10] == list(RandomSweep(SPACE, 10))

    def test_keeps_its_values_when_a_key_comes_along(self) -> None:
        more = RandomSweep({"extra": Uniform(0, 1), **SPACE}, 10)
        assert [config["lr"] for config in more] == [c["lr"] for c in RandomSweep(SPACE, 10)]

    def test_gives_the_values_that_it_has_always_given(self) -> None:
        # Finished runs are found again by these: a change here is a change for users.
        space = {
            "lr": LogUniform(1e-4, 1e-1),
            "n": Int(1, 9),
            "o": {"x": Normal(0, 1)},
            "c": [7, 8],
        }
        assert list(RandomSweep(space, 2, seed=1)) == [
            {"lr": 0.00409702250991, "n": 3, "o": {"x": -0.939676614699}, "c": 7},
            {"lr": 0.000103192928217, "n": 6, "o": {"x": -0.63162558901}, "c": 7},
        ]

    def test_makes_one_of_a_billion_at_once(self) -> None:
        assert RandomSweep(SPACE, 10**9)[10**9 - 1] == RandomSweep(SPACE, 10**12)[10**9 - 1]

    def test_draws_its_keys_independently_and_evenly(self) -> None:
        drawn = points(RandomSweep({"a": Uniform(0, 1), "b": Uniform(0, 1)}, 2000, seed=5))
        assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1
        assert np.allclose(drawn.mean(axis=0), 0.5, atol=0.03)


def test_a_latin_hypercube_puts_one_value_in_each_slice() -> None:
    drawn = points(LatinHypercubeSweep({"a": Uniform(0, 1), "b": Uniform(0, 1)}, 100, seed=5))
    for column in drawn.T:
        assert sorted((column * 100).astype(int)) == list(range(100))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.3


class TestSobolSweep:
    def test_is_the_sequence_of_scipy_with_a_shift(self) -> None:
        drawn = points(SobolSweep({name: Uniform(0, 1) for name in "abc"}, 64, seed=5))
        bits = (drawn * 2**30).round().astype(int)
        unshifted = (qmc.Sobol(3, scramble=False).random_base2(6) * 2**30).astype(int)
        assert np.abs((bits ^ bits[0]) - unshifted).max() < 4  # values are rounded to 12 digits

    def test_fills_the_space_more_evenly_than_chance(self) -> None:
        space = {name: Uniform(0, 1) for name in "abcd"}
        uneven = [qmc.discrepancy(points(kind(space, 256, seed=5))) for kind in KINDS]
        assert uneven[2] < uneven[1] < uneven[0]

    def test_keeps_its_first_configurations_when_it_grows(self) -> None:
        assert list(SobolSweep(SPACE, 700))[:10] == list(SobolSweep(SPACE, 10))

    def test_refuses_more_points_than_the_sequence_has(self) -> None:
        with pytest.raises(SweepError, match="Use RandomSweep"):
            SobolSweep(SPACE, 2**30 + 1)

    def test_without_scipy_says_what_to_install(self, tmp_path: Path) -> None:
        program = tmp_path / "program.py"
        program.write_text(
            "import sys; sys.modules['scipy'] = None\n"
            "from pycaddy.errors import MissingExtraError\n"
            "from pycaddy.sweeper import SobolSweep, Uniform\n"
            "try:\n"
            "    list(SobolSweep({'a': Uniform(0, 1)}, 2))\n"
            "except MissingExtraError as error:\n"
            "    print(error)\n"
        )
        printed = finished(sys.executable, program, cwd=tmp_path).stdout
        assert printed.strip().endswith("Run: python -m pip install 'pycaddy[search]'")
