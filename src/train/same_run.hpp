#pragma once
#include "io/run_metadata.hpp"

namespace superpose::train {

/// Error (usage) unless a checkpoint of `stored` can be continued as the run `now`: the same
/// configuration and training data, but for settings that only say how long to train, how often to
/// evaluate, and where files are.
void require_same_run(const io::RunMetadata& stored, const io::RunMetadata& now);

}  // namespace superpose::train
