#include "harness/timed_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "harness/accuracy.h"
#include "harness/statistics.h"

namespace bitsweep {
namespace {

/// So many that a round takes about this long, and that the stream which ends last does not decide it alone.
int64_t inferences_a_round(double inference_s) {
  constexpr double round_s = 0.02;
  return std::clamp<int64_t>(static_cast<int64_t>(round_s / std::max(inference_s, 1e-9)), 8, 1000);
}

}  // namespace

TimedRun::TimedRun(Prepared& prepared, const InputPool& inputs, CacheEvictor& evictor)
    : prepared_(prepared), inputs_(inputs), evictor_(evictor) {
  const Run& run = prepared.result.run;
  for (const auto& session : prepared.sessions) {
    // Each session begins elsewhere, so that streams do not read the same images at the same time.
    const auto start = static_cast<int64_t>(feeds_.size() * inputs.size() / prepared.sessions.size());
    feeds_.push_back({*session, std::vector<float>(run.batch * prepared.classes), start});
  }
  if (run.streams == 1) return;
  infer(feeds_[0]);
  const auto begin = std::chrono::steady_clock::now();
  infer(feeds_[0]);
  const double inference_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::vector<std::function<void()>> steps;
  for (Feed& feed : feeds_) steps.push_back([this, &feed] { infer(feed); });
  streams_ = std::make_unique<Streams>(std::move(steps), prepared.threads, inferences_a_round(inference_s));
}

void TimedRun::infer(Feed& feed) {
  feed.session.infer(inputs_[feed.next], feed.output);
  feed.last = feed.next;
  feed.next = (feed.next + 1) % inputs_.size();
}

void TimedRun::add_parts(PartTimes& times) const {
  for (const Part& part : feeds_[place_].session.parts()) times[part.name].push_back(std::llround(part.ns));
}

std::span<const float> TimedRun::scored(const Feed& feed) const {
  const auto outputs = static_cast<int64_t>(feed.output.size());
  return std::span(prepared_.scored)
      .subspan(static_cast<size_t>(feed.last % inputs_.distinct() * outputs), feed.output.size());
}

bool TimedRun::is_wrong(const Feed& feed) const {
  return feed.last >= 0 && values_hash(feed.output) != values_hash(scored(feed));
}

void TimedRun::go_on() {
  if (streams_) {
    wrong_slices_ +=
        std::any_of(feeds_.begin(), feeds_.end(), [this](const Feed& feed) { return is_wrong(feed); });
    return;
  }
  wrong_slices_ += is_wrong(feeds_[place_]);
  place_ = (place_ + 1) % feeds_.size();
}

Candidate TimedRun::candidate() {
  Candidate candidate{run_id(prepared_.result.run),
                      [this] { streams_ ? streams_->round() : infer(feeds_[place_]); }};
  if (prepared_.result.run.caches == Caches::cold)
    candidate.before_step = [this] { evicted_bytes_ += evictor_.evict(prepared_.threads); };
  candidate.before_slice = [this] { go_on(); };
  candidate.places = places();
  if (!streams_ && !prepared_.sessions.front()->parts().empty())
    candidate.add_parts = [this](PartTimes& times) { add_parts(times); };
  return candidate;
}

double TimedRun::same_images_again(double budget_s) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t least = 3, most = 200;
  Feed& feed = feeds_.front();
  std::vector<int64_t> new_ns, again_ns;
  const auto stop = Clock::now() + std::chrono::duration<double>(budget_s);
  while (new_ns.size() < least || (new_ns.size() < most && Clock::now() < stop)) {
    const auto begin = Clock::now();
    infer(feed);
    const auto middle = Clock::now();
    feed.session.infer(inputs_[feed.last], feed.output);
    const auto end = Clock::now();
    new_ns.push_back(std::chrono::nanoseconds(middle - begin).count());
    again_ns.push_back(std::chrono::nanoseconds(end - middle).count());
  }
  return median(new_ns) / median(again_ns);
}

int64_t TimedRun::inferences_a_sample() const {
  return streams_ ? streams_->inferences_a_round() : 1;
}

std::string TimedRun::timed_outputs_hash() const {
  std::vector<float> outputs;
  for (const Feed& feed : feeds_)
    if (feed.last >= 0) outputs.insert(outputs.end(), feed.output.begin(), feed.output.end());
  return values_hash(outputs);
}

std::string TimedRun::scored_outputs_hash() const {
  std::vector<float> outputs;
  for (const Feed& feed : feeds_) {
    if (feed.last < 0) continue;
    const std::span<const float> of_feed = scored(feed);
    outputs.insert(outputs.end(), of_feed.begin(), of_feed.end());
  }
  return values_hash(outputs);
}

}  // namespace bitsweep
