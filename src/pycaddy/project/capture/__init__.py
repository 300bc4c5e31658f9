"""What a run was made with: the command, the code, the machine, and what it printed.

Gathered once per process and working directory, so that the runs after the first pay nothing.
A capture is advisory: what fails is recorded on the run and logged, and never raised.
"""

from __future__ import annotations

from pycaddy.project.capture.parts import DEFAULT, PARTS, Parts, parse_parts

__all__ = ["DEFAULT", "PARTS", "Parts", "parse_parts"]
