#include "sweep/cost.hpp"

#include <numeric>

#include "core/error.hpp"
#include "io/history.hpp"

namespace superpose::sweep {
namespace {

constexpr std::size_t enough_points = 16;  // to know a rate by

double work_of_an_epoch(const Point& point) {
  const auto& [run, problems, resources] = point.options;
  return static_cast<double>(run.model.n_layer) * run.model.n_embd * run.model.n_embd *
         (problems.wanted ? problems.options.count : 1);
}

/// Seconds of all its epochs, on its own ranks; 0 if its run.h5 cannot be read.
double seconds_of(const std::string& point) {
  try {
    const auto tables = io::read_tables(point + "/run.h5", {"epochs"});
    const auto& seconds = tables.front().values("seconds");
    return std::accumulate(seconds.begin(), seconds.end(), 0.0);
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

double work(const Point& point) {
  return point.options.run.train.epochs * work_of_an_epoch(point);
}

Rate given_rate(const Point& first, double seconds_per_epoch) {
  return {seconds_per_epoch / work_of_an_epoch(first),
          fmt::format("{:g} s an epoch of the first point, as given", seconds_per_epoch)};
}

std::optional<Rate> measured_rate(const SweepFolder& folder, const std::vector<Point>& points,
                                  const std::vector<PointStatus>& status) {
  double seconds = 0, done = 0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < points.size() && n < enough_points; ++i) {
    if (status[i].state != State::done) continue;
    const double took = seconds_of(folder.point(points[i].identity));
    if (took == 0) continue;
    seconds += took;
    done += work(points[i]);
    ++n;
  }
  if (n == 0) return std::nullopt;
  return Rate{seconds / done, fmt::format("as {} finished point{} took", n, n == 1 ? "" : "s")};
}

std::string estimate(const std::vector<Point>& points, const std::vector<PointStatus>& status,
                     const std::optional<Rate>& rate) {
  std::int64_t n = 0, epochs = 0;
  double node_seconds = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (status[i].state == State::done) continue;
    ++n;
    epochs += points[i].options.run.train.epochs;
    if (rate) node_seconds += work(points[i]) * rate->seconds * points[i].options.resources.nodes;
  }
  const auto what = fmt::format("{} points to go, {} epochs", n, epochs);
  if (!rate)
    return what + "; no rate is known: give --seconds-per-epoch, or run one point for node-hours";
  return fmt::format(
      "{}, {:.3g} node-hours ({}; other points by n_layer x n_embd^2 x problems, none begun)", what,
      node_seconds / 3600, rate->source);
}

}  // namespace superpose::sweep
