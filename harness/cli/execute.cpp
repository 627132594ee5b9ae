#include "harness/execute.h"

#include <memory>

#include "backends/backends.h"
#include "harness/cli/verbs.h"
#include "harness/isolate.h"

namespace bitsweep {

Action define_execute(CLI::App& verb) {
  verb.group("");  // not for people: left out of the help
  const auto channel = std::make_shared<int>(1);
  verb.add_option("--channel", *channel, "Descriptor to write results to");
  return [channel] {
    serve_parent(*channel, [](const Order& order, const auto& active, const auto& finished) {
      execute(order, backends(), active, finished);
    });
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
