#include "sweep/status_report.hpp"

#include <nlohmann/json.hpp>

#include "core/log.hpp"

namespace superpose::sweep {
namespace {

void print_point(const Planned& planned, std::size_t i) {
  const auto& [state, report] = planned.status[i];
  const auto code = state == State::failed ? fmt::format(" with code {}", report.code) : "";
  const auto where = report.state.empty() ? ""
                                          : fmt::format(", job {} on {} at {}", report.job,
                                                        report.host, report.time);
  log::info("  {}{}: {}{}; {}", to_string(state), code, describe(planned.sweep, planned.points[i]),
            where, planned.folder.point(planned.points[i].identity));
}

}  // namespace

io::Json to_json(const Planned& planned) {
  io::Json json{{"sweep", planned.sweep.name}, {"directory", planned.folder.root()}};
  for (const auto state : all_values<State>())
    json["counts"][to_string(state)] = planned.count(state);
  for (std::size_t i = 0; i < planned.points.size(); ++i) {
    const auto& [state, report] = planned.status[i];
    io::Json point{{"point", describe(planned.sweep, planned.points[i])},
                   {"identity", planned.points[i].identity},
                   {"state", to_string(state)}};
    if (!report.state.empty())
      point.update({{"job", report.job},
                    {"host", report.host},
                    {"since", report.time},
                    {"code", report.code}});
    json["points"].push_back(std::move(point));
  }
  return json;
}

void print_points(const Planned& planned, bool all) {
  constexpr std::size_t most = 20;
  std::size_t n = 0;
  for (std::size_t i = 0; i < planned.points.size(); ++i) {
    const auto state = planned.status[i].state;
    const bool bad = state == State::failed || state == State::lost;
    if (all || (bad && ++n <= most)) print_point(planned, i);
  }
  if (!all && n > most) log::info("  and {} more; --points lists all", n - most);
  if (n > 0)
    log::info(
        "the reason is at the end of the file log in each; superpose sweep resubmit starts "
        "them again");
}

}  // namespace superpose::sweep
