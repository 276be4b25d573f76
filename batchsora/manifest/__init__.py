"""Text to located rows to jobs: YAML, CSV and JSON Lines."""

from batchsora.manifest.cards import read_cards
from batchsora.manifest.manifest import Manifest, open_manifest
from batchsora.planned import Planned

__all__ = ["Manifest", "Planned", "open_manifest", "read_cards"]
