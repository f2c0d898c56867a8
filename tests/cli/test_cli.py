import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import colorear
import networks
from colorear import __main__
from colorear.cli import app
from colorear.models.onnx_session import cores

WITHOUT_TORCH = (
    "import sys; sys.modules['torch'] = None; from colorear.__main__ import main; main()"
)


def colorear_(*words: object):
    """The command, in this process; what it raises beside its exit status is raised here."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def process(*words: object, start: tuple[str, ...] = ("-m", "colorear")):
    """The command as people start it."""
    command = [sys.executable, *start, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def objects(answer) -> list[dict]:
    return [json.loads(line) for line in answer.stdout.splitlines()]


def results(answer) -> list[dict]:
    """What `colorize --json` said of each file; it ends with a summary."""
    *each, last = objects(answer)
    assert set(last) == {"summary"}
    return each


def complaint(answer) -> str:
    """The only line on stderr."""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def names(folder: Path) -> list[str]:
    """What people see in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".colorear")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two photographs and a text; nothing else."""
    folder = tmp_path / "attic"
    folder.mkdir()
    gray = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8) + 70
    Image.fromarray(gray).save(folder / "one.jpg")
    Image.fromarray(gray).save(folder / "two.png")
    (folder / "text.jpg").write_text("dear diary")
    return folder


@pytest.fixture
def colorize(known_network):
    """`colorear colorize` with a network that is always there."""
    return lambda *words: colorear_("colorize", "--model", known_network, *words)


def test_as_people_start_it(folder, known_network):
    photographs = [folder / name for name in ("one.jpg", "text.jpg", "two.png")]
    done = process("colorize", *photographs, "--model", known_network)
    assert done.returncode == 1
    assert done.stdout == ""
    assert complaint(done).startswith(f"error: '{folder}/text.jpg' is not an image, but a JPEG, ")
    assert names(folder) == ["one-color.jpg", "one.jpg", "text.jpg", "two-color.png", "two.png"]
    again = process("verify", folder / "one.jpg", folder / "one-color.jpg", "--json")
    assert (again.returncode, again.stderr) == (0, "")
    (told,) = objects(again)
    assert told.pop("provenance") == {
        "version": colorear.__version__,
        "network": "known",
        "network_version": "",
        "sha256": hashlib.sha256(known_network.read_bytes()).hexdigest(),
    }
    promise = {"identical_dct": True, "max_luma_difference": 0, "ok": True}
    assert told == promise | {"changed": [], "decoded_twice": True}


def test_the_network_that_comes_with_it(folder):
    done = process("colorize", folder / "one.jpg", folder / "two.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert colorear.verify(folder / "two.png", folder / "two-color.png").ok


def test_json_of_colorize(folder, colorize):
    sources = [str(folder / name) for name in ("one.jpg", "text.jpg")]
    done = colorize(*sources, "--json")
    assert (done.exit_code, done.stderr) == (1, "")
    good, bad = sorted(results(done), key=lambda told: told["source"])
    told = {"source", "output", "seconds", "megapixels", "model", "appearance", "state"}
    assert set(good) == told
    assert good["appearance"] == "gray"
    assert (good["state"], bad["state"]) == ("colored", "failed")
    assert (good["source"], good["output"]) == (sources[0], str(folder / "one-color.jpg"))
    assert (good["megapixels"], good["model"]) == (0.003072, "known")
    assert (set(bad), bad["source"]) == ({"source", "error", "state"}, sources[1])
    summary = objects(done)[-1]["summary"]
    assert summary.pop("seconds") > 0
    assert summary == {
        "colored": 1,
        "kept": 0,
        "skipped": {},
        "failed": 1,
        "incomplete": 0,
        "left_alone": {},
    }


def test_what_is_in_color_already_is_said(folder, colorize, free_pictures, tmp_path):
    Image.fromarray(free_pictures["china"]).save(folder / "china.jpg")
    done = colorize(folder / "china.jpg")
    assert (done.exit_code, done.stdout) == (0, "")
    note = f"note: {folder}/china.jpg is in color already; it was colored all the same"
    assert done.stderr.splitlines() == [note]
    (folder / "china-color.jpg").unlink()
    (folder / "text.jpg").unlink()
    done = colorize(folder, "-o", tmp_path / "out", "--json")
    states = {Path(told["source"]).name: told["state"] for told in results(done)}
    assert states == {"one.jpg": "colored", "two.png": "colored", "china.jpg": "skipped"}
    assert objects(done)[-1]["summary"]["skipped"] == {"color": 1}
    done = colorize(folder, "-o", tmp_path / "other")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("2 photographs colored, 1 left alone as they are in color; ")


def test_a_negative_is_said(folder, tmp_path):
    """With a network that takes for one what is bright."""
    (tmp_path / "bright.onnx").write_bytes(networks.contract(negative=True))
    bright = np.asarray(Image.open(folder / "two.png")) // 4 + 190
    Image.fromarray(bright).save(folder / "bright.png")
    (folder / "text.jpg").unlink()
    colorize = ("colorize", "--model", tmp_path / "bright.onnx")
    done = colorear_(*colorize, folder / "bright.png")
    assert (done.exit_code, done.stdout) == (0, "")
    (note,) = done.stderr.splitlines()
    assert note == (
        f"note: {folder}/bright.png looks like a negative, which no color fits until it is "
        "inverted; it was colored all the same"
    )
    done = colorear_(*colorize, folder, "--json", "--out", tmp_path / "out", "--uncertainty")
    made = [told for told in results(done) if told["state"] == "colored"]
    seen = {Path(told["output"]).name: told["appearance"] for told in made}
    assert {name for name, appearance in seen.items() if appearance == "negative"} == {
        "bright-color.png",
        "bright-uncertainty.png",
    }
    assert seen["two-color.png"] == seen["two-uncertainty.png"] == "gray"


@pytest.fixture
def choosing(tmp_path) -> Path:
    """A network that is told colours, and tells how likely and how sure they are."""
    path = tmp_path / "choosing.onnx"
    path.write_bytes(networks.choosing())
    return path


def test_wishes(folder, choosing, tmp_path):
    hints = tmp_path / "hints.json"
    hints.write_text('[{"x": 0.5, "y": 0.5, "colour": "yellow"}]')
    words = ("colorize", folder / "one.jpg", "--model", choosing, "--vividness", 0.5)
    done = colorear_(*words, "--hints", hints, "--variants", 3, "--uncertainty", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    made = ["one-color-2.jpg", "one-color-3.jpg", "one-color.jpg", "one-uncertainty.png"]
    assert sorted(Path(told["output"]).name for told in results(done)) == made
    assert set(made) < set(names(folder))
    (wish,) = results(done)[0]["unreachable"]
    assert wish["hint"]["color"] == "yellow"
    for name in made[:3]:
        assert colorear.verify(folder / "one.jpg", folder / name).ok
    told = colorear_(*words, "--hints", hints, "--overwrite")
    says = f"yellow does not exist at the lightness of (0.5, 0.5); the nearest is {wish['nearest']}"
    assert told.stderr.strip() == says


def test_other_wishes_are_made_anew(folder, choosing, tmp_path):
    words = ("colorize", folder / "two.png", "-o", tmp_path / "out", "--model", choosing)
    assert colorear_(*words, "--vividness", 0.5, "--json").exit_code == 0
    (kept,) = results(colorear_(*words, "--vividness", 0.5, "--json"))
    (made,) = results(colorear_(*words, "--vividness", 0.6, "--json"))
    assert "seconds" not in kept
    assert "seconds" in made


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["one.jpg", "--variants", "2"], "known makes no variants; choose a network that does"),
        (["one.jpg", "--hints", "hints.json"], "known takes no hints; choose a network that does"),
        (["one.jpg", "two.png", "--hints", "hints.json"], "hints are about the places of one"),
        ([".", "-o", "out", "--hints", "hints.json"], "hints are about the places of one"),
        (["one.jpg", "--hints", "none.json"], "'none.json' cannot be read: No such file"),
        (["one.jpg", "--hints", "text.jpg"], "'text.jpg' holds no hints"),
    ],
)
def test_wishes_that_cannot_be_met(folder, colorize, monkeypatch, words, says):
    monkeypatch.chdir(folder)
    (folder / "hints.json").write_text('[{"x": 0.5, "y": 0.5, "colour": "red"}]')
    before = names(folder)
    done = colorize(*words)
    assert done.exit_code == 2
    assert complaint(done).startswith(f"error: {says}")
    assert set(names(folder)) <= {*before, "out"}


def test_a_network_that_does_not_tell_how_sure_it_is(folder, added):
    added(networks.contract(uncertainty=False))
    done = colorear_("colorize", folder / "one.jpg", "--model", "small", "--uncertainty")
    assert done.exit_code == 2
    assert complaint(done).startswith("error: small does not tell how sure it is; choose a")
    assert names(folder) == ["one.jpg", "text.jpg", "two.png"]


def test_nothing_is_overwritten_unasked(folder, colorize):
    made = folder / "one-color.jpg"
    made.write_bytes(b"dear")
    done = colorize(folder / "one.jpg", folder / "two.png")
    assert done.exit_code == 1
    assert "one-color.jpg' exists already; allow to overwrite it (--overwrite)" in complaint(done)
    assert made.read_bytes() == b"dear"
    assert (folder / "two-color.png").exists()
    assert colorize(folder / "one.jpg", "--overwrite").exit_code == 0
    assert colorear.verify(folder / "one.jpg", made).ok


def test_where_the_color_goes(folder, colorize, tmp_path):
    assert colorize(folder / "one.jpg", "-o", tmp_path / "a.jpg").exit_code == 0
    assert (tmp_path / "a.jpg").is_file()
    assert colorize(folder / "one.jpg", "-o", tmp_path / "new" / "folder").exit_code == 0
    assert names(tmp_path / "new" / "folder") == ["one-color.jpg"]
    assert colorize(folder / "one.jpg", folder / "two.png", "-o", tmp_path / "v1.2").exit_code == 0
    assert names(tmp_path / "v1.2") == ["one-color.jpg", "two-color.png"]
    assert colorize(folder / "one.jpg", "-o", tmp_path / "v1.2", "--overwrite").exit_code == 0
    assert names(folder) == ["one.jpg", "text.jpg", "two.png"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["one.jpg", "two.png", "-o", "a.jpg"],
            "'a.jpg' names one file, but more than one may come",
        ),
        (["one.jpg", "two.png", "-o", "text.jpg/x"], "'text.jpg/x' cannot be made: Not a direc"),
        (["one.jpg", "-o", "two"], "the folder 'two' cannot be made: File exists"),
        (["one.jpg", "--model", "nobody"], "there is no network called 'nobody'; known are: "),
        (["one.jpg", "--model", "nobody.onnx"], "nobody.onnx cannot be read: No such file"),
    ],
)
def test_wrong_usage(folder, monkeypatch, words, says):
    monkeypatch.chdir(folder)
    (folder / "two").touch()
    before = names(folder)
    done = colorear_("colorize", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in complaint(done)
    assert names(folder) == before


BAD_LIKE = ["models", "add", "x.onnx", "--like", "pix2pix", "--name", "x"]


@pytest.mark.parametrize(
    "words",
    [["colorize"], ["colorize", "x.jpg", "--far"], ["verify", "x.jpg"], BAD_LIKE, ["paint"]],
)
def test_words_that_it_does_not_know(words):
    done = colorear_(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Usage: colorear" in done.stderr


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_the_photograph_itself_is_never_replaced(folder, colorize, overwrite):
    before = (folder / "one.jpg").read_bytes()
    done = colorize(folder / "one.jpg", "-o", folder / "one.jpg", *overwrite)
    assert done.exit_code == 1
    assert "one.jpg' is the photograph itself, which is never replaced" in complaint(done)
    assert (folder / "one.jpg").read_bytes() == before


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_two_of_one_name_in_one_folder(folder, colorize, tmp_path, overwrite):
    (tmp_path / "b").mkdir()
    shutil.copy(folder / "one.jpg", tmp_path / "b")
    shutil.copy(folder / "two.png", tmp_path / "b" / "one.png")
    same = [folder / "one.jpg", tmp_path / "b" / "one.jpg", tmp_path / "b" / "one.png"]
    done = colorize(*same, "-o", tmp_path / "out", *overwrite)
    assert done.exit_code == 1
    says = f"'{same[1]}' would become '{tmp_path}/out/one-color.jpg', which is that of '{same[0]}'"
    assert says in complaint(done)
    assert names(tmp_path / "out") == ["one-color.jpg", "one-color.png"]


def test_a_photograph_is_not_replaced_by_the_color_of_another(folder, colorize):
    shutil.copy(folder / "one.jpg", folder / "one-color.jpg")
    before = (folder / "one-color.jpg").read_bytes()
    done = colorize(folder / "one.jpg", folder / "one-color.jpg", "--overwrite")
    assert "which is that of" in complaint(done)
    assert (folder / "one-color.jpg").read_bytes() == before
    assert (folder / "one-color-color.jpg").exists()


ODD = [
    "with space.png",
    "[1] (2) {3}.png",
    "abuelita ñandú 祖母.png",
    "-o.png",
    "a\nb.png",
    "%d.png",
]


@pytest.mark.parametrize("name", [*ODD, b"l\xe9gende.png".decode("utf-8", "surrogateescape")])
def test_odd_names(folder, known_network, monkeypatch, name):
    (folder / "two.png").rename(folder / name)
    monkeypatch.chdir(folder)
    done = process("colorize", "--model", known_network, "--json", "--", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert results(done)[0]["output"] == name.replace(".png", "-color.png")
    assert colorear.verify(name, name.replace(".png", "-color.png")).ok
    again = process("colorize", "--model", known_network, "--", name)
    assert again.returncode == 1
    assert "exists already" in complaint(again)


def test_verify(folder, colorize):
    colorize(folder / "two.png")
    told = colorear_("verify", folder / "two.png", folder / "two-color.png")
    assert (told.exit_code, told.stderr) == (0, "")
    *_, color, promise = told.stdout.splitlines()
    assert promise == "the promise is kept"
    by = rf"color: synthetic, by colorear {colorear.__version__}, network known \(sha256 \w{{64}}\)"
    assert re.fullmatch(by, color)
    Image.new("L", (64, 48)).save(folder / "black.png")
    broken = colorear_("verify", folder / "two.png", folder / "black.png", "--json")
    assert broken.exit_code == 1
    (said,) = objects(broken)
    assert (said["max_luma_difference"], said["provenance"], said["ok"]) == (180, None, False)
    assert said["changed"] == []
    Image.open(folder / "two.png").save(folder / "larger.png", dpi=(300, 300))
    named = colorear_("verify", folder / "two.png", folder / "larger.png")
    assert named.exit_code == 1
    assert "changed besides: resolution\n" in named.stdout
    unmarked = colorear_("verify", folder / "two.png", folder / "two.png")
    assert unmarked.exit_code == 0
    assert "color: not marked as synthetic by colorear\n" in unmarked.stdout
    failed = colorear_("verify", folder / "two.png", folder / "text.jpg", "--json")
    assert "text.jpg' is not an image" in complaint(failed)


def test_models(known_network, folder):
    added = colorear_("models", "add", known_network, "--like", "contract", "--name", "mine")
    assert (added.exit_code, added.stdout, added.stderr) == (0, "", "")
    assert "mine" in {card["name"] for card in objects(colorear_("models", "list", "--json"))}
    assert "mine" in colorear_("models").stdout
    (card,) = objects(colorear_("models", "show", "mine", "--json"))
    wanted = "name version sha256 parameters bytes stride hints trained_on scores"
    assert set(wanted.split()) <= set(card)
    assert (card["name"], card["stride"], card["hints"], card["scores"]) == ("mine", 2, False, {})
    assert card["sha256"] in colorear_("models", "show", "mine").stdout
    done = colorear_("colorize", folder / "two.png", "--model", "mine", "--json")
    assert results(done)[0]["model"] == "mine"
    removed = colorear_("models", "remove", "mine", "--json")
    assert (removed.exit_code, objects(removed)) == (0, [{"name": "mine"}])
    assert "no network called 'mine'" in complaint(colorear_("models", "show", "mine"))


def test_a_file_is_shown_and_a_bundled_network_stays(known_network):
    (card,) = objects(colorear_("models", "show", known_network, "--json"))
    assert card["bytes"] == known_network.stat().st_size
    kept = colorear_("models", "remove", "acuarela")
    assert "acuarela comes with colorear; only networks that were added" in complaint(kept)


def test_another_projects_network_end_to_end(folder, tmp_path):
    (tmp_path / "zhang.onnx").write_bytes(
        networks.pointwise([[0.5], [-0.3]], [-10, 4], inputs={"L": (1,)}, side=64)
    )
    words = ("--like", "eccv16", "--name", "zhang", "--json")
    (card,) = objects(process("models", "add", tmp_path / "zhang.onnx", *words))
    assert (card["name"], card["kind"]) == ("zhang", "eccv16")
    assert process("colorize", folder / "one.jpg", "--model", "zhang").returncode == 0
    assert colorear.verify(folder / "one.jpg", folder / "one-color.jpg").ok


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("training", ["train", "recipe.toml", "--data", ".", "--out", "run"]),
        ("judging", ["evaluate", "gray", "--data", ".", "--out", "scores.parquet"]),
        ("comparing", ["compare", "scores.parquet", "-o", "report"]),
        ("exporting", ["export", "run", "-o", "x.onnx"]),
    ],
)
def test_without_the_extra(feature, words):
    done = process(*words, start=("-c", WITHOUT_TORCH))
    assert done.returncode == 2
    says = "needs packages that are not installed; install them with: pip install 'colorear[learn]'"
    assert complaint(done) == f"error: {feature} {says}"


def test_from_photographs_to_a_report(tmp_path, monkeypatch, free_pictures, known_network):
    """What somebody types who has colour photographs and wonders how good a network is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    for name, pixels in free_pictures.items():
        Image.fromarray(pixels).resize((96, 96)).save(tmp_path / "mine" / f"{name}.jpg")
    data, scores, report = (tmp_path / name for name in ("data", "scores.parquet", "report"))
    answer = colorear_("data", "prepare", tmp_path / "mine", data, "--size", 64)
    assert "6 photographs (train 4, validate 1, test 1)" in answer.stdout
    (line,) = objects(
        colorear_("data", "prepare", tmp_path / "mine", tmp_path / "again", "--size", 64, "--json")
    )
    assert line == json.loads((data / "manifest.json").read_text())
    judge = ("evaluate", "gray", known_network, "--data", data, "--out", scores, "--part", "all")
    assert colorear_(*judge, "--size", 64).exit_code == 0
    again = colorear_(*judge, "--size", 48)
    assert (again.exit_code, "another size: 64 there, 48 here" in again.stderr) == (1, True)
    answer = colorear_("compare", scores, "-o", report, "--data", data)
    assert answer.exit_code == 0, answer.stderr
    assert {"index.html", "table.md", "table.tex", "table.csv"} <= set(names(report))
    refused = colorear_("data", "prepare", tmp_path / "mine", data)
    assert (refused.exit_code, str(data) in refused.stderr) == (1, True)
    (tmp_path / "mine" / "bad.jpg").touch()
    words = ("data", "prepare", tmp_path / "mine", tmp_path / "good", "--size", 64, "--skip-bad")
    answer = colorear_(*words)
    assert (answer.exit_code, "1 unusable and left out" in answer.stdout) == (0, True)
    assert answer.stderr == "bad.jpg is empty; it was left out\n"
    huge = colorear_(*words[:3], tmp_path / "huge", "--size", 20_000)
    assert (huge.exit_code, "1 to 8192 is needed" in huge.stderr) == (1, True)


def test_the_listing_of_a_network(known_network, added_folder):
    colorear_("models", "add", known_network, "--like", "contract", "--name", "small")
    card = json.loads((added_folder / "small.json").read_text())
    card["layers"] = [
        {"layer": "input", "shape": [160, 160, 3], "connected_to": []},
        {"layer": "conv", "shape": [80, 80, 8], "connected_to": ["input"]},
    ]
    for row, counts in zip(card["layers"], ((0, 0), (1234, 1200)), strict=True):
        row["parameters"], row["trainable"] = counts
    (added_folder / "small.json").write_text(json.dumps(card))
    told = colorear_("models", "show", "small").stdout
    counts = "1,234 parameters, 1,200 of them trainable"
    assert all(word in told for word in ("80 x 80 x 8", counts, "connected to"))


def test_ctrl_c(tmp_path, known_network):
    noise = np.random.default_rng(0).integers(0, 256, (600, 800), np.uint8)
    Image.fromarray(noise).save(tmp_path / "0.png")
    for number in range(1, 100):
        (tmp_path / f"{number}.png").hardlink_to(tmp_path / "0.png")
    out = tmp_path / "out"
    words = [*sorted(tmp_path.glob("*.png")), "-o", out, "--model", known_network]
    command = [sys.executable, "-m", "colorear", "colorize", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while len(list(out.glob("[0-9]*"))) < 2:
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        stderr = running.stderr.read()
    made = names(out)
    assert running.returncode == 130
    (told,) = re.findall(r"^error: stopped with (\d+) of 100 photographs done; the same ", stderr)
    assert 0 <= len(made) - int(told) <= cores()  # one may be in place that has not yet been told
    assert stderr.count("\n") == 1
    assert 2 <= len(made) < 100
    assert all(name.endswith("-color.png") and name[0] != "." for name in made)
    assert colorear.verify(tmp_path / "0.png", out / made[-1]).ok
    assert names(out / ".colorear") == ["journal.sqlite"]


@pytest.mark.parametrize("count", [1, 2])
def test_ctrl_c_ends_within_a_second(tmp_path, known_network, count):
    """Whatever it does: here photographs that take many seconds each."""
    blank = np.zeros((9000, 9000), np.uint8)
    for number in range(count):
        Image.fromarray(blank).save(tmp_path / f"{number}.png")
    out = tmp_path / "out"
    words = [*tmp_path.glob("*.png"), "-o", out, "--model", known_network]
    command = [sys.executable, "-m", "colorear", "colorize", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while not list(out.glob(".colorear/unfinished/.colorear-*")):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        stderr = running.stderr.read()
    assert running.returncode == 130
    assert stderr.startswith(f"error: stopped with 0 of {count} photographs done; the same command")
    assert names(out) == []
    assert names(out / ".colorear") == ["journal.sqlite"]


def test_a_folder_and_back_to_it(folder, colorize, tmp_path):
    out = tmp_path / "out"
    (folder / "deeper").mkdir()
    shutil.copy(folder / "two.png", folder / "deeper")
    (folder / "letter.txt").write_text("dear diary")
    done = colorize(folder, "-o", out, "--jobs", 1)
    assert (done.exit_code, done.stdout) == (1, "")
    complaint_, *summary = done.stderr.splitlines()
    assert "text.jpg' is not an image" in complaint_
    assert summary[0].startswith("3 photographs colored, 1 failed; ")
    assert summary[1:] == ["1 other file was left alone: 1 .txt"]
    assert names(out) == ["deeper", "one-color.jpg", "two-color.png"]
    (folder / "text.jpg").unlink()
    again = colorize(folder, "-o", out, "--json")
    assert again.exit_code == 0
    assert [set(told) for told in results(again)] == [{"source", "output", "state"}] * 3
    refused = colorize(folder)
    assert (refused.exit_code, names(folder)) == (2, ["deeper", "letter.txt", "one.jpg", "two.png"])
    assert "is a folder; name another folder for its colored photographs (-o)" in complaint(refused)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    "words",
    [
        ["models"],
        ["models", "show", "acuarela"],
        ["models", "show", "acuarela", "--json"],
        ["--help"],
    ],
)
def test_an_answer_that_cannot_be_written(words, encoding, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "colorear", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert complaint(done).startswith("error: the answer cannot be written: No space left")


def test_another_error_is_not_told_as_one_of_the_answer(monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(__main__, "app", nowhere)
    with pytest.raises(FileNotFoundError, match="No usable temporary directory"):
        __main__.main()


def test_a_reader_that_had_enough():
    command = f"{sys.executable} -m colorear models show acuarela --json | true"
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("words", [["--version"], ["--version", "models"]])
def test_its_version(words):
    done = colorear_(*words)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{colorear.__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes(shell):
    command = [sys.executable, "-c", "from colorear.cli import app; app(prog_name='colorear')"]
    environment = os.environ | {"_COLOREAR_COMPLETE": f"source_{shell}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_COLOREAR_COMPLETE=complete" in done.stdout


def test_from_a_pipe_into_a_pipe(folder, known_network):
    command = [sys.executable, "-m", "colorear", "colorize", "-", "--model", str(known_network)]
    content = (folder / "one.jpg").read_bytes()
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    (folder / "made.jpg").write_bytes(done.stdout)
    assert colorear.verify(folder / "one.jpg", folder / "made.jpg").ok
    assert done.stderr == b""
    refused = subprocess.run([*command, "--json"], input=content, capture_output=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"standard input (-) becomes one file on standard output" in refused.stderr


def test_a_folder_without_photographs(tmp_path, colorize):
    (tmp_path / "attic").mkdir()
    done = colorize(tmp_path / "attic", "-o", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (3, "")
    assert complaint(done).startswith("error: there is no photograph in '")


def test_the_same_mistake_ends_with_the_same_status(folder):
    unknown = [
        ("colorize", folder / "one.jpg", "--model", "nobody"),
        ("models", "show", "nobody"),
        ("models", "remove", "nobody"),
        ("serve", "--model", "nobody"),
    ]
    assert {colorear_(*words).exit_code for words in unknown} == {2}
    missing = [("verify", "none.jpg", folder / "one.jpg"), ("colorize", folder / "none.jpg")]
    assert {colorear_(*words).exit_code for words in missing} == {1}


def test_an_old_card_and_a_deep_one(added_folder):
    added_folder.mkdir()
    (added_folder / "old.json").write_text('{"name": "old", "license": "free"}')
    (added_folder / "deep.json").write_text("[" * 100_000)
    for name in ("old", "deep"):
        (added_folder / f"{name}.onnx").write_bytes(b"dear")
        done = colorear_("models", "show", name)
        assert done.exit_code == 2
        assert f"{name}.json is not a card that colorear can use: " in complaint(done)


def test_a_recipe_without_end(tmp_path):
    (tmp_path / "deep.toml").write_text("x = " + "[" * 100_000)
    done = colorear_("train", tmp_path / "deep.toml", "--data", tmp_path, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert complaint(done).endswith("deep.toml: holds lists within lists without end; mend it")
