"""Every wrong manifest is refused in the very words that stand beside it, and nobody is called."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .wrong_manifests import WRONG, expectations, lay_out, validate

CALLS = frozenset({"connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg"})


class Watch:
    """Sees whoever turns to the network, and stops them; an audit hook can't be taken out again."""

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []

    def hook(self, event: str, _: tuple[object, ...]) -> None:
        """Look at what the interpreter is about to do."""
        if self.is_on and event.startswith("socket.") and event.removeprefix("socket.") in CALLS:
            self.seen.append(event)
            raise PermissionError(event)


WATCH = Watch()
sys.addaudithook(WATCH.hook)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch the network."""
    WATCH.seen.clear()
    WATCH.is_on = True
    yield WATCH
    WATCH.is_on = False


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Lay the wrong manifests out, once: reading them leaves nothing behind."""
    folder = tmp_path_factory.mktemp("laid-out") / "wrong"
    lay_out(folder)
    before = sorted(folder.rglob("*"))
    yield folder
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("expected", [pytest.param(it, id=str(it)) for it in expectations()])
def test_a_wrong_manifest_is_refused_in_these_words(
    expected: Path, wrong: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(wrong / expected.parent)
    code, out, err = validate(expected.with_suffix(""))
    assert err == (WRONG / expected).read_text(encoding="utf-8")
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert watch.seen == []


@pytest.mark.parametrize("call", [socket.create_connection, lambda to: socket.getaddrinfo(*to)])
def test_whoever_turns_to_the_network_is_seen(call: object, watch: Watch) -> None:
    assert callable(call)
    with pytest.raises(PermissionError):
        call(("127.0.0.1", 9))
    assert watch.seen
