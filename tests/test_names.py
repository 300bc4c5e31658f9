"""What a name may be, and what is said about one that may not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy._names import MAX_NAME_BYTES, check_name, check_parts, fold, looks_like_a_run
from pycaddy.errors import InvalidNameError, PycaddyError

GOOD = [
    "train", "a", "0001", "2026", "7", "Train", "lr=0.1,bs=32", "model.pt", "a.b.c", "v1.0",
    "_private", "-dash", "+plus", ".hidden", "a b", "(1)", "#1", "100%", "it's", "@home", "a&b",
    "~", "$HOME", "`x`", "{a}", "[b]", "!", "^", "résumé", "ångström", "Straße", "Ωmega",
    "实验", "実験", "학습", "обучение", "אימון", "تدريب", "ทดลอง", "🚀", "👩‍🔬", "e̱",
    "x" * 120, "é" * 60, "码" * 40, "🚀" * 30,
    "conx", "console", "com", "lpt", "com10", "nulls", "auxiliary", "prn_", "clock$",
]  # fmt: skip

# name, what the message must say, what the message must offer
BAD = [
    ("", "is empty", "at least one character"),
    (".", "leads to another folder", "name of its own"),
    ("..", "leads to another folder", "name of its own"),
    ("a/b", "contains the separator '/'", "'_' or '-'"),
    ("/", "contains the separator '/'", "sub()"),
    ("a\\b", r"contains the separator '\\'", "'_' or '-'"),
    ("C:", "contains ':'", "Windows"),
    ("what?", "contains '?'", "'_' or '-'"),
    ("a*b", "contains '*'", "'_' or '-'"),
    ('say "x"', "contains '\"'", "'_' or '-'"),
    ("a|b", "contains '|'", "'_' or '-'"),
    ("<b>", "contains '<'", "'_' or '-'"),
    ("a\0b", "control character U+0000", "Leave it out"),
    ("a\nb", "control character U+000A", "Leave it out"),
    ("train\n", "control character U+000A", "Leave it out"),
    ("\t", "control character U+0009", "Leave it out"),
    ("\x1b[31m", "control character U+001B", "Leave it out"),
    ("\x7f", "control character U+007F", "Leave it out"),
    ("a\x85", "control character U+0085", "Leave it out"),
    ("a\u2028", "control character U+2028", "Leave it out"),
    ("a\u2029b", "control character U+2029", "Leave it out"),
    ("\u202egnp.exe", "bidirectional control character U+202E", "Leave it out"),
    ("a\u200fb", "bidirectional control character U+200F", "Leave it out"),
    ("\u2066a\u2069", "bidirectional control character U+2066", "Leave it out"),
    ("\ud800", "lone surrogate U+D800", "Leave it out"),
    ("a\udcff", "lone surrogate U+DCFF", "Leave it out"),
    ("train.", "ends in '.'", "Use 'train'"),
    ("train ", "ends in ' '", "Use 'train'"),
    ("train. .", "ends in '.'", "Use 'train'"),
    ("...", "ends in '.'", "Use 'a word'"),
    (" ", "ends in ' '", "Use 'a word'"),
    ("CON", "is a device on Windows", "Use 'CON_'"),
    ("con", "is a device on Windows", "Use 'con_'"),
    ("nul.txt", "is a device on Windows", "another word"),
    ("Aux", "is a device on Windows", "Use 'Aux_'"),
    ("PRN", "is a device on Windows", "Use 'PRN_'"),
    ("COM1", "is a device on Windows", "Use 'COM1_'"),
    ("lpt9.tar.gz", "is a device on Windows", "another word"),
    ("COM¹", "is a device on Windows", "another word"),
    ("cafe\u0301", "not in Unicode's composed form (NFC): 'cafe\\u0301'", "Use 'café'"),
    ("\u212b", "not in Unicode's composed form (NFC): '\\u212b'", "Use 'Å'"),
    ("x" * 121, "takes 121 bytes", "120 is the most"),
    ("é" * 61, "takes 122 bytes", "Use a shorter name"),
    ("x" * 255, "takes 255 bytes", "put the details into params"),
    ("x" * 500, "takes 500 bytes", "Use a shorter name"),
]  # fmt: skip


@pytest.mark.parametrize("name", GOOD, ids=ascii)
def test_a_good_name_is_returned_as_it_is(name: str) -> None:
    assert check_name(name, "identifier") is name


@pytest.mark.parametrize(("name", "reason", "advice"), BAD, ids=lambda text: ascii(text)[:40])
def test_a_bad_name_is_refused_with_its_reason_and_a_way_out(
    name: str, reason: str, advice: str
) -> None:
    with pytest.raises(InvalidNameError) as refused:
        check_name(name, "identifier")
    message = str(refused.value)
    assert message.startswith(f"The identifier {name[:60]!r}")
    assert reason in message
    assert advice in message
    assert message.endswith((".", "()."))
    assert refused.value.name == name
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(("name", "_", "__"), BAD, ids=lambda text: ascii(text)[:40])
def test_a_message_can_be_printed_anywhere(name: str, _: str, __: str) -> None:
    """Nothing that would move a terminal's cursor, turn its text round or break its encoding."""
    with pytest.raises(InvalidNameError) as refused:
        check_name(name, "identifier")
    message = str(refused.value)
    message.encode()
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize("name", ["实验?", "обучение:1", "🚀/"])
def test_a_message_shows_letters_of_every_script(name: str) -> None:
    with pytest.raises(InvalidNameError, match=name[:-1]):
        check_name(name, "identifier")


@pytest.mark.parametrize("name", [None, 1, b"train", ["train"], 0.5, True])
def test_a_name_is_a_string(name: object) -> None:
    with pytest.raises(TypeError, match=r"The identifier must be a str, not "):
        check_name(name, "identifier")
    with pytest.raises(TypeError, match=r"The filename must be a str, not "):
        check_parts(name, "filename")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", r"'/etc/passwd' is an absolute path\. Use a path that starts with a name"),
        ("/", r"'/' is an absolute path"),
        ("a//b", r"'a//b' has an empty part\. Use 'a/b'\."),
        ("a/", r"'a/' has an empty part\. Use 'a'\."),
        ("a///", r"'a///' has an empty part\. Use 'a'\."),
        ("", r"'' is empty\. Use at least one character"),
        ("../x", r"'\.\.' leads to another folder"),
        ("a/../b", r"'\.\.' leads to another folder"),
        ("./a", r"'\.' leads to another folder"),
        ("a/CON/b", r"'CON' is a device"),
        ("a/" + "b" * 121, r"takes 121 bytes"),
    ],
)
def test_each_part_of_a_path_is_a_name(path: str, message: str) -> None:
    with pytest.raises(InvalidNameError, match=message):
        check_parts(path, "filename")


def test_a_path_is_split_at_its_separators() -> None:
    assert check_parts("a/b c/d.pt", "filename") == ("a", "b c", "d.pt")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Train", "train"), ("É", "é"), ("STRASSE", "straße"), ("ΣΑΣ", "σας"), ("İ", "i̇")],
)
def test_names_that_a_file_system_may_take_for_one_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("e", "é"), ("a ", "a"), ("1", "01")])
def test_other_names_fold_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("name", ["0001", "12345", "0001_model.pt", "00001_", "9999_"])
def test_what_looks_like_a_run(name: str) -> None:
    assert looks_like_a_run(name)


@pytest.mark.parametrize("name", ["001", "0001x", "0001.pt", "v0001", "_0001", "", "٠٠٠١"])  # noqa: RUF001
def test_what_does_not_look_like_a_run(name: str) -> None:
    assert not looks_like_a_run(name)


@given(st.text())
def test_whatever_is_accepted_is_a_name_everywhere(name: str) -> None:
    try:
        check_name(name, "identifier")
    except PycaddyError:
        return
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert unicodedata.normalize("NFC", name) == name
    assert not set(name) & set('/\\<>:"|?*\0')
    assert name.rstrip(". ") == name
    assert name.split(".", maxsplit=1)[0].upper() not in {"CON", "PRN", "AUX", "NUL"}
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name)


@given(st.text(alphabet="aZ09_-=+,. \t\n/\\:cConN\u00e9\u0301\u202e\ud800", max_size=130))
def test_the_shortcut_for_plain_names_accepts_only_what_the_checks_accept(name: str) -> None:
    """A letter outside ASCII at the end makes the checks run."""
    plain = True
    try:
        check_name(name, "identifier")
    except InvalidNameError:
        plain = False
    if plain and len(name.encode()) <= MAX_NAME_BYTES - 2:
        check_name(f"ß{name}", "identifier")


@given(st.text(min_size=1))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)
