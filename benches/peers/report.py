"""The table: each row with what it must reach, what it aims at, what was measured, and whether that is enough."""

import json
import statistics

import exports


def median(results, case, program, field):
    values = [value[field] for value in results.rounds(case, program)]
    return statistics.median(values) if values else None


def report(results, about):
    """Writes `results.json` and `table.md` and returns the Markdown."""
    rows = [row for make in ROWS for row in [make(results)] if row]
    measured = {
        case: {
            program: {field: median(results, case, program, field) for field in FIELDS} | {"rounds": len(results.rounds(case, program))}
            for program in programs
            if results.rounds(case, program)
        }
        for case, programs in CASES.items()
    }
    small = {program: results.rounds("small", program) for program in ("outhaul", "baseline")}
    document = {
        "about": about,
        "rows": [dict(zip(("work", "must", "aim", "measured", "figures", "reached"), row)) for row in rows],
        "measured": measured,
        "small": small,
        "again": results.get("again"),
        "files": results.get("files"),
        "content": {name: results.get(f"content/{name}") for name in content_names(results)},
    }
    markdown = "\n".join([*about_lines(about), "", *goal_table(rows), "", *program_tables(results), ""])
    (results.folder / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    (results.folder / "table.md").write_text(markdown)
    return markdown


FIELDS = ["cpu_seconds", "user_seconds", "system_seconds", "wall_seconds", "peak_bytes", "output_bytes", "load_before"]
CASES = {
    "csv": ["outhaul", *exports.PEERS, "decode"],
    "zip": ["outhaul", "outhaul-overlapping", *exports.PEERS],
    "quarter": ["from-nothing", "after-months"],
    "memory": ["csv", "zip"],
}


def content_names(results):
    return sorted(file.stem for file in (results.folder / "content").glob("*.json"))


def about_lines(about):
    return [f"- {name}: {value}" for name, value in about.items()]


def goal_table(rows):
    head = ["| work | must reach | aim | measured | figures | |", "| --- | --- | --- | --- | --- | --- |"]
    return head + [f"| {work} | {must} | {aim} | {value} | {figures} | {said} |" for work, must, aim, value, figures, said in rows]


def program_tables(results):
    lines = ["| case | program | rounds | CPU s | wall s | peak MiB | MB written | order kept | load before |", "| --- " * 9 + "|"]
    for case, programs in CASES.items():
        for program in programs:
            rounds = results.rounds(case, program)
            if not rounds:
                continue
            cpu, wall, peak, size, load = (
                median(results, case, program, field)
                for field in ("cpu_seconds", "wall_seconds", "peak_bytes", "output_bytes", "load_before")
            )
            content = results.get(f"content/{case}.{program}")
            order = {None: "", True: "yes", False: "no"}[content and content["in_order"]]
            lines.append(
                f"| {case} | {program} | {len(rounds)} | {cpu:.2f} | {wall:.2f} | {peak / 2**20:.0f} | {size / 1e6:.1f} | {order} | {load:.1f} |"
            )
    return lines


def said(is_must, is_aim=False):
    return "aim reached" if is_must and is_aim else "reached" if is_must else "**not reached**"


def best(results, case, field="cpu_seconds"):
    """The peer that takes least, and how much."""
    found = [(median(results, case, peer, field), peer) for peer in exports.PEERS]
    return min((value for value in found if value[0] is not None), default=(None, None))


def ratio_row(work, must, aim, ours, other, figures, unit="x"):
    """A row for `ours` as a share of `other`; `must` and `aim` are greatest shares."""
    if ours is None or other is None:
        return None
    share = ours / other
    def form(value):
        return f"{100 * value:g}%" if unit == "%" else f"{value:g}x"

    shown = f"{100 * share:.2f}%" if unit == "%" else f"{share:.2f}x"
    return work, form(must), form(aim), shown, figures, said(share <= must, share <= aim)


def csv_cpu(results):
    ours, (theirs, peer) = median(results, "csv", "outhaul", "cpu_seconds"), best(results, "csv")
    if ours is None or theirs is None:
        return None
    return ratio_row("CSV, CPU", 0.65, 0.5, ours, theirs, f"{ours:.2f} s, best is {peer} with {theirs:.2f} s")


def csv_beside_decode(results):
    ours, decode = (median(results, "csv", program, "cpu_seconds") for program in ("outhaul", "decode"))
    if ours is None or decode is None:
        return None
    return ratio_row("CSV, CPU beside decoding the same columns alone", 1.9, 1.6, ours, decode, f"{ours:.2f} s, {decode:.2f} s")


def zip_cpu(results):
    ours, (theirs, peer) = median(results, "zip", "outhaul", "cpu_seconds"), best(results, "zip")
    if ours is None or theirs is None:
        return None
    sizes = [median(results, "zip", program, "output_bytes") for program in ("outhaul", peer)]
    cpu, size = ours / theirs, sizes[0] / sizes[1]
    figures = f"{ours:.2f} s, best is {peer} with {theirs:.2f} s; {sizes[0] / 1e6:.1f} MB, {sizes[1] / 1e6:.1f} MB"
    reached = said(cpu <= 0.35 and size <= 1.06, cpu <= 0.25)
    return "ZIP, CPU beside gzip", "0.35x, size 1.06x", "0.25x", f"{cpu:.2f}x, size {size:.3f}x", figures, reached


def zip_wall(results):
    ours, (theirs, peer) = median(results, "zip", "outhaul", "wall_seconds"), best(results, "zip", "wall_seconds")
    if ours is None or theirs is None:
        return None
    return ratio_row("ZIP, wall", 0.4, 0.3, ours, theirs, f"{ours:.2f} s, quickest is {peer} with {theirs:.2f} s")


def zip_overlapping(results):
    ours, other = (median(results, "zip", program, "cpu_seconds") for program in ("outhaul-overlapping", "outhaul"))
    if ours is None or other is None:
        return None
    files = results.get("files")
    figures = f"CPU {ours:.2f} s of {files['overlapping']} files, {other:.2f} s of {files['sorted']}"
    return ratio_row("ZIP of 100 overlapping files a day, beside one sorted", 1.3, 1.15, ours, other, figures)


def peak_memory(results):
    peaks = {form: median(results, form, "outhaul", "peak_bytes") for form in ("csv", "zip")}
    larger = {form: median(results, "memory", form, "peak_bytes") for form in ("csv", "zip")}
    if None in peaks.values():
        return None
    figures = "; ".join(f"{form} {mebibytes(peaks[form])}, at ten times the messages {mebibytes(larger[form])}" for form in peaks)
    greatest = max(value for value in (*peaks.values(), *larger.values()) if value is not None)
    if None in larger.values():
        reached = "within the size at this count" if greatest <= 256 * 2**20 else "**not reached**"
    else:
        is_flat = all(abs(larger[form] - peaks[form]) <= 0.1 * peaks[form] for form in peaks)
        reached = said(greatest <= 256 * 2**20 and is_flat, greatest <= 128 * 2**20)
    return "peak memory", "256 MiB, within 10%", "128 MiB", mebibytes(greatest), figures, reached


def mebibytes(value):
    return "not measured (--memory)" if value is None else f"{value / 2**20:.0f} MiB"


def again(results):
    found = results.get("again")
    if not found:
        return None
    ours, first = statistics.median(found["again_cpu_seconds"]), found["first_cpu_seconds"]
    return ratio_row("the same export again, CPU at the API", 0.02, 0.005, ours, first, f"{1000 * ours:.0f} ms of {first:.2f} s", "%")


def quarter(results):
    ours, first = (median(results, "quarter", program, "cpu_seconds") for program in ("after-months", "from-nothing"))
    if ours is None or first is None:
        return None
    work = "quarter after its three months, archives deleted, parts kept"
    return ratio_row(work, 0.05, 0.01, ours, first, f"CPU {ours:.3f} s of {first:.2f} s", "%")


def small_latency(results):
    ours = [median(results, "small", "outhaul", field) for field in ("p50_ms", "p99_ms")]
    theirs = [median(results, "small", "baseline", field) for field in ("p50_ms", "p99_ms")]
    if ours[0] is None:
        return None
    stack = f"; the usual stack {theirs[0]:.1f} ms, {theirs[1]:.1f} ms" if theirs[0] is not None else ""
    shown = f"p50 {ours[0]:.1f} ms, p99 {ours[1]:.1f} ms"
    reached = said(ours[0] <= 10 and ours[1] <= 30, ours[0] <= 5)
    return "small export (100 rows), request to ready", "p50 10 ms, p99 30 ms", "5 ms", shown, shown + stack, reached


def small_rate(results):
    ours, theirs = (median(results, "small", program, "per_second") for program in ("outhaul", "baseline"))
    if ours is None or theirs is None:
        return None
    times = ours / theirs
    figures = f"{ours:.0f} a second, the usual stack {theirs:.0f}"
    return "small exports a second", "4x the usual stack", "8x", f"{times:.1f}x", figures, said(times >= 4, times >= 8)


ROWS = [csv_cpu, csv_beside_decode, zip_cpu, zip_wall, zip_overlapping, peak_memory, again, quarter, small_latency, small_rate]
