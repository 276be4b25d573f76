"""The models on offer: which seconds and sizes each takes, and its price. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

LANDSCAPE, PORTRAIT = "1280x720", "720x1280"
WIDE, TALL = "1792x1024", "1024x1792"


@dataclass(frozen=True, slots=True)
class Card:
    """One model: `seconds` as the wire spells them, and USD a second for each size it makes."""

    model: str
    seconds: tuple[str, ...]
    usd_per_s: Mapping[str, Decimal]

    def price_usd(self, seconds: str, size: str) -> Decimal:
        """Return what a clip of these seconds and this size costs."""
        return self.usd_per_s[size] * int(seconds)


# The provider's price list of 2026-09-25.
SORA_2 = Card("sora-2", ("4", "8", "12"), dict.fromkeys((PORTRAIT, LANDSCAPE), Decimal("0.10")))
SORA_2_PRO = Card(
    "sora-2-pro",
    ("4", "8", "12"),
    dict.fromkeys((PORTRAIT, LANDSCAPE), Decimal("0.30"))
    | dict.fromkeys((TALL, WIDE), Decimal("0.50")),
)
CARDS = (SORA_2, SORA_2_PRO)
