// Text inside XML.
#pragma once

#include <string>

namespace bitsweep {

/// For text and attributes of XML. Characters that XML 1.0 cannot have become a question mark, bytes that are
/// no UTF-8 U+FFFD.
std::string xml_text(const std::string& words);

}  // namespace bitsweep
