"""Every object has the form that its kind demands: those of Kubernetes by its own schemas, the others by those in schemas/."""

import json

import jsonschema
import kubernetes_validate

from . import helm

FOLDER = helm.FOLDER / "schemas"


def check(things, version=helm.KUBERNETES[0]):
    for thing in things:
        ours = FOLDER / f"{thing['kind']}.json"
        try:
            if ours.exists():
                custom(thing, ours)
            else:
                kubernetes_validate.validate(thing, version, strict=True)
        except jsonschema.ValidationError as error:
            where = "/".join(str(part) for part in error.absolute_path)
            yield f"{helm.named(thing)}: {where}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{helm.named(thing)}: Kubernetes {version} knows no {thing['kind']} of {thing['apiVersion']}, and schemas/ has none"


def custom(thing, path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(thing))
    if error:
        raise error
