"""Colour profiles: the way from an image's own colours to sRGB. Pure."""

import io

from PIL import Image, ImageCms


def srgb_transform(icc_profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from a profile to sRGB, for pixels in CMYK or else RGB.

    None when there is nothing to do or to be done: no profile, sRGB itself, a profile for
    other colours than the image has, a broken one. Viewers ignore such profiles as well.
    """
    if not icc_profile:
        return None
    source_mode = "CMYK" if mode == "CMYK" else "RGB"
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        description = (profile.profile.profile_description or "").strip()
        if profile.profile.xcolor_space.strip() != source_mode or description.startswith("sRGB"):
            return None
        return ImageCms.buildTransform(profile, _srgb(), source_mode, "RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


def to_srgb(picture: Image.Image, transform: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """Return the picture in RGB, through the transform if there is one."""
    if transform is None:
        return picture.convert("RGB")
    return transform.apply(picture)


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
