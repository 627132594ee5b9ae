"""Architectures of the ONNX model zoo, as the `onnx` package ships them: without weights, which are drawn here."""

import pathlib

import numpy
import onnx
import onnxruntime

NAMES = ["resnet50", "vgg19", "squeezenet", "densenet121", "inception_v2"]  # the others have LRN or shuffled channels


def drawn(generator, shape, role):
    if role == "variance" or role == "scale":
        return generator.uniform(0.5, 1.5, shape)
    if len(shape) >= 2:  # He et al., ICCV 2015
        return generator.normal(0, numpy.sqrt(2 / numpy.prod(shape[1:])), shape)
    return generator.normal(0, 0.1, shape)


def temper(model):
    """Divides the last Gemm, so that the softmax behind it does not choose one class with certainty."""
    last = model.graph.node[-1]
    gemm = next((node for node in model.graph.node if node.output[0] == last.input[0] and node.op_type == "Gemm"), None)
    if last.op_type != "Softmax" or gemm is None:
        return
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.node[-1]
    probe.graph.output[0].name = last.input[0]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    images = numpy.random.default_rng(2).standard_normal(given.shape).astype(numpy.float32)
    spread = session.run(None, {given.name: images})[0].std()
    for tensor in model.graph.initializer:
        if tensor.name in gemm.input:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) / spread, tensor.name))


def roles(graph):
    """What each input of a BatchNormalization, and each factor of a channel, is for."""
    found = {}
    unsqueezed = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Unsqueeze"}
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            found.update(zip(node.input[1:], ["scale", "shift", "mean", "variance"]))
        if node.op_type == "Mul":
            found[unsqueezed.get(node.input[1], node.input[1])] = "scale"
    return found


def write(name, path):
    """With initialisers in place of ConstantOfShape, as in the zoo's own files."""
    folder = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    model = onnx.load(folder / f"light_{name}.onnx")
    graph = model.graph
    generator = numpy.random.default_rng(1)
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    role = roles(graph)
    shapes = set()
    for node in [node for node in graph.node if node.op_type == "ConstantOfShape"]:
        values = drawn(generator, tuple(stored[node.input[0]]), role.get(node.output[0]))
        tensor = onnx.numpy_helper.from_array(values.astype(numpy.float32), node.output[0])
        graph.initializer.append(tensor)
        graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
        shapes.add(node.input[0])
        graph.node.remove(node)
    for items in (graph.initializer, graph.input):
        for item in [item for item in items if item.name in shapes]:
            items.remove(item)
    temper(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def sources():
    for name in NAMES:
        yield name, "ONNX zoo", lambda path, name=name: write(name, path)
