#!/usr/bin/env bash
# A grey PNG of 16 bits, put into a PDF, is a white page from ReportLab and fpdf2 (Pillow clips all above 255
# when it makes RGB of it) and a black one from WeasyPrint, which stores the 16 bits and says that they are
# RGB of 8 (a warning in its log tells of an unknown mode). Grey with alpha and colour of 16 bits are right
# in all three, as Pillow reads those as 8 bits; so is grey of 16 bits by img2pdf, PyMuPDF and typst.
# Who meets it: whoever makes an album of scans and what was coloured of them: archives scan grey in 16
# bits, so that the pages of originals are empty and those in colour are not.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 fpdf2==2.8.9 reportlab==5.1.0 weasyprint==70.0 \
  img2pdf==0.6.3 pymupdf==2.0 typst==0.15.2 pypdfium2==5.15.2
v/bin/python - <<'EOF'
import importlib.metadata, io, logging, struct, sys, zlib
import fpdf, img2pdf, numpy as np, pymupdf, pypdfium2, typst, weasyprint
from reportlab.pdfgen import canvas

logging.disable()
WIDTH, HEIGHT = 256, 64
ramp = np.tile(np.arange(WIDTH), (HEIGHT, 1))
NAMES = {0: "grey", 4: "grey and alpha", 2: "colour"}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(bits, kind):
    full = np.full_like(ramp, 255)
    pixels = np.stack({0: [ramp], 4: [ramp, full], 2: [ramp] * 3}[kind], -1)
    values = (pixels * 257).astype(">u2") if bits == 16 else pixels.astype(np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in values)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def by_fpdf2():
    page = fpdf.FPDF(unit="pt", format=(WIDTH, HEIGHT))
    page.add_page()
    page.image("a.png", 0, 0, WIDTH, HEIGHT)
    return bytes(page.output())


def by_reportlab():
    file = io.BytesIO()
    page = canvas.Canvas(file, pagesize=(WIDTH, HEIGHT))
    page.drawImage("a.png", 0, 0, WIDTH, HEIGHT, mask="auto")
    page.save()
    return file.getvalue()


def by_weasyprint():
    style = f"@page {{ size: {WIDTH}pt {HEIGHT}pt; margin: 0 }} body {{ margin: 0 }} img {{ display: block; width: {WIDTH}pt }}"
    return weasyprint.HTML(string=f"<style>{style}</style><img src=a.png>", base_url=".").write_pdf()


def by_img2pdf():
    return img2pdf.convert("a.png", layout_fun=img2pdf.get_layout_fun((WIDTH, HEIGHT)))


def by_pymupdf():
    with pymupdf.open() as file:
        page = file.new_page(width=WIDTH, height=HEIGHT)
        page.insert_image(page.rect, filename="a.png")
        return file.tobytes()


def by_typst():
    with open("a.typ", "w") as file:
        file.write(f'#set page(width: {WIDTH}pt, height: {HEIGHT}pt, margin: 0pt)\n#image("a.png", width: {WIDTH}pt)')
    return typst.compile("a.typ")


seen = {}
for name, make in (("fpdf2", by_fpdf2), ("reportlab", by_reportlab), ("weasyprint", by_weasyprint),
                   ("img2pdf", by_img2pdf), ("pymupdf", by_pymupdf), ("typst", by_typst)):
    told = []
    for bits, kind in ((8, 0), (16, 0), (16, 4), (16, 2)):
        with open("a.png", "wb") as file:
            file.write(png(bits, kind))
        try:
            page = pypdfium2.PdfDocument(make())[0].render(scale=1).to_numpy()[2:-2, 2:-2, 0].astype(int)
        except img2pdf.AlphaChannelError:
            shown = "refused"
        else:
            right = np.abs(page - ramp[2:-2, 2:-2]).max() <= 2
            shown = "right" if right else {0: "black", 255: "white"}.get(int(np.median(page)), "wrong")
        told.append(f"{NAMES[kind]} of {bits} bits {shown}")
        seen[name, bits, kind] = shown
    print(name, importlib.metadata.version(name) + ":", ", ".join(told))
expected = {("fpdf2", 16, 0): "white", ("reportlab", 16, 0): "white", ("weasyprint", 16, 0): "black",
            ("img2pdf", 16, 4): "refused"}
if any(shown != expected.get(key, "right") for key, shown in seen.items()):
    sys.exit("CHANGED")
EOF
