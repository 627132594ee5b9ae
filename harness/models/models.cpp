#include "harness/models/models.h"

#include "harness/models/families.h"

namespace bitsweep {

const std::vector<Model>& models() {
  static const std::vector<Model> table = {
      {"mlp", "784-128-64-10 perceptron with ReLU, 28x28 grey images, 10 classes", mlp},
      {"resnet18", "ResNet-18, 224x224 colour images, 1000 classes", resnet18},
      {"resnet50", "ResNet-50 v1.5, 224x224 colour images, 1000 classes", resnet50},
      {"vgg16", "VGG-16, 224x224 colour images, 1000 classes", vgg16},
  };
  return table;
}

}  // namespace bitsweep
