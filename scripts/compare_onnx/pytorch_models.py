"""Models as PyTorch writes them, with seeded weights and statistics that matter."""

import warnings

import torch
import torchvision

INPUT = (3, 224, 224)


class PlainCnn(torch.nn.Module):
    """What people write by hand: a normalised input, a functional forward pass, views, dropout, a softmax."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 24, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(24, 48, 3, stride=2, bias=False)
        self.bn = torch.nn.BatchNorm2d(48)
        self.depthwise = torch.nn.Conv2d(48, 48, 3, padding=1, groups=48)
        self.pointwise = torch.nn.Conv2d(48, 64, 1)
        self.fc1 = torch.nn.Linear(64 * 7 * 7, 100)
        self.fc2 = torch.nn.Linear(100, 10)

    def forward(self, x):
        functional = torch.nn.functional
        x = (x - 0.5) * 2
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 4, ceil_mode=True)
        x = functional.leaky_relu(self.bn(self.conv2(x)), 0.1)
        x = functional.hardswish(self.pointwise(functional.relu6(self.depthwise(x))))
        x = functional.avg_pool2d(functional.pad(x, (0, 1, 0, 1)), 4)
        x = functional.dropout(x.view(x.size(0), -1), training=self.training)
        x = torch.sigmoid(self.fc1(x))
        return functional.softmax(self.fc2(x), dim=1)


def seeded(build, seed=1):
    """The model with seeded weights and BatchNorm statistics, in evaluation mode."""
    torch.manual_seed(seed)
    model = build().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return model


def torchvision_model(name):
    return seeded(lambda: torchvision.models.get_model(name, weights=None))


def export_classic(model, path):
    """By TorchScript, which folds BatchNorm into convolutions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, *INPUT),), path, dynamo=False, opset_version=17,
                          input_names=["image"], output_names=["scores"],
                          dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}})


def export_unfolded(model, path):
    """By TorchScript, with each BatchNorm as it is, and the batch fixed to 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, *INPUT),), path, dynamo=False, opset_version=13,
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


def export_new(model, path):
    """By torch.export, with the weights as external data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(2, *INPUT),), path, dynamo=True, external_data=True, verbose=False,
                          dynamic_shapes=({0: torch.export.Dim("batch")},))


CLASSIC = ["resnet18", "resnet50", "vgg16", "vgg11_bn", "mobilenet_v2", "squeezenet1_1", "densenet121",
           "mobilenet_v3_small", "efficientnet_b0"]
UNFOLDED = ["resnet18", "mobilenet_v2", "densenet121"]
NEW = ["resnet18", "mobilenet_v2", "squeezenet1_1", "mobilenet_v3_small", "efficientnet_b0"]


def sources():
    """(name, source, make): make(path) writes the file and returns the model as a function of images."""

    def make(build, export):
        def write(path):
            model = build()
            export(model, path)

            def run(images):
                with torch.no_grad():
                    return model(torch.from_numpy(images)).numpy()

            return run
        return write

    named = {name: (lambda name=name: torchvision_model(name)) for name in CLASSIC}
    named["plain CNN"] = lambda: seeded(PlainCnn)
    for exported, source, names in [(export_classic, "PyTorch, TorchScript", CLASSIC),
                                    (export_unfolded, "PyTorch, TorchScript, unfolded", UNFOLDED),
                                    (export_new, "PyTorch, torch.export", NEW)]:
        for name in [*names, "plain CNN"]:
            yield name, source, make(named[name], exported)
