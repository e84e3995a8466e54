#include "distributed/communicator.hpp"

#if defined(OPEN_MPI) && __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <limits>
#include <numeric>

namespace superpose::distributed {
namespace {

/// Open MPI opens every file a second time for shared file pointers, which nothing here uses, and
/// one of its ways (lockedfile) writes the path into 256 bytes. What the user has set holds.
void leave_out_shared_file_pointers() {
  ::setenv("OMPI_MCA_sharedfp", "^lockedfile", 0);
}

/// Open MPI 4 ends the process if a step of SLURM started it without PMIx, in words about its own
/// build. mpirun and srun --mpi set variables for their ranks.
void require_launcher() {
#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION < 5
  const auto is_set = [](const char* name) { return std::getenv(name) != nullptr; };
  const bool launched =
      is_set("PMIX_NAMESPACE") || is_set("PMI_RANK") || is_set("OMPI_COMM_WORLD_SIZE");
  validate(launched || !is_set("SLURM_STEP_NUM_TASKS"), ExitCode::mpi,
           "a step of SLURM started this process without MPI (SLURM_STEP_NUM_TASKS is set, "
           "PMIX_NAMESPACE is not); start it by srun --mpi=pmix or mpirun, or for one rank by env "
           "-u SLURM_STEP_NUM_TASKS superpose ...");
#endif
}

MPI_Comm started_world(int& argc, char**& argv) {
  require_launcher();
  leave_out_shared_file_pointers();
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  validate(
      provided >= MPI_THREAD_FUNNELED, ExitCode::mpi,
      "MPI has no thread support (level {}, MPI_THREAD_FUNNELED is needed): use an MPI library "
      "built with threads",
      provided);
  return MPI_COMM_WORLD;
}

/// An item of `bytes` bytes as one MPI element, so that counts stay below MPI's 32 bits.
class ItemType {
 public:
  explicit ItemType(std::size_t bytes) {
    SUPERPOSE_EXPECT(bytes <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    check_mpi(MPI_Type_contiguous(static_cast<int>(bytes), MPI_BYTE, &type_),
              "MPI_Type_contiguous");
    check_mpi(MPI_Type_commit(&type_), "MPI_Type_commit");
  }
  ItemType(const ItemType&) = delete;
  ItemType& operator=(const ItemType&) = delete;
  ~ItemType() { MPI_Type_free(&type_); }
  operator MPI_Datatype() const { return type_; }

 private:
  MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

}  // namespace

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) length = 0;
  fail(ExitCode::mpi, "{} failed ({}): see the messages of the MPI library above", call,
       length > 0 ? std::string(text, length) : fmt::format("error code {}", code));
}

bool threads_may_call_mpi() {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Query_thread(&provided), "MPI_Query_thread");
  return provided >= MPI_THREAD_MULTIPLE;
}

bool mpi_reads_device_memory() {
#if defined(MPIX_CUDA_AWARE_SUPPORT) && MPIX_CUDA_AWARE_SUPPORT
  return MPIX_Query_cuda_support() == 1;
#else
  return false;
#endif
}

Communicator::Communicator(MPI_Comm handle) : handle_(handle) {
  check_mpi(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(handle_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(handle_, &size_), "MPI_Comm_size");
}

namespace {

MPI_Comm duplicate(MPI_Comm handle) {
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(handle, &copy), "MPI_Comm_dup");
  return copy;
}

}  // namespace

OwnCommunicator::OwnCommunicator(const Communicator& like)
    : communicator_(duplicate(like.handle())) {}

OwnCommunicator::~OwnCommunicator() {
  MPI_Comm handle = communicator_.handle();
  MPI_Comm_free(&handle);
}

void Communicator::barrier() const {
  check_mpi(MPI_Barrier(handle_), "MPI_Barrier");
}

bool Communicator::all_agree(bool here) const {
  int all = here ? 1 : 0;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_LAND, handle_), "MPI_Allreduce");
  return all != 0;
}

void Communicator::broadcast_bytes(void* data, std::size_t bytes, int root) const {
  constexpr std::size_t largest = std::size_t{1} << 30;  // MPI counts are 32-bit integers
  for (std::size_t done = 0; done < bytes; done += largest) {
    const int count = static_cast<int>(std::min(largest, bytes - done));
    check_mpi(MPI_Bcast(static_cast<char*>(data) + done, count, MPI_BYTE, root, handle_),
              "MPI_Bcast");
  }
}

std::string Communicator::broadcast(const std::string& text, int root) const {
  std::size_t bytes = text.size();
  broadcast_bytes(&bytes, sizeof bytes, root);
  std::string result = rank_ == root ? text : std::string(bytes, '\0');
  broadcast_bytes(result.data(), bytes, root);
  return result;
}

std::vector<std::string> Communicator::allgather(const std::string& mine) const {
  SUPERPOSE_EXPECT(mine.size() <= std::numeric_limits<int>::max());
  const auto counts = allgather(static_cast<int>(mine.size()));
  std::string joined(std::accumulate(counts.begin(), counts.end(), std::size_t{0}), '\0');
  allgather_blocks(mine.data(), joined.data(), counts, 1);
  std::vector<std::string> all;
  std::size_t begin = 0;
  for (const int count : counts) {
    all.push_back(joined.substr(begin, count));
    begin += count;
  }
  return all;
}

void Communicator::allgather_blocks(const void* mine, void* all, const std::vector<int>& counts,
                                    std::size_t item_bytes) const {
  static const char nothing = 0;  // an empty vector has no address, and null means in place to MPI
  exchange_blocks(mine == nullptr ? &nothing : mine, all, counts, item_bytes);
}

void Communicator::complete_blocks(void* all, const std::vector<int>& counts,
                                   std::size_t item_bytes) const {
  exchange_blocks(MPI_IN_PLACE, all, counts, item_bytes);
}

void Communicator::exchange_blocks(const void* mine, void* all, const std::vector<int>& counts,
                                   std::size_t item_bytes) const {
  SUPERPOSE_EXPECT(counts.size() == static_cast<std::size_t>(size_));
  const auto total = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  SUPERPOSE_EXPECT(total <= std::numeric_limits<int>::max());  // MPI 3 counts in int
  std::vector<int> begins(size_, 0);
  std::partial_sum(counts.begin(), counts.end() - 1, begins.begin() + 1);
  const ItemType item(item_bytes);
  check_mpi(
      MPI_Allgatherv(mine, counts[rank_], item, all, counts.data(), begins.data(), item, handle_),
      "MPI_Allgatherv");
}

MpiSession::MpiSession(int& argc, char**& argv)
    : exceptions_at_start_(std::uncaught_exceptions()), world_(started_world(argc, argv)) {}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() > exceptions_at_start_) abort(ExitCode::mpi);
  MPI_Finalize();
}

void MpiSession::abort(ExitCode code) const {
  MPI_Abort(MPI_COMM_WORLD, static_cast<int>(code));
  std::abort();  // MPI_Abort does not return; the compiler cannot know
}

}  // namespace superpose::distributed
