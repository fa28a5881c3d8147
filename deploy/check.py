#!/usr/bin/env python3
"""Passes everything under deploy/ through its gates; 1 where one found something or could not prove that it would.

Needs the packages of deploy/requirements.txt, the icons of deploy/diagram/package.json, and rsvg-convert; no network.
"""

import argparse
import sys
import time

from checks import contract, diagram, emulator, lint, rights, size, validate
from checks.gate import Gate, shown

GATES: list[Gate] = [module.GATE for module in (size, lint, validate, rights, contract, diagram, emulator)]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gates", nargs="*", metavar="GATE", help=f"of {', '.join(gate.name for gate in GATES)}; default: all")
    chosen = arguments.parse_args().gates
    unknown = set(chosen) - {gate.name for gate in GATES}
    if unknown:
        arguments.error(f"there is no gate {', '.join(sorted(unknown))}")
    passed = [passes(gate) for gate in GATES if not chosen or gate.name in chosen]
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
