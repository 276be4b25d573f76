"""What holds for all tests."""

import asyncio

import pytest
import safety
from hypothesis import HealthCheck, settings

# looptime asks for the current loop even in tests without one, and asyncio would make it a loop
# that nobody closes: say, before the first test, that there is none.
asyncio.set_event_loop(None)

# Machines are noisy, and a slow disk is no fault of the code: nothing is judged by its time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run of all tests insist on those of safety."""
    what = "fail where a test of a fault or a kill was skipped that this machine could have run"
    parser.addoption("--insist", action="store_true", help=what)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test of safety did not run, if it is insisted on them."""
    if _complaints(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the tests of safety that showed nothing on this machine."""
    for title, lines in (
        ("not shown on this machine", safety.not_shown(_reports(config, "skipped"))),
        ("not run, and it is insisted on them", _complaints(config)),
    ):
        if lines:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.line(line)


def _complaints(config: pytest.Config) -> list[str]:
    # a worker knows of its own tests only: the one that starts them looks
    if not config.getoption("--insist") or hasattr(config, "workerinput"):
        return []
    page = safety.PAGE.read_text(encoding="utf-8")
    return list(safety.complaints(_reports(config, "passed"), _reports(config, "skipped"), page))


def _reports(config: pytest.Config, outcome: str) -> list[safety.Report]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [] if reporter is None else reporter.stats.get(outcome, [])
