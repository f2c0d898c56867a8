"""Pages of the site that lie elsewhere in the repository, and links to them: a hook of MkDocs."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ELSEWHERE = ("CONTRIBUTING.md", "CREDITS.md", "SECURITY.md", "recipes/LOG.md")
# of what is not made a page its name is told
_AS_TEXT = re.compile(
    r"\[([^]]*)\]\((?:\.\./)*((?:LICENSE|CITATION\.cff|recipes/curves|src/)[^)]*)\)"
)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/."""
    for path in ELSEWHERE:
        text = (ROOT / path).read_text(encoding="utf-8")
        text = text.replace("](../docs/", "](").replace("](docs/", "](")
        files.append(File.generated(config, Path(path).name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links out of docs/ into links to those pages."""
    up = "../" * page.file.src_uri.count("/")
    for path in ELSEWHERE:
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(path)}", f"]({up}{Path(path).name}", markdown)
    return _AS_TEXT.sub(r"\1 (`\2`)", markdown)
