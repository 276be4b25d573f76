"""Words for money, alike for people and in what programs are told. Pure."""

from __future__ import annotations

from decimal import Decimal

from batchsora.reports.columns import usd_text


def price_text(usd: Decimal | None) -> str:
    """Write a price: ``0.40 USD``."""
    return "price unknown" if usd is None else f"{usd_text(usd)} USD"


def cost_text(usd: Decimal, unpriced: int) -> str:
    """Write a sum of prices some of which are not known."""
    more = f" and {clips(unpriced)} of unknown price" if unpriced else ""
    return f"{usd_text(usd)} USD{more}"


def clips(count: int) -> str:
    """Count clips: ``1 clip``, ``2 clips``."""
    return f"{count} clip" if count == 1 else f"{count} clips"
