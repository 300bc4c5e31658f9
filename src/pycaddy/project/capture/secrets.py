"""Text without the secrets in it, as far as a name or a form gives them away.

Whoever reads a run may read what was captured with it, and a project is often copied to where
its author's keys do not belong. Too much is taken out rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["MASK", "is_secret_name", "redacted", "redacted_command", "redacted_patch"]

MASK = "[redacted]"

_WORDS = (
    r"tokens?|secrets?|passwords?|passwd|pwd|pass|passphrase|credentials?|cookie|"
    r"auth|authorization|bearer|dsn|connection_string"
)
_KEYS = r"(?:api|access|account|auth|client|encryption|private|secret|service|signing|ssh)[_-]?key"
# A word within a word is another one: "tokenizer", "monkey".
_SECRET_NAME = re.compile(rf"(?<![a-z])(?:{_WORDS}|{_KEYS}|keys?)(?![a-z])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COUNT = re.compile(r"[0-9.,_]{1,7}")  # as in `--max-tokens 512`
# Limits keep a line of a million characters from being looked through again and again.
_CONSTANT = r"(?-i:[A-Z0-9_]{0,60}_KEY)"

# In code, `key = "lr"` is no secret: only names that can hardly mean anything else count there.
_ASSIGNED = re.compile(
    rf"""((?<![a-z])(?:{_WORDS}|{_KEYS}|{_CONSTANT})["']?\]?[ \t]*(?::[ \t]*str[ \t]*)?"""
    r"""(?:=>|=|:)[ \t]*)"""
    # A text in quotes; or, without them, what has a digit in it, as few names in code have.
    r"""(?:(["'])(?:(?!\2)[^\n]){4,512}\2|"""
    r"""(?:(?<==)|(?<=:[ ]))(?=[^\s"'()\[\]{},;]{0,256}[0-9])"""
    r"""[^\s"'()\[\]{},;]{8,512}(?=\s|$))""",
    re.IGNORECASE | re.MULTILINE,
)
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # AWS
        r"\bgh[opsur]_[A-Za-z0-9]{20,}",  # GitHub
        r"\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic
        r"\bhf_[A-Za-z0-9]{20,}",  # Hugging Face
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
        r"\bAIza[A-Za-z0-9_-]{30,}",  # Google
        r"\bpypi-[A-Za-z0-9_-]{32,}",
        r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?",  # a JWT
    )
)
_HEADER = re.compile(
    r"(\b(?:bearer|basic)[ \t]+)(?=\S*[0-9])[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE
)
_QUERY = re.compile(
    r"([?&](?:access_token|token|api_?key|key|secret|password|sig|signature|x-amz-signature)=)"
    r"[^&\s\"'#]+",
    re.IGNORECASE,
)
# `git@host` is an address; a password, or a lone token before the @ of https, is none.
_URL = re.compile(
    r"((?:https?)://)[^/\s@\"']+@|(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s:@\"']*:[^/\s@\"']+@"
)
# To its end, or to that of the lines that look like one: "@" begins another place in a patch.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"(?:[^@]*?-----END [A-Z ]*PRIVATE KEY-----|(?:\n[+ -]?[A-Za-z0-9+/=]{16,})*)"
)


def is_secret_name(name: str) -> bool:
    """Whether what bears this name is a secret: "API_KEY", "dbPassword", "--auth-token"."""
    return _SECRET_NAME.search(_CAMEL.sub("_", name).replace("_", " ")) is not None


def redacted(text: str) -> str:
    """Return *text* with secrets of a known form, or under a known name, masked."""
    text = _PRIVATE_KEY.sub(_masked_lines, text)
    text = _URL.sub(lambda match: f"{match[1] or match[2]}{MASK}@", text)
    text = _QUERY.sub(rf"\g<1>{MASK}", text)
    text = _HEADER.sub(rf"\g<1>{MASK}", text)
    for form in _FORMS:
        text = form.sub(MASK, text)
    return _ASSIGNED.sub(lambda match: f"{match[1]}{match[2] or ''}{MASK}{match[2] or ''}", text)


def redacted_command(words: Iterable[str]) -> list[str]:
    """Return a command line with its secrets masked, those after `--token` or `--token=` too."""
    masked: list[str] = []
    follows = False
    for word in words:
        name, equals, value = word.partition("=")
        if follows and not word.startswith("-"):
            masked.append(word if _COUNT.fullmatch(word) else MASK)
        elif equals and value and not _COUNT.fullmatch(value) and _is_secret_option(name):
            masked.append(f"{name}={MASK}")
        else:
            masked.append(redacted(word))
        follows = word.startswith("-") and not equals and _is_secret_option(word)
    return masked


def redacted_patch(patch: str) -> tuple[str, int]:
    """Return a patch with its secrets masked, and in how many of its lines.

    The number of lines stays, so that it can still be applied.
    """
    before = patch.split("\n")
    after = redacted(patch).split("\n")
    return "\n".join(after), sum(old != new for old, new in zip(before, after, strict=True))


def _is_secret_option(name: str) -> bool:
    return " " not in name and is_secret_name(name)


def _masked_lines(match: re.Match[str]) -> str:
    """Mask each line of a key for itself; a patch marks lines by their first character."""
    lines = match[0].split("\n")
    return "\n".join(
        f"{line[0]}{MASK}" if number and line[:1] in ("+", "-", " ") else MASK
        for number, line in enumerate(lines)
    )
