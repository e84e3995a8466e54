#include "train/check_fits.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/error.hpp"
#include "data/expand.hpp"

namespace superpose::train {

void check_passes(const data::ProblemFile& problems, const RunOptions& options) {
  const auto& loop = options.train;
  const auto passes = std::int64_t{loop.leaves} * loop.accumulation;
  const auto n_problems = static_cast<std::int64_t>(problems.problems.size());
  const auto n_batch = std::min<std::int64_t>(n_problems, loop.batch_size);
  const auto tokens =
      (n_batch + passes - 1) / passes * data::longest_sequence(problems.problems, options.method);
  validate(tokens <= std::numeric_limits<int>::max(), ExitCode::usage,
           "train.batch_size = {} makes passes of up to {} tokens (a pass can have {}); raise "
           "train.accumulation or train.leaves",
           loop.batch_size, tokens, std::numeric_limits<int>::max());
}

void check_fits(const data::ProblemFile& problems, const RunOptions& options,
                std::optional<int> n_latent) {
  data::check_fits(problems.max_nodes, data::Vocabulary(options.model.vocab_size));
  data::check_fits_positions(data::longest_sequence(problems.problems, options.method, n_latent),
                             options.model.n_positions);
}

}  // namespace superpose::train
