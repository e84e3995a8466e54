#pragma once
#include <vector>

#include "core/types.hpp"
#include "distributed/communicator.hpp"
#include "distributed/exchange_memory.hpp"

namespace superpose::distributed {

/// Completes vectors of which every rank has computed a part. T is float or double.
template <class T>
class BlockExchange {
 public:
  explicit BlockExchange(const Communicator& communicator,
                         ExchangePath path = default_exchange_path());

  /// Waits for what has been launched, then brings block r, which rank r has, to all ranks. Blocks
  /// lie one after the other, counts[r] elements each; the same counts on every rank. Collective.
  void complete(Vector<T> blocks, const std::vector<int>& counts);

 private:
  Communicator communicator_;
  ExchangePath path_;
  HostVector<T> copy_;  ///< of the blocks, where MPI cannot read them; kept for the next time
};

}  // namespace superpose::distributed
