"""Model cards: which seconds and sizes a model takes, and what a second of it costs. Data, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from batchsora.job import Order, Size


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of one model.

    `usd_a_second` maps each size that the model takes to the price of one second of it, or to
    None where that price is not known.
    """

    name: str
    seconds: tuple[int, ...]
    usd_a_second: Mapping[Size, Decimal | None]
    priced_on: date | None = None
    source: str = ""

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes that the model takes."""
        return tuple(self.usd_a_second)

    def price_usd(self, order: Order) -> Decimal | None:
        """Price one clip, in US dollars; None is unknown, never free."""
        a_second = self.usd_a_second.get(order.size)
        return None if a_second is None else a_second * order.seconds


Cards = Mapping[str, ModelCard]

_PORTRAIT, _LANDSCAPE = Size(720, 1280), Size(1280, 720)
_TALL, _WIDE = Size(1024, 1792), Size(1792, 1024)
_PRICED_ON = date(2026, 9, 25)
_SOURCE = "GPTProto's price list, equal to OpenAI's"

BUILT_IN: Cards = MappingProxyType(
    {
        "sora-2": ModelCard(
            name="sora-2",
            seconds=(4, 8, 12),
            usd_a_second={_PORTRAIT: Decimal("0.10"), _LANDSCAPE: Decimal("0.10")},
            priced_on=_PRICED_ON,
            source=_SOURCE,
        ),
        "sora-2-pro": ModelCard(
            name="sora-2-pro",
            seconds=(4, 8, 12),
            usd_a_second={
                _PORTRAIT: Decimal("0.30"),
                _LANDSCAPE: Decimal("0.30"),
                _TALL: Decimal("0.50"),
                _WIDE: Decimal("0.50"),
            },
            priced_on=_PRICED_ON,
            source=_SOURCE,
        ),
    }
)
