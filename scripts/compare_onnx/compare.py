"""Holds bitsweep against ONNX Runtime and PyTorch; scripts/compare-onnx starts it."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

import keras_models
import pytorch_models
import zoo_models

BATCH = 2
TOLERANCE = 1e-4  # of max |a - b| / max |b|: fp32 sums in another order, over up to a hundred layers
LEAST_DB = 20  # of int8: the same integers, rounded at other places; bitsweep's weights have 7 bits without VNNI
BACKENDS = ["reference", "onednn"]


class Refused(Exception):
    """What bitsweep said instead of running."""


class Bitsweep:
    def __init__(self, program, work):
        self.program, self.work = program, work

    def call(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
        return done.stdout

    def models(self):
        return [line.split()[0] for line in self.call("list", "models").splitlines() if line.strip()]

    def infer(self, model, images, *options, backend="onednn"):
        """The outputs [batch, ...] of images [batch, channels, height, width]."""
        given, written = self.work / "in.f32", self.work / "out.f32"
        images.astype("<f4").tofile(given)
        self.call("infer", model, "--input", given, "--output", written, "--batch", len(images), "--backend", backend,
                  *options)
        return numpy.fromfile(written, "<f4").reshape(len(images), -1)


def seeded_images(shape):
    return numpy.random.default_rng(7).standard_normal((BATCH, *shape)).astype(numpy.float32)


def run_onnxruntime(path, images):
    """One image after the other where the file fixes the batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    # Without VNNI its u8 x s8 kernels saturate, which costs up to 20 dB; this chooses u8 x u8 there.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    batches = [images[i:i + 1] for i in range(len(images))] if given.shape[0] == 1 else [images]
    outputs = [session.run(None, {given.name: batch})[0] for batch in batches]
    return numpy.concatenate(outputs)


def difference(given, right):
    right = numpy.asarray(right).reshape(len(right), -1)
    if given.shape != right.shape:
        return numpy.inf
    return numpy.abs(given - right).max() / numpy.abs(right).max()


def facts(path):
    """The opset, and how many real numbers are stored."""
    model = onnx.load(path, load_external_data=False)
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    real = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    stored = [*model.graph.initializer, *(attribute.t for node in model.graph.node for attribute in node.attribute
                                          if node.op_type == "Constant" and attribute.name == "value")]
    return opset, sum(int(numpy.prod(tensor.dims)) for tensor in stored if tensor.data_type in real)


class Table:
    """Prints each row as soon as it is there, and remembers whether all was right."""

    def __init__(self, title, *columns):
        self.wrong = 0
        print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")

    def row(self, *cells):
        print("|", " | ".join(map(str, cells)), "|", flush=True)

    def judged(self, compute, right, text="{:.1e}"):
        """A cell: what was computed, marked if it is not right or was refused."""
        try:
            value = compute()
        except Refused as refusal:
            self.wrong += 1
            return f"**refused**: {refusal}"
        if right(value):
            return text.format(value)
        self.wrong += 1
        return f"**{text.format(value)}**"


def near(error):
    return error <= TOLERANCE


def models(keras_venv, work):
    """(name, source, path, images, what the framework gives or None, are images channels last?), each file alone."""
    path = work / "model.onnx"
    for name, source, make in pytorch_models.sources():
        yield name, source, path, lambda make=make: (lambda run, images: (images, run(images), False))(
            make(path), seeded_images((3, 224, 224)))
    for name, source, make in zoo_models.sources():
        yield name, source, path, lambda make=make: (make(path), (seeded_images((3, 224, 224)), None, False))[1]
    if keras_venv:
        for name in keras_models.SIDES:
            yield name, "Keras, tf2onnx", path, lambda name=name: keras_model(keras_venv, name, path, work)


def keras_model(venv, name, path, work):
    side = keras_models.SIDES[name]
    images, given, written = seeded_images((3, side, side)), work / "images.npy", work / "outputs.npy"
    numpy.save(given, images.transpose(0, 2, 3, 1))
    script = pathlib.Path(__file__).with_name("keras_models.py")
    subprocess.run([pathlib.Path(venv) / "bin/python", script, name, given, written, path], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return images, numpy.load(written), True


def compare_models(bitsweep, keras_venv, chosen):
    table = Table(f"Models read from ONNX: max |a - b| / max |b| against ONNX Runtime, fp32, batch {BATCH}",
                  "model", "written by", "opset", "parameters", "its framework", *BACKENDS)
    for name, source, path, make in models(keras_venv, bitsweep.work):
        if not chosen(name, source):
            continue
        for old in bitsweep.work.glob("model.onnx*"):
            old.unlink()
        try:
            images, framework, channels_last = make()
        except subprocess.CalledProcessError as error:
            table.wrong += 1
            table.row(name, source, f"**not written**: {error.stderr.decode().strip().splitlines()[-1:]}")
            continue
        right = run_onnxruntime(path, images.transpose(0, 2, 3, 1) if channels_last else images)
        opset, parameters = facts(path)
        own = "" if framework is None else f"{difference(framework.reshape(BATCH, -1), right):.1e}"
        table.row(name, source, opset, f"{parameters:,}", own,
                  *(table.judged(lambda: difference(bitsweep.infer(path, images, backend=backend), right), near)
                    for backend in BACKENDS))
    return table.wrong


def compare_checkpoints(bitsweep, chosen):
    import safetensors.torch
    import torch

    table = Table("Checkpoints of torchvision (safetensors): the same against PyTorch", "model", "parameters", *BACKENDS)
    for name in ["resnet18", "resnet50", "vgg16", "vgg16_bn", "mobilenet_v2"]:
        if name not in bitsweep.models() or not chosen(name, "safetensors"):
            continue
        model, path, images = pytorch_models.torchvision_model(name), bitsweep.work / "w.safetensors", seeded_images((3, 224, 224))
        safetensors.torch.save_file(model.state_dict(), path)
        with torch.no_grad():
            right = model(torch.from_numpy(images)).numpy()
        table.row(name, f"{sum(tensor.numel() for tensor in model.parameters()):,}",
                  *(table.judged(lambda: difference(
                      bitsweep.infer(name, images, "--checkpoint", path, backend=backend), right), near)
                    for backend in BACKENDS))
    return table.wrong


def compare_written_checkpoints(bitsweep, chosen):
    """A checkpoint that bitsweep wrote is one of PyTorch's: load_state_dict(strict=True) takes it."""
    import safetensors.torch
    import torch
    import torchvision

    table = Table("Checkpoints that bitsweep writes, in PyTorch: the same against bitsweep", "model", "pruning", *BACKENDS)
    for name, pruning in [("resnet18", "none"), ("resnet50", "magnitude:0.5"), ("vgg16", "none")]:
        if not chosen(name, "safetensors"):
            continue
        path, images = bitsweep.work / "written.safetensors", seeded_images((3, 224, 224))
        bitsweep.call("convert", name, path, "--prune", pruning)
        model = torchvision.models.get_model(name, weights=None).eval()
        model.load_state_dict(safetensors.torch.load_file(path), strict=True)
        with torch.no_grad():
            right = model(torch.from_numpy(images)).numpy()
        table.row(name, pruning, *(table.judged(lambda: difference(
            bitsweep.infer(name, images, "--checkpoint", path, backend=backend), right), near) for backend in BACKENDS))
    return table.wrong


def signal_to_noise(given, right):
    """In dB."""
    noise = ((given.astype(float) - right) ** 2).sum()
    return numpy.inf if noise == 0 else 10 * numpy.log10((right.astype(float) ** 2).sum() / noise)


def compare_written_models(bitsweep, chosen):
    """What `bitsweep convert` writes, read by ONNX Runtime and by bitsweep."""
    table = Table("ONNX files that bitsweep writes: ONNX Runtime against bitsweep", "model", "pruning", "precision", *BACKENDS)
    read, path = bitsweep.work / "model.onnx", bitsweep.work / "written.onnx"
    for name in ["mlp", "resnet18", "resnet50", "vgg16", "mobilenet_v2", "squeezenet1_1", "mobilenet_v3_small"]:
        if not chosen(name, "convert"):
            continue
        model = name
        if name not in bitsweep.models():
            pytorch_models.export_classic(pytorch_models.torchvision_model(name), read)
            model = read
        images = seeded_images((1, 28, 28) if name == "mlp" else (3, 224, 224))
        for pruning, precision in [("none", "fp32"), ("magnitude:0.5", "fp32"), ("none", "int8")]:
            bitsweep.call("convert", model, path, "--prune", pruning, "--precision", precision)
            right = run_onnxruntime(path, images).reshape(BATCH, -1)
            if precision == "fp32":
                cells = [table.judged(lambda: difference(bitsweep.infer(path, images, backend=backend), right), near)
                         for backend in BACKENDS]
            else:
                fp32 = signal_to_noise(bitsweep.infer(path, images, backend="reference"), right)
                cells = [f"{fp32:.1f} dB, without rounding between layers", table.judged(
                    lambda: signal_to_noise(bitsweep.infer(path, images, "--precision", "int8"), right),
                    lambda ratio: ratio >= LEAST_DB, "{:.1f} dB")]
            table.row(name, pruning, precision, *cells)
    return table.wrong


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare-onnx")
    parser.add_argument("--bitsweep", default="build/release/bitsweep", help="the program")
    parser.add_argument("--work", help="a folder for the models, of which the last one stays; else a temporary one")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="rows whose name or source holds a WORD")
    parser.add_argument("--keras-venv", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not pathlib.Path(options.bitsweep).is_file():
        parser.error(f"{options.bitsweep}: no such program; right is to build it, or --bitsweep PROGRAM")

    def chosen(name, source):
        return not options.only or any(word in name or word in source for word in options.only)

    with tempfile.TemporaryDirectory() as temporary:
        bitsweep = Bitsweep(options.bitsweep, pathlib.Path(options.work or temporary))
        bitsweep.work.mkdir(parents=True, exist_ok=True)
        wrong = compare_models(bitsweep, options.keras_venv, chosen) + sum(
            compare(bitsweep, chosen)
            for compare in [compare_checkpoints, compare_written_checkpoints, compare_written_models])
    print(f"\n{wrong} cells are wrong" if wrong else "\nall agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
