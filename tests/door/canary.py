"""The key of these tests, and a search for it: in files, in what was printed, in any bytes."""

import base64
from pathlib import Path

from .door import KEY, Said

SHAPES = (
    KEY.encode(),
    # in a longer text base64 looks different at each of three offsets: the middle is looked for
    *(base64.b64encode(bytes(shift) + KEY.encode())[4:-4] for shift in range(3)),
)


def has_key(content: bytes) -> bool:
    """Tell whether the key stands in bytes, plain or in base64."""
    return any(shape in content for shape in SHAPES)


def see_no_key(folder: Path, *said: Said) -> None:
    """See that the key is in no file below a folder, and in nothing that was said."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not has_key(path.read_bytes()), path
    for words in said:
        assert not has_key((words.out + words.err).encode())
