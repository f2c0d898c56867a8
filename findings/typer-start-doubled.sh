#!/usr/bin/env bash
# A command line on Typer needs over twice the processor time to start with Typer 0.29 as with 0.28, though
# nothing in it changed: 0.29 depends on pydantic and builds a validator of its own for every option of
# the command that is typed, at every start.
# Who meets it: whoever colours photographs by one command each, from a script, a file manager or cron.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
cat > app.py <<'EOF'
import resource
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.command()
def colorize(
    sources: list[Path],
    out: Annotated[Path | None, typer.Option()] = None,
    network: Annotated[str, typer.Option()] = "usual",
    strength: Annotated[float, typer.Option(min=0, max=3)] = 1.0,
    variants: Annotated[int, typer.Option(min=1, max=20)] = 1,
    jobs: Annotated[int | None, typer.Option(min=1)] = None,
    on: Annotated[Literal["here", "there"], typer.Option()] = "here",
    exclude: Annotated[list[str] | None, typer.Option()] = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(round(1000 * used.ru_utime), sum(name.partition(".")[0] == "pydantic" for name in sys.modules))


app()
EOF
rich="rich==15.0.0 markdown-it-py==4.3.0 mdurl==0.1.2 pygments==2.21.0 shellingham==1.5.4 annotated-doc==0.0.7"
python3 -m venv v0.28.0
v0.28.0/bin/pip install -qq --disable-pip-version-check typer==0.28.0 $rich
python3 -m venv v0.29.2
v0.29.2/bin/pip install -qq --disable-pip-version-check typer==0.29.2 pydantic==2.14.4 $rich
for version in 0.28.0 0.29.2; do "v$version/bin/python" app.py a.jpg > /dev/null; done  # compiles what it imports
for _ in 1 2 3 4 5 6 7; do
  for version in 0.28.0 0.29.2; do "v$version/bin/python" app.py a.jpg --strength 1.5 >> "$version.txt"; done
done
middle() { sort -n "$1.txt" | sed -n 4p; }
read -r before without <<< "$(middle 0.28.0)"; read -r after with <<< "$(middle 0.29.2)"
echo "milliseconds of processor time until the command runs (medians of 7, in turn), modules of pydantic:"
echo "typer 0.28.0: $before ms, $without"; echo "typer 0.29.2: $after ms, $with"
[ "$without" -eq 0 ] && [ "$with" -gt 0 ] && [ "$after" -gt $((before * 3 / 2)) ] || { echo CHANGED; exit 1; }
