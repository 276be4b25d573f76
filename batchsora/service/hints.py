"""What to do about each kind of answer: the words only. Pure."""

from __future__ import annotations

from batchsora.errors import StopReason

NOT_SENT = "check the network and the base URL; nothing was sent, so nothing was bought"
LATER = "it is asked again later"
ELSEWHERE = "it is fetched through the API instead"
DOUBT = "it may have been bought: look for it at the service"
CONCURRENCY = "the service takes fewer jobs at once: let fewer run"
RATE = "the service takes fewer requests a minute: slow down"
OVERLOAD = "the service has too much to do: it is asked again later"
EDGE = "something in front of the service blocks requests: it is asked again later"
GONE = "the service no longer has it"
MODERATED = "change the prompt or the image"
REJECTED = "change the row: the service does not like one of its values"

STOPS: dict[StopReason, tuple[str, str]] = {
    StopReason.KEY_REFUSED: (
        "the service refuses the key",
        "check the key (GPTPROTO_API_KEY), its permissions, and how it is sent (--auth)",
    ),
    StopReason.BALANCE_EMPTY: (
        "the service wants money",
        "top up the account or raise its limit, then start again",
    ),
    StopReason.EDGE_BLOCK: (
        "something in front of the service blocks requests from here, before the key is looked at",
        "try another network, or ask the provider to let this address in",
    ),
    StopReason.WRONG_ADDRESS: (
        "this address does not speak the Videos API",
        "check the base URL: scheme, host and path, and any proxy before it",
    ),
    StopReason.MODEL_GONE: (
        "the service does not have this model",
        "choose a model that the provider offers",
    ),
    StopReason.LONG_WAIT: (
        "the service asks for a wait of more than a quarter of an hour",
        "start again after",
    ),
    StopReason.NO_ORDERS: (
        "the service takes no orders for more than a quarter of an hour",
        "start again after",
    ),
}
