"""What one would write to check a table before a run: all rows in memory, keys by content."""

import csv
import hashlib
import json
import sys
from pathlib import Path

FIELDS = ("image", "prompt", "model", "seconds", "size")
SIZES = {"720x1280", "1280x720"}

table = Path(sys.argv[1])
with table.open(newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
hashes: dict[str, str] = {}
keys: set[str] = set()
for number, row in enumerate(rows, 1):
    image = row["image"]
    if image not in hashes:
        hashes[image] = hashlib.sha256((table.parent / image).read_bytes()).hexdigest()
    if row["size"] not in SIZES or row["seconds"] not in {"4", "8", "12"} or not row["prompt"]:
        sys.exit(f"row {number} is wrong")
    content = {field: row[field] for field in FIELDS} | {"image": hashes[image]}
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    if key in keys:
        sys.exit(f"row {number} is there twice")
    keys.add(key)
print(f"{len(rows)} jobs, {len(rows) * 0.4:.2f} USD")
