"""All promises of a store in one class of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("pycaddy.testing.promises")  # so that failures show values

from pycaddy.stores import Store  # noqa: E402
from pycaddy.testing.factories import OpenBackup, OpenStore  # noqa: E402
from pycaddy.testing.promises.claiming import Claiming  # noqa: E402
from pycaddy.testing.promises.creating import Creating  # noqa: E402
from pycaddy.testing.promises.finding import Finding  # noqa: E402
from pycaddy.testing.promises.folders import Folders  # noqa: E402
from pycaddy.testing.promises.keeping import Keeping  # noqa: E402
from pycaddy.testing.promises.loading import Loading  # noqa: E402
from pycaddy.testing.promises.merging import Merging  # noqa: E402
from pycaddy.testing.promises.querying import Querying  # noqa: E402
from pycaddy.testing.promises.selecting import Selecting  # noqa: E402
from pycaddy.testing.promises.sharing import Sharing  # noqa: E402
from pycaddy.testing.promises.swapping import Swapping  # noqa: E402

__all__ = ["StoreConformance"]


class StoreConformance(
    Merging,
    Creating,
    Finding,
    Claiming,
    Swapping,
    Selecting,
    Querying,
    Folders,
    Loading,
    Keeping,
    Sharing,
):
    """The promises of `pycaddy.stores.Store`; derive a test class and say how to open yours.

    The tests begin threads and processes, so whatever opens the store must be picklable.
    """

    @pytest.fixture
    def open_store(self) -> OpenStore:
        """Open one fresh ledger, the same at each call, for the project of the given id."""
        raise NotImplementedError("Override the fixture open_store; see pycaddy.testing.")

    @pytest.fixture
    def open_backup(self) -> OpenBackup:
        """Open what `Store.backup` wrote."""
        raise NotImplementedError("Override the fixture open_backup; see pycaddy.testing.")

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Iterator[Store]:
        """Open the ledger under test."""
        store = open_store("a project")
        yield store
        store.close()
