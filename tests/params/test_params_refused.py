"""What has no canonical form, and how the error helps."""

from __future__ import annotations

import re
import sys
from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from pycaddy.errors import ParamsError, ParamsTooLargeError
from pycaddy.params import MAX_BYTES, dump, freeze, plain

MIB = 1 << 20


def relu(x: float) -> float:
    return max(x, 0)


class Net:
    def forward(self) -> None: ...


@dataclass
class Unfinished:
    a: int = field(init=False)


class Same(str):
    """A str that is not equal to itself, as keys in one dict."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Metres(np.ndarray):
    pass


@dataclass
class Layers(list[int]):
    size: int = 3

    def __init__(self, items: list[int]) -> None:
        super().__init__(items)


@dataclass
class Table(dict[str, int]):
    size: int = 3

    def __init__(self, items: dict[str, int]) -> None:
        super().__init__(items)


class Unreadable:
    shape = ()
    dtype = "float"

    def tolist(self) -> Any:
        raise RuntimeError("on the GPU\nand far away")


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def itself_by_name() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["me"] = value
    return value


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def doubled(levels: int) -> list[Any]:
    """A list that is small in memory and has 2**levels values."""
    value: list[Any] = [1]
    for _ in range(levels):
        value = [value, value]
    return value


def no_form(what: str, instead: str, where: str = "params['a']", ignore: str = "a") -> str:
    return (
        f"{where} is {what}, which has no canonical form. Pass {instead}, or leave it out of the "
        f"key with ignore=['{ignore}']."
    )


def not_a_list(what: str, where: str = "params['a']") -> str:
    return f"{where} is {what}, or leave it out of the key with ignore=['a']."


NAME = "its name as a string"
LIST = "a list of its values"
TEXT = "a string that stands for it, or a dict of its fields"
NO_TEXT = "which no database stores as text"

REFUSED: dict[str, tuple[Any, str]] = {
    "a function": ({"a": relu}, no_form("<function relu>", NAME)),
    "a nested function": (
        {"model": {"act": relu}},
        no_form("<function relu>", NAME, "params['model']['act']", "model.act"),
    ),
    "a function in a list": (
        {"model": {"layers": [1, {"act": relu}]}},
        no_form("<function relu>", NAME, "params['model']['layers'][1]['act']", "model.layers"),
    ),
    "a builtin": ({"a": len}, no_form("<builtin_function_or_method len>", NAME)),
    "a method": ({"a": Net().forward}, no_form("<method Net.forward>", NAME)),
    "a class": ({"a": Net}, no_form("<class Net>", NAME)),
    "a numpy class": ({"a": np.float32}, no_form("<class float32>", NAME)),
    "a dataclass that is not an instance": (
        {"a": Unfinished},
        no_form("<class Unfinished>", NAME),
    ),
    "a module": ({"a": np}, no_form("<module numpy>", NAME)),
    "a partial function": ({"a": partial(relu, 1)}, no_form("<partial>", NAME)),
    "a complex number": ({"a": 1j}, no_form("<complex>", "[real, imag] or a string")),
    "a complex array": (
        {"a": np.array([1j])},
        no_form("<complex>", "[real, imag] or a string", "params['a'][0]"),
    ),
    "a generator": ({"a": (i for i in "ab")}, no_form("<generator>", LIST)),
    "an iterator": ({"a": iter([1])}, no_form("<list_iterator>", LIST)),
    "a duration finer than a float": (
        {"a": timedelta.max},
        no_form("<timedelta>", "its total_seconds() as a string"),
    ),
    "nanoseconds": (
        {"a": pd.Timedelta(1)},
        no_form("<Timedelta>", "its total_seconds() as a string"),
    ),
    "a numpy duration of nanoseconds": (
        {"a": np.timedelta64(1, "ns")},
        no_form("<timedelta64>", TEXT),
    ),
    "a structured array": (
        {"a": np.zeros(2, [("x", int)])},
        not_a_list("<ndarray> and has named fields. Pass a dict of them"),
    ),
    "a row of a structured array": (
        {"a": [np.zeros(2, [("x", int)])[0]]},
        not_a_list("<void> and has named fields. Pass a dict of them", "params['a'][0]"),
    ),
    "a masked array": (
        {"a": np.ma.array([1, 2], mask=[True, False])},
        not_a_list("<MaskedArray> and has masked values. Pass its filled() values"),
    ),
    "an empty array with a shape": (
        {"a": np.zeros((0, 3))},
        not_a_list("<ndarray> and is empty and has the shape (0, 3). Pass its shape"),
    ),
    "an array with a unit": (
        {"a": np.zeros(1).view(Metres)},
        not_a_list(
            "<Metres> and may hold more than numbers, such as a unit. Pass a dict of what counts"
        ),
    ),
    "a series with a label that occurs twice": (
        {"a": pd.Series([1, 2], index=["x", "x"])},
        not_a_list(
            "<Series> with a label that occurs twice. Pass its tolist(), or rename one"
        ),
    ),
    "a dataclass that is a list": ({"a": Layers([1])}, no_form("<Layers>", TEXT)),
    "a dataclass that is a mapping": ({"a": Table({"rows": 1})}, no_form("<Table>", TEXT)),
    "an object": ({"a": Net()}, no_form("<Net>", TEXT)),
    "a numpy dtype": ({"a": np.dtype("f4")}, no_form("<Float32DType>", TEXT)),
    "a longdouble": ({"a": np.longdouble(1)}, no_form("<longdouble>", TEXT)),
    "a numpy date of nanoseconds": (
        {"a": np.datetime64("2024-01-01", "ns")},
        no_form("<datetime64>", TEXT),
    ),
    "numpy dates of nanoseconds": (
        {"a": np.array([["NaT", "2024-01-01"]], "M8[ns]")},
        no_form("<ndarray>", TEXT),
    ),
    "a numpy date far away": ({"a": np.datetime64("20000-01-01")}, no_form("<datetime64>", TEXT)),
    "params that are a list": (
        [1],
        ("params must be a mapping, a namespace, or a dataclass, attrs or pydantic instance, not a "
        "list. Give the value a name: {'name': value}."),
    ),
    "params that are a string": (
        "lr=1",
        ("params must be a mapping, a namespace, or a dataclass, attrs or pydantic instance, not a "
        "str. Give the value a name: {'name': value}."),
    ),
    "an int and its text as keys": (
        {"a": {1: "a", "1": "b"}},
        "params['a'] has two keys that are both written '1'. Rename one.",
    ),
    "True and its text as keys": (
        {True: "a", "True": "b"},
        "params has two keys that are both written 'True'. Rename one.",
    ),
    "None as a key": (
        {"a": [{None: 1}]},
        ("params['a'][0] has the key None of type NoneType. Keys are str, int or bool: "
        "write 'None'."),
    ),
    "a tuple as a key": (
        {"a": {(1, 2): 1}},
        ("params['a'] has the key (1, 2) of type tuple. Keys are str, int or bool: write "
        "'(1, 2)'."),
    ),
    "the key of NaN and infinities": (
        {"a": {"__float__": "nan"}},
        ("params['a'] has the key '__float__', under which NaN and the infinities are stored. "
        "Rename it, or read stored text with thaw()."),
    ),
    "two keys in one": (
        {"a": {Same("k"): 1, Same("k"): 2}},
        "params['a'] has two keys that are both written 'k'. Rename one.",
    ),
    "a NUL": (
        {"a": "é\0"},
        (
            f"params['a'] has the character U+0000 at position 1, {NO_TEXT}. Remove it, or pass "
            "bytes, or leave it out of the key with ignore=['a']."
        ),
    ),
    "a lone surrogate": (
        {"a": ["b", "c\udcff"]},
        (f"params['a'][1] has the character U+DCFF at position 1, {NO_TEXT}. Remove it, or pass "
        "bytes, or leave it out of the key with ignore=['a']."),
    ),
    "a lone surrogate in a key": (
        {"a": {"\ud800": 1}},
        (f"params['a'] has a key, '\\ud800', with the character U+D800 at position 0, {NO_TEXT}. "
        "Rename it."),
    ),
    "an int of too many digits": (
        {"a": -(10**4300)},
        ("params['a'] is an int of more than 4300 digits. Pass hex() of it, or leave it out of the "
        "key with ignore=['a']."),
    ),
    "a missing value": (
        OmegaConf.create({"model": {"act": "???", "lr": 1}}),
        ("params['model']['act'] cannot be read: Missing mandatory value: model.act. Give it a "
        "value, or take it out, or leave it out of the key with ignore=['model.act']."),
    ),
    "a missing value in a list": (
        OmegaConf.create({"layers": [1, "???"]}),
        ("params['layers'][1] cannot be read: Missing value at index 1. Give it a value, or take "
        "it out, or leave it out of the key with ignore=['layers']."),
    ),
    "a field that was never set": (
        {"a": Unfinished()},
        ("params['a']['a'] cannot be read: 'Unfinished' object has no attribute 'a'. Give it a "
        "value, or take it out, or leave it out of the key with ignore=['a.a']."),
    ),
    "an array that cannot be read": (
        {"a": Unreadable()},
        ("params['a'] cannot be read: on the GPU. Give it a value, or take it out, or leave it out "
        "of the key with ignore=['a']."),
    ),
    "params that cannot be read": (
        Unreadable(),
        "params cannot be read: on the GPU. Give it a value, or take it out.",
    ),
    "a key too long to show": (
        {"k" * 100: relu},
        no_form(
            "<function relu>", NAME, "params['" + "k" * 56 + "...]", "k" * 100
        ),
    ),
}  # fmt: skip

# What the text takes, and the part to look at.
TOO_LARGE: dict[str, tuple[Any, str, str]] = {
    "lists that share lists": (
        {"a": doubled(50)},
        "at least 1,048,577",
        "params['a'][0][0][0][...][0][1]",
    ),
    "an endless range": ({"a": range(10**15)}, "at least 1,048,577", "params['a'][524286]"),
    "a long text": (
        {"a": 1, "b": {"c": "x" * 2 * MIB}},
        "at least 2,097,161",
        "params['b']['c']",
    ),
    "many bytes": ({"a": bytes(2 * MIB)}, "at least 2,097,155", "params['a']"),
    "a large array": (
        {"a": np.zeros((1000, 1000, 1000), np.bool_)[::2]},
        "at least 1,000,000,003",
        "params['a']",
    ),
    "large integers": ({"a": [10**4000] * 1000}, "at least 1,050,387", "params['a'][315]"),
    "a text a little too long": (
        {"a": 1, "b": "x" * (MIB - 19), "c": 1},
        "1,048,577",
        "params['b']",
    ),
    "few characters of many bytes": ({"a": "日" * (MIB // 2)}, "1,572,872", "params['a']"),
}

TOO_DEEP: dict[str, tuple[Any, str]] = {
    "a list that contains itself": ({"a": itself()}, "params['a'][0][0][0][...][0][0]"),
    "params that contain themselves": (
        itself_by_name(),
        "params['me']['me']['me']['me'][...]['me']['me']",
    ),
    "lists one level too deep": ({"a": nested(64)}, "params['a'][0][0][0][...][0][0]"),
}


def message_of(params: Any, **options: Any) -> str:
    with pytest.raises(ParamsError) as caught:
        freeze(params, **options)
    assert str(caught.value).startswith(vars(caught.value)["path"].partition("[")[0])
    return str(caught.value)


@pytest.mark.parametrize(("params", "message"), REFUSED.values(), ids=REFUSED)
def test_the_error_says_where_and_what_to_do_about(params: Any, message: str) -> None:
    assert message_of(params) == message


@pytest.mark.parametrize(("params", "size", "where"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_the_error_says_what_is_too_large_about(params: Any, size: str, where: str) -> None:
    with pytest.raises(ParamsTooLargeError) as caught:
        freeze(params)
    assert str(caught.value) == (
        f"params takes {size} bytes as JSON, and at most 1,048,576 are kept: look at {where}. "
        "Write big values to a file and pass its path."
    )


@pytest.mark.parametrize(("params", "where"), TOO_DEEP.values(), ids=TOO_DEEP)
def test_the_error_says_what_is_too_deep_in(params: Any, where: str) -> None:
    with pytest.raises(ParamsTooLargeError) as caught:
        freeze(params)
    assert str(caught.value) == (
        f"{where} lies deeper than 64 levels, or contains itself. Flatten it, or write it to a "
        "file and pass its path."
    )


def test_the_error_carries_the_path() -> None:
    with pytest.raises(ParamsError) as caught:
        freeze({"model": {"layers": [1, relu]}})
    assert vars(caught.value)["path"] == "params['model']['layers'][1]"


def test_a_refusal_is_a_type_error_and_too_large_a_value_error() -> None:
    with pytest.raises(TypeError):
        freeze({"a": relu})
    with pytest.raises(ValueError):
        freeze({"a": "x" * MAX_BYTES})


def test_what_could_not_be_read_is_the_cause() -> None:
    with pytest.raises(ParamsError) as caught:
        freeze({"a": Unreadable()})
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_mapping_that_fails_is_named_by_the_key_it_failed_at() -> None:
    class Broken(UserDict[str, Any]):
        def __iter__(self) -> Iterator[str]:
            yield "fine"
            yield "broken"

    with pytest.raises(ParamsError, match=re.escape("params['a']['broken'] cannot be read")):
        freeze({"a": Broken(fine=1)})


@pytest.mark.parametrize("ignore", ["seed", [1], {"seed": 1, None: 2}], ids=repr)
def test_ignore_is_a_collection_of_keys(ignore: Any) -> None:
    assert message_of({}, ignore=ignore) == (
        f"ignore={ignore!r} is not a collection of keys. Write ignore=['seed']."
    )


def test_the_errors_of_other_values_use_the_name_that_the_caller_gives() -> None:
    for function in (plain, dump):
        with pytest.raises(ParamsError) as caught:
            function({"a": [relu]}, name="result")
        assert str(caught.value) == (
            "result['a'][0] is <function relu>, which has no canonical form. Pass its name as a "
            "string."
        )
    with pytest.raises(ParamsError, match=r"^value is <module numpy>"):
        plain(np)


def test_a_long_list_by_itself_is_too_large_as_well() -> None:
    with pytest.raises(ParamsTooLargeError, match=r"^result takes 2,000,003 bytes .* at result\."):
        dump([0.12345678] * 181_818 + [123], name="result")


@pytest.fixture
def digits_limit() -> Iterator[Any]:
    before = sys.get_int_max_str_digits()
    yield sys.set_int_max_str_digits
    sys.set_int_max_str_digits(before)


def test_a_process_without_a_digits_limit_writes_nothing_that_others_cannot_read(
    digits_limit: Any,
) -> None:
    digits_limit(0)
    assert "more than 4300 digits" in message_of({"a": 10**4300})


def test_a_process_with_a_lower_digits_limit_refuses_what_it_cannot_write(
    digits_limit: Any,
) -> None:
    digits_limit(640)
    assert freeze({"a": 10**639, "b": 1e308}).plain == {"a": 10**639, "b": 1e308}
    assert "more than 640 digits" in message_of({"a": 10**640})
