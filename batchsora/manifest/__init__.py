"""Text to located rows to jobs: YAML, CSV and JSON Lines."""

from batchsora.manifest.addresses import is_address
from batchsora.manifest.cards import read_cards
from batchsora.manifest.manifest import Manifest, any_image, hold_manifest, open_manifest
from batchsora.manifest.pictures import Recall, Recalled
from batchsora.planned import Planned

__all__ = [
    "Manifest",
    "Planned",
    "Recall",
    "Recalled",
    "any_image",
    "hold_manifest",
    "is_address",
    "open_manifest",
    "read_cards",
]
