// What ran, in words: the instructions, types and layouts of a primitive.
#pragma once

#include <string>
#include <string_view>

#include "backends/onednn/adapter.h"

namespace bitsweep::onednn {

/// The instruction set in the name of an implementation: "avx512_core_vnni" of "brgconv:avx512_core_vnni";
/// empty where the name tells none, as "jit:uni", "gemm:jit" and "ref:any".
std::string isa_of(std::string_view implementation);

/// The order of dimensions, outermost first, in oneDNN's letters: a is the batch, b the channels (of weights:
/// outputs, inputs), and so on. A capital is a dimension cut into blocks, and the blocks follow with their
/// sizes: "acdb" is NHWC, "aBcd8b" NCHW in blocks of 8 channels. "opaque" where the engine alone knows the
/// layout, empty for no tensor.
/// Source: oneDNN's memory format tags (dnnl_format_tag_t), as its verbose mode writes them.
std::string layout_text(const memory::desc& layout);

/// "u8:s8:u8": source, weights, destination; "f32::f32" where there are no weights. Of several sources, the
/// first.
std::string data_types(const Operator& executed);
/// Likewise, "acdb:ABcd8b8a:acdb".
std::string layouts(const Operator& executed);

}  // namespace bitsweep::onednn
