#include "backends/cuda/choice.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "backends/cuda/capture.h"
#include "backends/cuda/convolution.h"
#include "backends/cuda/device.h"
#include "backends/cuda/matmul.h"
#include "backends/cuda/measuring_kernels.h"
#include "backends/cuda/memory.h"
#include "backends/cuda/stream.h"
#include "harness/error.h"
#include "harness/gpus.h"
#include "harness/places.h"
#include "harness/statistics.h"

namespace bitsweep::cuda {
namespace {

/// Raised when candidates are named or timed in another way.
constexpr int file_format = 1;

/// What a choice depends on beside the question.
std::string surroundings() {
  const std::vector<Gpu> gpus = inspect_gpus().found;
  return fmt::format("{}, driver {}, cuDNN {}, cuBLASLt {}, format {}", device().name,
                     gpus.empty() ? "unknown" : gpus.front().driver, cudnn_version(), cublas_version(),
                     file_format);
}

/// The choices on disk: {"for": surroundings, "choices": {question: {"chosen": name, "ns": {name: median}}}}.
class Notebook {
 public:
  Notebook()
      : for_(surroundings()),
        path_(cache() / "cuda" / fmt::format("plans-{:016x}.json", std::hash<std::string>()(for_))) {
    std::ifstream file(path_);
    const nlohmann::json read = nlohmann::json::parse(file, nullptr, false);
    if (read.is_object() && read.value("for", "") == for_ && read.contains("choices")) {
      choices_ = read["choices"];
      seconds_ = read.value("seconds", seconds_);
    }
  }

  /// Empty: not chosen yet.
  std::string chosen(const std::string& question) const {
    const auto found = choices_.find(question);
    return found != choices_.end() && found->is_object() ? found->value("chosen", "") : "";
  }

  void note(const std::string& question, const std::string& name, nlohmann::json times_ns) {
    choices_[question] = {{"chosen", name}, {"ns", std::move(times_ns)}};
  }

  /// What choosing has cost so far, for people.
  void add_seconds(const char* of, double seconds) { seconds_[of] = seconds_.value(of, 0.0) + seconds; }

  /// By rename. One that cannot be written is no error: the next process chooses again.
  void write() const {
    std::error_code unwritable;
    std::filesystem::create_directories(path_.parent_path(), unwritable);
    const std::filesystem::path draft = fmt::format("{}.{}", path_.string(), getpid());
    std::ofstream file(draft);
    file << nlohmann::json{{"for", for_}, {"seconds", seconds_}, {"choices", choices_}}.dump(1) << "\n";
    file.close();
    if (file) std::filesystem::rename(draft, path_, unwritable);
    if (!file || unwritable) std::filesystem::remove(draft, unwritable);
  }

 private:
  std::string for_;
  std::filesystem::path path_;
  nlohmann::json choices_ = nlohmann::json::object();
  nlohmann::json seconds_ = nlohmann::json::object();
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Calls work(i) for all i below `count`, on all cores: building a plan may compile a kernel.
void on_all_cores(size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::exception_ptr error;
  std::mutex noting;
  const auto take_part = [&] {
    for (size_t i = next++; i < count; i = next++) try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(noting);
        error = std::current_exception();
      }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min<size_t>(count, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(take_part);
  take_part();
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

/// Random operands of a question.
class Scratch {
 public:
  Scratch(const Question& question, size_t workspace_bytes, const Stream& stream)
      : source_(filled(question.bytes.source, question.type, stream)),
        weights_(filled(question.bytes.weights, question.type, stream)),
        bias_(filled(question.bytes.bias, question.type, stream)),
        shortcut_(filled(question.bytes.shortcut, question.type, stream)),
        output_(question.bytes.output),
        workspace_(workspace_bytes),
        has_shortcut_(question.bytes.shortcut > 0) {}

  Operands operands() const {
    return {source_.data(), weights_.data(),  bias_.data(), has_shortcut_ ? shortcut_.data() : nullptr,
            output_.data(), workspace_.data()};
  }

 private:
  static DeviceMemory filled(size_t bytes, cudaDataType_t type, const Stream& stream) {
    DeviceMemory memory(bytes);
    const size_t of_each = type == CUDA_R_32F ? 4 : type == CUDA_R_8I || type == CUDA_R_8F_E4M3 ? 1 : 2;
    if (bytes > 0) fill_random(memory.data(), type, static_cast<int64_t>(bytes / of_each), 7, stream.get());
    return memory;
  }

  DeviceMemory source_, weights_, bias_, shortcut_, output_, workspace_;
  bool has_shortcut_;
};

/// A candidate on the bench.
struct Contender {
  const Candidate* candidate = nullptr;
  std::unique_ptr<CapturedWork> work;
  std::vector<int64_t> times_ns;
};

constexpr int launches_a_graph = 8;
constexpr int rounds = 9;
constexpr double hopeless = 2;  ///< times the fastest, in the first round

/// Those that run, captured.
std::vector<Contender> contenders(const std::vector<Candidate>& candidates, const Operands& operands,
                                  const Stream& stream) {
  std::vector<Contender> able;
  for (const Candidate& candidate : candidates) try {
      candidate.run(operands, stream.get());
      stream.wait();
      able.push_back({&candidate,
                      std::make_unique<CapturedWork>(stream,
                                                     [&](cudaStream_t into) {
                                                       for (int i = 0; i < launches_a_graph; ++i)
                                                         candidate.run(operands, into);
                                                     }),
                      {}});
    } catch (const Error&) {
      continue;  // one that refuses its operands, or cannot be captured, is no candidate
    }
  return able;
}

/// All in turn, so that a clock that rises or falls meets all alike.
void time_in_turn(std::vector<Contender>& able, const Stream& stream) {
  const Event begin, end;
  for (int round = 0; round < rounds; ++round) {
    int64_t best = std::numeric_limits<int64_t>::max();
    for (Contender& each : able) {
      begin.record(stream);
      each.work->launch(stream);
      end.record(stream);
      stream.wait();
      each.times_ns.push_back(std::llround(nanoseconds_between(begin, end) / launches_a_graph));
      best = std::min(best, each.times_ns.back());
    }
    if (round == 0)
      for (Contender& each : able) each.times_ns.clear();  // the first one warms up
    if (round == 1)
      std::erase_if(able, [&](auto& each) {
        return static_cast<double>(each.times_ns[0]) > hopeless * static_cast<double>(best);
      });
  }
}

Candidate tune(const Question& question, const std::vector<Candidate>& candidates, Notebook& notebook,
               const Stream& stream) {
  size_t workspace_bytes = 0;
  for (const Candidate& candidate : candidates)
    workspace_bytes = std::max(workspace_bytes, candidate.workspace_bytes);
  const Scratch scratch(question, workspace_bytes, stream);
  std::vector<Contender> able = contenders(candidates, scratch.operands(), stream);
  if (able.empty())
    throw Error(fmt::format("cuda: {}: none of {} plans runs", question.text, candidates.size()));
  time_in_turn(able, stream);
  const auto time_of = [](const Contender& each) { return median(each.times_ns); };
  const auto best = std::min_element(able.begin(), able.end(),
                                     [&](auto& one, auto& other) { return time_of(one) < time_of(other); });
  nlohmann::json times_ns = nlohmann::json::object();
  for (const Contender& each : able) times_ns[each.candidate->name] = time_of(each);
  notebook.note(question.text, best->candidate->name, std::move(times_ns));
  return *best->candidate;
}

}  // namespace

const std::map<std::string, Candidate>& choose(const std::vector<Question>& questions) {
  static std::map<std::string, Candidate> chosen;
  static Notebook notebook;
  std::vector<const Question*> open;
  std::set<std::string> asked;
  for (const Question& question : questions)
    if (chosen.count(question.text) == 0 && asked.insert(question.text).second) open.push_back(&question);
  std::vector<std::vector<Candidate>> candidates(open.size());
  const auto begin = std::chrono::steady_clock::now();
  on_all_cores(open.size(), [&](size_t i) {
    if (const std::string name = notebook.chosen(open[i]->text); !name.empty())
      candidates[i] = open[i]->candidates(name);
    if (candidates[i].empty()) candidates[i] = open[i]->candidates("");  // a plan that is gone is chosen anew
  });
  notebook.add_seconds("built", seconds_since(begin));
  const auto built = std::chrono::steady_clock::now();
  const Stream stream;
  bool noted = false;
  for (size_t i = 0; i < open.size(); ++i) {
    const bool known = candidates[i].size() == 1 && candidates[i][0].name == notebook.chosen(open[i]->text);
    chosen.emplace(open[i]->text, known ? candidates[i][0] : tune(*open[i], candidates[i], notebook, stream));
    noted |= !known;
  }
  notebook.add_seconds("timed", seconds_since(built));
  if (noted && !candidates_are_limited()) notebook.write();
  return chosen;
}

}  // namespace bitsweep::cuda
