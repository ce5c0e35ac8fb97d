"""What calls of one kind used so far, as sums from which an expectation follows."""

from collections.abc import Iterable

import msgspec

_SURE = 3
"""Calls from which a line through them is trusted more than their mean."""


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one model, made by one agent in one step, added up.

    ``size`` are the bytes that were sent; the names of products and squares say what was added.
    """

    agent: str = ""
    step: str = ""
    calls: int = 0
    usd: float = 0.0
    size: float = 0.0
    size_size: float = 0.0
    input: float = 0.0
    input_size: float = 0.0
    output: float = 0.0
    output_size: float = 0.0
    output_output: float = 0.0

    def input_at(self, size: int) -> float:
        """Return the input tokens to expect of that many bytes; no call has more than bytes."""
        return self._line(self.input, self.input_size, size, most_slope=1.0)

    def output_at(self, size: int) -> float:
        """Return the output tokens to expect; by size only when they really went by it."""
        mean = self.output / self.calls
        spread = self._spread(self.size, self.size_size)
        varied = self._spread(self.output, self.output_output)
        shared = self.output_size - self.size * self.output / self.calls
        if spread <= 0 or varied <= 0 or shared * shared < _TELLING * spread * varied:
            return mean
        return self._line(self.output, self.output_size, size, most_slope=_MOST_SLOPE)

    def _line(self, total: float, products: float, size: int, *, most_slope: float) -> float:
        spread = self._spread(self.size, self.size_size)
        if self.calls < _SURE or spread < _SAME * self.size_size:
            return total / self.calls * (size * self.calls / self.size if self.size else 1.0)
        slope = (products - self.size * total / self.calls) / spread
        slope = min(max(slope, 0.0), most_slope)
        return max(total / self.calls + slope * (size - self.size / self.calls), 0.0)

    def _spread(self, total: float, squares: float) -> float:
        return squares - total * total / self.calls


_TELLING = 0.3
"""Share of what varies in the answers that their prompts' sizes must explain to be used."""

_SAME = 1e-6
"""Below this share of their squares, sizes are the same and no line goes through them."""

_MOST_SLOPE = 4.0
"""Output tokens a byte more of prompt can bring."""


def together(habits: Iterable[Habit]) -> Habit:
    """Return the sum of several kinds of calls."""
    made = Habit()
    for one in habits:
        made = Habit(
            **{
                name: getattr(made, name) + getattr(one, name)
                for name in Habit.__struct_fields__
                if name not in ("agent", "step")
            }
        )
    return made
