// What each page of the site shows, and the pages as texts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "results/night.h"
#include "results/site/memory.h"
#include "results/statements.h"

namespace bitsweep {

/// A page: the frame of all pages around page/NAME.html and page/NAME.js, with the data in it, which cannot
/// end its element, whatever it holds.
std::string page_text(const std::string& name, const nlohmann::json& data);

/// The page of a model: letters, digits and a hash, whatever the model is called.
std::string model_page(const std::string& model);

/// What every page knows: the names of the fields, those that tell runs apart, and the models.
nlohmann::json frame_data(const SiteMemory& memory);

/// What ran, what the nights say, and the newest result of each series in short.
nlohmann::json overview_data(Statements& statements, const SiteMemory& memory);

/// All that the nights found, and the regressions told before.
nlohmann::json regressions_data(const SiteMemory& memory);

/// What the pages show of a night.
nlohmann::json night_data(const SiteMemory& memory, const Night& night);

/// Model → its series.
std::map<std::string, nlohmann::json> models_data(const SiteMemory& memory);

/// When each machine and software was first and last seen.
nlohmann::json machines_data(Statements& statements, const SiteMemory& memory);

/// JavaScript that tells all pages the sessions, machines and software by their ids.
std::string circumstances_script(Statements& statements);

}  // namespace bitsweep
