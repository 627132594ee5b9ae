#include "results/render.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "harness/table.h"
#include "results/quantity.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

Rows example() {
  return {{{"model", ""}, {"batch", ""}, {"latency_p50", "ns"}, {"top1", "%"}, {"reason", ""}},
          {{"mlp", int64_t{1}, 54321.0, 97.8125, ""},
           {"./my, \"best\" net.onnx", int64_t{16}, 1.5e9, {}, "a|b <c>\nd\x1b[31m"},
           {"µ-net", int64_t{128}, 987.0, 100.0, {}}}};
}

}  // namespace

TEST_CASE("render: the four formats are as approved") {
  for (const Format& format : formats()) {
    INFO(format.name);
    const std::string text = format.render(example());
    CHECK(text == examples::approved("results/rows." + format.name, text));
  }
}

TEST_CASE("render: JSON stands bytes that are no UTF-8 and numbers that are none") {
  const Rows rows{{{"model", ""}, {"sqnr", "dB"}},
                  {{std::string("\xff"), std::numeric_limits<double>::quiet_NaN()}}};
  const auto json = nlohmann::json::parse(pick(formats(), "format", "json").render(rows));
  CHECK(json[0]["model"] == "\uFFFD");
  CHECK(json[0]["sqnr"].is_null());
}

TEST_CASE("render: numbers have three digits and a fitting unit") {
  CHECK(readable(1, "ns") == "1 ns");
  CHECK(readable(999, "ns") == "999 ns");
  CHECK(readable(1234, "ns") == "1.23 µs");
  CHECK(readable(999'600, "ns") == "1.00 ms");
  CHECK(readable(12'345'678, "ns") == "12.3 ms");
  CHECK(readable(61e9, "ns") == "61.0 s");
  CHECK(readable(0, "ns") == "0 ns");
  CHECK(readable(102760448, "bytes") == "98.0 MiB");
  CHECK(readable(97.8125, "%") == "97.81 %");
  CHECK(readable(3.4567, "x") == "3.46x");
  CHECK(readable(34.56, "dB") == "34.6 dB");
  CHECK(readable(1234.5, "images/s") == "1234 images/s");
  CHECK(readable(11689512, "") == "11.7 M");
  CHECK(readable(101770, "") == "101770");
  CHECK(readable(0.999912, "") == "0.999912");
  CHECK(readable(std::numeric_limits<double>::infinity(), "dB") == "inf");
}
