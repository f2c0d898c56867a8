"""The four networks against the slides' listings, and against the same networks in Keras."""

import importlib
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn

from colorear.training.architectures.autoencoders import ARCHITECTURES, layer_table
from colorear.training.loop.optimizers import optimizer_and_schedule
from colorear.training.losses import LOSSES
from colorear.training.recipe import AutoencoderSpec
from colorear.training.recipe_file import read_recipe
from colorear.training.tasks import build

RECIPES = Path(__file__).parents[3] / "recipes"

# layer, output height, width and channels, parameters, connected to; typed from the slides
SLIDES = {
    "plain-shallow": """
        input_3 160 160 3 0
        conv2d_10 80 80 128 3584
        leaky_re_lu_16 80 80 128 0
        conv2d_11 40 40 256 295168
        batch_normalization_5 40 40 256 1024
        leaky_re_lu_17 40 40 256 0
        conv2d_12 20 20 512 1180160
        batch_normalization_6 20 20 512 2048
        leaky_re_lu_18 20 20 512 0
        conv2d_transpose_8 40 40 256 1179904
        leaky_re_lu_19 40 40 256 0
        conv2d_transpose_9 80 80 128 295040
        leaky_re_lu_20 80 80 128 0
        conv2d_transpose_10 160 160 3 3459
        leaky_re_lu_21 160 160 3 0
        conv2d_13 160 160 3 39
    """,
    "plain-deep": """
        input_1 160 160 3 0
        conv2d 80 80 128 3584
        leaky_re_lu 80 80 128 0
        conv2d_1 40 40 128 147584
        leaky_re_lu_1 40 40 128 0
        conv2d_2 20 20 256 295168
        batch_normalization 20 20 256 1024
        leaky_re_lu_2 20 20 256 0
        conv2d_3 10 10 512 1180160
        batch_normalization_1 10 10 512 2048
        leaky_re_lu_3 10 10 512 0
        conv2d_4 5 5 512 2359808
        batch_normalization_2 5 5 512 2048
        leaky_re_lu_4 5 5 512 0
        conv2d_transpose 10 10 512 2359808
        leaky_re_lu_5 10 10 512 0
        conv2d_transpose_1 20 20 256 1179904
        leaky_re_lu_6 20 20 256 0
        conv2d_transpose_2 40 40 128 295040
        leaky_re_lu_7 40 40 128 0
        conv2d_transpose_3 80 80 128 147584
        leaky_re_lu_8 80 80 128 0
        conv2d_transpose_4 160 160 3 3459
        leaky_re_lu_9 160 160 3 0
        conv2d_5 160 160 3 39
    """,
    "skip-shallow": """
        input_11 160 160 3 0
        sequential_90 80 80 128 3584 input_11
        sequential_91 40 40 256 296192 sequential_90
        sequential_92 20 20 512 1182208 sequential_91
        sequential_93 40 40 256 1179904 sequential_92
        concatenate_15 40 40 512 0 sequential_93 sequential_91
        sequential_94 80 80 128 589952 concatenate_15
        concatenate_16 80 80 256 0 sequential_94 sequential_90
        sequential_95 160 160 3 6915 concatenate_16
        concatenate_17 160 160 6 0 sequential_95 input_11
        conv2d_76 160 160 3 75 concatenate_17
    """,
    "skip-deep": """
        input_2 160 160 3 0
        sequential_10 80 80 128 3584 input_2
        sequential_11 40 40 128 147584 sequential_10
        sequential_12 20 20 256 296192 sequential_11
        sequential_13 10 10 512 1182208 sequential_12
        sequential_14 5 5 512 2361856 sequential_13
        sequential_15 10 10 512 2359808 sequential_14
        concatenate_5 10 10 1024 0 sequential_15 sequential_13
        sequential_16 20 20 256 2359552 concatenate_5
        concatenate_6 20 20 512 0 sequential_16 sequential_12
        sequential_17 40 40 128 589952 concatenate_6
        concatenate_7 40 40 256 0 sequential_17 sequential_11
        sequential_18 80 80 128 295040 concatenate_7
        concatenate_8 80 80 256 0 sequential_18 sequential_10
        sequential_19 160 160 3 6915 concatenate_8
        concatenate_9 160 160 6 0 sequential_19 input_2
        conv2d_11 160 160 3 75 concatenate_9
    """,
}
COUNTS = {  # all that Keras counts, those that are trained
    "plain-shallow": (2_960_426, 2_958_890),
    "plain-deep": (7_977_258, 7_974_698),
    "skip-shallow": (3_258_830, 3_257_294),
    "skip-deep": (9_602_766, 9_600_206),
}
every_network = pytest.mark.parametrize("name", SLIDES)


@pytest.fixture(scope="module")
def written_in_keras(tmp_path_factory):
    """`benchmarks/keras_autoencoders.py`, on Keras's torch backend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))  # not the user's
        yield importlib.import_module("keras_autoencoders")


@pytest.fixture
def keras(written_in_keras):
    return written_in_keras.keras


@pytest.fixture
def in_double_precision(keras, monkeypatch):
    """A sum in another order then moves no value across the bend of LeakyReLU or of the loss."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    # Keras 3.15 computes batch normalisation in single precision even so
    monkeypatch.setattr("keras.src.backend.result_type", lambda *_: "float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def narrow(written_in_keras, monkeypatch):
    """Both with an eighth of the channels: they learn by the same rules in a tenth of the time."""

    def fewer(channels):
        return channels if channels == 3 else channels // 8

    for part in ("_down", "_up"):
        layer = getattr(written_in_keras, part)
        narrowed = partial(lambda layer, channels: layer(fewer(channels)), layer)
        monkeypatch.setattr(written_in_keras, part, narrowed)
    for name, wide in ARCHITECTURES.items():
        encoder, decoder = (tuple(map(fewer, part)) for part in (wide.encoder, wide.decoder))
        monkeypatch.setitem(ARCHITECTURES, name, replace(wide, encoder=encoder, decoder=decoder))


def autoencoder(name, **options):
    return build(AutoencoderSpec(kind="autoencoder", name=name, **options))


def both(written_in_keras, name, side, seed=7):
    """A Keras model without zeros or ones in its weights, and our network with the same."""
    written_in_keras.keras.utils.set_random_seed(seed)
    model = written_in_keras.KERAS_AUTOENCODERS[name](side)
    random = np.random.default_rng(seed)
    for variable_name, variable in written_in_keras.variables(model).items():
        if variable_name.endswith(("norm.weight", "running_var")):
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
        elif variable.ndim == 1:
            variable.assign(random.normal(0, 0.1, variable.shape))
    network = autoencoder(name).to(getattr(torch, model.dtype))
    written_in_keras.carry_over(model, network)
    return model, network.to(memory_format=torch.channels_last)


def pictures(side, seed=1):
    """Grey and colour photographs (2, 3, side, side)."""
    pixels = np.random.default_rng(seed).random((2, 3, side, side), dtype=np.float32)
    color = torch.from_numpy(pixels)
    return color.mean(1, keepdim=True).repeat(1, 3, 1, 1), color


def last_axis(planes):
    return planes.permute(0, 2, 3, 1).contiguous()


@every_network
def test_counts(name):
    network = autoencoder(name)
    trained = sum(parameter.numel() for parameter in network.parameters())
    moving = sum(b.numel() for n, b in network.named_buffers() if "running" in n)
    print(f"{name}: {trained + moving:,} parameters, {trained:,} trainable")
    assert (trained + moving, trained) == COUNTS[name]
    listed = [(row.parameters, row.trainable) for row in layer_table(name)]
    assert tuple(np.sum(listed, 0)) == COUNTS[name]


def of_the_slides(name):
    """Rows (layer, shape, parameters, connected to), layers numbered from the model's first one."""
    names, numbers, rows = {}, {}, []
    for line in SLIDES[name].strip().splitlines():
        layer, height, width, channels, parameters, *connected = line.split()
        base = re.sub(r"_\d+$", "", layer)
        number = numbers[base] = numbers.get(base, -1) + 1
        names[layer] = f"{base}_{number}" if number else base
        shape = (int(height), int(width), int(channels))
        rows.append((names[layer], shape, int(parameters), tuple(names[n] for n in connected)))
    return rows


@every_network
def test_the_listing_is_that_of_the_slides(name):
    ours = [(row.layer, row.shape, row.parameters, row.connected_to) for row in layer_table(name)]
    slides = of_the_slides(name)
    assert [row[:3] for row in ours] == [row[:3] for row in slides]
    if name.startswith("plain"):  # they say nothing of connections: each layer follows the last
        assert [row[3] for row in ours] == [(), *((row[0],) for row in ours[:-1])]
    else:
        assert [row[3] for row in ours] == [row[3] for row in slides]


@every_network
def test_the_network_is_that_of_the_listing(name):
    """The stages' shapes and counts, seen while a picture goes through."""
    network, shown_luma = autoencoder(name).eval(), []
    stages = [*network.encoder, *network.decoder, network.last]
    for stage in stages:
        stage.register_forward_hook(
            lambda _, __, planes: shown_luma.append(tuple(planes.shape[1:]))
        )
    with torch.inference_mode():
        network(torch.rand(1, 3, 160, 160))
    counts = [
        sum(value.numel() for n, value in stage.state_dict().items() if "num_batches" not in n)
        for stage in stages
    ]
    rows = [row for row in of_the_slides(name) if not row[0].startswith(("input", "concatenate"))]
    expected, sums = [], []
    for layer, (height, width, channels), parameters, _ in rows:
        if layer.startswith(("conv", "sequential")):
            expected.append((channels, height, width))
            sums.append(0)
        sums[-1] += parameters
    assert shown_luma == expected
    assert counts == sums


@every_network
def test_equal_weights_give_keras_s_output(written_in_keras, name):
    model, network = both(written_in_keras, name, 160)
    gray, _ = pictures(160)
    with torch.inference_mode():
        ours, theirs = network.eval()(gray), model(last_axis(gray), training=False)
    error = (last_axis(ours) - theirs).abs().max().item()
    print(f"{name}: largest difference {error:.1e}, outputs up to {theirs.abs().max().item():.2f}")
    assert error < 1e-4


@pytest.mark.parametrize("name", ["plain-deep", "skip-deep"])
@pytest.mark.usefixtures("in_double_precision")
def test_a_training_step_is_keras_s(written_in_keras, name):
    """The gradients of all weights, and the moving averages of batch normalisation."""
    model, network = both(written_in_keras, name, 64)
    before = {n: buffer.clone() for n, buffer in network.named_buffers()}
    shapes = {}
    for stage, module in network.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_hook(lambda _, __, out, s=stage: shapes.update({s: out.shape}))
    gray, color = (planes.double() for planes in pictures(64))
    ours = torch.nn.functional.l1_loss(network.train()(gray), color)
    ours.backward()
    theirs = (model(last_axis(gray), training=True) - last_axis(color)).abs().mean()
    theirs.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)

    variables = written_in_keras.variables(model)
    parameters = dict(network.named_parameters())
    gradients = {
        n: torch.from_numpy(written_in_keras.in_torch_layout(variables[n].value.grad.numpy()))
        for n in parameters
    }
    worst = 0.0
    for n, parameter in parameters.items():
        # by the largest of the layer: a bias before a batch normalisation has no gradient at all
        layer = n.rpartition(".")[0]
        largest = max(g.abs().max() for m, g in gradients.items() if m.rpartition(".")[0] == layer)
        worst = max(worst, ((parameter.grad - gradients[n]).abs().max() / largest).item())
    print(f"{name}: largest relative difference of a gradient {worst:.1e}")
    assert worst < 1e-8

    after = written_in_keras.values(model)
    for stage, (n, _, h, w) in shapes.items():
        mean, variance = (f"{stage}.{part}" for part in ("running_mean", "running_var"))
        buffers = {key: buffer.numpy() for key, buffer in network.named_buffers()}
        np.testing.assert_allclose(buffers[mean], after[mean], rtol=1e-9, atol=1e-12)
        # torch averages the unbiased variance, as the slides' TensorFlow 2 did with its fused
        # kernel ("with Bessel's correction"); Keras 3 averages the biased one
        past = 0.99 * before[variance].numpy()
        biased = (buffers[variance] - past) * (n * h * w - 1) / (n * h * w)
        np.testing.assert_allclose(past + biased, after[variance], rtol=1e-9)


@pytest.mark.parametrize("name", ["plain-deep", "skip-shallow"])
@pytest.mark.usefixtures("in_double_precision", "narrow")
def test_fifty_steps_of_training_are_keras_s(written_in_keras, keras, name):
    """Losses and weights, from the same first weights, on the same batches in the same order."""
    model, network = both(written_in_keras, name, 32)
    recipe = read_recipe(RECIPES / f"slides-{name}.toml")
    optimizer, schedule = optimizer_and_schedule(network.train(), recipe.optimizer, 50)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mean_absolute_error")
    random = np.random.default_rng(4)
    photographs = torch.from_numpy(random.random((20, 3, 32, 32)))
    losses = []
    for _ in range(10):
        for chosen in np.split(random.permutation(20), 5):
            truth = photographs[chosen]
            gray = truth.mean(1, keepdim=True).repeat(1, 3, 1, 1)
            ours = LOSSES[recipe.loss](network(gray), truth)
            optimizer.zero_grad()
            ours.backward()
            optimizer.step()
            schedule.step()
            theirs = model.train_on_batch(last_axis(gray).numpy(), last_axis(truth).numpy())
            losses.append((ours.item(), float(theirs)))
    after = written_in_keras.values(model)
    weights = {n: parameter.detach().numpy() for n, parameter in network.named_parameters()}
    apart = max(np.abs(weights[n] - after[n]).max() for n in weights)
    errors = [abs(ours / theirs - 1) for ours, theirs in losses]
    print(f"{name}: largest difference of a loss {max(errors):.1e}, of a weight {apart:.1e}")
    assert losses[-1][0] < 0.8 * losses[0][0]  # it learns
    assert max(errors) < 1e-6
    # where two sums in another order fall on the two sides of a bend of LeakyReLU or of the loss,
    # single weights part by up to a step
    assert apart < 0.01 * recipe.optimizer.learning_rate


@every_network
def test_first_weights_are_drawn_as_keras_draws_them(written_in_keras, keras, name):
    keras.utils.set_random_seed(5)
    torch.manual_seed(5)
    model = written_in_keras.KERAS_AUTOENCODERS[name](64)
    state = autoencoder(name).state_dict()
    shapes = {n: variable.shape for n, variable in written_in_keras.variables(model).items()}
    for n, theirs in written_in_keras.values(model).items():
        ours = state[n].numpy()
        assert ours.shape == theirs.shape
        if ours.ndim == 1:
            assert np.array_equal(ours, theirs)
            continue
        height, width, *channels = shapes[n]
        limit = math.sqrt(6 / (height * width * sum(channels)))  # uniform in -limit..limit
        for kernel in (ours, theirs):
            assert np.abs(kernel).max() <= limit * (1 + 1e-6)
            deviation = limit / math.sqrt(12 * kernel.size)  # of the mean of |kernel|
            assert abs(np.abs(kernel).mean() - limit / 2) < 4 * deviation
            assert abs(kernel.mean()) < 4 * 2 * deviation


def test_the_optimizer_is_keras_s_adam(keras):
    """Down to where epsilon sits, which small gradients tell."""
    random = np.random.default_rng(3)
    sizes = 10.0 ** random.uniform(-8, 0, 1000)
    gradients = (sizes * random.normal(size=(20, 1000))).astype(np.float32)
    spec = read_recipe(RECIPES / "slides-skip-deep.toml").optimizer
    module = torch.nn.ParameterDict({"weight": torch.zeros(1000)})
    optimizer, schedule = optimizer_and_schedule(module, spec, len(gradients))
    variable = keras.Variable(np.zeros(1000, np.float32))
    reference = keras.optimizers.Adam(learning_rate=0.001)
    assert (spec.learning_rate, spec.epsilon) == (0.001, reference.epsilon)
    for gradient in gradients:
        module["weight"].grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            reference.apply([torch.from_numpy(gradient.copy())], [variable])
        ours, theirs = module["weight"].detach(), variable.value.detach()
        assert (ours - theirs).abs().max() < 1e-3 * spec.learning_rate


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gray_copy_start_passes_the_gray_photograph_on(name):
    gray, _ = pictures(64)
    if name == "plain-deep":  # a place of its narrowest stage stands for more than it can hold
        gray = _smooth(gray)
    network = autoencoder(name, start="gray-copy").eval()
    with torch.inference_mode():
        made = network(gray)
    assert torch.allclose(made, gray, atol=1e-5)


def _smooth(gray):
    """With little contrast, and of 256 frequencies in each 16 x 16 pixels the 91 lowest."""
    n, channels, rows, columns = gray.shape
    blocks = gray.numpy().reshape(n, channels, rows // 16, 16, columns // 16, 16)
    waves = dctn(blocks, axes=(3, 5), norm="ortho")
    down, across = np.ogrid[:16, :16]
    waves *= (down + across < 13)[:, None, :]
    smooth = 0.5 + 0.1 * (idctn(waves, axes=(3, 5), norm="ortho") - 0.5)
    return torch.from_numpy(smooth.reshape(gray.shape))


@pytest.mark.parametrize("name", ["plain-shallow", "plain-deep"])
def test_gray_copy_start_leaves_every_weight_something_to_learn(name):
    gray, color = pictures(64)
    network = autoencoder(name, start="gray-copy").train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-2)
    for _ in range(len(network.decoder) + 1):  # a weight before zeros waits until they have moved
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(network(gray), color).backward()
        optimizer.step()
    assert all(p.grad.abs().amax() > 0 for p in network.parameters())
