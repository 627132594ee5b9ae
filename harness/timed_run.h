// A prepared run as something to be timed: fed with rotating inputs, in one stream or several, at places in
// memory that change from slice to slice, with warm or cold caches.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/caches.h"
#include "harness/input_pool.h"
#include "harness/measure.h"
#include "harness/prepare.h"
#include "harness/streams.h"

namespace bitsweep {

class TimedRun {
 public:
  /// All must outlive it. `evictor` empties the caches of runs with cold caches.
  TimedRun(Prepared& prepared, const InputPool& inputs, CacheEvictor& evictor);
  TimedRun(const TimedRun&) = delete;
  TimedRun& operator=(const TimedRun&) = delete;

  /// Refers to this.
  Candidate candidate();

  /// Places in memory that slices go through in turn; 1 for several streams.
  size_t places() const { return streams_ ? 1 : feeds_.size(); }

  /// Written to empty the caches before its inferences.
  int64_t evicted_bytes() const { return evicted_bytes_; }

  /// Inferences of one batch behind a sample: 1, or those of a round of all streams.
  int64_t inferences_a_sample() const;

  /// Hashes of the outputs of the last inference of each session, and of what was scored for the same images.
  /// They are equal where the engine that was timed is the one that was scored.
  std::string timed_outputs_hash() const;
  std::string scored_outputs_hash() const;

  /// How many times as fast an inference is if it gets the same images again: what their way from memory
  /// costs, or what the engine keeps of former answers. Medians of pairs, for about `budget_s`, at least
  /// three. For one stream. Source: MLPerf inference, compliance TEST04.
  double same_images_again(double budget_s);

  /// Slices after whose last inference the output of a session was not, to the bit, the scored one.
  int64_t wrong_slices() const { return wrong_slices_; }

 private:
  /// A session that is fed batch by batch, round and round.
  struct Feed {
    Session& session;
    std::vector<float> output;
    int64_t next = 0;
    int64_t last = -1;  ///< what was inferred last; -1: nothing yet
  };
  void infer(Feed& feed);
  /// By Part::name, of the last inference of one stream.
  void add_parts(PartTimes& times) const;
  std::span<const float> scored(const Feed& feed) const;
  bool is_wrong(const Feed& feed) const;
  /// Looks at what the slice that ended gave; of one stream goes to the next place.
  void go_on();

  Prepared& prepared_;
  const InputPool& inputs_;
  CacheEvictor& evictor_;
  std::vector<Feed> feeds_;  ///< one a session
  int64_t wrong_slices_ = 0;
  int64_t evicted_bytes_ = 0;
  size_t place_ = 0;                  ///< of one stream: which of them is timed
  std::unique_ptr<Streams> streams_;  ///< null for one stream
};

}  // namespace bitsweep
