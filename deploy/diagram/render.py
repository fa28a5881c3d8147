#!/usr/bin/env python3
"""Makes the SVG of each picture by D2, and the PNG of each SVG by rsvg-convert.

    render.py [--icons FOLDER]

The icons are those of the npm package `aws-icons` (package.json); FOLDER is its `icons`. Where nothing changed, the SVGs are the same to
the byte. A PNG says of which SVG it was made, since its own bytes depend on the versions of libraries.
"""

import argparse
import base64
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent
ICONS = HERE / "node_modules/aws-icons/icons"
PICTURES = ("architecture", "export")
# Layout of D2's pictures: the engine, and the border around.
LAYOUT = ("--layout", "elk", "--pad", "24", "--elk-nodeNodeBetweenLayers", "40", "--elk-padding", "[top=46,left=28,bottom=28,right=28]")
FONT = re.compile(r"@font-face \{\s*font-family: (?P<name>[\w-]+);\s*src: url\(\"data:application/font-woff;base64,(?P<woff>[^\"]+)\"\);\s*\}")
# Family, full and typographic family.
FAMILY_NAMES = (1, 4, 16)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"outhaul-svg-sha256"


def svg(picture: str, icons: Path, sources: Path = HERE) -> str:
    """A picture, drawn anew from its source."""
    if not icons.is_dir():
        raise SystemExit(f"{icons}: the icons are not there; `npm ci --ignore-scripts` in deploy/diagram fetches them")
    with tempfile.TemporaryDirectory() as folder:
        for source in sources.glob("*.d2"):
            (Path(folder) / source.name).write_bytes(source.read_bytes())
        (Path(folder) / "icons").symlink_to(icons.resolve())
        command = [Path(sys.executable).with_name("d2"), *LAYOUT, "--omit-version", "--salt", picture, f"{picture}.d2", "out.svg"]
        drawn = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if drawn.returncode != 0:
            raise SystemExit(f"d2 did not draw {picture}.d2: {drawn.stderr.strip()}")
        return (Path(folder) / "out.svg").read_text()


def png(drawn: str) -> bytes:
    """The pixels of an SVG. Its own fonts are unpacked for rsvg-convert, which looks only at those of the system."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        plain = unpack_fonts(drawn, place)
        (place / "fonts.conf").write_text(f"<fontconfig><dir>{place}</dir><cachedir>{place}/cache</cachedir></fontconfig>")
        environment = os.environ | {"FONTCONFIG_FILE": str(place / "fonts.conf")}
        command = ["rsvg-convert", "--unlimited"]
        made = subprocess.run(command, input=plain.encode(), env=environment, capture_output=True, check=False)
        if made.returncode != 0:
            raise SystemExit(f"rsvg-convert failed: {made.stderr.decode().strip()}")
        return marked(made.stdout, drawn)


def unpack_fonts(drawn: str, place: Path) -> str:
    """Puts the fonts of an SVG into a folder under the names that it asks for, and answers with the SVG without them."""
    for font in FONT.finditer(drawn):
        face = TTFont(BytesIO(base64.b64decode(font["woff"])))
        face.flavor = None
        for record in face["name"].names:
            if record.nameID in FAMILY_NAMES:
                record.string = font["name"]
        face.save(place / f"{font['name']}.ttf")
    return FONT.sub("", drawn)


def sha256(drawn: str) -> bytes:
    return hashlib.sha256(drawn.encode()).hexdigest().encode()


def marked(image: bytes, drawn: str) -> bytes:
    """The image with a chunk of text, behind its header, that says which SVG it was made of."""
    if not image.startswith(SIGNATURE):
        raise SystemExit("rsvg-convert did not make a PNG")
    body = b"tEXt" + KEYWORD + b"\0" + sha256(drawn)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    header_end = len(SIGNATURE) + 25
    return image[:header_end] + chunk + image[header_end:]


def is_of(image: bytes, drawn: str) -> bool:
    """Whether an image says that it was made of this SVG."""
    return KEYWORD + b"\0" + sha256(drawn) in image


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--icons", type=Path, default=ICONS, help="default: where npm puts them beside this file")
    icons = arguments.parse_args().icons
    for picture in PICTURES:
        drawn = svg(picture, icons)
        (HERE / f"{picture}.svg").write_text(drawn)
        (HERE / f"{picture}.png").write_bytes(png(drawn))
        print(f"{picture}.svg, {picture}.png")


if __name__ == "__main__":
    main()
