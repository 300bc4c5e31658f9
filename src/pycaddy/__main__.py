"""`python -m pycaddy`: the program `pycaddy`, where no script is on the PATH."""

from __future__ import annotations

from pycaddy.cli import main

if __name__ == "__main__":
    main()
