import re
from html.parser import HTMLParser

import cv2
import msgspec
import numpy as np
import pytest

from colorear.errors import EvaluationError
from colorear.evaluation.kept_pictures import encode
from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.markup import markdown
from colorear.evaluation.report.report import compare, quoted
from colorear.evaluation.scores import Scores, write_scores
from made_scores import FOUR, by_quality, made_comparison, made_scores

VOID = {"meta", "input", "br", "img"}


class Page(HTMLParser):
    """The page's elements, checked for being closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.ids, self.images = [], [], [], 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.links += [told[name] for name in ("src", "href", "srcset") if name in told]
        self.ids += [told["id"]] if "id" in told else []
        self.images += tag == "img"
        assert tag != "img" or told["alt"]
        assert tag not in {"script", "link", "iframe"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """The four, raw and with the luma promise, and a photograph that is grey already."""
    qualities = dict(zip(FOUR, (0.0, 0.1, 0.2, 0.5), strict=True)) | {"gray": 0.1}
    values = by_quality(qualities, metrics=("mse", "psnr"), noise=0.1, count=30)
    values["gray"]["psnr"][3] = np.inf
    path = tmp_path_factory.mktemp("scores") / "SCORES.parquet"
    write_scores(path, made_scores(values, places=("<coast>", "street")))
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory, scores):
    out = tmp_path_factory.mktemp("report") / "deep" / "er"
    run = tmp_path_factory.mktemp("run")
    (run / "history.csv").write_text("epoch,loss,v loss,v mse ratio\n1,0.5,0.4,1.2\n2,0.4,0.3,1\n")
    shown = np.full((8, 8, 3), 90, np.uint8)
    pictures = (shown[..., 0], shown, shown)
    compare([scores], out, runs=[run], pictures=lambda *_: pictures, resamples=200)
    return out


def test_the_folder_holds_the_page_the_tables_and_the_figures(report):
    figures = ("ratio", "metrics", "chroma", "places", "effects", "training")
    assert {path.name for path in report.iterdir()} == {
        *("index.html", "table.md", "table.tex", "table.csv", "pictures.png"),
        *(f"{name}-{code}.png" for name in figures for code in ("en", "es")),
    }


def test_the_page_is_whole_and_needs_nothing_else(report):
    text = (report / "index.html").read_text()
    page = Page(text)
    assert page.links
    within = {link[1:] for link in page.links if link.startswith("#")}
    assert len(within) == 2 * 9
    assert within <= set(page.ids)
    assert all(link.startswith(("data:image/", "#")) for link in page.links)
    assert page.images == 2 * 6 + 4 * 9 + 1
    assert len(page.ids) == len(set(page.ids))
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_says_it_in_both_languages(report):
    text = (report / "index.html").read_text()
    english, spanish = re.findall(r"<article.*?</article>", text, flags=re.DOTALL)
    for article, parts in (
        (
            english,
            (
                *("Conclusions", "confirmed", "left out on PSNR, for every network: 1.", "0.2"),
                "Scores of 2026-01-02: colorear evaluate, with colorear 0.0 and numpy 2.0.",
            ),
        ),
        (
            spanish,
            (
                *("Conclusiones", "confirmada", "en PSNR para todas las redes: 1.", "0,2"),
                "Resultados del 2026-01-02: colorear evaluate, con colorear 0.0 y numpy 2.0.",
            ),
        ),
    ):
        assert [part for part in parts if part not in article] == []
    assert "&lt;coast&gt;" in text or "<coast>" not in text


def test_the_same_scores_give_the_same_report(tmp_path):
    values = by_quality({"a": 0.5, "gray": 0.0}, metrics=("mse",), count=4)
    write_scores(tmp_path / "s.parquet", made_scores(values))
    for name in ("one", "two"):
        compare([tmp_path / "s.parquet"], tmp_path / name, resamples=50)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    text = (tmp_path / "one" / "index.html").read_text()  # without pictures: names instead
    assert "jpeg;base64" not in text
    assert "003.jpg (" in text


def test_the_slides_convention_is_labelled_and_kept_pictures_are_shown(tmp_path):
    values = by_quality(
        {"skip-deep": 0.5, "mine": 0.2, "gray": 0.0}, metrics=("mse", "fsim"), count=4
    )
    made = made_scores(values, convention="slides")
    blue, green = (np.full((16, 16, 3), color, np.uint8) for color in ((0, 0, 255), (0, 255, 0)))
    is_kept = (made.table["model"] == "skip-deep") & (made.table["photograph"] <= "001.jpg")
    table = made.table.assign(picture=[encode(blue) if kept else None for kept in is_kept])
    truth = {
        name: msgspec.structs.replace(about, picture=encode(green))
        for name, about in made.about.truth.items()
    }
    about = msgspec.structs.replace(made.about, truth=truth)
    write_scores(tmp_path / "s.parquet", Scores(table, about))
    compare([tmp_path / "s.parquet"], tmp_path / "out", resamples=50)
    sheet = cv2.imread(str(tmp_path / "out" / "pictures.png")).astype(int)[..., ::-1]
    assert sheet.shape == (2 * 16, 3 * 16, 3)
    for column, color in enumerate(((150, 150, 150), (0, 0, 255), (0, 255, 0))):
        assert np.abs(sheet[:, 16 * column :][:, :16] - color).max() < 3
    text = (tmp_path / "out" / "index.html").read_text()
    assert Page(text).images > 0
    assert "From left to right: grey copy, skip-deep, original." in text
    assert "De izquierda a derecha: copia gris, skip-deep, original." in text
    assert "wrong data range included" in text
    assert "FSIMc" not in text
    assert "congruency" not in text
    assert (
        "| FSIM ↑ | skip-deep (AE concatenado más capas) | 0.968667 |"
        in (tmp_path / "out" / "table.md").read_text()
    )


def test_what_is_quoted_tells_of_several_trainings():
    trained = {"a-seed1": 0.0, "a-seed2": 0.1, "b": 1.0, "gray": 0.0}
    twice, once = (
        quoted(made_comparison(by_quality(values, count=10)), ENGLISH, markdown)
        for values in (trained, {"a": 0.0, "b": 1.0, "gray": 0.0})
    )
    rows = [line for line in twice.splitlines() if line.startswith(("| a | 2 | ", "| b | 1 | "))]
    assert [row.count(" · ") for row in rows] == [1, 0]
    assert "| b | 1 | " not in once
    assert ENGLISH.say("between_trainings") not in once


def test_nothing_is_written_where_nothing_can_be_compared(tmp_path, scores):
    empty = made_scores(by_quality({"a": 0.0}, count=2))
    write_scores(tmp_path / "empty.parquet", Scores(empty.table.iloc[:0], empty.about))
    write_scores(tmp_path / "large.parquet", made_scores(by_quality({"a": 0.0}), size=256))
    for paths, options, told in (
        ([tmp_path / "empty.parquet"], {}, "hold no photographs"),
        ([scores], {"runs": [tmp_path]}, "cannot be read as the history of a run"),
        ([scores, tmp_path / "large.parquet"], {}, "cannot be compared: the size is 160"),
    ):
        with pytest.raises(EvaluationError, match=told):
            compare(paths, tmp_path / "out", resamples=50, **options)
    assert not (tmp_path / "out").exists()


def test_runs_of_unequal_epochs_are_refused_by_name(tmp_path, scores):
    header, row = "epoch,loss,validation loss\n", "{},0.5,0.4\n"
    for name, epochs in (("plain-deep-seed1", 2), ("skip-deep-seed1", 3), ("other", 1)):
        (tmp_path / name).mkdir()
        rows = "".join(row.format(epoch + 1) for epoch in range(epochs))
        (tmp_path / name / "history.csv").write_text(header + rows)
    runs = [tmp_path / name for name in ("plain-deep-seed1", "skip-deep-seed1", "other")]
    told = "unequal numbers of epochs.*: plain-deep-seed1 2, skip-deep-seed1 3; train"
    with pytest.raises(EvaluationError, match=told):
        compare([scores], tmp_path / "out", runs=runs, resamples=50)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(tmp_path, scores):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="cannot hold a report"):
        compare([scores], tmp_path / "file", resamples=10)
