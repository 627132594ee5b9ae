#pragma once

namespace bitsweep {

/// What a command means to do with the database.
enum class Access { read_only, read_write };

}  // namespace bitsweep
