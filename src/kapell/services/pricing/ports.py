"""What pricing needs from whoever keeps a list of prices."""

from typing import Protocol

from kapell.core.pricing.quote import Quote


class PriceSource(Protocol):
    """A list of the providers' public prices."""

    def lookup(self, provider: str, name: str, at: float) -> Quote | None:
        """Return the price of a provider's model at a time, None when the list has none.

        The first look may read megabytes: it is meant to happen in a thread.
        """
        ...
