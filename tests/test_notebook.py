"""The notebook of the study, run as a reader runs it, on fewer photographs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs" / "study.ipynb"


@pytest.mark.timeout(1800)
def test_the_notebook_runs_from_photographs_to_report(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (parameters,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", ()))
    parameters.source = "PHOTOGRAPHS = 24\nSEEDS = 1"
    client = NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert (tmp_path / "study" / "report" / "index.html").is_file()
    table = next(text for text in texts(notebook) if "opposite-hues" in text)
    for name in ("plain-shallow", "plain-deep", "skip-shallow", "skip-deep"):
        assert f"slides-{name}-seed1" in table


def test_what_it_shows_is_of_a_whole_run():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert not any("/home/" in text or "/tmp/" in text for text in texts(notebook))
    assert any("0 photographs could not be evaluated" in text for text in texts(notebook))


def texts(notebook):
    """The text that the cells gave."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error"
            yield output.get("text") or output.get("data", {}).get("text/plain", "")
