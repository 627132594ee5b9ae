"""Holds `compatible` change points against Apache Otava.

  beside_otava.py PROGRAM             prints how often they agree and what Otava needs for the benchmark's work
  beside_otava.py PROGRAM --approve   prints cases with what Otava finds, for tests/approved/results/otava.json

PROGRAM is change_point_targets. Exit code: 0 they agree, 1 a difference.
"""
import contextlib
import importlib.metadata
import json
import math
import subprocess
import sys
import time

from otava.analysis import compute_change_points, fill_missing


def otava(case):
    """Change points of a case as `otava analyze` computes them."""
    values = list(case["values"])
    fill_missing(values)
    found, _ = compute_change_points(values, case["window"], case["maximum_p_value"], case["minimum_magnitude"])
    return [
        {"index": int(c.index), "before": float(c.stats.mean_1), "after": float(c.stats.mean_2), "p_value": float(c.stats.pvalue)}
        for c in found
    ]


def cases(program, count):
    return json.loads(subprocess.run([program, "--cases", str(count)], check=True, capture_output=True, text=True).stdout)


def ours(program, given):
    run = subprocess.run([program, "--compatible"], check=True, capture_output=True, text=True, input=json.dumps(given))
    return json.loads(run.stdout)


def agree(one, other):
    return len(one) == len(other) and all(
        a["index"] == b["index"]
        and all(math.isclose(a[key], b[key], rel_tol=1e-8, abs_tol=1e-30) for key in ("before", "after", "p_value"))
        for a, b in zip(one, other)
    )


def least_seconds(work, times=3):
    least = math.inf
    for _ in range(times):
        begin = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - begin)
    return least


def main():
    program = sys.argv[1]
    version = importlib.metadata.version("apache-otava")
    if sys.argv[2:] == ["--approve"]:
        rows = [json.dumps({**case, "found": otava(case)}) for case in cases(program, 1)]
        print('{"otava": "%s", "cases": [\n%s\n]}' % (version, ",\n".join(rows)))
        return 0
    given = cases(program, 20)
    found = [otava(case) for case in given]
    different = [i for i, (a, b) in enumerate(zip(found, ours(program, given))) if not agree(a, b)]
    for i in different[:5]:
        print(f"differs: case {i}: {given[i]}: Otava {found[i]}")
    points = sum(len(f) for f in found)
    print(f"Otava {version} and the compatible mode agree in {len(given) - len(different)} of {len(given)} series "
          f"with {points} change points.")
    speed = json.loads(subprocess.run([program, "--speed"], check=True, capture_output=True, text=True).stdout)
    defaults = {"window": 50, "maximum_p_value": 0.001, "minimum_magnitude": 0.0}
    long = least_seconds(lambda: otava({"values": speed["long"], **defaults}))
    many = least_seconds(lambda: [otava({"values": values, **defaults}) for values in speed["many"]])
    total = sum(len(values) for values in speed["many"])
    print(f"Otava itself needs {1e3 * long:.0f} ms for the 4,844 points, and does {total / many:.0f} points/s of short series "
          "in one thread.")
    return 1 if different else 0


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
