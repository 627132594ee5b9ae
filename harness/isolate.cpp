#include "harness/isolate.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <iostream>
#include <iterator>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/error.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int channel_in_child = 3;
constexpr size_t last_words_bytes = 2000;  // of the child's standard error, kept for the reason

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

struct Pipe {
  Descriptor read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// A running child and the three pipes to it.
struct Child {
  pid_t pid = -1;
  Descriptor order, channel, words;
};

/// The environment of a measured process: threads stay where they are put, each on its own core, and wait
/// there; how many there are says the run alone.
std::vector<std::string> child_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  for (const char* setting :
       {"OMP_PROC_BIND=close", "OMP_PLACES=cores", "OMP_DYNAMIC=false", "OMP_WAIT_POLICY=active"}) {
    const std::string name = std::string(setting).substr(0, std::strchr(setting, '=') - setting + 1);
    std::erase_if(variables, [&](const std::string& variable) { return variable.starts_with(name); });
    variables.emplace_back(setting);
  }
  std::erase_if(variables, [](const std::string& variable) {
    return variable.starts_with("OMP_THREAD_LIMIT=") || variable.starts_with("OMP_NUM_THREADS=");
  });
  return variables;
}

Child start_child(const std::string& program) {
  Pipe order = make_pipe();
  Pipe channel = make_pipe();
  Pipe words = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, order.read_end.number(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words.write_end.number(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words.write_end.number(), STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, channel.write_end.number(), channel_in_child);
  std::string name = "bitsweep", verb = "execute", option = "--channel",
              number = std::to_string(channel_in_child);
  char* arguments[] = {name.data(), verb.data(), option.data(), number.data(), nullptr};
  std::vector<std::string> variables = child_environment();
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  Child child;
  const int error =
      posix_spawn(&child.pid, program.c_str(), &actions, nullptr, arguments, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw Error(fmt::format("cannot start a child process from {}: {}", program, std::strerror(error)));
  child.order = std::move(order.write_end);
  child.channel = std::move(channel.read_end);
  child.words = std::move(words.read_end);
  return child;
}

/// Writes all of a text; a child that died early is noticed by its exit, not here.
void write_all(int descriptor, const std::string& text) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(descriptor, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    written += static_cast<size_t>(count);
  }
}

/// Reads what is there into `text`; closes the descriptor at its end.
void read_some(Descriptor& descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = read(descriptor.number(), buffer.data(), buffer.size());
  if (count > 0)
    text.append(buffer.data(), static_cast<size_t>(count));
  else if (count == 0 || errno != EINTR)
    descriptor.close();
}

/// Bytes that are no UTF-8 (a multibyte character cut in two, say) become U+FFFD: results travel as JSON.
std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

/// How a child ended, in words.
std::string describe_end(int status) {
  if (WIFEXITED(status)) return fmt::format("the process exited with code {}", WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return fmt::format("the process was killed by signal {} ({}){}", signal, strsignal(signal),
                     signal == SIGKILL ? ", perhaps by the kernel for lack of memory" : "");
}

/// What became of one child.
struct Served {
  size_t active = 0;  ///< position in the group of the run that was active last
  bool timed_out = false;
  std::string end;  ///< how it ended, with its last words; empty if it ended well
};

/// Follows one child: who is active, who is finished, how long each was active, and what it said last.
class Attendance {
 public:
  Attendance(Child child, double timeout_s, size_t runs, std::function<void(size_t, const Result&)> finished)
      : child_(std::move(child)),
        timeout_s_(timeout_s),
        active_seconds_(runs, 0.0),
        finished_(std::move(finished)) {}

  Served attend() {
    Clock::time_point since = Clock::now();
    while (child_.channel.open() || child_.words.open()) {
      wait_for_news();
      const Clock::time_point now = Clock::now();
      active_seconds_[served_.active] += std::chrono::duration<double>(now - since).count();
      since = now;
      read_messages();
      if (!served_.timed_out && active_seconds_[served_.active] > timeout_s_) {
        served_.timed_out = true;
        kill(child_.pid, SIGKILL);
      }
    }
    int status = 0;
    while (waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) served_.end = describe_end(status) + last_words();
    return served_;
  }

 private:
  void wait_for_news() {
    std::array<pollfd, 2> waiting{pollfd{child_.channel.number(), POLLIN, 0},
                                  pollfd{child_.words.number(), POLLIN, 0}};
    if (poll(waiting.data(), waiting.size(), 100) <= 0) return;
    if (waiting[1].revents != 0) {
      read_some(child_.words, words_);
      if (words_.size() > 2 * last_words_bytes) words_.erase(0, words_.size() - last_words_bytes);
    }
    if (waiting[0].revents != 0) read_some(child_.channel, messages_);
  }

  void read_messages() {
    for (size_t end; (end = messages_.find('\n')) != std::string::npos; messages_.erase(0, end + 1)) {
      const nlohmann::json message = nlohmann::json::parse(messages_.substr(0, end));
      if (message.contains("active"))
        served_.active = message["active"];
      else
        finished_(message["finished"], message["result"].get<Result>());
    }
  }

  std::string last_words() const {
    const size_t from = words_.size() > last_words_bytes ? words_.size() - last_words_bytes : 0;
    const std::string words = valid_utf8(words_.substr(from));
    const size_t begin = words.find_first_not_of(" \n\r\t");
    return begin == std::string::npos ? "" : "; its last words: " + words.substr(begin);
  }

  Child child_;
  double timeout_s_;
  std::vector<double> active_seconds_;
  std::function<void(size_t, const Result&)> finished_;
  std::string messages_, words_;
  Served served_;
};

/// A result of a run whose process could not give one.
Result result_without_child(const Run& run, const Machine& machine, Outcome outcome, std::string reason) {
  Result result;
  result.run = run;
  result.outcome = outcome;
  result.reason = std::move(reason);
  result.machine = machine;
  result.software = this_software();
  result.started = utc_now();
  return result;
}

Result with_attempts(Result result, int64_t failures) {
  if (failures > 0)
    result.notes.push_back(fmt::format("attempt {}: the process of the one before died", failures + 1));
  return result;
}

/// Runs still to be done together in one child: positions in the order.
using Group = std::vector<size_t>;

/// Serves one group in one child and returns the groups that remain to be served.
std::vector<Group> serve_group(const Order& order, const Machine& machine, const Group& group,
                               std::vector<int64_t>& failures, const Deliver& deliver,
                               const std::string& program) {
  Order part{{}, order.measure, order.limits};
  for (const size_t run : group) part.runs.push_back(order.runs[run]);
  std::vector<bool> done(group.size(), false);

  Child child = start_child(program);
  write_all(child.order.number(), nlohmann::json(part).dump());
  child.order.close();
  const Served served = Attendance(std::move(child), order.limits.timeout_s, group.size(),
                                   [&](size_t position, const Result& result) {
                                     done[position] = true;
                                     deliver(with_attempts(result, failures[group[position]]));
                                   })
                            .attend();

  std::vector<Group> remaining;
  const auto first_undone = std::find(done.begin(), done.end(), false);
  if (first_undone == done.end()) return remaining;
  // A child that leaves work undone failed in its active run; if that one was finished, in the next.
  const size_t culprit =
      done[served.active] ? static_cast<size_t>(first_undone - done.begin()) : served.active;
  const size_t run = group[culprit];
  const std::string end = served.end.empty() ? "the process ended without a result" : served.end;
  if (served.timed_out)
    deliver(result_without_child(
        order.runs[run], machine, Outcome::timeout,
        fmt::format("not finished after {:g} s, the timeout of the experiment", order.limits.timeout_s)));
  else if (++failures[run] > order.limits.retries)
    deliver(result_without_child(order.runs[run], machine, Outcome::failed, end));
  else
    remaining.push_back({run});
  Group others;
  for (size_t i = 0; i < group.size(); ++i)
    if (!done[i] && i != culprit) others.push_back(group[i]);
  if (!others.empty()) remaining.push_back(others);
  return remaining;
}

void limit_memory(int64_t bytes) {
  if (bytes <= 0) return;
  const rlimit limit{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  if (setrlimit(RLIMIT_DATA, &limit) != 0)
    throw Error(fmt::format("cannot limit memory to {} bytes: {}", bytes, std::strerror(errno)));
}

}  // namespace

void execute_isolated(const Order& order, const Machine& machine, const Deliver& deliver,
                      const std::string& program) {
  std::signal(SIGPIPE, SIG_IGN);  // a child that dies before it has read its order
  std::vector<int64_t> failures(order.runs.size(), 0);
  Group all(order.runs.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  std::deque<Group> groups{all};
  while (!groups.empty()) {
    const Group group = groups.front();
    groups.pop_front();
    for (Group& remaining : serve_group(order, machine, group, failures, deliver, program))
      groups.push_back(std::move(remaining));
  }
}

void serve_parent(int channel, const Execute& execute) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_DFL);  // the parent ignores it, and that is inherited
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Order order = nlohmann::json::parse(text).get<Order>();
  limit_memory(order.limits.memory_bytes);
  // Only changes of the active run are news; slices of one run would fill the pipe.
  const auto tell = [channel](const nlohmann::json& message) {
    write_all(channel, message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  };
  size_t told = order.runs.size();
  execute(
      order,
      [&](size_t run) {
        if (std::exchange(told, run) != run) tell({{"active", run}});
      },
      [&](size_t run, const Result& result) {
        tell({{"finished", run}, {"result", result}});
      });
}

}  // namespace bitsweep
