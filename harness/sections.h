// The sections of an experiment: from the YAML tree to checked values.
#pragma once

#include "harness/document.h"
#include "harness/experiment.h"

namespace bitsweep {

/// Fills `experiment` from the tree of its file; what is wrong goes to `mistakes`.
void read_sections(const Item& root, const Vocabulary& vocabulary, Experiment& experiment,
                   Mistakes& mistakes);

}  // namespace bitsweep
