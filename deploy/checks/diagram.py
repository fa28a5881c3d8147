"""The pictures: drawn of their sources, with exactly the services of the templates and the cost model, and no label over another.

`deploy/services.toml` is what the cost model prices (its own test compares them); picture and templates are compared with it here.
"""

import base64
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import combinations
from pathlib import Path

from fontTools.ttLib import TTFont

from diagram import render

from . import template
from .gate import DEPLOY, FIXTURES, Gate, Proof, expected, shown, templates

PICTURES = DEPLOY / "diagram"
ICONS = "icons/architecture-service/"
# Of the font's size: how far letters reach above the line they stand on, and below it.
ABOVE, BELOW = 0.75, 0.25
# How wide the README shows the first picture, and how high its letters must be there at least (pixels).
SHOWN_WIDTH, LEAST_LETTERS = 900, 10
# How much two boxes may share (pixels): what is rounded.
TOUCH = 1.0
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, and what it shows."""

    what: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > TOUCH and down > TOUCH


@cache
def services() -> dict[str, dict]:
    """How each service shows in picture and templates, by its id."""
    return tomllib.loads(Path(__file__).with_name("services.toml").read_text())


def priced() -> set[str]:
    """The ids of all services that the cost model lists."""
    return {service["id"] for service in tomllib.loads((DEPLOY / "services.toml").read_text())["service"]}


def overlaps(name: str, text: str) -> list[str]:
    """Labels of an SVG that cover each other or an icon, and what reaches beyond the picture."""
    labels, icons, frame = boxes(text)
    pairs = [*combinations(labels, 2), *((label, icon) for label in labels for icon in icons)]
    findings = [f"{name}: `{one.what}` lies over {other.what}" for one, other in pairs if one.overlaps(other)]
    outside = [box for box in labels + icons if not lies_in(box, frame)]
    return findings + [f"{name}: `{box.what}` reaches beyond the picture" for box in outside]


def too_small(name: str, text: str) -> list[str]:
    """Letters that nobody can read where the README shows the picture."""
    _, _, frame = boxes(text)
    least = min(map(int, re.findall(r"font-size:(\d+)px", text))) * SHOWN_WIDTH / (frame.right - frame.left)
    return [] if least >= LEAST_LETTERS else [f"{name}: shown {SHOWN_WIDTH} pixels wide, its smallest letters have {least:.1f} pixels"]


def lies_in(box: Box, frame: Box) -> bool:
    return frame.left <= box.left and box.right <= frame.right and frame.top <= box.top and box.bottom <= frame.bottom


def boxes(text: str) -> tuple[list[Box], list[Box], Box]:
    """The labels of a picture, its icons, and its frame."""
    faces = {font["name"].rsplit("font-", 1)[1]: face(font["woff"]) for font in render.FONT.finditer(text)}
    inner = ElementTree.fromstring(text.encode()).find(f"{SVG}svg")
    left, top, width, height = map(float, inner.get("viewBox").split())
    labels = [box for element in inner.iter(f"{SVG}text") for box in lines(element, faces)]
    icons = [icon(element) for element in inner.iter(f"{SVG}image")]
    return labels, icons, Box("the picture", left, top, left + width, top + height)


@cache
def face(woff: str) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    """Which glyph stands for which letter, how wide each is, and in which unit."""
    font = TTFont(BytesIO(base64.b64decode(woff)))
    return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm


def lines(element: ElementTree.Element, faces: dict) -> Iterator[Box]:
    """One box for each line of a label; all of them stand in the middle."""
    size = float(re.search(r"font-size:(\d+)px", element.get("style"))[1])
    style = element.get("class").split()[0].removeprefix("text").removeprefix("-") or "regular"
    glyphs, widths, unit = faces[style]
    down = float(element.get("y"))
    for part in element.findall(f"{SVG}tspan") or [element]:
        down += float(part.get("dy", 0))
        text = part.text or ""
        width = sum(widths[glyphs[ord(letter)]][0] for letter in text) * size / unit
        middle = float(part.get("x"))
        yield Box(text, middle - width / 2, down - ABOVE * size, middle + width / 2, down + BELOW * size)


def icon(element: ElementTree.Element) -> Box:
    left, top = float(element.get("x")), float(element.get("y"))
    return Box("an icon", left, top, left + float(element.get("width")), top + float(element.get("height")))


def drawn(path: Path) -> list[str]:
    """Icons that belong to no service, and services without an icon."""
    used = set(re.findall(rf"{ICONS}(\w+)\.svg", path.read_text()))
    known = {icon for service in services().values() for icon in service["icons"]}
    findings = [f"{shown(path)}: shows {name}, which belongs to no service" for name in sorted(used - known)]
    return findings + [f"{shown(path)}: does not show {name}" for name in sorted(known - used)]


def deployed(*paths: Path) -> list[str]:
    """Types of templates that belong to no service."""
    return [f"{kind} belongs to no service" for kind in types(*paths) if owner(kind) is None]


def unused(*paths: Path) -> list[str]:
    """Services that no template uses."""
    used = {owner(kind) for kind in types(*paths)}
    text = "".join(path.read_text() for path in paths)
    used |= {name for name, service in services().items() if "right" in service and service["right"] in text}
    return [f"no template uses {name}" for name in services() if name not in used]


def types(*paths: Path) -> list[str]:
    found = {resource["Type"] for path in paths for resource in template.read(path)["Resources"].values()}
    return sorted(found - {"AWS::CloudFormation::Stack"})


def owner(kind: str) -> str | None:
    """The id of the service that a type belongs to."""
    fitting = [(len(start), name) for name, service in services().items() for start in service.get("types", []) if kind.startswith(start)]
    return max(fitting)[1] if fitting else None


def listed(ids: set[str]) -> list[str]:
    """Services that the cost model has and picture and templates do not, and the other way round."""
    findings = [f"the cost model lists {name}, which checks/services.toml does not" for name in sorted(ids - set(services()))]
    return findings + [f"the cost model does not list {name}" for name in sorted(set(services()) - ids)]


def seen(picture: str) -> list[str]:
    """The committed files are those of the source, and can be read."""
    again = render.svg(picture, render.ICONS)
    files = PICTURES / f"{picture}.svg", PICTURES / f"{picture}.png"
    smallest = too_small(f"{picture}.svg", again) if picture == render.PICTURES[0] else []
    return stale(*files, again) + overlaps(f"{picture}.svg", again) + smallest


def stale(svg: Path, png: Path, again: str) -> list[str]:
    """Files that are not what their source gives now."""
    findings = []
    if svg.read_text() != again:
        findings.append(f"{svg.name} is not what its source gives: run deploy/diagram/render.py")
    if not render.is_of(png.read_bytes(), again):
        findings.append(f"{png.name} was not made of what its source gives: run deploy/diagram/render.py")
    return findings


def check() -> list[str]:
    findings = [finding for picture in render.PICTURES for finding in seen(picture)]
    return findings + drawn(PICTURES / "architecture.d2") + deployed(*templates()) + unused(*templates()) + listed(priced())


def find(path: Path) -> list[str]:
    """What is wrong with a fixture, by its kind."""
    return {".d2": drawn_alone, ".yaml": in_template, ".svg": old, ".txt": in_list}[path.suffix](path)


def in_template(path: Path) -> list[str]:
    """One template in the place of all."""
    return deployed(path) + unused(path)


def in_list(path: Path) -> list[str]:
    """A list of ids, behind its first line, in the place of the cost model's."""
    return listed(set(path.read_text().split("\n", 1)[1].split()))


def old(path: Path) -> list[str]:
    """A file that is older than its source, in the place of both."""
    return stale(path, path, render.svg(render.PICTURES[0], render.ICONS))


def drawn_alone(path: Path) -> list[str]:
    """A fixture's services, and its labels once it is drawn."""
    again = render.svg(path.stem, render.ICONS, path.parent)
    return drawn(path) + overlaps(path.name, again) + too_small(path.name, again)


def proofs() -> Iterator[Proof]:
    for path in sorted((FIXTURES / "diagram").iterdir()):
        yield Proof(path, find(path), expected(path))


def says() -> str:
    return f"{len(render.PICTURES)} pictures, {len(services())} services"


GATE = Gate("diagram", check, proofs, says)
