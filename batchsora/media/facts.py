"""What is known of an image from its header, and what may be wrong with one. Pure."""

from dataclasses import dataclass


class ImageProblem(Exception):  # noqa: N818  a word of the house: problems are listed, with a mend each
    """An image that can't be used: what is wrong with it, and how to mend it.

    Both texts are whole phrases without the file's name ("the image is a folder"): who
    raises it further knows the row and the path.
    """

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image file says of itself; width and height are those of the upright picture."""

    format: (
        str  # Pillow's: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIF, MPO (a JPEG of some phones)
    )
    width: int
    height: int
    mode: str  # Pillow's name: RGB, CMYK, P, I;16 ...
    has_alpha: bool
    orientation: int  # EXIF's, 1 to 8; 1 is upright
    has_profile: bool  # a usable colour profile other than sRGB
    has_gps: bool  # EXIF tells where the picture was taken
    is_whole: bool  # its end was found; if not, all its pixels are there nevertheless
    bytes: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.width, self.height
