#include "theory/construct_study.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/vocabulary.hpp"
#include "theory/extremes.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::theory {
namespace {

using distributed::Communicator;

Slack over_all(const Slack& mine, const Communicator& world) {
  Slack slack;
  for (const auto& other : world.allgather(mine)) {
    slack.above = smaller(slack.above, other.above);
    slack.below = larger(slack.below, other.below);
  }
  return slack;
}

/// Error (usage) if a logit overflows what sums are held in.
template <class X>
void check_range(const Constants& c, Precision precision) {
  constexpr double largest = std::numeric_limits<Real<X>>::max();
  validate(c.largest_logit() < largest, ExitCode::usage,
           "{} cannot hold the logits of layer 1 (up to {:.2g}, and its sums end at {:.2g}); use a "
           "wider precision or smaller graphs",
           to_string(precision), c.largest_logit(), largest);
}

template <class X>
ConstructResults construct(const ConstructOptions& options, const Constants& constants,
                           const ProblemSet& set, const Communicator& world) {
  check_range<X>(constants, options.precision);
  const data::Vocabulary vocabulary(data::smallest_vocab_size(constants.sizes.n_max));
  Construction<X> construction(constants, vocabulary);
  ConstructResults results{constants, options.precision, {}, {}, {}};
  results.graphs = over_ranks(world, set.count, [&](std::uint64_t i) {
    return verify_construction(construction, vocabulary, set.at(i), options.seed, i,
                               options.beyond);
  });
  results.slack_1 = over_all(construction.slack_1(), world);
  results.slack_2 = over_all(construction.slack_2(), world);
  return results;
}

}  // namespace

Sizes common_sizes(const ProblemSet& set, int beyond, const Communicator& world) {
  const auto each =
      over_ranks(world, set.count, [&](std::uint64_t i) { return sizes_of({set.at(i)}, beyond); });
  Sizes sizes;
  for (const auto& s : each)
    sizes = {std::max(sizes.n_max, s.n_max), std::max(sizes.e_max, s.e_max),
             std::max(sizes.t_max, s.t_max)};
  return sizes;
}

ConstructResults study_construction(const ConstructOptions& options, const ProblemSet& set,
                                    const Communicator& world) {
  const auto sizes = common_sizes(set, options.beyond, world);
  const auto constants = choose_constants(options.encoding, sizes, options.d_pe, options.constants);
  return with_precision(options.precision, [&](auto x) {
    return construct<decltype(x)>(options, constants, set, world);
  });
}

}  // namespace superpose::theory
