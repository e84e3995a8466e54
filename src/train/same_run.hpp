#pragma once
#include <optional>
#include <string>

#include "io/run_metadata.hpp"

namespace superpose::train {

/// A setting in which two runs differ.
struct SettingDifference {
  std::string key, stored, now;
};

/// The first setting that makes `now` another run than `stored`, if there is one.
std::optional<SettingDifference> setting_difference(const io::RunMetadata& stored,
                                                    const io::RunMetadata& now);

/// Error (usage) unless a checkpoint of `stored` can be continued as the run `now`: the same
/// configuration and data, but for settings that leave its steps as they were: how long to train
/// (unless a cosine ends with the run), how often to evaluate (unless that ends stages), and where
/// files are.
void require_same_run(const io::RunMetadata& stored, const io::RunMetadata& now);

}  // namespace superpose::train
