#include "results/render.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "results/quantity.h"

namespace bitsweep {
namespace {

bool is_number(const Cell& cell) {
  return std::holds_alternative<int64_t>(cell) || std::holds_alternative<double>(cell);
}

/// Whether a column is aligned to the right: it holds numbers and nothing else.
bool is_numeric(const Rows& rows, size_t column) {
  bool numbers = false;
  for (const auto& row : rows.cells) {
    if (std::holds_alternative<std::string>(row[column])) return false;
    numbers |= is_number(row[column]);
  }
  return numbers;
}

/// The text on one line and without what would command a terminal.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

/// For people: with unit and few digits.
std::string for_people(const Cell& cell, const Heading& heading) {
  if (const auto* text = std::get_if<std::string>(&cell)) return on_one_line(*text);
  if (const auto* real = std::get_if<double>(&cell)) return readable(*real, heading.unit);
  if (const auto* integer = std::get_if<int64_t>(&cell)) return fmt::format("{}", *integer);
  return "-";
}

/// For programs: the value itself.
std::string raw(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  if (const auto* integer = std::get_if<int64_t>(&cell)) return fmt::format("{}", *integer);
  return "";
}

/// Characters, not bytes: "µs" is as wide as "ms".
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, size_t to, bool right) {
  const std::string space(to - std::min(to, width(text)), ' ');
  return right ? space + text : text + space;
}

std::string table(const Rows& rows) {
  std::vector<std::string> lines(rows.cells.size() + 1);
  for (size_t column = 0; column < rows.headings.size(); ++column) {
    std::vector<std::string> texts = {on_one_line(rows.headings[column].name)};
    for (const auto& row : rows.cells) texts.push_back(for_people(row[column], rows.headings[column]));
    size_t widest = 0;
    for (const std::string& text : texts) widest = std::max(widest, width(text));
    const bool right = is_numeric(rows, column);
    for (size_t i = 0; i < texts.size(); ++i)
      lines[i] += (column == 0 ? "" : "  ") + padded(texts[i], widest, right);
  }
  std::string text;
  for (std::string& line : lines) text += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  return text;
}

/// Quoted as RFC 4180 says; lines end as on Unix, so that shell tools see clean values.
std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of("\",\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (const char c : fields[i]) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + "\n";
}

std::string csv(const Rows& rows) {
  std::vector<std::string> fields;
  for (const Heading& heading : rows.headings) fields.push_back(heading.name);
  std::string text = csv_line(fields);
  for (const auto& row : rows.cells) {
    fields.clear();
    std::transform(row.begin(), row.end(), std::back_inserter(fields), raw);
    text += csv_line(fields);
  }
  return text;
}

/// An array of objects, null where there is no value.
std::string json(const Rows& rows) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const auto& row : rows.cells) {
    nlohmann::ordered_json& object = array.emplace_back(nlohmann::ordered_json::object());
    for (size_t i = 0; i < row.size(); ++i) {
      nlohmann::ordered_json& value = object[rows.headings[i].name];
      std::visit(
          [&](const auto& held) {
            if constexpr (!std::is_same_v<decltype(held), const std::monostate&>) value = held;
          },
          row[i]);
    }
  }
  // A name may hold bytes that are no UTF-8; they become U+FFFD.
  return array.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string markdown_line(const std::vector<std::string>& fields) {
  std::string line = "|";
  for (const std::string& field : fields) line += " " + escaped_for_markdown(field) + " |";
  return line + "\n";
}

std::string markdown(const Rows& rows) {
  std::vector<std::string> names;
  std::vector<std::string> rule;
  for (size_t i = 0; i < rows.headings.size(); ++i) {
    names.push_back(on_one_line(rows.headings[i].name));
    rule.emplace_back(is_numeric(rows, i) ? "---:" : "---");
  }
  std::string text = markdown_line(names) + markdown_line(rule);
  for (const auto& row : rows.cells) {
    std::vector<std::string> fields;
    for (size_t i = 0; i < row.size(); ++i) fields.push_back(for_people(row[i], rows.headings[i]));
    text += markdown_line(fields);
  }
  return text;
}

}  // namespace

std::string escaped_for_markdown(const std::string& words) {
  const auto is_of_word = [&](size_t at) {
    return at < words.size() && std::isalnum(static_cast<unsigned char>(words[at])) != 0;
  };
  std::string safe;
  for (size_t i = 0; i < words.size(); ++i) {
    const char c = words[i];
    const bool within_word = c == '_' && i > 0 && is_of_word(i - 1) && is_of_word(i + 1);
    if (c == '<')
      safe += "&lt;";
    else if (c == '\n')
      safe += ' ';
    else if (within_word || std::string_view("|*_`[]\\#").find(c) == std::string_view::npos)
      safe += c;
    else
      safe.append({'\\', c});
  }
  return safe;
}

const std::vector<Format>& formats() {
  static const std::vector<Format> list = {
      {"table", "aligned text, numbers with units", table, true},
      {"csv", "comma-separated values, raw numbers", csv},
      {"json", "an array of objects, raw numbers", json},
      {"md", "a Markdown table, numbers with units", markdown, true},
  };
  return list;
}

}  // namespace bitsweep
