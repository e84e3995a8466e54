#pragma once
/// What the ranks tell each other about themselves while they compute: every rank tells rank 0, and
/// rank 0 tells every rank. No call waits for another rank.

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "distributed/communicator.hpp"

namespace superpose::distributed {

/// What a rank says of itself.
struct Beat {
  std::int64_t step = 0;       ///< of its Activity, as are meetings and phase
  std::uint64_t meetings = 0;  ///< how far it has come
  double idle_seconds = 0;     ///< since its activity changed
  bool is_last = false;        ///< it leaves: its silence from now on means nothing
  char phase[64] = "";
};

class Heartbeats {
 public:
  /// Collective.
  explicit Heartbeats(const Communicator& communicator);
  Heartbeats(const Heartbeats&) = delete;
  Heartbeats& operator=(const Heartbeats&) = delete;
  /// No message may be under way: done() is true.
  ~Heartbeats() = default;

  /// Sends to each peer that has no earlier beat on the way to it, and has not been sent the last.
  void send(const Beat& beat);

  using Listener = std::function<void(int rank, const Beat& beat)>;

  /// Hands over the beats that have come.
  void receive(const Listener& listener);

  /// True once the last beat has gone to every peer and come from every peer.
  bool done();

 private:
  struct Peer {
    int rank = 0;
    Beat sent, received;
    MPI_Request sending = MPI_REQUEST_NULL, receiving = MPI_REQUEST_NULL;
    bool has_left = false;  // `received` changes before `receiving` is known to be complete
  };

  void expect_beat(Peer& peer);

  OwnCommunicator communicator_;
  std::vector<Peer> peers_;  // stay where they are: messages under way point to them
};

}  // namespace superpose::distributed
