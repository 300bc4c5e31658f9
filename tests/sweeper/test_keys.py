"""How keys are written: dots lead into nested dicts, brackets keep a part as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import FilterError, SweepError
from pycaddy.filters import parse
from pycaddy.sweeper import (
    ChainSweep,
    Choice,
    DictSweep,
    Fixed,
    LogUniform,
    OptunaSweep,
    RandomSweep,
    StrategyName,
    load_sweep,
    sweep_from,
)
from pycaddy.sweeper.keys import dotted, parts_of

LITERAL = "model['a.b']"
"""The key a.b in the dict model."""


class TestWriting:
    @pytest.mark.parametrize(
        ("key", "parts"),
        [
            ("lr", ("lr",)),
            ("model.lr", ("model", "lr")),
            ("a.b.c", ("a", "b", "c")),
            ("['a.b']", ("a.b",)),
            ('["a.b"]', ("a.b",)),
            (LITERAL, ("model", "a.b")),
            ("['a.b'].c", ("a.b", "c")),
            ("['a.b']['c.d']", ("a.b", "c.d")),
            ("['batch size']", ("batch size",)),
            ("['']", ("",)),
            ("", ("",)),
            (r"['it\'s 1.5']", ("it's 1.5",)),
            ("layers[0]", ("layers[0]",)),
            ("a[0].b]", ("a[0]", "b]")),
            ("batch-size", ("batch-size",)),
            ("val/acc", ("val/acc",)),
        ],
    )
    def test_dots_separate_and_brackets_keep(self, key: str, parts: tuple[str, ...]) -> None:
        assert parts_of(key) == parts
        assert parts_of(dotted(parts)) == parts

    @given(
        st.lists(st.text(alphabet=st.sampled_from("ab.[]'\"\\\n é\ud800"), max_size=5), min_size=1)
    )
    def test_what_is_shown_can_be_read_back(self, parts: list[str]) -> None:
        assert parts_of(dotted(tuple(parts))) == tuple(parts)

    @given(st.text(alphabet=st.sampled_from("a.[]'\"\\xu0\0"), max_size=12))
    def test_any_text_is_a_key_or_a_sweep_error(self, key: str) -> None:
        try:
            parts = parts_of(key)
        except SweepError:
            return
        assert parts_of(dotted(parts)) == parts

    @given(st.text(), st.text())
    def test_a_part_in_brackets_is_written_as_in_a_filter(self, start: str, end: str) -> None:
        part = f"{start}.{end}"
        try:
            filtered: Any = parse(f"model{dotted((part,))} is None")
        except FilterError:
            return  # a filter has characters that it refuses
        assert filtered.name.places[0].keys == ("model", part)

    @pytest.mark.parametrize("key", ["a..b", ".a", "a.", ".", "a.['b']", "['a'].", "['a']..b"])
    def test_an_empty_part_is_refused(self, key: str) -> None:
        with pytest.raises(SweepError, match="has an empty part before or after a dot") as caught:
            DictSweep({key: [1]})
        assert vars(caught.value)["key"] == key
        assert repr(dotted((key,))) in str(caught.value)  # how to write it literally

    @pytest.mark.parametrize("key", ["['a", "['a'", "a['b\"]", r"['\d']", r"['\U99999999']"])
    def test_a_bracket_that_is_not_closed_is_refused(self, key: str) -> None:
        with pytest.raises(SweepError, match="has a bracket that cannot be read"):
            DictSweep({key: [1]})

    def test_after_a_bracket_comes_a_dot_or_a_bracket(self) -> None:
        with pytest.raises(SweepError, match="goes on with 'b' after a bracket"):
            DictSweep({"['a']b": [1]})


SAME = [
    ({"a.b": [1, 2]}, {"a": {"b": [1, 2]}}),
    ({"a.b.c": [1], "a.b.d": 2, "e": [3, 4]}, {"a": {"b": {"c": [1], "d": 2}}, "e": [3, 4]}),
    ({"a": {"b.c": [1, 2]}, "a.d": [3]}, {"a": {"b": {"c": [1, 2]}, "d": [3]}}),
    ({"a": {"b": {"c": 1}}, "a.b.d": 2}, {"a": {"b": {"c": 1, "d": 2}}}),
    ({"a": {"b": {"c": 1}}, "a.b": {"d": 2}}, {"a": {"b": {"c": 1, "d": 2}}}),
    ({"a": {}, "a.b": [1]}, {"a": {"b": [1]}}),
    ({"a.b": [1], "c": [2], "a.d": [3]}, {"a": {"b": [1], "d": [3]}, "c": [2]}),
    ({"a.b": {"type": "range", "stop": 3}}, {"a": {"b": [0, 1, 2]}}),
    ({"a.type": "range", "a.stop": 3}, {"a": [0, 1, 2]}),
    ({"a": {"type": "range"}, "a.stop": 3}, {"a": [0, 1, 2]}),
    ({"a.b": Fixed([1, 2])}, {"a": {"b": Fixed([1, 2])}}),
    (
        {"a": MappingProxyType({"b": MappingProxyType({"c": 1})}), "a.b.d": 2},
        {"a": {"b": {"c": 1, "d": 2}}},
    ),
]


class TestNesting:
    @pytest.mark.parametrize(("written", "nested"), SAME)
    def test_a_dotted_key_is_that_of_a_nested_dict(self, written: Any, nested: Any) -> None:
        assert DictSweep(written) == DictSweep(nested)
        assert list(DictSweep(written)) == list(DictSweep(nested))

    def test_constants_nest_in_the_same_way(self) -> None:
        sweep = DictSweep({"a.b": [1, 2]}, {"a.c": [3], "d": {"e.f": 4}})
        assert list(sweep) == [
            {"a": {"b": 1, "c": [3]}, "d": {"e": {"f": 4}}},
            {"a": {"b": 2, "c": [3]}, "d": {"e": {"f": 4}}},
        ]

    def test_a_literal_part_keeps_its_dot(self) -> None:
        sweep = DictSweep({LITERAL: [1, 2], "['v1.0']": 3}, {"model": {"['c.d']": 4}})
        assert list(sweep) == [
            {"model": {"a.b": 1, "c.d": 4}, "v1.0": 3},
            {"model": {"a.b": 2, "c.d": 4}, "v1.0": 3},
        ]
        assert repr(sweep) == "DictSweep(model['a.b']: 2; 2 configurations)"

    def test_what_is_one_value_keeps_its_keys(self) -> None:
        inner = {"a.b": 1, "a..": {"c.": 2}}
        assert list(DictSweep({"x": Fixed(inner), "y": [inner]})) == [{"x": inner, "y": inner}]
        assert list(DictSweep({"x": {"type": "fixed", "value": inner}})) == [{"x": inner}]

    def test_a_zip_takes_dotted_keys(self) -> None:
        sweep = DictSweep({"a.b": [1, 2], "a.c": [3, 4]}, strategy=StrategyName.ZIP)
        assert list(sweep) == [{"a": {"b": 1, "c": 3}}, {"a": {"b": 2, "c": 4}}]
        with pytest.raises(SweepError, match=r"'a\.b' has 1, 'a\.c' has 2"):
            DictSweep({"a.b": [1], "a.c": [3, 4]}, strategy=StrategyName.ZIP)

    def test_a_chain_merges_what_dotted_keys_nest(self) -> None:
        chain = ChainSweep([DictSweep({"a.b": [1, 2]}), DictSweep({"a": {"c.d": [3]}})])
        assert list(chain) == [{"a": {"b": 1, "c": {"d": 3}}}, {"a": {"b": 2, "c": {"d": 3}}}]
        with pytest.raises(SweepError, match=r"'a\.b' of sweepers\[1\] is set by an earlier one"):
            ChainSweep([DictSweep({"a.b": [1]}), DictSweep({"a": {"b": [2]}})])

    def test_repeat_takes_a_dotted_or_a_literal_name(self) -> None:
        once = DictSweep({"train.lr": [0.1]})
        assert list(once.repeat(1, name="train.seed")) == [{"train": {"lr": 0.1, "seed": 0}}]
        assert list(once.repeat(1, name="['train.seed']")) == [
            {"train": {"lr": 0.1}, "train.seed": 0}
        ]

    def test_when_names_keys_in_the_same_way(self) -> None:
        sweep = DictSweep(
            {"model.kind": ["mlp", "cnn"], "['a.b']": 1},
            when={"model.kind": {"cnn": {"model.kernel": [3]}}, "['a.b']": {1: {"c.d": 2}}},
        )
        assert list(sweep) == [
            {"model": {"kind": "mlp"}, "a.b": 1, "c": {"d": 2}},
            {"model": {"kind": "cnn", "kernel": 3}, "a.b": 1, "c": {"d": 2}},
        ]
        with pytest.raises(SweepError, match=r"names 'a', which is not.*\"\['a\.b'\]\""):
            DictSweep({"['a.b']": 1}, when={"a": {1: {"c": 2}}})
        with pytest.raises(SweepError, match=r"'a\.b' twice, as 'a\.b' and \"a\['b'\]\""):
            DictSweep({"a.b": 1}, when={"a.b": {1: {}}, "a['b']": {1: {}}})
        with pytest.raises(SweepError, match="names 1, which is not a parameter"):
            DictSweep({"a": 1}, when={1: {1: {}}})  # type: ignore[dict-item]

    def test_a_space_nests_dotted_keys(self) -> None:
        space = {"opt.lr": LogUniform(1e-4, 1e-1), "opt.name": ["sgd", "adam"], LITERAL: 1}
        nested = {"opt": {"lr": LogUniform(1e-4, 1e-1), "name": Choice(["sgd", "adam"])}}
        random = RandomSweep(space, 3, constants={"c.d": 2})
        assert random == RandomSweep(
            {**nested, "model": {"['a.b']": 1}}, 3, constants={"c": {"d": 2}}
        )
        assert repr(random) == "RandomSweep(opt.lr, opt.name; seed=0; 3 configurations)"
        assert random[0].keys() == {"opt", "model", "c"}

    def test_optuna_searches_dotted_keys(self) -> None:
        study = OptunaSweep({"opt.lr": LogUniform(1e-4, 1e-1), LITERAL: [1, 2]}, "loss", n=1)
        assert repr(study).startswith("OptunaSweep(opt.lr, model['a.b']; minimize 'loss'")
        (config,) = study.after([])
        assert set(config["opt"]) == {"lr"}
        assert config["model"]["a.b"] in (1, 2)

    def test_dicts_may_be_nested_64_deep_by_a_key(self) -> None:
        assert len(DictSweep({".".join("a" * 64): [1, 2]})) == 2
        for key in (".".join("a" * 65), "a." * 100_000 + "a"):
            with pytest.raises(SweepError, match="under 'a' are nested deeper than 64 levels"):
                DictSweep({key: [1, 2]})

    def test_a_dict_that_contains_itself_is_refused_beside_a_dotted_key(self) -> None:
        loop: dict[str, Any] = {}
        loop["b"] = loop
        with pytest.raises(SweepError, match="nested deeper than 64 levels"):
            DictSweep({"a": loop, "a.b": loop})


def flat(nested: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The leaves of *nested*, by dotted keys."""
    leaves: dict[str, Any] = {}
    for key, value in nested.items():
        inner = (*path, key)
        leaves |= (
            flat(value, inner) if isinstance(value, dict) and value else {dotted(inner): value}
        )
    return leaves


names = st.text(alphabet="ab.['", max_size=3)
nested_dicts = st.dictionaries(
    names,
    st.recursive(
        st.lists(st.integers(0, 9), min_size=1, max_size=2),
        lambda inner: st.dictionaries(names, inner, max_size=2),
        max_leaves=5,
    ),
    max_size=3,
)


@given(nested_dicts)
def test_flat_parameters_are_the_same_sweep_as_nested_ones(nested: dict[str, Any]) -> None:
    def literally(values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {dotted((key,)): literally(value) for key, value in values.items()}

    assert DictSweep(flat(nested)) == DictSweep(literally(nested))


CONFLICTS = [
    ({"m": 1, "m.a": 2}, "'m' and 'm.a' both set 'm'."),
    ({"m.a": 2, "m": [1]}, "'m.a' and 'm' both set 'm'."),
    ({"m.a": 1, "m": {"a": 2}}, "'m.a' and 'm' both set 'm.a'."),
    ({"m": {"a": 2}, "m.a": 1}, "'m' and 'm.a' both set 'm.a'."),
    ({"m.a": 1, "m['a']": 2}, "'m.a' and \"m['a']\" both set 'm.a'."),
    ({"m.b": 1, "m.c": 1, "m.a": 1, "m": {"a": {"d": 2}}}, "'m.a' and 'm' both set 'm.a'."),
    ({"m": Fixed({"b": 1}), "m.a": 2}, "'m' and 'm.a' both set 'm'."),
    ({"o": {"m": 1, "m.a": 2}}, "'o.m' and 'o.m.a' both set 'o.m'."),
    ({"o.x.m": 1, "o.x.m.a": 2}, "'o.x.m' and 'o.x.m.a' both set 'o.x.m'."),
    ({"o.x": {"m.a": 1, "m.a.b": 2}}, "'o.x.m.a' and 'o.x.m.a.b' both set 'o.x.m.a'."),
    ({"o.m.a": 1, "o['m'].a": 2}, "'o.m.a' and \"o['m'].a\" both set 'o.m.a'."),
    ({"m": {"a.b": 1}, "m.a": {"b": 2}}, "'m.a.b' and 'm.a' both set 'm.a.b'."),
    (
        {"o": {"['m.n']": 1, "['m.n'].a": 2}},
        "\"o['m.n']\" and \"o['m.n'].a\" both set \"o['m.n']\".",
    ),
]


class TestConflicts:
    @pytest.mark.parametrize(("parameters", "message"), CONFLICTS)
    def test_two_keys_for_one_value_are_refused_by_name(
        self, parameters: dict[str, Any], message: str
    ) -> None:
        for arguments in ({"parameters": parameters}, {"constants": parameters}):
            with pytest.raises(SweepError) as caught:
                DictSweep(**arguments)
            assert message in str(caught.value)
            assert str(caught.value).endswith("Keep one of them.")
        with pytest.raises(SweepError, match="both set"):
            RandomSweep(parameters, 1)

    def test_parameters_and_constants_conflict_however_they_are_written(self) -> None:
        with pytest.raises(SweepError, match=r"'m\.a' is in parameters and in constants"):
            DictSweep({"m.a": [1]}, {"m": {"a": 2}})


class TestFiles:
    """A sweep file says the same as Python does."""

    @pytest.mark.parametrize(
        ("parameters", "nested"), [pair for pair in SAME if "Fixed" not in str(pair)]
    )
    def test_parameters_of_a_file_nest(self, parameters: Any, nested: Any) -> None:
        assert sweep_from({"parameters": parameters}) == DictSweep(nested)

    @pytest.mark.parametrize(("parameters", "message"), CONFLICTS)
    def test_a_conflict_in_a_file_is_refused(self, parameters: Any, message: str) -> None:
        with pytest.raises(SweepError) as caught:
            sweep_from({"parameters": parameters})
        assert message in str(caught.value)

    def test_the_words_of_wandb_may_be_dotted_too(self) -> None:
        data = {
            "method": "random",
            "n": 2,
            "parameters": {
                "opt.lr": {"min": 0.0, "max": 1.0},
                "opt.depth.values": [1, 2],
                "opt['a.b']": {"value": {"c.d": 1}},
                "model": {"parameters": {"x.y": {"values": [3, 4]}}},
            },
            "constants": {"c.d": 5},
            "repeat": 1,
        }
        for config in sweep_from(data):
            assert config["opt"].keys() == {"lr", "depth", "a.b"}
            assert config["opt"]["a.b"] == {"c.d": 1}
            assert config["model"]["x"]["y"] in (3, 4)
            assert config["c"] == {"d": 5}

    def test_when_in_a_file_names_dotted_keys(self) -> None:
        sweep = sweep_from(
            {
                "parameters": {"opt.name": ["sgd", "adam"]},
                "when": {"opt.name": {"sgd": {"opt.momentum": {"values": [0.8, 0.9]}}}},
            }
        )
        assert list(sweep) == [
            {"opt": {"name": "sgd", "momentum": 0.8}},
            {"opt": {"name": "sgd", "momentum": 0.9}},
            {"opt": {"name": "adam"}},
        ]

    def test_json_yaml_and_toml_write_keys_in_the_same_way(self, tmp_path: Path) -> None:
        expected = DictSweep({"opt.lr": [0.1, 0.01], LITERAL: [1]})
        files = {
            "s.json": json.dumps({"parameters": {"opt.lr": [0.1, 0.01], LITERAL: [1]}}),
            "s.yaml": "parameters:\n  opt.lr: [0.1, 0.01]\n  model['a.b']: [1]\n",
            "s.toml": "[parameters]\nopt.lr = [0.1, 0.01]\n\"model['a.b']\" = [1]\n",
        }
        for name, text in files.items():
            (tmp_path / name).write_text(text)
            assert load_sweep(tmp_path / name) == expected
