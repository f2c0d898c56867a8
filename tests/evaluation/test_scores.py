import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from colorear.errors import EvaluationError
from colorear.evaluation.scores import COLUMNS, DataSet, Network, Scores, read_scores, write_scores
from made_scores import by_quality, made_scores


@pytest.fixture
def scores():
    return made_scores(by_quality({"a": 1, "gray": 0}, count=4))


def written(folder, name, scores):
    path = folder / f"{name}.parquet"
    write_scores(path, scores)
    return path


def test_what_was_written_is_read(tmp_path, scores):
    found = read_scores([written(tmp_path, "one", scores)])
    assert found.about == scores.about
    assert tuple(found.table.columns) == COLUMNS
    pd.testing.assert_frame_equal(found.table, scores.table[list(COLUMNS)], check_dtype=False)
    assert found.table["mse"].dtype == np.float64


def test_a_part_tells_what_is_judged_already(tmp_path, scores):
    part = Scores(scores.table.iloc[:5], scores.about)
    found = read_scores([written(tmp_path, "part", part)])
    assert len(found.done) == 5
    assert ("a", "003.jpg") in found.done
    assert ("gray", "003.jpg") not in found.done
    nothing = Scores(scores.table.iloc[:0], scores.about)
    assert read_scores([written(tmp_path, "none", nothing)]).done == frozenset()


def test_files_are_joined_and_rows_of_both_taken_once(tmp_path, scores):
    other = made_scores(by_quality({"b": 2, "gray": 5}, count=4))
    found = read_scores([written(tmp_path, "one", scores), written(tmp_path, "two", other)])
    assert list(found.about.models) == ["a", "gray", "b"]
    assert len(found.table) == 12
    first = scores.table.loc[scores.table["model"] == "gray", "mse"].to_numpy()
    assert (found.table.loc[found.table["model"] == "gray", "mse"] == first).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": 256}, "the size is 160 in the one and 256 in the other"),
        ({"convention": "slides"}, "the convention is 'standard' in the one and 'slides'"),
        (
            {"data": DataSet(name="made", photographs=4, fingerprint="bb")},
            "the fingerprint of the data is 'aa' in the one and 'bb' in the other",
        ),
        ({"models": {"a": Network(sha256="0")}}, "mean two networks by 'a'; rename one"),
    ],
)
def test_scores_of_different_things_are_refused(tmp_path, scores, change, told):
    other = Scores(scores.table, msgspec.structs.replace(scores.about, **change))
    paths = [written(tmp_path, "one", scores), written(tmp_path, "two", other)]
    with pytest.raises(EvaluationError, match=told):
        read_scores(paths)


def test_the_same_photographs_may_have_two_names(tmp_path, scores):
    data = DataSet(name="other", photographs=4, fingerprint="aa")
    other = Scores(scores.table, msgspec.structs.replace(scores.about, data=data))
    read_scores([written(tmp_path, "one", scores), written(tmp_path, "two", other)])


def test_files_that_are_no_scores(tmp_path, scores):
    with pytest.raises(EvaluationError, match="no scores were given"):
        read_scores([])
    with pytest.raises(
        EvaluationError, match=r"there is no such file; make it with: colorear evaluate"
    ):
        read_scores([tmp_path / "missing.parquet"])
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(EvaluationError, match="cannot be read as Parquet"):
        read_scores([tmp_path / "text.parquet"])
    pq.write_table(pa.table({"model": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(EvaluationError, match="does not tell how its scores were made"):
        read_scores([tmp_path / "other.parquet"])
    with pytest.raises(EvaluationError, match="scores need a column vif"):
        write_scores(tmp_path / "x.parquet", Scores(scores.table.drop(columns="vif"), scores.about))
    with pytest.raises(EvaluationError, match="there is no folder"):
        write_scores(tmp_path / "nowhere" / "x.parquet", scores)
