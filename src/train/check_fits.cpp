#include "train/check_fits.hpp"

#include "data/expand.hpp"

namespace superpose::train {

void check_fits(const data::ProblemFile& problems, const RunOptions& options,
                std::optional<int> n_latent) {
  data::check_fits(problems.max_nodes, data::Vocabulary(options.model.vocab_size));
  data::check_fits_positions(data::longest_sequence(problems.problems, options.method, n_latent),
                             options.model.n_positions);
}

}  // namespace superpose::train
