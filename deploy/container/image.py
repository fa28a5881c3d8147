"""What the Dockerfile says, for those who check it, build its folder tree or build as it does."""

import pathlib
import re
import shlex
from dataclasses import dataclass, field

FILE = pathlib.Path(__file__).parent / "Dockerfile"
# Where the program lies in the stage that builds it.
BUILT = "/build/target/release/outhaul"


@dataclass
class Stage:
    """One FROM with the instructions behind it, each as its name and the rest of its line."""

    image: str
    name: str
    instructions: list = field(default_factory=list)

    def all(self, name):
        return [rest for instruction, rest in self.instructions if instruction == name]

    def last(self, name):
        found = self.all(name)
        return found[-1] if found else None


def stages(text=None):
    text = text if text is not None else FILE.read_text(encoding="utf-8")
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        instruction, _, rest = line.partition(" ")
        if instruction.upper() == "FROM":
            image, *named = [word for word in rest.split() if not word.startswith("--")]
            found.append(Stage(image, named[1] if named else ""))
        elif found:
            found[-1].instructions.append((instruction.upper(), rest.strip()))
    return found


def pairs(stage, instruction):
    """Names and values of ENV, LABEL or ARG."""
    words = [word for rest in stage.all(instruction) for word in shlex.split(rest)]
    return dict(word.split("=", 1) if "=" in word else (word, "") for word in words)


def copies(stage, machine):
    """Source and destination of each COPY from another stage, with the machine's name put in."""
    for rest in stage.all("COPY"):
        words = rest.replace("${MACHINE}", machine).split()
        flags, names = [word for word in words if word.startswith("--")], [word for word in words if not word.startswith("--")]
        if len(names) != 2 or not any(flag.startswith("--from=") for flag in flags):
            raise ValueError(f"COPY {rest}: not one source of another stage and one destination")
        yield names[0], names[1]
