"""`--fuzz`: all cases instead of a few, and how many there were."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", action="store_true", help="all cases, which take minutes")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is guided takes minutes, or finds nothing."""
    is_long = collection_path.name == "test_guided.py"
    return True if is_long and not config.getoption("fuzz", default=False) else None


@pytest.fixture
def how_many(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Chooses of two numbers of cases: a few, and all."""
    chosen = bool(request.config.getoption("fuzz", default=False))
    return lambda few, many: many if chosen else few


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the counts, where all cases were asked for."""
    if not terminalreporter.config.getoption("fuzz", default=False):
        return
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        counts.update({name: int(str(count)) for name, count in report.user_properties})
    terminalreporter.section("cases")
    for name, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count:7,}  {name}")
