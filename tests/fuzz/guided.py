"""One parser, shown what atheris makes of its seeds where they lead to lines not yet seen.

    python tests/fuzz/guided.py PARSER FOLDER [libFuzzer's options]

FOLDER has the seeds, and what was made of them. libFuzzer holds each case to bounds of time and
memory; one that breaks them, or ends in anything but a refusal, it leaves as a file.
"""

import sys
from contextlib import suppress
from pathlib import Path

BOUNDS = ["-timeout=60", "-rss_limit_mb=2500", "-max_len=20000", "-print_final_stats=1"]
WATCHED = ["colorear.photo", "colorear.hints", "colorear.batch.journal", "colorear.models.card"]


def main(name: str, options: list[str]) -> None:
    """Go on until an option ends it."""
    import atheris

    sys.path.insert(0, str(Path(__file__).parents[1]))
    with atheris.instrument_imports(include=WATCHED, enable_loader_override=False):
        from fuzz.parsers import PARSERS

    parser = PARSERS[name]

    def take(content: bytes) -> None:
        with suppress(parser.refusal):
            parser.take(content)

    atheris.Setup([sys.argv[0], *BOUNDS, *options], take)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
