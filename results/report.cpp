#include "results/report.h"

#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/page.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;

/// The data as the text of a script element: without "<" no tag or comment can begin in it.
std::string as_script_text(const nlohmann::json& data) {
  // A name may hold bytes that are no UTF-8; they become U+FFFD.
  const std::string text = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) c == '<' ? escaped += "\\u003c" : escaped += c;
  return escaped;
}

/// Copies the template and puts a text for each {{name}} in it. What is put in is not searched again.
std::string filled(std::string_view page, const nlohmann::json& data) {
  std::string text;
  for (size_t open = page.find("{{"); open != page.npos; open = page.find("{{")) {
    const size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    text += page.substr(0, open);
    text += name == "data" ? as_script_text(data) : std::string(page::text(name));
    page.remove_prefix(close + 2);
  }
  return text.append(page);
}

}  // namespace

std::string report_page(const nlohmann::json& data) {
  return filled(page::text("report.html"), data);
}

fs::path write_report(const std::string& database, const std::string& session, const fs::path& folder) {
  const std::string page = report_page(report_data(database, session));
  fs::path path = folder / "index.html";
  const fs::path unfinished = folder / "index.html.unfinished";
  std::error_code fault;
  fs::create_directories(folder, fault);
  std::ofstream file(unfinished, std::ios::binary);
  file << page;
  file.close();
  if (file) fs::rename(unfinished, path, fault);
  if (!file || fault)
    throw Error(
        fmt::format("{}: the report cannot be written; give a folder that can with --out", path.string()));
  return path;
}

}  // namespace bitsweep
