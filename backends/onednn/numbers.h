// Which number format each activation is stored in.
#pragma once

#include <string>
#include <vector>

#include "backends/onednn/adapter.h"
#include "harness/backend.h"

namespace bitsweep::onednn {

/// fp32 and bf16: that type. int8, scale chosen so that the range just fits: u8 where nothing is negative
/// (after ReLU), else s8, symmetric; pooling and reshaping keep their source's format. The network's output
/// is fp32 where the last layer can write it.
std::vector<NumberFormat> choose_formats(const Network& network, const SessionRequest& request);

/// Functions of which int8 kernels know nothing: int8 runs them on real numbers.
bool computes_in_fp32(const Operation& operation);

/// "f32", "bf16", "s8", ...
std::string to_text(memory::data_type type);

/// Bytes of one element.
size_t size_of(memory::data_type type);

}  // namespace bitsweep::onednn
