"""The README says what is so: its tree, its table and its commands are those of today."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from colorear import __version__
from colorear.evaluation.scores import read_scores

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "colorear"
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# whose commands run in a test of their own, beside a server
RUN_ELSEWHERE = {"api.md"}

Block = tuple[str, str, str]  # why it is not run, the language, the text


@pytest.fixture
def folder(tmp_path, free_pictures):
    """A place with a photograph called old.jpg, more in the attic, and some in colour."""
    shutil.copy(ROOT / "src/colorear/examples/china.jpg", tmp_path / "old.jpg")
    (tmp_path / "hints.json").write_text(HINTS)
    (tmp_path / "attic").mkdir()
    shutil.copy(tmp_path / "old.jpg", tmp_path / "attic")
    (tmp_path / "colour-photos").mkdir()
    for name, pixels in free_pictures.items():
        for part in range(3):  # the recipe asks for 16 at least to learn from
            cut = Image.fromarray(pixels[:, part * 50 :]).resize((96, 64))
            cut.save(tmp_path / "colour-photos" / f"{name}-{part}.png")
    return tmp_path


def every_block(page: str) -> list[Block]:
    return re.findall(
        r"(?:^<!-- not run: (.+) -->\n)?^```(\w*)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE
    )


def blocks(language: str, page: str = README) -> list[str]:
    """Those that can be run."""
    return [text for why, name, text in every_block(page) if name == language and not why]


HINTS = blocks("json", (ROOT / "docs" / "correct.md").read_text())[0]
RUN = [
    page
    for page in PAGES
    if page.name not in RUN_ELSEWHERE
    and (blocks("sh", page.read_text()) or blocks("python", page.read_text()))
]


def test_the_tree_is_the_one_on_disk():
    (tree,) = (block for block in blocks("") if block.startswith("src/colorear/\n"))
    told = [line.split()[0] for line in tree.splitlines()[1:]]
    there = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py"}
    there |= {f"{path.parent.name}/" for path in SOURCE.glob("*/__init__.py")}
    assert set(told) == there | {"examples/", "locale/"}
    assert len(told) == len(set(told))


def test_the_table_of_modules_is_the_one_on_disk():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    told = re.findall(r"^\| `(\S+\.py)` \| .+ \|$", page, flags=re.MULTILINE)
    there = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")}
    assert set(told) == {path for path in there if not path.endswith("__init__.py")}
    assert len(told) == len(set(told))


def test_what_contributing_tells_to_touch_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|md|toml))`", page))
    assert len(paths) > 100  # the table of modules among them
    assert [
        path for path in paths if not any((base / path).exists() for base in (SOURCE, ROOT))
    ] == []
    for name, path in re.findall(r"`(\w+)` in `([\w/]+\.py)`", page):
        module = next(base / path for base in (SOURCE, ROOT) if (base / path).exists())
        assert re.search(rf"\b{name}\b", module.read_text()), f"{name} in {path}"


def test_what_is_cited_is_this_version_and_complete():
    """Each surname with a year in the code's docstrings is among the references."""
    page = (ROOT / "CITATION.cff").read_text()
    citation = yaml.safe_load(page)
    assert citation["version"] == __version__
    titles = [reference["title"] for reference in citation["references"]]
    assert len(titles) == len(set(titles))
    sources = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    named = set(re.findall(r"(?:[A-Z]\. )+([A-Z][a-zü]+)(?:,| and| et al)", sources))
    not_papers = {"Krawetz", "Peres"}  # a weblog, an encyclopedia
    assert {"Sharma", "Tan", "Ronneberger", "Sheikh"} <= named
    assert {name for name in named - not_papers if name not in page.replace("ń", "n")} == set()


def test_every_picture_is_credited():
    page = (ROOT / "CREDITS.md").read_text()
    pictures = {path.name for path in (SOURCE / "examples").iterdir()} - {"CREDITS.txt"}
    assert len(pictures) == 6
    assert [name for name in pictures if f"examples/{name}" not in page] == []


def test_no_document_is_cited_that_is_not_here():
    """Every name in capitals with .md, wherever it stands, and every relative link of a page."""
    pages = [path for path in ROOT.rglob("*.md") if not is_made(path)]
    assert len(pages) > 5
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page}: {link}"
    here = {path.name for path in ROOT.rglob("*.md") if not is_made(path)}
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py"), *pages]:
        assert set(re.findall(r"\b[A-Z]+\.md\b", path.read_text())) <= here, path


def is_made(path: Path) -> bool:
    """Whether a tool left it there: an environment, a cache."""
    return any(part.startswith(".") for part in path.relative_to(ROOT).parts)


def test_the_table_of_promises_is_what_the_program_says():
    made = runpy.run_path(str(ROOT / "docs" / "promises.py"))
    page = made["PAGE"].read_text()
    assert "<!-- promises -->" in page
    assert made["with_table"](page) == page


def test_the_results_are_made_from_the_numbers_that_are_kept():
    made = runpy.run_path(str(ROOT / "docs" / "results.py"))
    assert made["page"]() == (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    short = made["SHORT"].read_text()
    assert "<!-- results -->" in short
    assert made["with_table"](short) == short
    assert made["leaderboard"]() == made["BOARD"].read_text(encoding="utf-8")
    scores = read_scores([made["SCORES"]])
    assert scores.table["picture"].isna().all()  # the photographs are not ours to publish
    assert not any(truth.picture for truth in scores.about.truth.values())
    told = [run.command for run in scores.about.invocations]
    assert [command for command in told if " /" in command] == []  # nobody's folders


def test_the_python_reference_is_made_from_the_code():
    made = runpy.run_path(str(ROOT / "docs" / "python_reference.py"))["page"]()
    assert made == (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert "Colorizer.colorize" in made


@pytest.mark.timeout(1800)  # one of them trains and exports a network
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_and_snippet_runs(page, folder):
    """In the order of the page, on small photographs; what is not run says why."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    for why, language, text in every_block(page.read_text()):
        if language == "python" and not why:
            subprocess.run([sys.executable, "-c", text], cwd=folder, check=True)
        elif language == "sh" and not why:
            for command in text.splitlines():
                assert command.startswith("colorear "), f"{page.name}: {command}"
                subprocess.run(command.split(), cwd=folder, env=environment, check=True)


def test_the_pages_that_matter_are_run():
    names = {page.relative_to(ROOT).as_posix() for page in RUN}
    assert names >= {"README.md", "docs/first.md", "docs/correct.md", "docs/archive.md"}
    assert names >= {"docs/training.md", "docs/es/primera.md", "docs/es/archivo.md"}


def test_the_site_is_built_and_its_links_lead_somewhere(tmp_path):
    """MkDocs is strict: a page, a picture or a heading that is not there is an error."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (tmp_path / "es" / "primera" / "index.html").exists()
    assert (tmp_path / "LOG" / "index.html").exists()
    front = (tmp_path / "index.html").read_text()
    assert re.findall(r"(?:src|href)=\"https?://", front) == []  # it can be read offline


def test_make_demo_colors_the_examples(tmp_path):
    """With the environment that runs this test, which is not installed again."""
    installed = f"{sys.prefix}/runtime"
    command = ["make", "demo", f"VENV={sys.prefix}", f"DEMO={tmp_path}", "-o", installed]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    examples = {path.stem for path in (ROOT / "src/colorear/examples").glob("*.[jpt]*g*")}
    assert {path.stem for path in tmp_path.iterdir()} >= {f"{stem}-color" for stem in examples}
    assert len(list(tmp_path.glob("[!.]*"))) == 6
    assert str(tmp_path) in answer.stdout
    assert answer.stderr == ""


def test_make_test_is_what_ci_runs():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in README
