import re
from pathlib import Path

from colorear.photo.sniffing import CONVERTED, SUFFIXES

STATIC = Path(__file__).parents[3] / "src/colorear/server/ui/static"
SOURCES = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.[jh]*"))


def test_every_ending_can_be_chosen():
    endings = {ending for endings in SUFFIXES.values() for ending in endings} | set(CONVERTED)
    told = re.findall(r'class="files?"[^>]* accept="([^"]*)"', SOURCES)
    assert [set(one.split(",")) for one in told] == [endings | {"image/*"}] * 2
