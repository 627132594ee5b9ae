// Which sessions a command means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// Sessions in the order in which they began, in SQL over `sessions`: `bitsweep merge` adds old sessions,
/// whose ids are then higher than those of later ones.
inline constexpr const char* session_order = "sessions.started, sessions.id";

/// How a session is named, for the text of options.
inline constexpr const char* session_selectors =
    "latest (of each experiment), all, a number, NAME (the latest of an experiment), NAME~N (the N-th before "
    "it), or A..B";

/// "latest": the latest of each experiment, but for what confirms another session; "latest~2": the second
/// before it; "all"; "17"; "nightly": the latest session of this experiment; "nightly~3": the third before
/// it; "A..B": from one session to another, of one experiment if an end is named by it. An experiment may
/// have the name of none of these. In session_order. Throws Error with what is known if there is none such.
std::vector<int64_t> selected_sessions(SQLite::Database& sqlite, const std::string& selector);

}  // namespace bitsweep
