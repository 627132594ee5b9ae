#include "harness/cluster.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>
#include <nlohmann/json.hpp>

#include "harness/machine.h"
#include "harness/placement.h"

namespace bitsweep {
namespace {

enum Tag : int {
  ask = 1,       // worker → 0: the worker's host; it has nothing to do
  order = 2,     // 0 → worker: an order
  finished = 3,  // worker → 0: a result
  dismiss = 4,   // 0 → worker: there is no more
};

/// mpirun and srun tell their children so; MPI_Init without them would start a daemon.
bool launched_by_mpi() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"})
    if (std::getenv(variable) != nullptr) return true;
  return false;
}

struct Message {
  int source = 0;
  int tag = 0;
  std::string text;
};

void send(int to, Tag tag, const std::string& text) {
  MPI_Send(text.data(), static_cast<int>(text.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD);
}

/// Waits for a message asleep: MPI's own waiting would keep a core busy that somebody else on this node
/// measures on.
Message receive() {
  std::chrono::microseconds pause(50);
  int there = 0;
  MPI_Status status{};
  while (true) {
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    if (there != 0) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(5000));
  }
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  Message message{status.MPI_SOURCE, status.MPI_TAG, std::string(static_cast<size_t>(size), '\0')};
  MPI_Recv(message.text.data(), size, MPI_BYTE, message.source, message.tag, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
  return message;
}

/// Cores in any of the sets.
size_t union_size(const std::vector<CoreSet>& sets) {
  std::set<int> cores;
  for (const CoreSet& set : sets) cores.insert(set.begin(), set.end());
  return cores.size();
}

/// Gives each worker of this node its own cores. Collective over all ranks: the dispatcher takes part, but
/// needs no core.
void take_share_of_cores(bool worker) {
  MPI_Comm workers = MPI_COMM_NULL, node = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, worker ? 0 : MPI_UNDEFINED, 0, &workers);
  if (!worker) return;
  MPI_Comm_split_type(workers, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  int rank = 0, size = 0;
  MPI_Comm_rank(node, &rank);
  MPI_Comm_size(node, &size);

  const CoreSet mine = process_cores();
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(static_cast<size_t>(size)), offsets(static_cast<size_t>(size));
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, node);
  for (int i = 1; i < size; ++i) offsets[i] = offsets[i - 1] + counts[i - 1];
  std::vector<int> all(static_cast<size_t>(offsets.back() + counts.back()));
  MPI_Allgatherv(mine.data(), count, MPI_INT, all.data(), counts.data(), offsets.data(), MPI_INT, node);
  std::vector<CoreSet> allowed;
  for (int i = 0; i < size; ++i)
    allowed.emplace_back(all.begin() + offsets[i], all.begin() + offsets[i] + counts[i]);
  MPI_Comm_free(&node);
  MPI_Comm_free(&workers);
  const std::vector<CoreSet> shares = share_cores(allowed, physical_cores());
  bind_to(shares[static_cast<size_t>(rank)]);
  if (rank == 0 && !disjoint(shares))
    fmt::print(stderr,
               "bitsweep: {}: {} workers share {} cores and measure each other, which their results will "
               "say; right is at "
               "most one worker a core\n",
               inspect_machine().host, size, union_size(shares));
}

}  // namespace

Cluster::Cluster() {
  if (!launched_by_mpi()) return;
  MPI_Init(nullptr, nullptr);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Cluster::~Cluster() {
  int initialised = 0;
  MPI_Initialized(&initialised);
  if (initialised != 0) MPI_Finalize();
}

void Cluster::abandon(int exit_code) const {
  if (!alone()) MPI_Abort(MPI_COMM_WORLD, exit_code);
}

void Cluster::lead(Queue& queue, const Listener& listener) {
  if (alone()) {
    bind_to(process_cores());
    const Machine machine = inspect_machine();
    while (const auto order = queue.next()) {
      listener.started(machine.host, *order);
      execute_isolated(*order, machine,
                       [&](const Result& result) { listener.finished(machine.host, result); });
    }
    return;
  }
  take_share_of_cores(false);
  std::vector<std::string> names(static_cast<size_t>(size_));
  for (int working = size_ - 1; working > 0;) {
    const Message message = receive();
    std::string& name = names[static_cast<size_t>(message.source)];
    if (message.tag == Tag::finished) {
      const Result result = nlohmann::json::parse(message.text).get<Result>();
      listener.finished(name, result);
      continue;
    }
    name = fmt::format("{}@{}", message.source, message.text);
    if (const auto order = queue.next()) {
      send(message.source, Tag::order, nlohmann::json(*order).dump());
      listener.started(name, *order);
    } else {
      send(message.source, Tag::dismiss, "");
      --working;
    }
  }
}

void Cluster::dismiss() {
  Queue nothing({}, {}, {}, {});
  lead(nothing, {});
}

void Cluster::work() {
  take_share_of_cores(true);
  const Machine machine = inspect_machine();
  while (true) {
    send(0, Tag::ask, machine.host);
    const Message message = receive();
    if (message.tag == Tag::dismiss) return;
    execute_isolated(nlohmann::json::parse(message.text).get<Order>(), machine, [](const Result& result) {
      send(0, Tag::finished,
           nlohmann::json(result).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    });
  }
}

}  // namespace bitsweep
