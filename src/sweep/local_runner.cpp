#include "sweep/local_runner.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "distributed/stop_request.hpp"
#include "sweep/process.hpp"

namespace superpose::sweep {
namespace {

constexpr int interrupted = static_cast<int>(ExitCode::interrupted);
constexpr auto poll_interval = std::chrono::milliseconds(50);

/// What an allocation that this runs in says to the programs of it: our ranks are none of its
/// steps. A launcher that the user names may be a part of it.
const std::vector<std::string> of_other_launchers{"SLURM_", "PMI_", "PMI2_", "PMIX_",
                                                  "OMPI_COMM_WORLD_"};

std::string launcher_of(const std::string& asked, int ranks) {
  if (asked.empty()) return ranks == 1 ? "" : fmt::format("mpirun -n {}", ranks);
  auto launcher = asked;
  const auto place = launcher.find("{}");
  if (place != std::string::npos) launcher.replace(place, 2, std::to_string(ranks));
  return launcher;
}

/// Open MPI binds the ranks of every job from the first core on: points side by side would share
/// some cores and leave others idle. What the user has set holds. Other MPI libraries ignore these.
std::map<std::string, std::string> unbound_ranks() {
  std::map<std::string, std::string> variables;
  for (const auto* name :
       {"OMPI_MCA_hwloc_base_binding_policy", "PRTE_MCA_hwloc_default_binding_policy"})
    if (std::getenv(name) == nullptr) variables[name] = "none";
  return variables;
}

/// Points under way and what became of the others.
class Slots {
 public:
  Slots(const SweepFolder& folder, const Sweep& sweep, const LocalOptions& options,
        std::size_t n_points)
      : folder_(folder), sweep_(sweep), options_(options), n_points_(n_points) {}

  bool free() const { return running_.size() < static_cast<std::size_t>(options_.slots); }
  bool idle() const { return running_.empty(); }

  void start(const Point& point) {
    const auto launcher = launcher_of(options_.launcher, point.options.resources.ranks());
    auto variables = unbound_ranks();
    variables["SUPERPOSE"] = program_;
    variables["SUPERPOSE_LAUNCHER"] = launcher;
    variables["SUPERPOSE_JOB"] = "local";
    const auto process =
        sweep::start({"bash", options_.point_script, folder_.point(point.identity)}, variables,
                     options_.launcher.empty() ? of_other_launchers : std::vector<std::string>());
    running_.emplace(process, Running{&point, Stopwatch()});
  }

  /// Takes note of a point that has ended, if one has.
  void collect() {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, WNOHANG);
    const auto ended = running_.find(process);
    if (ended == running_.end()) return;
    note(*ended->second.point, exit_code(status), ended->second.watch.seconds());
    running_.erase(ended);
  }

  void stop() {
    for (const auto& [process, point] : running_) ::kill(process, SIGTERM);
  }

  int exit_code_of_all() const {
    if (n_interrupted_ > 0) return interrupted;
    return n_failed_ > 0 ? static_cast<int>(ExitCode::failure) : 0;
  }

 private:
  struct Running {
    const Point* point;
    Stopwatch watch;
  };

  void note(const Point& point, int code, double seconds) {
    n_failed_ += code != 0 && code != interrupted ? 1 : 0;
    n_interrupted_ += code == interrupted ? 1 : 0;
    const auto what = code == 0             ? std::string("done")
                      : code == interrupted ? std::string("interrupted")
                                            : fmt::format("failed with code {}", code);
    log::info("[{}/{}] {} after {:.0f} s: {} ({})", ++n_ended_, n_points_, what, seconds,
              describe(sweep_, point), folder_.point(point.identity));
  }

  const SweepFolder& folder_;
  const Sweep& sweep_;
  const LocalOptions& options_;
  /// Read once: after the file has been replaced, as by a build, its link names none.
  const std::string program_ = std::filesystem::read_symlink("/proc/self/exe").string();
  std::size_t n_points_, n_ended_ = 0, n_failed_ = 0, n_interrupted_ = 0;
  std::map<pid_t, Running> running_;
};

/// Until all points have ended, or stopped on request; whether they were stopped.
bool run_in_slots(Slots& slots, const std::vector<const Point*>& points, io::RunLock& lock) {
  const distributed::StopRequest stop;
  bool stopping = false;
  for (std::size_t next = 0; next < points.size() || !slots.idle();) {
    if (!stopping && (stop.requested_here() || log::output_failure() != 0)) {
      stopping = true;
      log::warning("{}: stopping the points in hand with a checkpoint",
                   stop.requested_here() ? stop.signal_name() : "an output that takes no more");
      slots.stop();
    }
    if (stopping && slots.idle()) return true;
    if (!stopping && next < points.size() && slots.free()) {
      slots.start(*points[next++]);
      continue;
    }
    lock.refresh();
    std::this_thread::sleep_for(poll_interval);
    slots.collect();
  }
  return false;
}

}  // namespace

int run_locally(const SweepFolder& folder, const Sweep& sweep,
                const std::vector<const Point*>& points, const LocalOptions& options,
                io::RunLock& lock) {
  Slots slots(folder, sweep, options, points.size());
  try {
    if (run_in_slots(slots, points, lock)) return interrupted;
  } catch (...) {  // nobody would know of points that run on
    slots.stop();
    while (!slots.idle()) {
      std::this_thread::sleep_for(poll_interval);
      slots.collect();
    }
    throw;
  }
  return slots.exit_code_of_all();
}

}  // namespace superpose::sweep
