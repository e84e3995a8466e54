#include "sweep/collect.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/log.hpp"
#include "io/replaceable_file.hpp"
#include "io/sweep_layout.hpp"
#include "sweep/collected_file.hpp"
#include "sweep/results.hpp"

namespace superpose::sweep {
namespace {

std::vector<JoinedTable> histories(const Planned& planned) {
  if (planned.sweep.options.job == SweepJob::bench) return {};
  return join_tables(planned, {"epochs", "evaluation"});
}

}  // namespace

void collect(const Planned& planned, const std::string& path, io::RunMetadata metadata) {
  metadata.configuration = planned.sweep.text;
  const std::filesystem::path output =
      path.empty() ? planned.folder.root() + "/collected.h5" : path;
  io::require_replaceable(output.string(), io::sweep_layout::kind);
  const auto n_done = planned.count(State::done);
  validate(n_done > 0, ExitCode::io,
           "none of the {} points of {} is done ({}); superpose sweep status {} says why",
           planned.points.size(), planned.sweep.source, counts(planned), planned.sweep.source);
  const auto beside = [&](const char* ending) {
    return (output.parent_path() / output.stem()).string() + ending;
  };
  const auto measures = read_measures(planned);
  const auto summaries = over_seeds(planned.sweep, measures);
  write_collected(output.string(), metadata, planned, measures, summaries, histories(planned));
  write_points_csv(beside(".csv"), planned, measures);
  write_summary_csv(beside("_summary.csv"), planned, measures, summaries);
  log::info("{}, {}, {}: {} of {} points ({})", output.string(), beside(".csv"),
            beside("_summary.csv"), n_done, planned.points.size(), counts(planned));
  if (n_done < planned.points.size()) log::info("  points that are not done are NaN there");
}

}  // namespace superpose::sweep
