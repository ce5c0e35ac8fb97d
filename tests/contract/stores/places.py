"""Where stores of one database are opened, as many as a test needs."""

from collections.abc import Callable

from kapell.adapters.db import Store


class Place:
    """A database of one test; ``store`` opens one more store on it, as another process would."""

    def __init__(self, kind: str, url: str, make: Callable[[], Store]) -> None:
        self.kind = kind
        self.url = url
        self._make = make
        self._stores: list[Store] = []

    async def store(self) -> Store:
        """Return one more open store."""
        store = self._make()
        await store.open()
        self._stores.append(store)
        return store

    async def close(self) -> None:
        """Close all stores."""
        for store in self._stores:
            await store.close()
