"""Batch runner for image-to-video jobs: a manifest in, one paid clip a row out."""

__version__ = "0.1.0"
