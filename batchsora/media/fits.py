"""How an image is brought to the size ordered: the ways, their geometry, their words. Pure."""

from typing import assert_never

from batchsora.job import BLUR, CENTRE, Fit, Focus, Framing
from batchsora.media.facts import ImageFacts, ImageProblem

UNTOUCHED_FORMATS = frozenset({"JPEG", "PNG", "WEBP"})  # what the service takes as it is
WORTH_SAYING = 1.005  # an enlargement below half a per cent is a rounding of pixels


def fitted_notes(facts: ImageFacts, size: tuple[int, int], framing: Framing) -> tuple[str, ...]:
    """Say in words what fitting does to the image; nothing, when its bytes go as they are.

    Raises ImageProblem when `fit` is exact and the image has another size.
    """
    if framing.fit is Fit.EXACT and facts.size != size:
        raise ImageProblem(
            f"the image is {_words(facts.size)}, not exactly the {_words(size)} ordered",
            f"resize it to {_words(size)}, or choose fit: cover, contain or stretch",
        )
    if goes_untouched(facts, size):
        return ("sent as it is, with the GPS position in it",) if facts.has_gps else ()
    return (*_colour_notes(facts), *_shape_notes(facts.size, size, framing))


def goes_untouched(facts: ImageFacts, size: tuple[int, int]) -> bool:
    """Tell whether the file can be sent byte for byte."""
    return (
        facts.size == size
        and facts.format in UNTOUCHED_FORMATS
        and facts.mode == "RGB"
        and facts.orientation == 1
        and not facts.has_alpha
        and facts.is_whole
    )


def crop_box(
    source: tuple[int, int], size: tuple[int, int], focus: Focus = CENTRE
) -> tuple[float, float, float, float]:
    """Return the largest box of the source with the proportions of `size`, in pixels.

    The point of focus is in its middle, or as near to it as the edges of the source allow.
    """
    scale = min(source[0] / size[0], source[1] / size[1])
    left, right = _side(source[0], size[0] * scale, focus.x)
    top, bottom = _side(source[1], size[1] * scale, focus.y)
    return left, top, right, bottom


def _side(whole: int, wanted: float, middle: float) -> tuple[float, float]:
    """Return from where to where a side is kept; a middle of 0.5 is the middle of the whole."""
    kept = min(wanted, whole)  # a product of floats may pass the edge by 1e-14: Pillow refuses
    start = min(max(whole * middle - kept / 2, 0), whole - kept)
    return start, min(start + kept, whole)


def inner_size(source: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which the whole source just fits into `size`, in pixels."""
    scale = min(size[0] / source[0], size[1] / source[1])
    return (
        min(size[0], max(1, round(source[0] * scale))),
        min(size[1], max(1, round(source[1] * scale))),
    )


def _colour_notes(facts: ImageFacts) -> tuple[str, ...]:
    said = (
        (facts.orientation != 1, "rotated by EXIF"),
        (facts.mode == "CMYK", "CMYK converted"),
        (facts.mode.startswith("I;16"), "16 bit reduced to 8"),
        (facts.has_profile and facts.mode != "CMYK", "colours converted to sRGB"),
        (facts.has_alpha, "alpha flattened on white"),
    )
    return tuple(words for is_so, words in said if is_so)


def _shape_notes(
    source: tuple[int, int], size: tuple[int, int], framing: Framing
) -> tuple[str, ...]:
    across, down = size[0] / source[0], size[1] / source[1]
    match framing.fit:
        case Fit.COVER:
            return (*_cropped(source, size, framing.focus), *_enlarged(max(across, down)))
        case Fit.CONTAIN:
            on = "" if framing.pad == BLUR else f", on {framing.pad}"
            inner = inner_size(source, size)
            return (*_change("padded", inner, size, on), *_enlarged(min(across, down)))
        case Fit.STRETCH:
            bent = source if inner_size(source, size) != size else size
            return (*_change("stretched", bent, size), *_enlarged(max(across, down)))
        case Fit.EXACT:
            return ()
        case _:
            assert_never(framing.fit)


def _cropped(source: tuple[int, int], size: tuple[int, int], focus: Focus) -> tuple[str, ...]:
    left, top, right, bottom = crop_box(source, size, focus)
    kept = max(1, round(right - left)), max(1, round(bottom - top))
    across = _where(round(left), round(source[0] - right), "left", "right")
    down = _where(round(top), round(source[1] - bottom), "top", "bottom")
    return _change("cropped", source, kept, across or down)  # one of the two is never cropped


def _where(before: int, behind: int, first: str, last: str) -> str:
    """Say which part of a side is kept, by what is cut off at its two ends; "" for the middle."""
    if abs(before - behind) <= 1:
        return ""
    if min(before, behind) == 0:
        return f" ({last if before else first} kept)"
    return f" ({before} off the {first}, {behind} off the {last})"


def _change(
    verb: str, before: tuple[int, int], after: tuple[int, int], how: str = ""
) -> tuple[str, ...]:
    return () if before == after else (f"{verb} from {_words(before)} to {_words(after)}{how}",)


def _enlarged(factor: float) -> tuple[str, ...]:
    return (f"upscaled {factor:.3g} times",) if factor > WORTH_SAYING else ()


def _words(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
