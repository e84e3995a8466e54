#include "distributed/heartbeats.hpp"

#include <algorithm>

namespace superpose::distributed {
namespace {

/// True for a request that is complete or none.
bool is_complete(MPI_Request& request) {
  int complete = 0;
  check_mpi(MPI_Test(&request, &complete, MPI_STATUS_IGNORE), "MPI_Test");
  return complete != 0;
}

}  // namespace

Heartbeats::Heartbeats(const Communicator& communicator)
    : communicator_(communicator), peers_(communicator.rank() == 0 ? communicator.size() - 1 : 1) {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    peers_[i].rank = communicator.rank() == 0 ? static_cast<int>(i) + 1 : 0;
    expect_beat(peers_[i]);
  }
}

void Heartbeats::expect_beat(Peer& peer) {
  check_mpi(MPI_Irecv(&peer.received, sizeof(Beat), MPI_BYTE, peer.rank, 0,
                      communicator_.get().handle(), &peer.receiving),
            "MPI_Irecv");
}

void Heartbeats::send(const Beat& beat) {
  for (Peer& peer : peers_) {
    if (peer.sent.is_last || !is_complete(peer.sending)) continue;
    peer.sent = beat;
    check_mpi(MPI_Isend(&peer.sent, sizeof(Beat), MPI_BYTE, peer.rank, 0,
                        communicator_.get().handle(), &peer.sending),
              "MPI_Isend");
  }
}

void Heartbeats::receive(const Listener& listener) {
  for (Peer& peer : peers_) {
    while (!peer.has_left && is_complete(peer.receiving)) {
      listener(peer.rank, peer.received);
      peer.has_left = peer.received.is_last;
      if (!peer.has_left) expect_beat(peer);
    }
  }
}

bool Heartbeats::done() {
  return std::all_of(peers_.begin(), peers_.end(), [](Peer& peer) {
    return peer.has_left && peer.sent.is_last && is_complete(peer.sending);
  });
}

}  // namespace superpose::distributed
