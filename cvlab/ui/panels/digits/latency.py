"""How long a movement of the pen takes until its new probabilities are on the screen."""

from __future__ import annotations

from collections import deque

KEPT = 1000


class Latency:
    """The last thousand of them, in milliseconds. It measures nothing itself."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=KEPT)

    def add(self, seconds: float) -> None:
        self._kept.append(seconds * 1000)

    def clear(self) -> None:
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def quantile(self, share: float) -> float:
        """The smallest latency that at least `share` of all stay within, in ms; 0 without any."""
        ordered = sorted(self._kept)
        return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else 0.0

    def p50(self) -> float:
        return self.quantile(0.50)

    def p99(self) -> float:
        return self.quantile(0.99)
