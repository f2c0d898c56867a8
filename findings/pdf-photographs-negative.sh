#!/usr/bin/env bash
# A grey photograph in a PDF may be stored the way ink works (colour space /Separation /Black, or
# /DeviceGray with /Decode [1 0]): 255 is black. Every viewer shows it right. Taken out of the file, it
# depends on the library, the call and even the compression: PyMuPDF's extract_image turns the picture
# round if it was deflated, and not if it is a JPEG; with pikepdf likewise; PyMuPDF's Pixmap turns
# `Decode` and not `Separation`; pypdfium2's extract and get_bitmap disagree. pypdf is right each time.
# Who meets it: whoever takes photographs out of scanned books to colour them: negatives among positives.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==12.3.0 pikepdf==10.18.0 pymupdf==2.0 pypdf==7.1.1 pypdfium2==5.15.2
v/bin/python -W ignore - <<'EOF'
import io, pathlib, sys, zlib
import numpy as np, pikepdf, pymupdf, pypdf, pypdfium2
from PIL import Image
from pikepdf import Array, Dictionary, Name, Stream

ink = np.repeat(np.uint8([255, 191, 127, 63, 0]), 40)[None].repeat(80, axis=0)  # shows dark to light
jpeg = io.BytesIO()
Image.fromarray(ink).save(jpeg, "JPEG", quality=100)
tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([1]), C1=Array([0]), N=1)
spaces = {
    "Separation": {"ColorSpace": Array([Name.Separation, Name.Black, Name.DeviceGray, tint])},
    "Decode": {"ColorSpace": Name.DeviceGray, "Decode": Array([1, 0])},
}
codings = {
    "JPEG": (jpeg.getvalue(), Name.DCTDecode),
    "deflated": (zlib.compress(ink.tobytes()), Name.FlateDecode),
}


def tone(picture):
    levels = np.asarray(picture)
    levels = levels[..., 0] if levels.ndim == 3 else levels
    row = levels[len(levels) // 2].astype(int)
    return "positive" if row[0] < row[-1] else "NEGATIVE"


def pixels(pixmap):
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, pixmap.n)


def pikepdf_extract(name):
    out = io.BytesIO()
    with pikepdf.open(name) as pdf:
        pikepdf.PdfImage(pdf.pages[0].images["/Im"]).extract_to(stream=out)
    return Image.open(out)


def pdfium(name, how):
    document = pypdfium2.PdfDocument(name)
    (image,) = document[0].get_objects()
    if how == "get_bitmap":
        return image.get_bitmap().to_pil()
    out = pathlib.Path("out")
    out.mkdir(exist_ok=True)
    image.extract(str(out / "image"))
    (file,) = out.iterdir()
    with Image.open(file) as opened:
        opened.load()
    file.unlink()
    return opened


def mupdf(name, how):
    document = pymupdf.open(name)
    xref = document[0].get_images()[0][0]
    if how == "Pixmap":
        return pixels(pymupdf.Pixmap(document, xref))
    if how == "extract_image":
        return Image.open(io.BytesIO(document.extract_image(xref)["image"]))
    return pixels(document[0].get_pixmap())


ways = {
    "shown by MuPDF": lambda name: mupdf(name, "page"),
    "PyMuPDF extract_image": lambda name: mupdf(name, "extract_image"),
    "PyMuPDF Pixmap": lambda name: mupdf(name, "Pixmap"),
    "pikepdf extract_to": pikepdf_extract,
    "pypdfium2 extract": lambda name: pdfium(name, "extract"),
    "pypdfium2 get_bitmap": lambda name: pdfium(name, "get_bitmap"),
    "pypdf": lambda name: pypdf.PdfReader(name).pages[0].images[0].image,
}
print("pikepdf", pikepdf.__version__, "PyMuPDF", pymupdf.__version__, "pypdf", pypdf.__version__,
      "pypdfium2", pypdfium2.version.PYPDFIUM_INFO)
seen = {}
for space, words in spaces.items():
    for coding, (data, filtered) in codings.items():
        pdf = pikepdf.new()
        image = Stream(pdf, data, Type=Name.XObject, Subtype=Name.Image, Width=200, Height=80,
                       BitsPerComponent=8, Filter=filtered, **words)
        page = pdf.add_blank_page(page_size=(200, 80))
        page.Resources = Dictionary(XObject=Dictionary(Im=image))
        page.Contents = Stream(pdf, b"200 0 0 80 0 0 cm /Im Do")
        name = f"{space}-{coding}.pdf"
        pdf.save(name)
        for way, get in ways.items():
            try:
                seen[way, space, coding] = tone(get(name))
            except Exception as error:
                seen[way, space, coding] = f"refused ({type(error).__name__})"
for way in ways:
    print(f"{way}:", ", ".join(f"{s} {c} {seen[way, s, c]}" for s in spaces for c in codings))
P, N = "positive", "NEGATIVE"
R = "refused (HifiPrintImageNotTranscodableError)"
expected = {
    "shown by MuPDF": [P, P, P, P], "PyMuPDF extract_image": [N, P, N, P],
    "PyMuPDF Pixmap": [N, N, P, P], "pikepdf extract_to": [R, R, N, P],
    "pypdfium2 extract": [N, P, N, N], "pypdfium2 get_bitmap": [P, P, P, P], "pypdf": [P, P, P, P],
}
if any([seen[w, s, c] for s in spaces for c in codings] != e for w, e in expected.items()):
    sys.exit("CHANGED")
EOF
