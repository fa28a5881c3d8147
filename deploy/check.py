#!/usr/bin/env python3
"""Passes everything under deploy/ through its gates; 1 where one found something or could not prove that it would.

Needs the packages of deploy/requirements.txt, the icons of deploy/diagram/package.json, and rsvg-convert; no network.
"""

import argparse
import sys
import time

from checks import contract, counts, diagram, emulator, lint, rights, size, validate
from checks.gate import Gate, shown

GATES: list[Gate] = [module.GATE for module in (size, lint, validate, rights, contract, counts, diagram, emulator)]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gates", nargs="*", metavar="GATE", help=f"of {', '.join(gate.name for gate in GATES)}; default: all")
    arguments.add_argument("--without", action="append", default=[], metavar="GATE", help="leave this one out")
    told = arguments.parse_args()
    unknown = {*told.gates, *told.without} - {gate.name for gate in GATES}
    if unknown:
        arguments.error(f"there is no gate {', '.join(sorted(unknown))}")
    chosen = set(told.gates or [gate.name for gate in GATES]) - set(told.without)
    for name in told.without:
        print(f"LEFT OUT {name}", flush=True)
    passed = [passes(gate) for gate in GATES if gate.name in chosen]
    print(f"{sum(passed)} of {len(passed)} gates passed")
    return 0 if all(passed) else 1


def passes(gate: Gate) -> bool:
    began = time.monotonic()
    findings = gate.check()
    proofs = list(gate.proofs())
    blunt = [proof for proof in proofs if not proof.holds()]
    verdict = "FAILED" if findings or blunt else "ok"
    seconds = time.monotonic() - began
    print(f"{verdict:6} {gate.name:9} {gate.says()}; {len(proofs)} broken fixtures found, {seconds:.1f} s", flush=True)
    for finding in findings:
        print(f"       {finding}")
    for proof in blunt:
        print(f"       {shown(proof.fixture)}: does not lead to a finding with `{proof.expects}`, but to {proof.findings or 'none'}")
    return not findings and not blunt


if __name__ == "__main__":
    sys.exit(main())
