"""Write the table of docs/how.md anew from the program itself.

    python docs/promises.py

A test compares it with what this makes, so it cannot drift.
"""

import re
import tempfile
from pathlib import Path

import pyvips

from colorear import Colorizer, verify

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how.md"
EXAMPLE = ROOT / "src" / "colorear" / "examples" / "china.jpg"

# what is made of an 8-bit grey picture, how it is saved, under which name, what becomes of it
FILES = (
    ("JPEG, grayscale", "grey", {"Q": 85}, "a.jpg", "JPEG"),
    ("JPEG, grayscale, progressive", "grey", {"Q": 85, "interlace": True}, "b.jpg", "JPEG"),
    ("JPEG, grey in three components, 4:2:0", "rgb", {"subsample_mode": "on"}, "c.jpg", "JPEG"),
    ("JPEG, grey in three components, 4:4:4", "rgb", {"subsample_mode": "off"}, "d.jpg", "JPEG"),
    ("JPEG, sepia", "sepia", {"Q": 85}, "e.jpg", "JPEG"),
    ("PNG, 8 bit grey", "grey", {}, "f.png", "PNG"),
    ("PNG, 8 bit grey with alpha", "alpha", {}, "g.png", "PNG"),
    ("PNG, 16 bit grey", "deep", {}, "h.png", "PNG, 16 bit"),
    ("PNG, sepia", "sepia", {}, "i.png", "PNG"),
    ("TIFF, 8 bit grey", "grey", {"compression": "lzw"}, "j.tif", "TIFF, deflate"),
    ("TIFF, 16 bit grey", "deep", {"compression": "none"}, "k.tif", "TIFF, 16 bit, deflate"),
    ("TIFF, floating-point", "float", {}, "n.tif", "TIFF, floating-point, deflate"),
    ("TIFF, 32 bit grey", "deeper", {}, "o.tif", "TIFF, 32 bit, deflate"),
    ("WebP, lossy", "rgb", {"Q": 80}, "l.webp", "WebP, lossless"),
    ("WebP, lossless", "rgb", {"lossless": True}, "m.webp", "WebP, lossless"),
)


def made(kind: str) -> pyvips.Image:
    """A small photograph of one kind."""
    gray = pyvips.Image.new_from_file(str(EXAMPLE))
    rgb = gray.bandjoin([gray, gray]).copy(interpretation="srgb")
    return {
        "grey": gray,
        "rgb": rgb,
        "sepia": (rgb * [0.95, 0.82, 0.62] + [12, 10, 8]).cast("uchar"),
        "alpha": gray.bandjoin(gray),
        "float": (gray.gaussblur(1.2, precision="float") / 255).cast("float"),
        "deeper": (gray.gaussblur(1.2, precision="float") * (2**24 + 2**16 + 257)).cast("uint"),
        "deep": (gray.gaussblur(1.2, precision="float") * 257).cast("ushort"),
    }[kind].copy(interpretation={"deep": "grey16", "rgb": "srgb", "sepia": "srgb"}.get(kind, "b-w"))


def promises() -> str:
    """The table of file types by promise kept."""
    colorizer = Colorizer()
    lines = [
        "| photograph | luma coefficients | largest difference of luma | written as |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for what, kind, options, name, written in FILES:
            source, output = Path(folder, name), Path(folder, f"coloured-{name}")
            made(kind).write_to_file(str(source), **options)
            colorizer.colorize(source, output)
            promise = verify(source, output)
            levels = 2 ** {"deep": 16, "float": 24, "deeper": 32}.get(kind, 8) - 1
            coefficients = {True: "identical", False: "changed", None: "-"}[promise.identical_dct]
            difference = f"{promise.max_luma_difference} of {levels}"
            lines.append(f"| {what} | {coefficients} | {difference} | {written} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """The page whose marked table is made anew."""
    return re.sub(
        r"(<!-- promises -->\n).*(\n<!-- end of promises -->)",
        lambda match: match[1] + promises() + match[2],
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
