// A report: one HTML file that opens offline.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace bitsweep {

/// Everything the page shows of these sessions; see results/sessions.h for the selector. Long sample lists
/// are thinned evenly.
nlohmann::json report_data(const std::string& database, const std::string& session);

/// The page, with its style, script and data in it. The data cannot end its element, whatever it holds.
std::string report_page(const nlohmann::json& data);

/// Writes FOLDER/index.html, whole or not at all, and returns its path. Throws Error if that fails.
std::filesystem::path write_report(const std::string& database, const std::string& session,
                                   const std::filesystem::path& folder);

}  // namespace bitsweep
