"""The page: a project's runs in a browser, served to this machine by `pycaddy ui`.

`Page` opens a port and serves it. Who may ask stands in `_access`, what is answered in `_api`,
and the page itself in `static/`, built from the modules in `ui/`.
"""

from __future__ import annotations

from pycaddy.web.page import Page

__all__ = ["Page"]
