// Where the tests find what lies outside them. In a file of its own, so that only this one is compiled with
// paths in it and compiler caches serve every checkout.
#pragma once

#include <string>

namespace bitsweep {

std::string source_dir();    ///< the checkout
std::string program();       ///< bitsweep
std::string faulty_child();  ///< this one and the next: see programs/
std::string planted_nvml();

}  // namespace bitsweep
