// Is what calls itself fp32 really computed in fp32? Layers are held against double precision.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "harness/backend.h"
#include "harness/network.h"

namespace bitsweep {

/// What the verified layer said.
struct Strictness {
  std::string layer;          ///< which one; empty: there was none to verify, see check_strictness()
  double relative_error = 0;  ///< root mean square of engine - fp64, over that of fp64
  double limit = 0;           ///< largest relative error that is believed to be fp32
  bool passed = true;
};

/// Computes some 250 outputs of one convolution and of one linear layer of an fp32 session in double
/// precision, from what Session::trace shows of their inputs, and compares; gives the one that comes off
/// worse. Weights, bias, shortcut and activation are the network's.
///   input  one batch, [batch, input shape]
///
/// The limit comes from the same outputs, computed in two more ways: with plain fp32 sums, bias and
/// shortcut first, and with fp64 sums of factors rounded to the 11 bits of TF32 and FP16 (BF16 has 8, and
/// errs eight times more). It is the geometric mean of the two errors, so that an engine may be as much worse
/// than plain sums as TF32 is worse than the limit. Sums of n products of random sign err by about 2e-8
/// sqrt(n) in plain fp32, less where they are added in blocks or vectors, and by 3e-4 with TF32 factors,
/// whatever n: for n = 4608 the limit is near 2e-5, a factor of 10 from both.
///
/// Of convolutions and of linear layers, the one with the longest sums is taken whose outputs tell fp32 from
/// TF32 by a factor of 16 or more. None does, and `layer` is empty, where there are no sums, where all
/// weights and inputs happen to be numbers of 11 bits, or where no output depends on them (dead or saturated
/// activations): such a network passes, for it has nothing to lose.
/// Throws std::invalid_argument if the session shows outputs of another batch.
Strictness check_strictness(Session& session, const Network& network, std::span<const float> input,
                            int64_t batch);

}  // namespace bitsweep
