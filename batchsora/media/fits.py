"""How an image is brought to the size ordered: the ways, their geometry, their words. Pure."""

from typing import assert_never

from batchsora.job import Fit, Framing
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
    return (*_colour_notes(facts), *_shape_notes(facts.size, size, framing.fit))


def goes_untouched(facts: ImageFacts, size: tuple[int, int]) -> bool:
    """Tell whether the file can be sent byte for byte."""
    return (
        facts.size == size
        and facts.format in UNTOUCHED_FORMATS
        and facts.mode == "RGB"
        and facts.orientation == 1
        and not facts.has_alpha
    )


def crop_box(source: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the largest centred box of the source with the proportions of `size`, in pixels."""
    scale = min(source[0] / size[0], source[1] / size[1])
    # A product of floats may pass the edge by 1e-14, which Pillow refuses.
    width, height = min(size[0] * scale, source[0]), min(size[1] * scale, source[1])
    left, top = (source[0] - width) / 2, (source[1] - height) / 2
    return left, top, min(left + width, source[0]), min(top + height, source[1])


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


def _shape_notes(source: tuple[int, int], size: tuple[int, int], fit: Fit) -> tuple[str, ...]:
    across, down = size[0] / source[0], size[1] / source[1]
    match fit:
        case Fit.COVER:
            left, top, right, bottom = crop_box(source, size)
            kept = max(1, round(right - left)), max(1, round(bottom - top))
            return (*_change("cropped", source, kept), *_enlarged(max(across, down)))
        case Fit.CONTAIN:
            inner = inner_size(source, size)
            return (*_change("padded", inner, size), *_enlarged(min(across, down)))
        case Fit.STRETCH:
            bent = source if inner_size(source, size) != size else size
            return (*_change("stretched", bent, size), *_enlarged(max(across, down)))
        case Fit.EXACT:
            return ()
        case _:
            assert_never(fit)


def _change(verb: str, before: tuple[int, int], after: tuple[int, int]) -> tuple[str, ...]:
    return () if before == after else (f"{verb} from {_words(before)} to {_words(after)}",)


def _enlarged(factor: float) -> tuple[str, ...]:
    return (f"upscaled {factor:.3g} times",) if factor > WORTH_SAYING else ()


def _words(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
