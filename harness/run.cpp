#include "harness/run.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <xxhash.h>

#include "harness/compression/pruning.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

/// The whole text as a number that fits, or an Error that says what would be right.
template <class Number, class Fits>
Number parse_number(std::string_view what, std::string_view text, std::string_view right, Fits fits) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !fits(number))
    throw Error(fmt::format("{} '{}' does not fit; right is {}", what, text, right));
  return number;
}

double parse_ratio(std::string_view what, std::string_view text) {
  const auto ratio =
      parse_number<double>(fmt::format("{} ratio", what), text, "0 or more and below 1, such as 0.5",
                           [](double value) { return value >= 0 && value < 1; });
  return ratio + 0.0;  // -0 becomes 0
}

}  // namespace

const std::vector<PrecisionEntry>& precisions() {
  static const std::vector<PrecisionEntry> table = {
      {Precision::fp32, "fp32", "IEEE 754 single precision throughout; no TF32, no BF16 inside"},
      {Precision::tf32, "tf32", "fp32 stored, factors rounded to the 11 bits of TF32, fp32 accumulation"},
      {Precision::bf16, "bf16", "bfloat16 weights and activations, fp32 accumulation"},
      {Precision::fp16, "fp16", "IEEE 754 half precision weights and activations"},
      {Precision::int8, "int8", "8-bit integers, weights a scale per output channel, activations calibrated"},
  };
  return table;
}

const std::vector<CachesEntry>& cache_states() {
  static const std::vector<CachesEntry> table = {
      {Caches::warm, "warm", "as the inference before left them"},
      {Caches::cold, "cold", "emptied before each inference, outside the timed part"},
  };
  return table;
}

std::string to_text(const std::string& value) {
  return value;
}
std::string to_text(int64_t value) {
  return std::to_string(value);
}

std::string to_text(Precision value) {
  for (const PrecisionEntry& entry : precisions())
    if (entry.value == value) return entry.name;
  throw std::logic_error("a precision is missing in its table");
}

std::string to_text(const Pruning& value) {
  return value.method == "none" ? "none" : fmt::format("{}:{}", value.method, value.ratio);
}

std::string to_text(const Threads& value) {
  return value.count == 0 ? "physical" : std::to_string(value.count);
}

std::string to_text(Caches value) {
  for (const CachesEntry& entry : cache_states())
    if (entry.value == value) return entry.name;
  throw std::logic_error("a state of the caches is missing in its table");
}

void parse_value(std::string_view what, std::string_view text, std::string& value) {
  if (text.empty()) throw Error(fmt::format("{} is empty; right is a name", what));
  for (const char character : text)
    if (static_cast<unsigned char>(character) < 0x20)
      throw Error(fmt::format("{} holds a control character; right is one line of plain text", what));
  value = text;
}

void parse_value(std::string_view what, std::string_view text, int64_t& value) {
  value = parse_number<int64_t>(what, text, "a whole number, 1 or more",
                                [](int64_t number) { return number >= 1; });
}

void parse_value(std::string_view what, std::string_view text, Precision& value) {
  value = pick(precisions(), what, text).value;
}

void parse_value(std::string_view what, std::string_view text, Pruning& value) {
  const size_t colon = text.find(':');
  Pruning pruning{std::string(text.substr(0, colon)), 0};
  pick(pruning_methods(), fmt::format("{} method", what), pruning.method);
  if ((colon == text.npos) != (pruning.method == "none"))
    throw Error(fmt::format("{} '{}' {}; right is none, or METHOD:RATIO such as magnitude:0.5", what, text,
                            colon == text.npos ? "lacks its ratio" : "takes no ratio"));
  if (colon != text.npos) pruning.ratio = parse_ratio(what, text.substr(colon + 1));
  value = pruning;
}

void parse_value(std::string_view what, std::string_view text, Threads& value) {
  if (text == "physical") {
    value.count = 0;
    return;
  }
  value.count = parse_number<int>(what, text, fmt::format("1 to {}, or physical", most_threads),
                                  [](int count) { return count >= 1 && count <= most_threads; });
}

void parse_value(std::string_view what, std::string_view text, Caches& value) {
  value = pick(cache_states(), what, text).value;
}

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    const Run run;
    for_each_field(run, [&](const char* name, const auto&, const char*) { list.emplace_back(name); });
    return list;
  }();
  return names;
}

std::vector<std::string> field_texts(const Run& run) {
  std::vector<std::string> texts;
  texts.reserve(field_names().size());
  for_each_field(run, [&](const char*, const auto& value, const char*) { texts.push_back(to_text(value)); });
  return texts;
}

std::string field(const Run& run, std::string_view name) {
  std::string text;
  bool found = false;
  for_each_field(run, [&](const char* field_name, const auto& value, const char*) {
    if (name == field_name) text = to_text(value), found = true;
  });
  if (!found) throw Error(unknown_name("field", name, field_names()));
  return text;
}

void set_field(Run& run, std::string_view name, std::string_view text) {
  bool found = false;
  for_each_field(run, [&](const char* field_name, auto& value, const char*) {
    if (name == field_name) parse_value(name, text, value), found = true;
  });
  if (!found) throw Error(unknown_name("field", name, field_names()));
}

std::string canonical_text(const Run& run) {
  static const std::vector<std::string> defaults = field_texts(Run());
  std::string text;
  size_t index = 0;
  for_each_field(run, [&](const char* name, const auto& member, const char*) {
    const std::string value = to_text(member);
    if (value == defaults[index++]) return;
    if (!text.empty()) text += ' ';
    text.append(name).append(1, '=').append(value);
  });
  return text;
}

std::string run_id(const Run& run) {
  const std::string text = canonical_text(run);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size())).substr(0, 12);
}

}  // namespace bitsweep
