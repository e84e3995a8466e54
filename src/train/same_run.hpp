#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "io/run_metadata.hpp"

namespace superpose::train {

/// A setting in which two runs differ.
struct SettingDifference {
  std::string key, stored, now;
};

/// data::sequence_version that a run was trained by: 1 where its file does not say.
std::int64_t sequence_version_of(const io::RunMetadata& metadata);

/// The first setting that makes `now` another run than `stored`, if there is one.
std::optional<SettingDifference> setting_difference(const io::RunMetadata& stored,
                                                    const io::RunMetadata& now);

/// Error (usage) unless a checkpoint of `stored` can be continued as the run `now`: the same
/// configuration, problems (trained on and held out) and rule for making sequences of them, but for
/// settings that leave its steps as they were: how long to train (unless a schedule ends with the
/// run), how often to evaluate (unless that ends stages), and where files are.
void require_same_run(const io::RunMetadata& stored, const io::RunMetadata& now);

/// Error (usage) if the model of `now` would compute something else with the weights of `stored`
/// than that did: by the settings that no tensor shows, the number of heads and the epsilon of
/// LayerNorm.
void require_same_computation(const io::RunMetadata& stored, const io::RunMetadata& now);

/// Whether the optimizer of `now` reads the moments of `stored` as that one wrote them.
bool same_optimizer(const io::RunMetadata& stored, const io::RunMetadata& now);

}  // namespace superpose::train
