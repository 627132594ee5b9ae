#include "harness/cli/progress.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/explanation.h"

namespace bitsweep {
namespace {

std::string readable_time(double ns) {
  if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.3g} us", ns * 1e-3);
  if (ns < 1e9) return fmt::format("{:.4g} ms", ns * 1e-6);
  return fmt::format("{:.4g} s", ns * 1e-9);
}

/// What a reader wants at a glance: speed and accuracy, or the reason why there is none.
std::string gist(const Result& result) {
  if (result.outcome != Outcome::ok) return result.reason.substr(0, result.reason.find('\n'));
  std::string text;
  if (const Metric* latency = find_metric(result, "latency_p50"))
    text = readable_time(latency->value);
  else if (const Metric* throughput = find_metric(result, "throughput"))
    text = fmt::format("{:.4g} images/s", throughput->value);
  const Metric *speedup = find_metric(result, "speedup"), *low = find_metric(result, "speedup_low"),
               *high = find_metric(result, "speedup_high");
  if (speedup && low && high && low->value < high->value)  // not its own baseline
    text += ", " + to_text(Ratio{speedup->value, {low->value, high->value}});
  if (const Metric* top1 = find_metric(result, "top1"))
    text += fmt::format(", top-1 {:.2f} %", top1->value);
  else if (const Metric* sqnr = find_metric(result, "sqnr"))
    text += fmt::format(", {:.1f} dB", sqnr->value);
  if (result.evidence.count("disturbed") > 0) text += ", disturbed";
  return text;
}

const char* colour(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "\033[32m";
    case Outcome::unsupported:
      return "\033[33m";
    default:
      return "\033[31m";
  }
}

int terminal_width(std::FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string readable_duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

Progress::Progress(std::FILE* stream, size_t total, size_t done)
    : stream_(stream),
      terminal_(isatty(fileno(stream)) != 0),
      total_(total),
      done_(done),
      done_before_(done),
      begin_(std::chrono::steady_clock::now()) {}

void Progress::started(const std::string& worker, const Order& order) {
  const std::string others = order.runs.size() > 1 ? fmt::format(" and {} more", order.runs.size() - 1) : "";
  doing_[worker] = canonical_text(order.runs.front()) + others;
  show_status();
}

void Progress::finished(const std::string& worker, const Result& result) {
  ++done_;
  clear_status();
  const std::string outcome = fmt::format("{:<11}", to_text(result.outcome));
  fmt::print(stream_, "[{:>{}}/{}] {} {}  {} ({})\n", done_, std::to_string(total_).size(), total_,
             terminal_ ? colour(result.outcome) + outcome + "\033[0m" : outcome, canonical_text(result.run),
             gist(result), worker);
  std::fflush(stream_);
  show_status();
}

void Progress::end() {
  clear_status();
}

void Progress::show_status() {
  if (!terminal_) return;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  const size_t done_now = done_ - done_before_;
  std::string line = fmt::format("{}/{} done", done_, total_);
  if (done_now > 0)
    line += ", about " +
            readable_duration(elapsed / static_cast<double>(done_now) * static_cast<double>(total_ - done_)) +
            " to go";
  for (const auto& [worker, what] : doing_) line += fmt::format(" | {}: {}", worker, what);
  fmt::print(stream_, "\r\033[K{}", line.substr(0, static_cast<size_t>(terminal_width(stream_) - 1)));
  std::fflush(stream_);
}

void Progress::clear_status() {
  if (terminal_) fmt::print(stream_, "\r\033[K");
}

}  // namespace bitsweep
