"""What gives itself away as a secret is masked; what only looks like one in passing is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pycaddy.project.capture.secrets import (
    MASK,
    is_secret_name,
    redacted,
    redacted_command,
    redacted_patch,
)

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "github": "ghp_" + "a1B2" * 9,
    "github, fine": "github_pat_" + "11AAAAAAA0" * 4,
    "gitlab": "glpat-" + "x1y2z3w4v5" * 2,
    "openai": "sk-" + "proj-a1b2c3d4" * 3,
    "anthropic": "sk-" + "ant-api03-" + "aB3_" * 8,
    "hugging face": "hf_" + "aBcDeFgHiJ" * 3,
    "slack": "xoxb-" + "123456789012-abc",
    "google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "stripe": "sk_" + "live_" + "a1b2c3d4e5f6g7h8",
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "header": "Authorization: Bearer " + "abcdef0123456789abcdef",
    "url": "postgresql://me:" + "hunter2@db/x",
    "lone token in a url": "https://" + "x0token@example.com/a.git",
    "query": "https://example.com/a?x=1&api_key=" + "hunter2",
    "quoted": 'password = "' + 'correct horse"',
    "dictionary": "{'db_password': '" + "hunter22'}",
    "annotated": 'api_key: str = "' + 'hunter22"',
    "ini": "AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG",
    "yaml": "secret: " + "hunter2hunter2",
}
HARMLESS = [
    "tokenizer = 'bert-base-uncased'",
    'key = "learning_rate"',
    "max_tokens = 4096",
    "for key, value in items:",
    "git@github.com:someone/something.git",
    "ssh://git@example.com/x.git",
    "https://example.com:8080/path?page=3",
    "0123456789abcdef0123456789abcdef01234567",
    "sk-learn",
    "basic internationalization",
    "password = getpass()",
    "auth=self.auth",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_of_a_known_form_is_masked(kind: str) -> None:
    text = redacted(f"before\n{SECRETS[kind]}\nafter")
    assert MASK in text
    assert SECRETS[kind] not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter")
    for word in ("hunter2", "correct horse", "wJalrXUtnFEMI", "abcdef0123456789", "x0token"):
        assert word not in text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_sounds_like_a_secret_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("API_KEY", True), ("dbPassword", True), ("--auth-token", True), ("HF_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True), ("PASSWD", True), ("SSH_KEY_PATH", True), ("DSN", True),
        ("TOKENIZERS_PARALLELISM", False), ("MONKEY", False), ("PATH", False), ("AUTHOR", False),
        ("keyboard", False), ("--compass", False),
    ],
)  # fmt: skip
def test_a_name_gives_a_secret_away(name: str, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


def test_the_values_of_secret_options_are_masked_in_a_command() -> None:
    command = ["python", "t.py", "--api-key", "hunter2", "--password=x y", "token=abc", "--lr", "1"]
    assert redacted_command(command) == [
        "python", "t.py", "--api-key", MASK, f"--password={MASK}", f"token={MASK}", "--lr", "1",
    ]  # fmt: skip


def test_a_count_and_a_flag_are_no_secrets() -> None:
    command = ["t.py", "--max-tokens", "512", "max_tokens=4,096", "--no-auth", "--lr=0.1"]
    assert redacted_command(command) == command


def test_the_program_of_dash_c_is_looked_through() -> None:
    assert redacted_command(["python", "-c", "x = 1; key = f(a=b)"])[2] == "x = 1; key = f(a=b)"
    assert SECRETS["github"] not in redacted_command(["-c", f"t = '{SECRETS['github']}'"])[1]


def test_a_patch_with_masked_secrets_still_applies(tmp_path: Path) -> None:
    new = 'import os\nAPI_KEY = "hunter2hunter2"\n-----BEGIN RSA PRIVATE KEY-----\nMIIE1\nMIIE2\n'
    new += "-----END RSA PRIVATE KEY-----\nprint(1)\n"
    lines = "".join(f"+{line}\n" for line in new.splitlines())
    head = "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,7 @@\n"
    masked, count = redacted_patch(head + lines)
    assert count == 5
    assert "hunter2" not in masked
    assert "MIIE" not in masked
    subprocess.run(["git", "apply"], input=masked.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "x").read_text().splitlines()[::6] == ["import os", "print(1)"]


def test_a_key_without_an_end_takes_nothing_of_the_next_file_along() -> None:
    patch = '+HEAD = "-----BEGIN PRIVATE KEY-----"\n+x = 1\ndiff --git a/b b/b\n@@ -1 +1 @@\n+y\n'
    assert redacted_patch(patch)[0].endswith("+x = 1\ndiff --git a/b b/b\n@@ -1 +1 @@\n+y\n")


@pytest.mark.parametrize("piece", ["7", "A_", "a.", "token=", "eyJ", "https://", "sk-", "key='"])
def test_a_long_line_is_looked_through_once(piece: str) -> None:
    # A form that begins anew at each character would take minutes for this, and the test its limit.
    assert len(redacted(piece * (100_000 // len(piece)))) > 0
