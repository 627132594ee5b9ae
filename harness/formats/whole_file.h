// Files that appear whole or not at all.
#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace bitsweep {

/// Whatever happens, the path holds the old file or the whole new one: `write` writes beside it, and renaming
/// replaces it in one step. Throws Error if it cannot be written.
void write_whole_file(const std::string& path, const std::function<void(std::ostream&)>& write);

/// Throws the same Error where write_whole_file() could not begin, so that hours of work do not end in it.
/// Leaves nothing behind.
void check_writable(const std::string& path);

}  // namespace bitsweep
