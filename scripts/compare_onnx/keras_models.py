"""Models as Keras writes them through tf2onnx. Runs in a virtual environment of its own:
keras_models.py NAME IMAGES OUTPUTS FILE   writes FILE (.onnx), and what Keras gives for the images [n, side, side, 3] (.npy)
"""

import os
import sys

SIDES = {"ResNet50": 224, "VGG16": 64, "MobileNetV2": 224, "plain CNN": 224}  # VGG16 of 224 takes tf2onnx over 20 GB


def plain_cnn(keras, shape):
    layers = keras.layers
    return keras.Sequential([
        keras.Input(shape),
        layers.Rescaling(0.5, 0.25),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.MaxPooling2D(3, strides=2, padding="same"),
        layers.SeparableConv2D(32, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.AveragePooling2D(8),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(64, activation="silu"),
        layers.Dense(10, activation="softmax"),
    ])


def main(name, images_path, outputs_path, model_path):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy
    import tensorflow
    import tf2onnx

    keras.utils.set_random_seed(1)
    images = numpy.load(images_path)
    shape = images.shape[1:]
    if name == "plain CNN":
        model = plain_cnn(keras, shape)
    else:
        model = getattr(keras.applications, name)(weights=None, input_shape=shape)
    generator = numpy.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            channels = layer.moving_mean.shape
            layer.gamma.assign(generator.uniform(0.5, 1.5, channels))
            layer.beta.assign(generator.normal(0, 0.1, channels))
            layer.moving_mean.assign(generator.normal(0, 0.1, channels))
            layer.moving_variance.assign(generator.uniform(0.5, 1.5, channels))
    function = tensorflow.function(lambda images: model(images, training=False))
    signature = [tensorflow.TensorSpec((None, *shape), tensorflow.float32, name="image")]
    tf2onnx.convert.from_function(function, input_signature=signature, opset=15, output_path=model_path)
    numpy.save(outputs_path, model(images, training=False).numpy())


if __name__ == "__main__":
    main(*sys.argv[1:])
