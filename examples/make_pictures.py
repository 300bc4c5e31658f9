"""Draw docs/images/demo.svg: the loop of digits_grid.py, killed and started again.

    python examples/make_pictures.py [PICTURE]

What it shows is what happens: the grid is run to draw it.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import digits_grid
from _demo import Study, show
from rich.console import Console
from rich.syntax import Syntax
from rich.terminal_theme import TerminalTheme

from pycaddy import Project

PICTURE = Path(__file__).parents[1] / "docs/images/demo.svg"

THEME = TerminalTheme(
    background=(24, 26, 31),
    foreground=(212, 216, 222),
    normal=[
        (60, 64, 72),
        (240, 98, 98),
        (126, 198, 122),
        (224, 190, 110),
        (110, 168, 240),
        (198, 146, 232),
        (96, 196, 204),
        (212, 216, 222),
    ],
)

# rich's own frame fetches its font from elsewhere; this one takes what the reader has.
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width} {height}">
<style>
text {{ font: {char_height}px ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono",
  monospace; }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x} {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(picture: Path) -> None:
    """Run the grid in an empty folder, and draw what a terminal would show."""
    console = Console(
        record=True, width=94, file=StringIO(), color_system="truecolor", highlight=False
    )
    loop = inspect.getsource(digits_grid.run_grid).partition('"""\n')[2]
    console.print(Syntax(loop, "python", theme="ansi_dark", dedent=True))
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        script = Path(shutil.copy(digits_grid.__file__, folder))
        study = Study(script, Project("results"), digits_grid.GRID)
        if not show(study, console):
            sys.exit("The grid did not keep what it promises; python3 dev.py demo shows more.")
        console.print(digits_grid.table(study.project, first=5))
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(console.export_svg(title="pycaddy", theme=THEME, code_format=FRAME))


if __name__ == "__main__":
    draw(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else PICTURE)
