"""Times the same network in bitsweep and in ONNX Runtime; scripts/compare-speed starts it."""

import argparse
import csv
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

IMAGES = 16  # in turn, so that caches hold no input and no branch is learned by heart
WARM_UP, TIMED = 0.5, 3.0  # seconds
DRIFT = 0.05  # of ONNX Runtime's two turns, from which on it is told
FOREIGN = "onnxruntime-perf-test"  # the format whose P50 `bitsweep import` takes; also the backend's name in the database


def refuse(what):
    print(f"scripts/compare-speed: {what}", file=sys.stderr)
    sys.exit(2)


def call(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:  # bitsweep's own message has the place and the remedy
        refuse(f"{' '.join(map(str, arguments[:2]))}: {(done.stderr.strip().splitlines() or ['it ended without words'])[-1]}")
    return done.stdout


def physical_cores():
    """Of those that this process may use: as bitsweep's `threads: physical`, but known before it runs."""
    siblings = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    return len({pathlib.Path(siblings.format(cpu)).read_text() for cpu in os.sched_getaffinity(0)})


def turn(path, threads):
    """Seconds of each inference. The session ends with it, so that no idle threads of it spin while bitsweep measures."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")  # as bitsweep does
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given, random, bindings = session.get_inputs()[0], numpy.random.default_rng(7), []
    for _ in range(IMAGES):
        bindings.append(session.io_binding())  # Python's share of the time is smaller than with run()
        bindings[-1].bind_cpu_input(given.name, random.standard_normal(given.shape, dtype=numpy.float32))
        bindings[-1].bind_output(session.get_outputs()[0].name)
    for seconds in [WARM_UP, TIMED]:
        times, start = [], time.perf_counter()
        while time.perf_counter() - start < seconds:
            before = time.perf_counter()
            session.run_with_iobinding(bindings[len(times) % IMAGES])
            times.append(time.perf_counter() - before)
    return times


def measure(bitsweep, database, model, dataset, work):
    """A row of the table, and how ONNX Runtime's two turns differ."""
    path, spec, threads = work / "model.onnx", work / "spec.yaml", physical_cores()
    name = "compare-speed-" + re.sub(r"[^A-Za-z0-9._-]", "-", f"{model}-{dataset}")[-80:]
    call(bitsweep, "convert", model, path, "--dataset", dataset, "--batch", 1)
    # JSON is YAML, and quotes a model such as vgg13_cifar:0.75.
    spec.write_text(json.dumps({
        "experiment": name, "axes": {"precision": ["fp32", "int8"]},
        "fixed": {"model": model, "dataset": dataset, "backend": "onednn", "batch": 1, "threads": threads},
        "measure": {"interleave": ["precision"], "max_time": "10s"}}))
    # The machine's speed may change meanwhile; of two turns the faster counts, so that we err in favour of ONNX Runtime.
    before = turn(path, threads)
    call(bitsweep, "run", spec, "--db", database, "--new")
    after = turn(path, threads)
    best = min(before, after, key=statistics.median)
    theirs = statistics.median(best)
    summary = work / f"{name}-onnxruntime-{onnxruntime.__version__}.txt"  # its name is kept as evidence
    summary.write_text(f"Total inference requests: {len(best)}\nTotal inference run time: {sum(best)} s\n"
                       f"Average inference time cost: {statistics.mean(best) * 1e3} ms\nP50 Latency: {theirs} s\n")
    fields = [f"model={model}", f"dataset={dataset}", "precision=fp32", "batch=1", f"threads={threads}"]
    call(bitsweep, "import", summary, "--db", database, "--format", FOREIGN, "--experiment", f"{name}-onnxruntime",
         *(word for field in fields for word in ("--set", field)))
    columns = ["precision", "outcome", "latency_p50", "speedup", "speedup_low", "speedup_high"]
    answer = call(bitsweep, "query", "--db", database, "--session", name, "--format", "csv", "--columns", ",".join(columns))
    ours = {row["precision"]: row for row in csv.DictReader(answer.splitlines())}
    for precision in ["fp32", "int8"]:
        if ours[precision]["outcome"] != "ok":
            refuse(f"{model}, {precision}: {ours[precision]['outcome']}; right is what runs here, see `bitsweep doctor`")
    fp32, int8 = (float(ours[precision]["latency_p50"]) / 1e9 for precision in ["fp32", "int8"])
    speedup, low, high = (float(ours["int8"][column] or "nan") for column in columns[3:])
    row = (model, 1, f"{fp32 * 1e3:.3f}", f"{theirs * 1e3:.3f}", f"{theirs / fp32:.2f}",
           f"{speedup:.2f} ({low:.2f} to {high:.2f})", f"{theirs / int8:.2f}")
    return row, statistics.median(after) / statistics.median(before) - 1


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare-speed")
    parser.add_argument("--bitsweep", default="build/release/bitsweep", help="the program")
    parser.add_argument("--database", help="that keeps the times of both; else a temporary one")
    parser.add_argument("models", nargs="*", default=["resnet20@cifar10", "resnet18"], metavar="MODEL[@DATASET]",
                        help="resnet20@cifar10 and resnet18 if none is given; DATASET: synthetic if it is not given")
    options = parser.parse_args()
    if not pathlib.Path(options.bitsweep).is_file():
        parser.error(f"{options.bitsweep}: no such program; right is to build it, or --bitsweep PROGRAM")
    drifts = []
    print("| model | batch | bitsweep fp32, ms | ONNX Runtime fp32, ms | ONNX Runtime / bitsweep, fp32 | int8 over bitsweep's fp32 "
          "| int8 over ONNX Runtime's fp32 |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for given in options.models:
            model, _, dataset = given.partition("@")
            row, drift = measure(options.bitsweep, options.database or work / "speed.sqlite", model, dataset or "synthetic", work)
            print("|", " | ".join(map(str, row)), "|", flush=True)
            if abs(drift) > DRIFT:
                drifts.append(f"\n{model}: ONNX Runtime's second turn took {abs(drift) * 100:.0f} % {'more' if drift > 0 else 'less'} time than its "
                              "first: the machine changed meanwhile, so the ratios between the two programs are not to be relied on")
    print(f"\nBatch 1, {physical_cores()} threads, ONNX Runtime {onnxruntime.__version__}; a ratio above 1: bitsweep is the faster one")
    print("".join(drifts))


if __name__ == "__main__":
    main()
