// The measured code runs in a child process: a crash, a hang or a lack of memory there is a result here.
#pragma once

#include <functional>
#include <string>

#include "harness/order.h"
#include "harness/result.h"

namespace bitsweep {

using Deliver = std::function<void(const Result&)>;

/// Carries out an order in child processes of this program (verb `execute`) and delivers exactly one result a
/// run, each as soon as it is known.
///   - A run that is active for longer than limits.timeout_s is killed and ends `timeout`.
///   - A run whose child dies is tried limits.retries times more, alone; then it ends `failed`, with the
///   signal and the child's last words.
///   - The other runs of the block go on in a new child, measured against each other again.
/// Throws Error only if no child process can be started at all. `program` is started with `execute --channel
/// N`.
void execute_isolated(const Order& order, const Machine& machine, const Deliver& deliver,
                      const std::string& program = "/proc/self/exe");

/// The child's side: reads one order from standard input, carries it out and writes what happens to
/// descriptor `channel`. Dies with its parent.
using Execute = std::function<void(const Order& order, const std::function<void(size_t run)>& active,
                                   const std::function<void(size_t run, const Result&)>& finished)>;
void serve_parent(int channel, const Execute& execute);

}  // namespace bitsweep
