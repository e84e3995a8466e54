#pragma once
/// MPI for the rest of the program: the session, and a communicator whose every call is checked.
/// Collective functions must be called by all ranks of the communicator in the same order.

#include <mpi.h>

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace superpose::distributed {

/// Error (mpi) with MPI's own text unless `code`, returned by the function `call`, is MPI_SUCCESS.
void check_mpi(int code, const char* call);

/// Whether any thread may call MPI at any time (MPI_THREAD_MULTIPLE).
bool threads_may_call_mpi();

/// Whether messages may lie in the memory of a device (a CUDA-aware MPI).
bool mpi_reads_device_memory();

/// A group of ranks. Does not own the handle; copies are cheap and name the same group.
class Communicator {
 public:
  /// From here on errors on `handle` are returned and thrown as Error (mpi) instead of aborting.
  explicit Communicator(MPI_Comm handle);

  MPI_Comm handle() const { return handle_; }
  int rank() const { return rank_; }
  int size() const { return size_; }

  void barrier() const;

  /// True on every rank if `here` is true on every rank.
  bool all_agree(bool here) const;

  /// Overwrites `bytes` bytes at `data` with those of rank `root`; the same count on every rank.
  void broadcast_bytes(void* data, std::size_t bytes, int root = 0) const;

  /// The text of rank `root`, on every rank; elsewhere the argument is ignored.
  std::string broadcast(const std::string& text, int root = 0) const;

  /// Everyone's value in the order of ranks, on every rank.
  template <class T>
  std::vector<T> allgather(const T& mine) const;
  std::vector<std::string> allgather(const std::string& mine) const;

  /// Concatenates blocks in the order of ranks, on every rank. Rank r gives counts[r] items of
  /// `item_bytes` bytes each at `mine`, which is not read if they are none; `all` has room for all
  /// of them and does not overlap `mine`.
  void allgather_blocks(const void* mine, void* all, const std::vector<int>& counts,
                        std::size_t item_bytes) const;
  /// The same where the items of each rank are in their place in `all` already.
  void complete_blocks(void* all, const std::vector<int>& counts, std::size_t item_bytes) const;

 private:
  void exchange_blocks(const void* mine, void* all, const std::vector<int>& counts,
                       std::size_t item_bytes) const;

  MPI_Comm handle_;
  int rank_ = 0;
  int size_ = 1;
};

/// The same ranks under a communicator of their own, whose messages and collective calls meet no
/// others: for exchanges that go on while the program calls elsewhere. Collective.
class OwnCommunicator {
 public:
  explicit OwnCommunicator(const Communicator& like);
  OwnCommunicator(const OwnCommunicator&) = delete;
  OwnCommunicator& operator=(const OwnCommunicator&) = delete;
  ~OwnCommunicator();

  const Communicator& get() const { return communicator_; }

 private:
  Communicator communicator_;
};

/// MPI from construction to destruction; at most one a process. Threads other than the one that
/// made the session call MPI only if threads_may_call_mpi().
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  /// Finalises MPI; aborts the job instead when an exception passes through.
  ~MpiSession();

  const Communicator& world() const { return world_; }

  /// Ends every rank of the job with exit code `code`. The way out after an error: a rank that
  /// finalises and returns non-zero while others wait in a collective call leaves them hanging.
  [[noreturn]] void abort(ExitCode code) const;

 private:
  int exceptions_at_start_;
  Communicator world_;
};

template <class T>
std::vector<T> Communicator::allgather(const T& mine) const {
  static_assert(std::is_trivially_copyable_v<T>, "only plain bytes travel between ranks");
  std::vector<T> all(size_);
  allgather_blocks(&mine, all.data(), std::vector<int>(size_, 1), sizeof(T));
  return all;
}

}  // namespace superpose::distributed
