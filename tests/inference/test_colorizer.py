import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms, ImageFilter, ImageOps

import networks
from colorear import Colorizer, Hint, color, colorize, verify
from colorear.errors import HintError, ModelError, PhotographError
from colorear.inference.naming import beside
from photo.test_icc import DOT_GAIN, PROFILES
from photo.test_photograph import FORMATS, luma_levels, write

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])


def reopened(path) -> Image.Image:
    """What Pillow makes of a file, which it does not keep open."""
    return Image.open(io.BytesIO(Path(path).read_bytes()))


def chroma(picture) -> np.ndarray:
    """Cb, Cr (2, h, w) in 8-bit levels."""
    rgb = np.asarray(picture.convert("RGB")).astype(float).transpose(2, 0, 1)
    return color.srgb_to_ycc(rgb)[1:]


def ab_of(rgb: np.ndarray) -> np.ndarray:
    """a*, b* (2, h, w) of (h, w, 3) sRGB."""
    top = np.iinfo(rgb.dtype).max
    return color.srgb_to_lab(rgb.transpose(2, 0, 1) / top)[1:]


def saved(picture: np.ndarray, path: Path, **options) -> Path:
    lossless = {"lossless": True} if path.suffix == ".webp" else {}
    Image.fromarray(picture).save(path, quality=95, **lossless, **options)
    return path


@pytest.fixture(scope="session")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


@pytest.fixture
def by_place(tmp_path) -> Colorizer:
    """Its colours tell how the picture was shown to the network."""
    (tmp_path / "place.onnx").write_bytes(networks.placed())
    return Colorizer(tmp_path / "place.onnx", threads=1)


@pytest.fixture
def choosing(tmp_path) -> Colorizer:
    """It is told colours, and tells how likely each is and how sure it is."""
    (tmp_path / "choosing.onnx").write_bytes(networks.choosing())
    return Colorizer(tmp_path / "choosing.onnx", threads=1)


@pytest.fixture(scope="session")
def cat(free_pictures) -> np.ndarray:
    return free_pictures["chelsea"][40:168, 120:313]  # 128 x 193


@pytest.fixture(scope="session")
def gray_cat(cat) -> np.ndarray:
    return luma_levels(cat).astype(np.uint8)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [(), (3,)])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (33, 65), (1, 4000), (4000, 1)])
def test_arrays_of_every_size_and_kind(colorizer, size, bands, kind):
    top = np.iinfo(kind).max
    picture = np.random.default_rng(0).integers(0, top, (*size, *bands), kind, endpoint=True)
    before = picture.copy()
    colored = colorizer(picture)
    assert colored.shape == (*size, 3)
    assert colored.dtype == kind
    assert np.array_equal(picture, before)
    assert np.abs(luma_levels(colored) - luma_levels(picture)).max() <= 1


@settings(max_examples=60)
@given(
    st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
        lambda size: st.one_of(arrays(np.uint8, size), arrays(np.uint16, size))
    )
)
def test_the_luma_of_any_gray_array_stays(colorizer, picture):
    assert np.abs(luma_levels(colorizer(picture)) - picture.astype(int)).max() <= 1


def test_the_colors_of_an_array_are_the_networks(colorizer):
    flat = np.full((20, 30), 30000, np.uint16)
    lightness = color.luma_to_lightness(np.float64(30000 / 65535))
    a, b = ab_of(colorizer(flat))
    np.testing.assert_allclose(a, lightness / 2 + 1, atol=0.1)
    np.testing.assert_allclose(b, 3 - lightness / 4, atol=0.1)


def test_views_and_read_only_arrays(colorizer, gray_cat):
    view = gray_cat[::-2, 5:50:3]
    view.flags.writeable = False
    assert np.array_equal(colorizer(view), colorizer(np.ascontiguousarray(view)))


def test_both_depths_get_the_same_colors(colorizer, gray_cat):
    deep = colorizer(gray_cat.astype(np.uint16) * 257)
    assert np.abs(deep / 257 - colorizer(gray_cat)).max() <= 1


def test_color_in_an_array_is_replaced(colorizer, cat):
    gray = np.round(cat.astype(float) @ [0.299, 0.587, 0.114] * 257).astype(np.uint16)
    difference = colorizer(cat.astype(np.uint16) * 257).astype(int) - colorizer(gray)
    assert np.abs(difference).max() <= 4  # of 65535
    assert np.abs(colorizer(cat).astype(int) - cat).max() > 50


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 5)),
        np.zeros((4, 5), bool),
        np.zeros((4, 5), np.int16),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 1), np.uint8),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
        [[1, 2], [3, 4]],
        [[1, 2], [3]],
        None,
    ],
    ids=lambda wrong: f"{getattr(wrong, 'dtype', 'list')}{getattr(wrong, 'shape', wrong)}",
)
def test_other_arrays_get_one_sentence(colorizer, wrong):
    with pytest.raises(PhotographError, match=r"but \(h, w\) or \(h, w, 3\) of uint8 or uint16"):
        colorizer(wrong)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("sampling", ["grey", "4:4:4", "4:2:2", "4:2:0"])
def test_the_promise_for_jpeg(tmp_path, colorizer, cat, gray_cat, sampling, progressive):
    options = {} if sampling == "grey" else {"subsampling": sampling}
    picture = gray_cat if sampling == "grey" else cat
    source = saved(picture, tmp_path / "old.jpg", progressive=progressive, **options)
    done = colorizer.colorize(source)
    assert verify(source, done.output).identical_dct
    assert np.abs(chroma(reopened(done.output))).max() > 20


@pytest.mark.parametrize(("form", "bands", "bits"), FORMATS)
def test_the_promise_for_other_formats(tmp_path, colorizer, cat, gray_cat, form, bands, bits):
    alpha = np.linspace(0, 255, gray_cat.size).reshape(gray_cat.shape).astype(np.uint8)
    layers = {1: [gray_cat], 2: [gray_cat, alpha], 3: [cat], 4: [cat, alpha]}[bands]
    picture = np.dstack(layers) if bands > 1 else gray_cat
    source, target = tmp_path / f"old.{form}", tmp_path / f"new.{form}"
    write(source, picture.astype(np.uint16) * 257 if bits == 16 else picture, form)
    done = colorizer.colorize(source, target)
    assert verify(source, done.output).ok
    if bits == 8:
        assert np.abs(chroma(reopened(done.output))).max() > 20


@SUFFIXES
@pytest.mark.parametrize("tint", ["sepia", "colour"])
def test_color_in_a_file_is_replaced(tmp_path, colorizer, cat, gray_cat, suffix, tint):
    sepia = gray_cat[..., None] * np.array([1.0, 0.9, 0.7]) + [10, 5, 0]
    picture = cat if tint == "colour" else np.clip(sepia, 0, 255).astype(np.uint8)
    gray = luma_levels(picture).astype(np.uint8)
    gray = np.dstack([gray] * 3) if suffix == ".webp" else gray
    of_gray, of_color = (
        chroma(reopened(colorizer.colorize(saved(p, tmp_path / f"{name}{suffix}")).output))
        for p, name in ((gray, "grey"), (picture, "colour"))
    )
    difference = np.abs(of_gray - of_color)
    assert difference.mean() < 0.5
    assert np.quantile(difference, 0.999) < (5 if suffix == ".jpg" else 2)


@SUFFIXES
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_seen_upright(tmp_path, by_place, suffix, orientation):
    gray = np.add.outer(np.arange(48) * 2, np.arange(64)).astype(np.uint8) + 40
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.fromarray(gray)
    stored = upright.transpose(turn[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    straight = by_place.colorize(saved(gray, tmp_path / f"straight{suffix}"))
    turned = by_place.colorize(saved(np.asarray(stored), tmp_path / f"old{suffix}", exif=exif))
    seen = ImageOps.exif_transpose(reopened(turned.output)).convert("RGB")
    expected = reopened(straight.output).convert("RGB")
    assert seen.size == expected.size
    difference = np.abs(np.asarray(seen).astype(int) - np.asarray(expected))
    assert difference.max() <= (10 if suffix == ".jpg" else 1)
    assert np.ptp(chroma(seen)[0]) > 25


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_what_looks_alike_gets_the_same_colors(tmp_path, colorizer, gray_cat, suffix):
    """Whatever grey ICC profile the levels of the file were made for."""
    smooth = np.asarray(Image.fromarray(gray_cat).filter(ImageFilter.GaussianBlur(4)))
    luminance = color.srgb_to_linear(smooth / 255)  # smooth, as JPEG has half as much chroma
    levels = {
        "gamma 2.2": luminance ** (1 / 2.2),
        "dot gain": np.interp(luminance, DOT_GAIN / 65535, np.linspace(0, 1, 256)),
    }
    plain = colorizer.colorize(saved(smooth, tmp_path / f"plain{suffix}"))
    expected = ab_of(np.asarray(reopened(plain.output)))
    for name, values in levels.items():
        picture = np.round(values * 255).astype(np.uint8)
        source = saved(picture, tmp_path / f"{name}{suffix}", icc_profile=PROFILES[name])
        colored = reopened(colorizer.colorize(source).output)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(colored.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        seen = ImageCms.profileToProfile(colored, profile, srgb, renderingIntent=1)
        difference = np.abs(ab_of(np.asarray(seen)) - expected)
        assert difference.mean() < 1
        assert np.quantile(difference, 0.99) < 3


@SUFFIXES
def test_the_same_photograph_gives_the_same_file(tmp_path, colorizer, cat, suffix):
    source = saved(cat, tmp_path / f"old{suffix}")
    files = [Path(colorizer.colorize(source, tmp_path / f"{n}{suffix}").output) for n in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()


ADAPTED = [
    ("ddcolor", [[20, 0, 0], [0, 0, -30]], [1, 2], {"x": (3,)}),
    ("deoldify", np.diag([0.8, 0.7, 0.6]), [0.1, 0, -0.1], {"x": (3,)}),
    ("deoldify-pixels", np.diag([0.9, 0.7, 0.5]), [0, 0, 25.5], {"x": (3,)}),
    ("eccv16", [[0.5], [-0.3]], [-10, 4], {"L": (1,)}),
    ("siggraph17", [[0.5, 9, 9, 9], [-0.3, 9, 9, 9]], [-10, 4], {"z": (1,), "y": (2,), "x": (1,)}),
]


@pytest.mark.parametrize("side", [None, 64], ids=["any size", "one size"])
@pytest.mark.parametrize(("kind", "matrix", "offset", "inputs"), ADAPTED)
def test_other_peoples_networks(tmp_path, added, gray_cat, kind, matrix, offset, inputs, side):
    network = added(networks.pointwise(matrix, offset, inputs=inputs, side=side), kind)
    colorizer = Colorizer("small", threads=1)
    for height, width in ((1, 1), (37, 91), (90, 20)):
        flat = np.full((height, width), 120 * 257, np.uint16)
        lightness = color.luma_to_lightness(np.full((height, width), 120 / 255, np.float32))
        np.testing.assert_allclose(
            ab_of(colorizer(flat)), network(lightness).ab, atol=0.1, err_msg=f"{height}x{width}"
        )
    for name in ("old.jpg", "old.png"):
        source = saved(gray_cat, tmp_path / name)
        done = colorizer.colorize(source)
        assert done.model == "small"
        assert verify(source, done.output).ok


def test_a_golden_picture(colorizer, free_pictures):
    """To renew it: Image.fromarray(coloured).save(GOLDEN / "astronaut.png"), then look at it."""
    truth = free_pictures["astronaut"].reshape(64, 8, 64, 8, 3).mean((1, 3))
    colored = colorizer(luma_levels(truth).astype(np.uint8))
    golden = np.asarray(Image.open(GOLDEN / "astronaut.png"))
    assert np.abs(colored.astype(int) - golden).max() <= 1


def test_one_call_for_one_photograph(tmp_path, known_network, gray_cat):
    source = saved(gray_cat, tmp_path / "old.JPEG")
    done = colorize(source, model=known_network)
    assert Path(done.output) == tmp_path / "old-color.JPEG" == beside(source)
    assert (done.source, done.model) == (str(source), "known")
    assert done.megapixels == pytest.approx(128 * 193 / 1e6)
    assert 0 < done.seconds < 10


def test_nothing_is_replaced_unasked(tmp_path, colorizer, gray_cat):
    source = saved(gray_cat, tmp_path / "old.png")
    target = tmp_path / "new.png"
    target.write_bytes(b"dear")
    with pytest.raises(PhotographError, match=r"new\.png' exists already; allow to overwrite it"):
        colorizer.colorize(source, target)
    assert target.read_bytes() == b"dear"
    colorizer.colorize(source, target, overwrite=True)
    assert verify(source, target).ok


def test_a_photograph_is_never_replaced_by_its_own_color(tmp_path, colorizer, gray_cat):
    source = saved(gray_cat, tmp_path / "old.png")
    before = source.read_bytes()
    (tmp_path / "link.png").symlink_to(source)
    for target in (source, tmp_path / "." / "old.png", tmp_path / "link.png"):
        with pytest.raises(PhotographError, match="is the photograph itself, which is never repla"):
            colorizer.colorize(source, target, overwrite=True)
    assert source.read_bytes() == before


def mean_ab(rgb) -> np.ndarray:
    return ab_of(np.asarray(rgb)).mean((1, 2))


def test_vividness_of_arrays_and_files(tmp_path, colorizer, gray_cat):
    source = saved(gray_cat, tmp_path / "cat.png")
    strength = []
    for vividness in (0.0, 0.5, 1.0):
        target = tmp_path / f"{vividness}.png"
        colorizer.colorize(source, target, vividness=vividness)
        of_file = np.asarray(reopened(target))
        of_array = colorizer(gray_cat, vividness=vividness)
        assert np.abs(of_file.astype(int) - of_array).max() <= 1
        assert verify(source, target).ok
        strength.append(np.linalg.norm(ab_of(of_array), axis=0).mean())
    assert strength[0] < 0.5
    assert strength[1] == pytest.approx(strength[2] / 2, rel=0.1)


def test_hints_of_arrays_and_files(tmp_path, choosing, gray_cat):
    source, target = saved(gray_cat, tmp_path / "cat.jpg"), tmp_path / "told.jpg"
    hint = Hint(0.5, 0.5, "indianred")
    colored = choosing.colorize(source, target, hints=[hint])
    assert verify(source, target).ok
    for told in (reopened(target), choosing(gray_cat, hints=[hint])):
        away = mean_ab(told) - hint.ab
        assert np.linalg.norm(away) < 15  # some of the cat is too dark for it
    assert np.linalg.norm(mean_ab(choosing(gray_cat))) < 0.5
    assert colored.unreachable == ()
    (wish,) = choosing.colorize(
        source, hints=[Hint(0.5, 0.5, "yellow")], overwrite=True
    ).unreachable
    assert wish.hint.color == "yellow"
    assert re.fullmatch("#[0-9a-f]{6}", wish.nearest)


@pytest.mark.parametrize("orientation", [1, 6])
def test_hints_lie_where_the_photograph_is_seen_upright(tmp_path, added, orientation):
    added(networks.contract(hints=True))  # it paints a hint where it lies, and loudly
    gray = np.full((48, 96), 128, np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = saved(gray, tmp_path / "old.png", exif=exif)
    made = Colorizer("small", threads=1).colorize(source, hints=[Hint(0.1, 0.9, "red", 0.01)])
    upright = ImageOps.exif_transpose(reopened(made.output)).convert("RGB")
    strength = np.linalg.norm(ab_of(np.asarray(upright)), axis=0)
    strength -= np.median(strength)
    row, column = np.unravel_index(strength.argmax(), strength.shape)
    assert (column / upright.width, row / upright.height) == pytest.approx((0.1, 0.9), abs=0.05)


def test_variants_of_arrays_and_files(tmp_path, choosing, gray_cat):
    source = saved(gray_cat, tmp_path / "cat.png")
    for variant in (1, 2):
        target = tmp_path / f"{variant}.png"
        choosing.colorize(source, target, variant=variant)
        difference = np.asarray(reopened(target)).astype(int) - choosing(gray_cat, variant=variant)
        assert np.abs(difference).max() <= 1
        assert verify(source, target).ok
    assert np.abs(choosing(gray_cat, variant=1).astype(int) - choosing(gray_cat)).mean() > 5


def test_how_sure_it_is(tmp_path, choosing, added, gray_cat):
    told = choosing.uncertainty(gray_cat)
    assert told.shape == gray_cat.shape
    lightness = color.luma_to_lightness(gray_cat / 255)
    assert np.abs(told - lightness / 10).mean() < 0.5
    source = saved(gray_cat, tmp_path / "cat.jpg")
    choosing.uncertainty_map(source, tmp_path / "sure.png")
    levels = np.asarray(reopened(tmp_path / "sure.png")).astype(float)
    assert levels.shape == gray_cat.shape
    assert np.abs(levels - 5 * told).max() < 4  # what JPEG changed
    added(networks.contract(uncertainty=False))
    silent = Colorizer("small", threads=1)
    with pytest.raises(ModelError, match="does not tell how sure it is; choose a network"):
        silent.uncertainty_map(source, tmp_path / "other.png")
    with pytest.raises(ModelError, match="does not tell how sure it is; choose a network"):
        silent.uncertainty(gray_cat)
    assert not (tmp_path / "other.png").exists()


def test_it_is_sure_or_not_of_the_colors_that_it_gives(tmp_path, gray_cat):
    colorizer = Colorizer(threads=1)
    source, means = saved(gray_cat, tmp_path / "cat.jpg"), []
    for vividness in (0.5, 1, 3):
        target = tmp_path / f"{vividness}.png"
        colorizer.uncertainty_map(source, target, vividness=vividness)
        told = colorizer.uncertainty(gray_cat, vividness=vividness)
        levels = np.asarray(reopened(target)).astype(float)
        assert np.abs(levels - (5 * told).clip(0, 255)).mean() < 4  # the file is a JPEG
        means.append(told.mean())
    assert means[0] < means[1] < means[2] / 2


def test_a_map_of_what_is_sure_is_upright_and_no_larger_than_needed(tmp_path, choosing):
    exif = Image.Exif()
    exif[0x0112] = 6
    source = saved(np.zeros((500, 2500), np.uint8), tmp_path / "long.jpg", exif=exif)
    choosing.uncertainty_map(source, tmp_path / "sure.png")
    assert reopened(tmp_path / "sure.png").size == (205, 1024)


def test_suggestions_of_arrays(choosing, gray_cat):
    assert len(choosing.suggestions(gray_cat, (0.5, 0.5))) == 4


def test_what_a_network_cannot_do(tmp_path, colorizer, gray_cat):
    with pytest.raises(ModelError, match="takes no hints"):
        colorizer(gray_cat, hints=[Hint(0.5, 0.5, "red")])
    with pytest.raises(ModelError, match="makes no variants"):
        colorizer(gray_cat, variant=1)
    with pytest.raises(HintError, match="a vividness of 9 came"):
        colorizer(gray_cat, vividness=9)
    source = saved(gray_cat, tmp_path / "cat.png")
    with pytest.raises(ModelError, match="takes no hints"):
        colorizer.colorize(source, hints=[Hint(0.5, 0.5, "red")])
    assert [path.name for path in tmp_path.glob("*.png")] == ["cat.png"]
