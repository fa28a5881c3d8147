"""Reading templates: short forms of functions become their long forms, and names become what they stand for."""

import json
import re
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

Template = dict[str, Any]


def read(path: Path) -> Template:
    """A template as plain data."""
    return json.loads(json.dumps(cfn_yaml.load(str(path)), default=str))


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Properties of all resources of a type, by their logical names."""
    found = template.get("Resources", {}).items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == kind}


def resolved(value: Any, names: dict[str, Any]) -> Any:
    """`value` with its functions carried out. `names` says what parameters, resources and `Resource.Attribute` stand for."""
    if isinstance(value, list):
        return [resolved(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (key, argument), = value.items()
        if key == "Ref":
            return known(argument, names)
        if key == "Fn::GetAtt":
            return known(".".join(argument) if isinstance(argument, list) else argument, names)
        if key == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([^}!]+)\}", lambda match: str(known(match[1], names)), argument)
    return {key: resolved(item, names) for key, item in value.items()}


def known(name: str, names: dict[str, Any]) -> Any:
    if name not in names:
        raise KeyError(f"nothing says what {name} stands for")
    return names[name]
