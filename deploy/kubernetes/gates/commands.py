"""Every pod runs a command that the program has, with arguments that it takes."""

import re

from . import helm

SOURCE = helm.FOLDER.parent.parent / "crates/cli/src/args.rs"


def tree(text, name):
    """The commands of an enum and what stands behind each: `{"lake": {"stats": {}, "check": {}}}`."""
    found = re.search(rf"pub enum {name} \{{\n(.*?)\n\}}", text, re.DOTALL)
    if not found:
        return {}
    variants = re.findall(r"^    ([A-Z]\w*)(?:\(([\w:]+)\))?", found[1], re.MULTILINE)
    return {variant.lower(): tree(text, inner) if inner else {} for variant, inner in variants}


def options(text):
    """Names of all long options of the file."""
    return {f"--{name.replace('_', '-')}" for name in re.findall(r"#\[arg\(long[^]]*\)\]\s+(?:pub )?(\w+):", text)}


def check(things, source=None):
    text = source if source is not None else SOURCE.read_text(encoding="utf-8")
    commands = tree(text, "Command")
    if not commands:
        yield f"{SOURCE.name} has no commands"
    for thing, pod in helm.pods(things):
        for container in pod["containers"]:
            yield from (f"{helm.named(thing)}: {finding}" for finding in unknown(container.get("args", []), commands, options(text)))


def unknown(arguments, commands, known):
    words = [word for word in arguments if not word.startswith("-")]
    here, said = commands, "outhaul"
    for word in words:
        if not here:
            break
        if word not in here:
            yield f"`{said} {word}` is no command"
            return
        here, said = here[word], f"{said} {word}"
    if here:
        yield f"`{said}` is no whole command"
    for option in (word for word in arguments if word.startswith("-")):
        if option not in known:
            yield f"`{option}` is no option"
