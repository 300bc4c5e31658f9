"""Every statement and every snippet of the page "Parameter Sweeping" of pycaddy 0.2, as a test.

The page imports from `pycaddy.sweeper`; `pycaddy` and `tracker` have the same names. The snippets
are written anew here, and keep what they show: names, keys, numbers of configurations, order.

    part                     statement                                       test (test_...)
    Quick Start              two keys of three values: 9 configurations      the_quick_start
                             sweeps by product and zip; chains; constants;   several
                             nested parameters
    DictSweep                the signature, by position and by name          the_signature_of_dict
                             lists in parameters are swept                   parameters_are_lists
                             constants are in every configuration            constants_are_in_every
                             generate() yields dicts                         generate_yields
    ChainSweep               the signature                                   the_signature_of_chain
                             merges the outputs of its sweeps                a_chain_merges
    Strategies, PRODUCT      four combinations, in this order                a_product_combines
    Strategies, ZIP          element by element                              a_zip_pairs
                             lists must have the same length                 a_zip_of_unequal
    Basic Grid Search        2 x 3 x 2 = 12, counted by enumerate            the_basic_grid_search
    Constants                keys of parameters, then those of constants     the_constants_example
    Zip Strategy             four models: four configurations                the_zip_example
    Chained Sweeps           8 configurations, in the order shown            the_chain_example
    Integration, Project     27 runs, RESUME skips what is completed         a_grid_resumes
                             checkpoint by session.path                      a_grid_resumes
    Cheat Sheet              each of its sweeps                              the_cheat_sheet
    Nested Parameters        dots lead into nested dicts                     dotted_keys_nest
    See Also, our reading    EmptySweep; all import names, the same classes  the_other_names
"""

from __future__ import annotations

import inspect
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pycaddy
import pycaddy.sweeper
import tracker
from pycaddy.errors import SweepError
from tests.scripts import answer

IMPORTS = {"pycaddy.sweeper": pycaddy.sweeper, "pycaddy": pycaddy, "tracker": tracker}


@pytest.fixture(params=IMPORTS.values(), ids=IMPORTS)
def api(request: pytest.FixtureRequest) -> ModuleType:
    """The module that the reader imports from."""
    return request.param


def signature(made: type) -> list[tuple[str, object]]:
    """The names and defaults of what may be given by position."""
    return [
        (name, parameter.default)
        for name, parameter in inspect.signature(made).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]


# Quick Start


@pytest.mark.parametrize("name", IMPORTS)
def test_the_quick_start(tmp_path: Path, name: str) -> None:
    program = f"""
        from {name} import DictSweep, StrategyName

        space = {{"learning_rate": [0.01, 0.001, 0.0001], "batch_size": [16, 32, 64]}}
        sweep = DictSweep(parameters=space, strategy=StrategyName.PRODUCT)
        for config in sweep.generate():
            print(config)
    """
    shown = answer(program, tmp_path).splitlines()
    assert shown[:2] == [
        "{'learning_rate': 0.01, 'batch_size': 16}",
        "{'learning_rate': 0.01, 'batch_size': 32}",
    ]
    assert len(shown) == len(set(shown)) == 9


# Core Classes


def test_the_signature_of_dict_sweep(api: ModuleType) -> None:
    assert signature(api.DictSweep) == [
        ("parameters", {}),
        ("constants", {}),
        ("strategy", api.StrategyName.PRODUCT),
    ]
    lists, fixed = {"a": [1, 2], "b": [3, 4]}, {"c": 5}
    by_position = api.DictSweep(lists, fixed, api.StrategyName.ZIP)
    by_name = api.DictSweep(parameters=lists, constants=fixed, strategy=api.StrategyName.ZIP)
    assert (
        list(by_position) == list(by_name) == [{"a": 1, "b": 3, "c": 5}, {"a": 2, "b": 4, "c": 5}]
    )
    assert list(api.DictSweep()) == list(api.DictSweep({}, {})) == [{}]
    assert list(api.DictSweep(constants=fixed)) == [fixed]


def test_the_default_of_a_sweep_is_not_shared(api: ModuleType) -> None:
    for config in api.DictSweep():
        config["a"] = 1
    assert list(api.DictSweep()) == [{}]


def test_parameters_are_lists_of_options(api: ModuleType) -> None:
    assert list(api.DictSweep(parameters={"a": [1, "x", None]})) == [
        {"a": 1},
        {"a": "x"},
        {"a": None},
    ]


def test_constants_are_in_every_configuration(api: ModuleType) -> None:
    sweep = api.DictSweep(parameters={"a": [1, 2, 3]}, constants={"layers": [64, 64], "s": "x"})
    assert [config.pop("a") for config in sweep] == [1, 2, 3]
    assert all(config | {"layers": [64, 64], "s": "x"} == config for config in sweep)


def test_generate_yields_dicts_one_at_a_time(api: ModuleType) -> None:
    sweep = api.DictSweep(parameters={name: range(1000) for name in "abcdef"})
    generated = sweep.generate()
    assert next(generated) == dict.fromkeys("abcdef", 0)
    assert type(next(generated)) is dict
    assert next(sweep.generate()) == dict.fromkeys("abcdef", 0)  # each call begins anew


def test_the_signature_of_chain_sweep(api: ModuleType) -> None:
    assert signature(api.ChainSweep) == [("sweepers", inspect.Parameter.empty)]
    parts = [api.DictSweep({"a": [1]}), api.DictSweep({"b": [2]})]
    assert list(api.ChainSweep(parts)) == list(api.ChainSweep(sweepers=parts)) == [{"a": 1, "b": 2}]


def test_a_chain_merges_the_configurations_of_its_sweeps(api: ModuleType) -> None:
    first = api.DictSweep({"model.kind": ["cnn"]}, {"model.layers": 3})
    second = api.DictSweep({"model": {"width": [8, 16]}})
    assert list(api.ChainSweep(sweepers=[first, second]).generate()) == [
        {"model": {"kind": "cnn", "layers": 3, "width": 8}},
        {"model": {"kind": "cnn", "layers": 3, "width": 16}},
    ]


# Strategies


def test_a_product_combines_all_values_the_last_key_fastest(api: ModuleType) -> None:
    space = {"lr": [0.01, 0.001], "dropout": [0.1, 0.2]}
    by_default = api.DictSweep(parameters=space)
    named = api.DictSweep(parameters=space, strategy=api.StrategyName.PRODUCT)
    assert (
        list(by_default)
        == list(named)
        == [{"lr": lr, "dropout": dropout} for lr, dropout in product([0.01, 0.001], [0.1, 0.2])]
    )


def test_a_zip_pairs_the_values(api: ModuleType) -> None:
    models, sizes = ["resnet18", "resnet50", "vgg16"], [64, 32, 16]
    sweep = api.DictSweep({"model": models, "batch_size": sizes}, strategy=api.StrategyName.ZIP)
    assert [tuple(config.values()) for config in sweep] == [*zip(models, sizes, strict=True)]


def test_a_zip_of_unequal_lengths_is_refused(api: ModuleType) -> None:
    with pytest.raises(SweepError, match="'model' has 3, 'batch_size' has 2"):
        api.DictSweep(
            {"model": ["a", "b", "c"], "batch_size": [64, 32]}, strategy=api.StrategyName.ZIP
        )


# Examples


def test_the_basic_grid_search_counts_to_12(api: ModuleType) -> None:
    space = {
        "learning_rate": [0.01, 0.001],
        "batch_size": [16, 32, 64],
        "optimizer": ["adam", "sgd"],
    }
    sweep = api.DictSweep(parameters=space, strategy=api.StrategyName.PRODUCT)
    numbered = [*enumerate(sweep.generate(), 1)]
    assert numbered[0] == (1, {"learning_rate": 0.01, "batch_size": 16, "optimizer": "adam"})
    assert numbered[-1] == (12, {"learning_rate": 0.001, "batch_size": 64, "optimizer": "sgd"})
    assert len(sweep) == 12


def test_the_constants_example_shows_parameters_first(api: ModuleType) -> None:
    sweep = api.DictSweep(
        parameters={"learning_rate": [0.01, 0.001], "dropout": [0.1, 0.3]},
        constants={"epochs": 100, "seed": 42, "model": "resnet18"},
        strategy=api.StrategyName.PRODUCT,
    )
    assert str(next(sweep.generate())) == (
        "{'learning_rate': 0.01, 'dropout': 0.1, 'epochs': 100, 'seed': 42, 'model': 'resnet18'}"
    )
    assert sweep.count() == 4


def test_the_zip_example_has_one_configuration_per_model(api: ModuleType) -> None:
    space = {
        "model": ["tiny", "small", "base", "large"],
        "batch_size": [128, 64, 32, 16],
        "learning_rate": [0.001, 0.001, 0.0005, 0.0001],
    }
    found = [*api.DictSweep(parameters=space, strategy=api.StrategyName.ZIP).generate()]
    assert found[:2] == [
        {"model": "tiny", "batch_size": 128, "learning_rate": 0.001},
        {"model": "small", "batch_size": 64, "learning_rate": 0.001},
    ]
    assert len(found) == 4


def test_the_chain_example_has_8_configurations(api: ModuleType) -> None:
    architectures = api.DictSweep(parameters={"arch": ["resnet", "vgg"]}, constants={"type": "cnn"})
    optimizers = api.DictSweep(
        parameters={"optimizer": ["adam", "sgd"], "learning_rate": [0.01, 0.001]},
        strategy=api.StrategyName.PRODUCT,
    )
    chain = api.ChainSweep(sweepers=[architectures, optimizers])
    assert [*chain.generate()] == [
        {"arch": arch, "type": "cnn", "optimizer": optimizer, "learning_rate": lr}
        for arch, optimizer, lr in product(["resnet", "vgg"], ["adam", "sgd"], [0.01, 0.001])
    ]
    assert len(chain) == 8


GRID_OF_27 = """
    import sys
    from {project} import ExistingRun, Project
    from {sweeper} import DictSweep, StrategyName

    space = {{
        "learning_rate": [0.01, 0.001, 0.0001],
        "batch_size": [16, 32, 64],
        "dropout": [0.1, 0.3, 0.5],
    }}
    sweep = DictSweep(parameters=space, strategy=StrategyName.PRODUCT)
    project = Project(root="experiments/grid_search").ensure_folder()
    skipped = trained = 0
    for config in sweep.generate():
        session = project.session(
            "train", params=config, existing_run_strategy=ExistingRun.RESUME
        )
        if session.is_done():
            skipped += 1
            continue
        if trained == int(sys.argv[1]):
            break
        session.start()
        session.path("model.pt").write_text(str(config))
        session.done()
        trained += 1
    print(trained, skipped)
"""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("names", [("pycaddy.project", "pycaddy.sweeper"), ("tracker", "tracker")])
def test_a_grid_resumes_where_it_was_cut_off(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    names: tuple[str, str],
) -> None:
    if engine == "postgres":
        monkeypatch.setenv("PYCADDY_LEDGER", request.getfixturevalue("ledger_url"))
    program = GRID_OF_27.format(project=names[0], sweeper=names[1])
    assert answer(program, tmp_path, "10") == "10 0"
    assert answer(program, tmp_path, "-1") == "17 10"
    assert answer(program, tmp_path, "-1") == "0 27"
    project = pycaddy.Project(tmp_path / "experiments" / "grid_search")
    done = project.sessions("train", status=pycaddy.Status.DONE)
    assert len({run.param_hash for run in done}) == len(done) == 27
    for run in done:
        assert run.path("model.pt").read_text() == str(run.params)


# Cheat Sheet


def test_the_cheat_sheet(api: ModuleType) -> None:
    product_, zip_ = api.StrategyName.PRODUCT, api.StrategyName.ZIP
    space: dict[str, list[Any]] = {"lr": [0.01, 0.001], "bs": [16, 32]}
    assert len(list(api.DictSweep(parameters=space, strategy=product_).generate())) == 4
    with_constants = api.DictSweep({"lr": [0.01, 0.001]}, constants={"epochs": 100, "seed": 42})
    assert list(with_constants) == [{"lr": lr, "epochs": 100, "seed": 42} for lr in (0.01, 0.001)]
    paired = api.DictSweep(parameters={"model": ["small", "large"], "bs": [64, 32]}, strategy=zip_)
    assert list(paired) == [{"model": "small", "bs": 64}, {"model": "large", "bs": 32}]
    first, second = api.DictSweep(parameters={"a": [1, 2]}), api.DictSweep(parameters={"b": [3, 4]})
    chain = api.ChainSweep(sweepers=[first, second])
    assert list(chain.generate()) == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]
    space["bs"] = [16, 32, 64]
    counted = api.DictSweep(parameters=space, strategy=product_)
    assert len(counted) == counted.count() == len(space["lr"]) * len(space["bs"]) == 6


# Advanced: Nested Parameters


def test_dotted_keys_nest(api: ModuleType) -> None:
    sweep = api.DictSweep(
        parameters={
            "model.layers": [3, 5],
            "model.hidden_size": [128, 256],
            "optimizer.lr": [0.01, 0.001],
        },
        strategy=api.StrategyName.PRODUCT,
    )
    assert [*sweep.generate()] == [
        {"model": {"layers": layers, "hidden_size": size}, "optimizer": {"lr": lr}}
        for layers, size, lr in product([3, 5], [128, 256], [0.01, 0.001])
    ]


def test_dotted_keys_of_constants_nest(api: ModuleType) -> None:
    sweep = api.DictSweep({"model.layers": [3]}, {"model.act": "relu", "data.name": "mnist"})
    assert list(sweep) == [{"model": {"layers": 3, "act": "relu"}, "data": {"name": "mnist"}}]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_run_with_dotted_keys_is_found_by_its_nested_params(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    ledger = request.getfixturevalue("ledger_url") if engine == "postgres" else None
    project = tracker.Project(tmp_path / "results", ledger=ledger)
    for config in tracker.DictSweep({"model.layers": [3, 5], "model['v1.0']": [True]}):
        project.session("train", config).start().done()
    nested = {"model": {"layers": 5, "v1.0": True}}
    assert project.session("train", nested, tracker.ExistingRun.RESUME).uid == "0002"
    (found,) = project.runs("train", where="model.layers == 3 and model['v1.0']")
    assert found.uid == "0001"


# What else there is


def test_the_other_names(api: ModuleType) -> None:
    assert list(api.EmptySweep().generate()) == [{}]
    sweep = api.DictSweep({"a": [1, 2]})
    assert list(api.ChainSweep(sweepers=[api.EmptySweep(), sweep])) == list(sweep)
    for name in ("ChainSweep", "DictSweep", "EmptySweep", "StrategyName"):
        assert getattr(api, name) is getattr(pycaddy.sweeper, name)
    assert {"PRODUCT", "ZIP"} == set(api.StrategyName.__members__)


def test_the_table_above_names_the_tests_below() -> None:
    """Its last column, from the line of its header on."""
    lines = (__doc__ or "").splitlines()
    header = next(number for number, line in enumerate(lines) if "test (test_...)" in line)
    column = lines[header].index("test (test_...)")
    named = {line[column:].strip() for line in lines[header + 1 :]} - {"", "several"}
    tests = [name.removeprefix("test_") for name in globals() if name.startswith("test_")]
    for name in named:
        assert any(test.startswith(name) for test in tests), name
    assert len(named) > 15
