"""Write docs/compatibility.md: which programs read colored files, and whether they see their luma.

    python benchmarks/compatibility.py [--node FOLDER]

FOLDER holds `node_modules` with any of sharp, jpeg-js, pngjs and @napi-rs/image. What is not
installed is left out of the table.
"""

import argparse
import importlib.metadata
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

import colorear
from colorear import Colorizer
from colorear.color import LUMA

PAGE = Path(__file__).parents[1] / "docs" / "compatibility.md"
EXAMPLE = Path(colorear.__file__).parent / "examples" / "china.jpg"
FILES: Mapping[str, tuple[str, int, dict[str, Any]]] = {
    "JPEG": ("a.jpg", 8, {"Q": 90}),
    "JPEG, progressive": ("b.jpg", 8, {"Q": 90, "interlace": True}),
    "JPEG, restart intervals": ("c.jpg", 8, {"Q": 90, "restart_interval": 8}),
    "PNG": ("d.png", 8, {}),
    "PNG, 16 bit": ("e.png", 16, {}),
    "TIFF": ("f.tif", 8, {}),
    "TIFF, 16 bit": ("g.tif", 16, {}),
    "WebP": ("h.webp", 8, {"lossless": True}),
}
"""Name, depth, how it is saved."""
CLOSE = 1.5  # levels of 255 on the mean, which rounding and the clipping of JPEGs may make
NODE = {
    "sharp": "const s=require('sharp');s(f).raw().toBuffer({resolveWithObject:true})"
    ".then(r=>out(r.info.width,r.info.height,r.info.channels,r.data))",
    "jpeg-js": "const d=require('jpeg-js').decode(fs.readFileSync(f));"
    "out(d.width,d.height,4,d.data)",
    "pngjs": "const d=require('pngjs').PNG.sync.read(fs.readFileSync(f));"
    "out(d.width,d.height,4,d.data)",
    "@napi-rs/image": "const {Transformer}=require('@napi-rs/image');"
    "const t=new Transformer(fs.readFileSync(f));t.metadata().then(m=>t.rawPixels()"
    ".then(p=>{const n=p.length/m.width/m.height;out(m.width,m.height,n>4?n/2:n,p)}))",
}
READS = {"jpeg-js": ".jpg", "pngjs": ".png", "simplejpeg": ".jpg", "tifffile": ".tif"}
"""What reads one format alone."""

Pixels = NDArray[Any]


def with_opencv(path: Path) -> Pixels:
    """OpenCV."""
    import cv2

    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if read is None:
        raise ValueError("no picture")
    return read[..., ::-1]


def with_ffmpeg(path: Path) -> Pixels:
    """FFmpeg, by PyAV."""
    import av

    with av.open(str(path)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def with_simplejpeg(path: Path) -> Pixels:
    """libjpeg-turbo."""
    import simplejpeg

    return simplejpeg.decode_jpeg(path.read_bytes())


def with_tifffile(path: Path) -> Pixels:
    """Python code, with imagecodecs."""
    import tifffile

    return tifffile.imread(path)


def with_kornia(path: Path) -> Pixels:
    """Decoders in Rust and libjpeg-turbo."""
    import kornia_rs

    return np.asarray(kornia_rs.io.read_image(str(path)))


def with_libvips(path: Path) -> Pixels:
    """libvips, any warning of which counts as failure."""
    return pyvips.Image.new_from_file(str(path), fail_on="warning").numpy()


PYTHON: Mapping[str, Callable[[Path], Pixels]] = {
    "pillow": lambda path: np.asarray(Image.open(path).convert("RGB")),
    "pyvips-binary": with_libvips,
    "opencv-python-headless": with_opencv,
    "av": with_ffmpeg,
    "simplejpeg": with_simplejpeg,
    "tifffile": with_tifffile,
    "kornia-rs": with_kornia,
}


def with_node(package: str, folder: Path) -> Callable[[Path], Pixels]:
    """Reads by a package of npm."""
    head = "const fs=require('fs');const f=process.argv[1];const out=(w,h,c,d)=>{"
    head += "process.stdout.write(JSON.stringify([w,h,c])+'\\n');process.stdout.write(d)};"

    def read(path: Path) -> Pixels:
        words = ["node", "-e", head + NODE[package], str(path)]
        done = subprocess.run(words, cwd=folder, capture_output=True, check=True, timeout=60)
        first, _, data = done.stdout.partition(b"\n")
        width, height, channels = json.loads(first)
        kind = np.uint16 if len(data) == width * height * channels * 2 else np.uint8
        return np.frombuffer(data, kind).reshape(height, width, int(channels))

    return read


def seen(read: Callable[[Path], Pixels], path: Path, gray: Pixels) -> str:
    """What a program makes of a file, in one word or two."""
    try:
        pixels = np.asarray(read(path))[..., :3].astype(float)
    except Exception as error:  # whatever a decoder of others raises
        return f"not read ({type(error).__name__})"
    if pixels.shape != (*gray.shape, 3):
        return "another size"
    pixels /= 257 if pixels.max() > 255 else 1
    off = np.abs(pixels @ LUMA - gray)
    if off.mean() > CLOSE:
        return "another picture"
    return "color, same luma" if np.ptp(pixels, axis=2).mean() > 1 else "no color"


def programs(node: Path | None) -> dict[str, Callable[[Path], Pixels]]:
    """What is here, under its name and version."""
    found = {}
    for package, read in PYTHON.items():
        try:
            found[f"{package} {importlib.metadata.version(package)}"] = read
        except importlib.metadata.PackageNotFoundError:
            continue
    for package in NODE if node and shutil.which("node") else ():
        about = Path(node or "", "node_modules", package, "package.json")
        if about.is_file():
            version = json.loads(about.read_text())["version"]
            found[f"{package} {version}"] = with_node(package, node or Path())
    return found


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--node", type=Path)
    readers = programs(parser.parse_args().node)
    gray = pyvips.Image.new_from_file(str(EXAMPLE)).colourspace("b-w")[0]
    levels = gray.numpy()
    rows = [f"| | {' | '.join(FILES)} |", "|---" * (len(FILES) + 1) + "|"]
    with tempfile.TemporaryDirectory() as folder:
        made = {}
        colorizer = Colorizer(threads=1)
        for kind, (name, bits, options) in FILES.items():
            source = Path(folder, name)
            deep = (gray.cast("ushort") * 257).cast("ushort").copy(interpretation="grey16")
            (gray if bits == 8 else deep).write_to_file(str(source), **options)
            made[kind] = Path(colorizer.colorize(source).output)
        for name, read in readers.items():
            only = next((READS[package] for package in READS if name.startswith(package)), "")
            cells = [
                seen(read, path, levels) if path.suffix.startswith(only) else ""
                for path in made.values()
            ]
            rows.append(f"| {name} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    head = (
        "# What reads the files\n\n"
        "Made by `python benchmarks/compatibility.py`: one photograph, saved in each kind of file, "
        "colored, and read by decoders of other projects, those of PyPI and npm. *Color, same "
        f"luma*: the luma of what they give lies within {CLOSE} levels of 255 on the mean of that "
        "of the gray photograph, and it is in color. Empty: the program does not know the format. "
        "Programs not named here were not tried by this script.\n\n"
    )
    PAGE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
