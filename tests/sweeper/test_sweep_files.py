"""Sweeps written as data: our own keys, and those of W&B's sweep configurations."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import SweepError
from pycaddy.sweeper import (
    Choice,
    DictSweep,
    Int,
    LatinHypercubeSweep,
    LogNormal,
    LogUniform,
    Normal,
    RandomSweep,
    SobolSweep,
    Uniform,
    load_sweep,
    sweep_from,
)
from tests.processes import finished

WANDB_GRID = """
program: train.py
command: ["${env}", python, "${program}"]
project: digits
method: grid
metric: {name: val/loss, goal: minimize}
parameters:
  lr:
    values: [0.1, 0.01]
  epochs:
    value: 10
  optimizer:
    parameters:
      name: {values: [sgd, adam]}
      layers: {value: [64, 64]}
  fold: {min: 0, max: 2}
"""
WANDB_RANDOM = """
method: random
run_cap: 20
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  width: {distribution: q_log_uniform_values, q: 8, min: 32, max: 256}
  dropout: {min: 0.0, max: 0.5}
  epochs: {distribution: int_uniform, min: 3, max: 9}
  act: {values: [relu, tanh]}
"""


def written(folder: Path, text: str, name: str = "sweep.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_grid_of_wandb_is_a_dict_sweep(tmp_path: Path) -> None:
    sweep = load_sweep(written(tmp_path, WANDB_GRID))
    assert len(sweep) == 12
    assert sweep[0] == {
        "lr": 0.1,
        "epochs": 10,
        "optimizer": {"name": "sgd", "layers": [64, 64]},
        "fold": 0,
    }
    assert sweep[-1]["fold"] == 2


def test_a_random_search_of_wandb_is_a_random_sweep(tmp_path: Path) -> None:
    sweep = load_sweep(str(written(tmp_path, WANDB_RANDOM, "sweep.yml")))
    assert sweep == RandomSweep(
        {
            "lr": LogUniform(0.0001, 0.1),
            "width": LogUniform(32, 256, q=8),
            "dropout": Uniform(0.0, 0.5),
            "epochs": Int(3, 9),
            "act": Choice(["relu", "tanh"]),
        },
        20,
    )


@pytest.mark.parametrize(
    ("entry", "distribution"),
    [
        ({"min": 1, "max": 5}, Int(1, 5)),
        ({"min": 1, "max": 5.0}, Uniform(1, 5.0)),
        ({"values": [1, 2], "probabilities": [0.3, 0.7]}, Choice([1, 2], [0.3, 0.7])),
        ({"distribution": "categorical", "values": ["a"]}, Choice(["a"])),
        ({"distribution": "q_uniform", "min": 0, "max": 9}, Uniform(0, 9, q=1)),
        ({"distribution": "log_uniform", "min": -3, "max": 0}, LogUniform(math.exp(-3), 1.0)),
        ({"distribution": "inv_log_uniform", "min": 0, "max": 3}, LogUniform(math.exp(-3), 1.0)),
        ({"distribution": "inv_log_uniform_values", "min": 1, "max": 3}, LogUniform(1, 3)),
        ({"distribution": "q_log_uniform", "min": 0, "max": 3}, LogUniform(1.0, math.exp(3), q=1)),
        ({"distribution": "normal"}, Normal(0.0, 1.0)),
        ({"distribution": "q_normal", "mu": 5, "sigma": 2, "q": 0.5}, Normal(5, 2, q=0.5)),
        ({"distribution": "log_normal", "mu": 1}, LogNormal(1, 1.0)),
        ({"distribution": "q_log_normal", "mu": 1}, LogNormal(1, 1.0, q=1)),
    ],
    ids=str,
)
def test_the_distributions_of_wandb_are_understood(entry: Any, distribution: Any) -> None:
    data = {"method": "random", "n": 4, "seed": 2, "parameters": {"a": entry}}
    assert sweep_from(data) == RandomSweep({"a": distribution}, 4, seed=2)


@pytest.mark.parametrize(
    ("method", "kind"), [("sobol", SobolSweep), ("latin_hypercube", LatinHypercubeSweep)]
)
def test_other_ways_to_draw_are_methods_too(method: str, kind: Any) -> None:
    data = {"method": method, "n": 8, "parameters": {"a": {"min": 0.0, "max": 1.0}}}
    assert sweep_from(data) == kind({"a": Uniform(0.0, 1.0)}, 8)


def test_our_own_keys_say_what_the_arguments_say() -> None:
    data = {
        "parameters": {
            "lr": [0.1, 0.01],
            "optimizer": ["sgd", "adam"],
            "model": {"width": {"type": "range", "start": 1, "stop": 3}, "layers": 2},
        },
        "constants": {"data": ["a", "b"]},
        "when": {"optimizer": {"sgd": {"momentum": {"values": [0.8, 0.9]}}}},
        "repeat": 2,
    }
    expected = DictSweep(
        {
            "lr": [0.1, 0.01],
            "optimizer": ["sgd", "adam"],
            "model": {"width": range(1, 3), "layers": 2},
        },
        constants={"data": ["a", "b"]},
        when={"optimizer": {"sgd": {"momentum": [0.8, 0.9]}}},
    ).repeat(2)
    assert sweep_from(data) == expected
    assert len(expected) == 24


def test_zip_and_a_cap_are_taken_from_the_file() -> None:
    sweep = sweep_from({"parameters": {"a": [1, 2, 3], "b": [4, 5, 6]}, "strategy": "zip", "n": 2})
    assert list(sweep) == [{"a": 1, "b": 4}, {"a": 2, "b": 5}]


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    data = {"parameters": {"lr": {"values": [0.1, 0.01]}, "o": {"a": [1]}}}
    as_json = written(tmp_path, json.dumps(data), "sweep.json")
    as_toml = written(tmp_path, "[parameters]\nlr.values = [0.1, 0.01]\no.a = [1]\n", "sweep.toml")
    assert load_sweep(as_json) == load_sweep(as_toml) == sweep_from(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "not as a list"),
        ({}, "'parameters' is None"),
        ({"parameters": {}, "paramters": {}}, "takes no 'paramters'"),
        ({"parameters": {}, "seed": 3}, "method: grid takes no 'seed'"),
        ({"method": "random", "n": 3, "parameters": {}, "strategy": "zip"}, "takes no 'strategy'"),
        ({"method": "bayes", "parameters": {}}, "OptunaSweep(space, objective="),
        ({"method": "gird", "parameters": {}}, "no method 'gird'. Use grid, random, sobol"),
        ({"method": ["grid"], "parameters": {}}, "no method ['grid']"),
        ({"method": "random", "parameters": {}}, "Write n: 100"),
        ({"method": "random", "n": "3", "parameters": {}}, "n is '3'"),
        ({"parameters": {}, "n": True}, "n is True"),
        ({"parameters": {}, "n": 1, "run_cap": 1}, "Keep one"),
        ({"parameters": {}, "early_terminate": {}}, "would end runs early"),
        ({"parameters": {"o": {"a": {"values": [1], "foo": 2}}}}, "'o.a' has 'foo'"),
        ({"parameters": {"a": {"parameters": {}, "b": 1}}}, "'a' has 'b'"),
        ({"parameters": {"a": {"distribution": "beta"}}}, "the unknown distribution 'beta'"),
        ({"parameters": {"a": {"distribution": ["x"]}}}, "the unknown distribution ['x']"),
        ({"parameters": {"a": {"min": 0.0, "max": 1}}}, "a grid needs lists of values"),
        ({"parameters": {"a": {"min": 0.0}}}, "'a' has no 'max'"),
        ({"parameters": {"a": {"distribution": "constant"}}}, "'a' has no 'value'"),
        ({"parameters": {"a": {"min": "1e-4", "max": 1}}}, "'a' has '1e-4' as 'min'"),
        ({"parameters": {"a": {"min": 5, "max": 1}}}, "'a' is wrong. In Int, low is 5"),
        ({"parameters": {"a": {"values": 3}}}, "'a' is wrong. Choice takes a list"),
        ({"parameters": {"a": {"values": [1], "min": 3}}}, "'a' has 'min'"),
        ({"parameters": {"a": [1]}, "when": {"a": [1]}}, "must be a dict from values"),
        ({"parameters": {"a": [1]}, "repeat": "x"}, "seeds is 'x'"),
        ({"parameters": {"a": [1]}, "repeat": {"seed": 2}}, "repeat takes no 'seed'"),
        ({"parameters": {"a": [1]}, "repeat": {"name": "s"}}, "repeat has no seeds"),
        ({"parameters": {"a": [1]}, "repeat": {"seeds": {"x": 1}}}, "seeds is the dict {'x': 1}"),
        ({"parameters": {"a": [1]}, "repeat": {"seeds": 2, "name": 5}}, "name of repeat is 5"),
        ({"parameters": {"a": [1]}, "strategy": "ZIP"}, "strategy 'ZIP'. Use 'product' or 'zip'"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(data: Any, message: str) -> None:
    with pytest.raises(SweepError) as caught:
        sweep_from(data)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.yaml", "a: [", "This is not valid YAML"),
        ("s.json", "{", "This is not valid JSON"),
        ("s.toml", "=", "This is not valid TOML"),
        ("s.ini", "", "must end in .yaml, .yml, .json, .toml"),
        (
            "s.yaml",
            "parameters: {lr: [1e-4]}",
            "'lr' is '1e-4', which YAML reads as a string. Write 1.0e-4",
        ),
        ("s.yaml", "parameters: {lr: {min: 1.5e3}}", "Write 1.5e+3"),
        ("s.yaml", "parameters: !!python/object/apply:os.getcwd []", "This is not valid YAML"),
    ],
)
def test_an_error_in_a_file_names_the_file(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(SweepError) as caught:
        load_sweep(written(tmp_path, text, name))
    assert message in str(caught.value)
    assert name in str(caught.value)


TWICE = {
    "s.yaml": "parameters:\n  lr: [0.1]\n  lr: [0.2]\n",
    "deep.yaml": "parameters: {model: {width: [1], width: [2]}}",
    "s.json": '{"parameters": {"lr": [0.1], "lr": [0.2]}}',
}


@pytest.mark.parametrize("name", TWICE)
def test_a_key_that_is_written_twice_is_refused(tmp_path: Path, name: str) -> None:
    """The readers would keep the last one, and the study would lack configurations."""
    with pytest.raises(SweepError, match=rf"In .*{name}: The key '(lr|width)' is written twice"):
        load_sweep(written(tmp_path, TWICE[name], name))


def test_a_merge_key_in_yaml_may_be_overridden(tmp_path: Path) -> None:
    text = """
parameters:
  a: &a {x: [1], y: 2}
  b: &b {<<: *a, x: 3}
  c: {<<: [*b, *a], y: 4}
  d: {1: fixed, "1": other, type: adam}
"""
    with pytest.raises(SweepError, match=r"'d\.1' and 'd\.1' both set 'd\.1'"):
        load_sweep(written(tmp_path, text))
    text = text.replace("1: fixed, ", "")
    assert list(load_sweep(written(tmp_path, text))) == [
        {
            "a": {"x": 1, "y": 2},
            "b": {"x": 3, "y": 2},
            "c": {"x": 3, "y": 4},
            "d": {"1": "other", "type": "adam"},
        }
    ]


def test_a_repeat_may_name_its_param() -> None:
    swept = {"a": [1]}
    named = sweep_from({"parameters": swept, "repeat": {"seeds": [7, 8], "name": "train.seed"}})
    assert named == DictSweep(swept).repeat([7, 8], name="train.seed")
    plain = sweep_from({"parameters": swept, "repeat": {"seeds": 2}})
    assert plain == sweep_from({"parameters": swept, "repeat": 2}) == DictSweep(swept).repeat(2)
    ranged = sweep_from({"parameters": swept, "repeat": {"type": "range", "start": 5, "end": 7}})
    assert [config["seed"] for config in ranged] == [5, 6]


def test_text_that_looks_like_a_number_may_be_meant(tmp_path: Path) -> None:
    text = "parameters: {version: {type: fixed, value: 1e-4}}"
    assert list(load_sweep(written(tmp_path, text))) == [{"version": "1e-4"}]


def test_a_file_that_is_not_there_is_the_usual_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_sweep(tmp_path / "sweep.yaml")


def test_without_pyyaml_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = written(
        tmp_path,
        "import sys; sys.modules['yaml'] = None\n"
        "from pycaddy.sweeper import load_sweep\n"
        "load_sweep('sweep.yaml')\n",
        "program.py",
    )
    written(tmp_path, "parameters: {}")
    done = finished(sys.executable, program, cwd=tmp_path)
    assert "MissingExtraError" in done.stdout
    assert done.stdout.strip().endswith("Run: python -m pip install 'pycaddy[yaml]'")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.yaml", b"\xff\xfe", "not UTF-8"),
        ("x.yaml", b"day: 2026-99-99", "not valid YAML: month must be"),
        ("x.yaml", b"[" * 20_000, "not valid YAML"),
        ("x.json", b"[" * 20_000, "not valid JSON"),
        ("x.toml", b"x=" + b"[" * 20_000, "not valid TOML"),
        ("x.yaml", b"parameters: &a {x: *a}", "nested deeper than 64 levels"),
        (
            "x.yaml",
            b"a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n"
            + b"\n".join(
                b"%c: &%c [%s]" % (name, name, b", ".join([b"*%c" % (name - 1)] * 8))
                for name in b"bcdefgh"
            ),
            "more than 1,000,000 values",
        ),
    ],
)
def test_a_file_that_no_reader_is_ready_for_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SweepError, match=says) as caught:
        load_sweep(path)
    assert str(path) in str(caught.value)
