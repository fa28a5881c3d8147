"""Everything that the chart must pass, for each profile.

    check.py             all gates
    check.py NAME...     only these

It needs the packages of requirements.txt (installed with --no-deps), and no network. Prints a line for each gate and one for
each finding; the exit code is 1 where there is one. That each gate finds what it is there for is shown by selftest.py.
"""

import sys
import time

import dashboard
from gates import advice, availability, commands, helm, metrics, pods, references, schemas, settings, values


def lint():
    for profile in helm.PROFILES:
        try:
            helm.lint(profile)
        except helm.Refused as refused:
            yield f"{profile}: {refused}"


def generated(file=dashboard.FILE):
    if not file.is_file() or file.read_text(encoding="utf-8") != dashboard.text():
        yield f"{file.name} is not what dashboard.py writes"


def rendered(check):
    """A gate on the objects of each profile."""
    def gate():
        for profile in helm.PROFILES:
            yield from (f"{profile}: {finding}" for finding in check(helm.manifests(helm.template(profile))))
    return gate


def by_version():
    for version in helm.KUBERNETES:
        for profile in helm.PROFILES:
            things = helm.manifests(helm.template(profile, version=version))
            yield from (f"{profile}, Kubernetes {version}: {finding}" for finding in schemas.check(things, version))


def advised():
    """One run for all profiles, since most of its time is its start."""
    yield from advice.check([thing for profile in helm.PROFILES for thing in helm.manifests(helm.template(profile))])


GATES = {
    "values": values.check,
    "lint": lint,
    "schemas": by_version,
    "pods": rendered(pods.check),
    "availability": rendered(availability.check),
    "references": rendered(references.check),
    "settings": rendered(settings.check),
    "commands": rendered(commands.check),
    "dashboard": generated,
    "metrics": rendered(metrics.check),
    "checkov": advised,
}


def findings(gate):
    try:
        return list(gate())
    except helm.Refused as refused:
        return [f"helm: {refused}"]


def main(names):
    unknown = [name for name in names if name not in GATES]
    if unknown:
        sys.exit(f"no gate is called {', '.join(unknown)}; there are {', '.join(GATES)}")
    failed = 0
    for name in names or GATES:
        begun = time.monotonic()
        found = findings(GATES[name])
        failed += bool(found)
        print(f"{'FAILED' if found else 'passed'}  {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        for finding in found:
            print(f"        {finding}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
