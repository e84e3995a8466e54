#include "sweep/collect.hpp"

#include <filesystem>
#include <utility>

#include "core/error.hpp"
#include "core/log.hpp"
#include "sweep/collected_file.hpp"
#include "sweep/results.hpp"

namespace superpose::sweep {
namespace {

std::vector<JoinedTable> histories(const Planned& planned) {
  if (planned.sweep.options.job == SweepJob::bench) return {};
  return join_tables(planned, {"epochs", "evaluation"});
}

/// The three files, and whether they may be written.
struct Paths {
  std::string file, points, summary;
};

/// Tables do not say who wrote them: they are what the HDF5 file beside them is.
io::Recognise as_the_file(const io::Output& output) {
  return [output](const std::string&) -> std::string {
    std::error_code unknown;
    const bool there = std::filesystem::exists(output.path, unknown);
    return there ? io::written_by(output.command_line)(output.path) : "without its HDF5 file";
  };
}

Paths prepare(const Planned& planned, io::Output output) {
  if (output.path.empty()) output.path = planned.folder.root() + "/collected.h5";
  const std::filesystem::path file = output.path;
  validate(file.extension() != ".csv", ExitCode::usage,
           "--output '{}' names a table (the tables get their names from that of the HDF5 file); "
           "give that, such as collected.h5",
           output.path);
  output.inputs = {planned.sweep.source, planned.sweep.options.base};
  const auto table = [&](const char* ending) {
    io::Output beside = output;
    beside.path = (file.parent_path() / file.stem()).string() + ending;
    return io::prepare_output(beside, as_the_file(output));
  };
  return {io::prepare_output(output), table(".csv"), table("_summary.csv")};
}

}  // namespace

void collect(const Planned& planned, io::Output output, io::RunMetadata metadata) {
  metadata.configuration = planned.sweep.text;
  const auto n_done = planned.count(State::done);
  validate(n_done > 0, ExitCode::io,
           "none of the {} points of {} is done ({}); superpose sweep status {} says why",
           planned.points.size(), planned.sweep.source, counts(planned), planned.sweep.source);
  const auto paths = prepare(planned, std::move(output));
  const auto measures = read_measures(planned);
  const auto summaries = over_seeds(planned.sweep, measures);
  write_collected(paths.file, metadata, planned, measures, summaries, histories(planned));
  write_points_csv(paths.points, planned, measures);
  write_summary_csv(paths.summary, planned, measures, summaries);
  log::info("{}, {}, {}: {} of {} points ({})", paths.file, paths.points, paths.summary, n_done,
            planned.points.size(), counts(planned));
  if (n_done < planned.points.size()) log::info("  points that are not done are NaN there");
}

}  // namespace superpose::sweep
