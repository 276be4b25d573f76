"""The suite as it is, run by a pytest of its own on the package in a given folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300.0  # after which a test is stuck

PASSED, SKIPPED, FAILED = "passed", "skipped", "failed"
BROKEN = "broken"  # it did not come to a judgement: an import, a fixture, a crash

# how a test says that what it looked at is not as it should be
_JUDGED = re.compile(r"AssertionError|assert |Failed: DID NOT RAISE|kills\.promises\.\w+:")


def run_tests(nodes: Collection[str], package: Path, home: Path) -> dict[str, str]:
    """Run tests of the suite on a package; returns what came of each.

    A node without parameters stands for all of its cases: it is failed if one of them is.
    """
    home.mkdir()
    report = home / "report.xml"
    command = [
        *(sys.executable, "-m", "pytest", "-q"),
        *("-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
        *("--basetemp", str(home / "tmp"), "--junitxml", str(report), "-o", "junit_family=xunit1"),
        *(str(ROOT / node) for node in nodes),
    ]
    ran = subprocess.run(
        command,
        cwd=home,  # `-m` looks here first: the package must not lie in it
        env=_environment(package),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    if ran.returncode not in {0, 1}:  # nothing was judged: no such test, or no import
        sys.stdout.write(ran.stdout + ran.stderr)
        return dict.fromkeys(nodes, BROKEN)
    cases = [_case(it) for it in ET.parse(report).iter("testcase")]  # noqa: S314 - pytest's own
    return {node: _outcome(node, cases) for node in nodes}


def _environment(package: Path) -> dict[str, str]:
    """Give a pytest in a pytest an environment that knows nothing of the outer one."""
    outer = {name: it for name, it in os.environ.items() if not name.startswith("PYTEST_")}
    return outer | {"PYTHONPATH": str(package)}


def _case(element: ET.Element) -> tuple[str, str]:
    """Read one case of the report: its node, and what came of it."""
    node = f"{element.get('file')}::{element.get('name')}"
    told = {it.tag: it.get("message", "") for it in element}
    if "failure" in told:
        return node, FAILED if _JUDGED.match(told["failure"]) else BROKEN
    if "error" in told:
        return node, BROKEN
    return node, SKIPPED if "skipped" in told else PASSED


def _outcome(node: str, cases: Collection[tuple[str, str]]) -> str:
    came = {it for case, it in cases if case == node or case.startswith(f"{node}[")}
    return next(it for it in (BROKEN, FAILED, SKIPPED, PASSED) if it in came)
