#include "harness/plan.h"

#include "tests/catch.h"

using namespace bitsweep;

namespace {

std::vector<Block> plan(const std::string& text) {
  return expand(parse_experiment("experiment: x\n" + text, "x.yaml", {{"reference", "onednn"}}));
}

/// The canonical text of all runs, block by block.
std::vector<std::vector<std::string>> texts(const std::vector<Block>& blocks) {
  std::vector<std::vector<std::string>> all;
  for (const Block& block : blocks) {
    auto& one = all.emplace_back();
    for (const Run& run : block.runs) one.push_back(canonical_text(run));
  }
  return all;
}

/// The same with every run in a block of its own, in order.
std::vector<std::string> runs(const std::string& text) {
  std::vector<std::string> all;
  for (const auto& block : texts(plan(text + "measure: {interleave: []}\n")))
    all.insert(all.end(), block.begin(), block.end());
  return all;
}

std::vector<std::string> ids(const std::vector<Block>& blocks) {
  std::vector<std::string> all;
  for (const Block& block : blocks)
    for (const Run& run : block.runs) all.push_back(run_id(run));
  std::sort(all.begin(), all.end());
  return all;
}

using Texts = std::vector<std::string>;
using Blocks = std::vector<Texts>;

}  // namespace

TEST_CASE("plan: axes are crossed in the order written, the last one turns fastest") {
  CHECK(runs("axes: {model: [mlp, vgg16], batch: [1, 2]}\n") ==
        Texts{"model=mlp", "model=mlp batch=2", "model=vgg16", "model=vgg16 batch=2"});
  CHECK(runs("axes: {batch: [1, 2], model: [mlp, vgg16]}\n") ==
        Texts{"model=mlp", "model=vgg16", "model=mlp batch=2", "model=vgg16 batch=2"});
}

TEST_CASE("plan: fixed values alone are one run") {
  CHECK(runs("fixed: {model: mlp, batch: 4}\n") == Texts{"model=mlp batch=4"});
}

TEST_CASE("plan: zipped fields advance together and are crossed with the rest") {
  CHECK(runs("axes: {model: [mlp, vgg16]}\nzip: [{batch: [1, 2], threads: [3, 4]}]\n") ==
        Texts{"model=mlp threads=3", "model=mlp batch=2 threads=4", "model=vgg16 threads=3",
              "model=vgg16 batch=2 threads=4"});
}

TEST_CASE("plan: an exclusion drops the runs that match all of its fields, lists are alternatives") {
  CHECK(runs("axes: {model: [mlp, vgg16], batch: [1, 2, 3]}\nexclude: [{model: vgg16, batch: [1, 3]}]\n") ==
        Texts{"model=mlp", "model=mlp batch=2", "model=mlp batch=3", "model=vgg16 batch=2"});
}

TEST_CASE("plan: an exclusion may name a fixed field") {
  CHECK(runs("axes: {model: [mlp, vgg16]}\nfixed: {batch: 2}\nexclude: [{model: mlp, batch: 2}]\n") ==
        Texts{"model=vgg16 batch=2"});
}

TEST_CASE(
    "plan: an included entry comes after exclusion, is crossed and completed by fixed, not by the axes") {
  CHECK(runs("axes: {model: [mlp], batch: [7]}\nfixed: {threads: 2}\nexclude: [{model: mlp}]\n"
             "include: [{model: mlp, seed: [1, 2]}, {model: mlp, threads: 1}]\n") ==
        Texts{"model=mlp threads=2", "model=mlp threads=2 seed=2", "model=mlp threads=1"});
}

TEST_CASE("plan: without axes, included entries are all there is") {
  CHECK(runs("fixed: {model: mlp}\ninclude: [{batch: 2}]\n") == Texts{"model=mlp batch=2"});
}

TEST_CASE("plan: a repeated run is dropped, the first stays") {
  CHECK(runs("axes: {model: [mlp, vgg16]}\ninclude: [{model: mlp}, {model: mlp, batch: [1, 2]}]\n") ==
        Texts{"model=mlp", "model=vgg16", "model=mlp batch=2"});
}

TEST_CASE("plan: everything excluded is an empty plan") {
  CHECK(plan("axes: {model: [mlp]}\nexclude: [{model: mlp}]\n").empty());
}

TEST_CASE("plan: runs that differ only in interleaved fields form a block") {
  const auto blocks = plan("axes: {precision: [fp32, int8], model: [mlp], batch: [1, 2]}\n");
  CHECK(texts(blocks) == Blocks{{"model=mlp", "model=mlp precision=int8"},
                                {"model=mlp batch=2", "model=mlp precision=int8 batch=2"}});
  CHECK(run_count(blocks) == 4);
}

TEST_CASE("plan: an included run joins the block it belongs to") {
  CHECK(texts(plan("axes: {model: [mlp, vgg16]}\ninclude: [{model: mlp, precision: bf16}]\n")) ==
        Blocks{{"model=mlp", "model=mlp precision=bf16"}, {"model=vgg16"}});
}

TEST_CASE("plan: ids survive added and reordered axis values, axes and sections") {
  const auto before = ids(plan("axes: {model: [mlp, vgg16], batch: [1, 2]}\n"));
  CHECK(ids(plan("axes: {batch: [2, 1], model: [vgg16, mlp]}\n")) == before);
  CHECK(ids(plan("axes: {batch: [2, 1], model: [vgg16, mlp]}\nfixed: {backend: onednn, seed: 1}\n")) ==
        before);
  const auto after =
      ids(plan("axes: {model: [resnet18, mlp, vgg16], batch: [4, 1, 2], precision: [int8, fp32]}\n"));
  CHECK(std::includes(after.begin(), after.end(), before.begin(), before.end()));
}

TEST_CASE("plan: a hundred thousand runs are no burden") {
  std::string list = "[1";
  for (int i = 2; i <= 1000; ++i) list += ", " + std::to_string(i);
  list += "]";
  const auto blocks =
      plan("axes: {model: mlp, batch: " + list +
           ", precision: [fp32, int8], seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, "
           "17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, "
           "39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50]}\n");
  CHECK(run_count(blocks) == 100'000);
  CHECK(blocks.size() == 50'000);
}
