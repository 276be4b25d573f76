"""Small real MP4 clips for the tests, made by FFmpeg through PyAV, and surgery on their boxes."""

import struct
from pathlib import Path

import av

FRAGMENTED = {"movflags": "frag_every_frame+empty_moov+default_base_moof"}
INDEX_FIRST = {"movflags": "faststart"}


def make_clip(
    path: Path,
    *,
    size: tuple[int, int] = (64, 96),
    seconds: int = 2,
    options: dict[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """Write a clip of plain frames, four a second, and a silent sound track when asked."""
    with av.open(str(path), "w", format="mp4", options=options or {}) as clip:
        pictures = clip.add_stream("libx264", rate=4, options={"preset": "ultrafast"})
        pictures.width, pictures.height = size
        pictures.pix_fmt = "yuv420p"
        silence = clip.add_stream("aac", rate=48_000) if sound else None
        for shade in range(4 * seconds):
            frame = av.VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([shade * 20 % 256]) * plane.buffer_size)
            clip.mux(pictures.encode(frame))
        clip.mux(pictures.encode(None))
        if silence is not None:
            for start in range(0, 48_000 * seconds, 1024):
                quiet = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
                quiet.sample_rate, quiet.pts = 48_000, start
                for channel in quiet.planes:
                    channel.update(bytes(channel.buffer_size))
                clip.mux(silence.encode(quiet))
            clip.mux(silence.encode(None))
    return path


def top_boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    """Split a file into its boxes: the kind, and the whole box with its header."""
    boxes, start = [], 0
    while start < len(content):
        size, kind = struct.unpack_from(">I4s", content, start)
        boxes.append((kind, content[start : start + size]))
        start += size
    return boxes


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box around a body."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def patched(content: bytes, kind: bytes, offset: int, layout: str, *numbers: int | bytes) -> bytes:
    """Return the file with numbers written at an offset of the body of the first such box."""
    at = content.index(kind) + 4 + offset
    return content[:at] + struct.pack(layout, *numbers) + content[at + struct.calcsize(layout) :]
