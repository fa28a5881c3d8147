"""What is measured at the API: small exports one after the other and many at once, and the same export again."""

import statistics
import threading
import time

import baseline
import lake
import service

WARM_UP, ONE_BY_ONE, AT_ONCE, CLIENTS = 50, 200, 300, 8
DAY = str(lake.SMALL_FIRST)


def small_exports(bench):
    """Outhaul and the usual stack in turn, each started anew for each round, with the same client."""
    data = bench.lakes.small()
    known = bench.results.once("content/small.outhaul", lambda: first_day(bench, data))
    for number in range(1, bench.rounds + 1):
        take(bench, "outhaul", number, lambda: outhaul(bench, data))
        take(bench, "baseline", number, lambda: baseline.Baseline(bench), lambda target: same_day(bench, target, known))


def first_day(bench, data):
    """What Outhaul writes for the first day."""
    output = bench.outputs / "small.csv"
    bench.export(lake.reset(data), output, "--format", "csv", first=DAY, last=DAY, organisation=lake.SMALL_ORGANISATION)
    return bench.content(output)


def same_day(bench, target, known):
    """Ends the run where the usual stack writes something else for the first day."""
    client = target.client()
    export = ask(target, client, 0)
    finish(target, client, export)
    found = bench.content(target.export(client, export)["file"])
    if found != known:
        raise SystemExit(f"the usual stack wrote {found}, not {known}")


def take(bench, program, number, start, check=lambda target: None):
    name = f"small/{program}.{number}"
    if bench.results.get(name):
        return
    target = start()
    try:
        check(target)
        value = measure(target)
    finally:
        target.stop()
    bench.results.put(name, value)
    print(
        f"small        {program:20} {number}: p50 {value['p50_ms']:.1f} ms, p99 {value['p99_ms']:.1f} ms, "
        f"{value['per_second']:.0f} a second",
        flush=True,
    )


def outhaul(bench, data):
    return service.Outhaul(bench.outhaul, lake.reset(data), lake.SMALL_ORGANISATION, bench.log)


def measure(target):
    """Each export is of another day, so that nothing can be used again."""
    client, milliseconds = target.client(), []
    for number in range(WARM_UP + ONE_BY_ONE):
        began = time.perf_counter()
        finish(target, client, ask(target, client, number))
        milliseconds.append(1000 * (time.perf_counter() - began))
    cuts = statistics.quantiles(milliseconds[WARM_UP:], n=100, method="inclusive")
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "per_second": AT_ONCE / at_once(target)}


def ask(target, client, number):
    day = service.day(lake.SMALL_FIRST, number)
    return target.ask(client, day, day, "csv")


def finish(target, client, export, pause_seconds=0.001):
    rows = service.wait_until(lambda: target.rows(client, export), "a small export", pause_seconds)
    if rows != lake.SMALL_ROWS:
        raise SystemExit(f"a small export has {rows} rows, not {lake.SMALL_ROWS}")


def at_once(target):
    """Seconds from the first request until all are ready: 8 clients ask as fast as they are answered, then look."""
    numbers = iter(range(WARM_UP + ONE_BY_ONE, WARM_UP + ONE_BY_ONE + AT_ONCE))
    lock, failures = threading.Lock(), []

    def work():
        try:
            client, asked = target.client(), []
            while (number := take_next(numbers, lock)) is not None:
                asked.append(ask(target, client, number))
            for export in asked:
                finish(target, client, export, 0.005)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began


def take_next(numbers, lock):
    with lock:
        return next(numbers, None)


def same_again(bench):
    """CPU of the service from the request until the archive is ready: the first time, and five times the same again."""
    if bench.results.get("again"):
        return
    data = lake.reset(bench.lakes.sorted(bench.messages))
    target = service.Outhaul(bench.outhaul, data, lake.ORGANISATION, bench.log)
    try:
        client = target.client()
        seconds = [whole_export(target, client) for _ in range(6)]
    finally:
        target.stop()
    bench.results.put("again", {"first_cpu_seconds": seconds[0], "again_cpu_seconds": seconds[1:]})
    print(f"again        first {seconds[0]:.2f} s of CPU, then {seconds[1:]}", flush=True)
    lake.reset(data)


def whole_export(target, client):
    # The letter of the export before is still being written.
    time.sleep(1)
    before = target.cpu_seconds()
    export = target.ask(client, lake.FIRST, lake.LAST, "zip")
    # Rarely enough that looking costs little beside the work.
    service.wait_until(lambda: target.rows(client, export), "the export", 0.05)
    return target.cpu_seconds() - before
