// The MPI loops: rank 0 hands out blocks, the others carry them out. MPI only here.
#pragma once

#include <functional>
#include <string>

#include "harness/isolate.h"
#include "harness/queue.h"
#include "harness/result.h"

namespace bitsweep {

/// What rank 0 hears. `worker` is its rank and host, e.g. "2@node17".
struct Listener {
  std::function<void(const std::string& worker, const Order& order)> started;
  std::function<void(const std::string& worker, const Result& result)> finished;
};

/// This program's place among its MPI ranks. Without mpirun or srun it stands alone and MPI is not even
/// initialised.
class Cluster {
 public:
  Cluster();
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  bool alone() const { return size_ == 1; }
  bool leads() const { return rank_ == 0; }

  /// Rank 0: hands out the queue until every block is done; alone, carries the blocks out itself, in turn.
  /// What the listener throws comes out here.
  void lead(Queue& queue, const Listener& listener);

  /// Rank 0: sends the other ranks home without work.
  void dismiss();

  /// Ends the whole job, whatever the other ranks wait for. Alone, returns.
  void abandon(int exit_code) const;

  /// The other ranks: takes its share of the node's cores, then asks for orders until there are no more.
  void work();

 private:
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace bitsweep
