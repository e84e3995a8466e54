#include "data/curriculum.hpp"

#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"

namespace superpose::data {

namespace {

constexpr std::array<std::pair<Method, const char*>, 6> kMethodNames = {{
    {Method::coconut, "coconut"},
    {Method::coconut_bfs_sample, "coconut_bfs_sample"},
    {Method::coconut_bfs_loss, "coconut_bfs_loss"},
    {Method::cot, "cot"},
    {Method::no_cot, "no_cot"},
    {Method::pause, "pause"},
}};

void check_at_least(int value, int minimum, const char* key, const char* why) {
  validate(value >= minimum, ExitCode::usage, "{} = {} is too small ({}); set it to {} or more",
           key, value, why, minimum);
}

int stage_epochs(const CurriculumOptions& options, int stage) {
  return stage == 0 ? options.first_stage_epochs : options.epochs_per_stage;
}

}  // namespace

std::string to_string(Method method) {
  for (const auto& [candidate, name] : kMethodNames)
    if (candidate == method) return name;
  throw std::logic_error("a method without a name");
}

Method method_from_string(const std::string& name) {
  std::string allowed;
  for (const auto& [method, candidate] : kMethodNames) {
    if (name == candidate) return method;
    allowed += (allowed.empty() ? "" : ", ") + std::string(candidate);
  }
  fail(ExitCode::usage, "method.name = \"{}\" is not a method; use one of {}", name, allowed);
}

bool has_stages(Method method) {
  return method != Method::cot && method != Method::no_cot;
}

void check(const MethodOptions& options) {
  check_at_least(options.c_thought, 1, "method.c_thought", "every hop takes a latent token");
  validate(options.uniform_prob >= 0 && options.uniform_prob <= 1, ExitCode::usage,
           "method.uniform_prob = {} is not a probability; set it between 0 and 1",
           options.uniform_prob);
  validate(!options.exact_frontier || options.name == Method::coconut_bfs_loss, ExitCode::usage,
           "method.exact_frontier = true has no effect on method.name = \"{}\" (it chooses the "
           "candidate set of coconut_bfs_loss); leave it out",
           to_string(options.name));
}

void check(const CurriculumOptions& options) {
  check_at_least(options.max_latent_stage, 0, "curriculum.max_latent_stage",
                 "stage 0 is the first");
  check_at_least(options.first_stage_epochs, 1, "curriculum.first_stage_epochs",
                 "a stage takes an epoch");
  check_at_least(options.epochs_per_stage, 1, "curriculum.epochs_per_stage",
                 "a stage takes an epoch");
  validate(options.stage_end == "epochs" || options.stage_end == "settled", ExitCode::usage,
           "curriculum.stage_end = \"{}\" is not a rule; use one of epochs, settled",
           options.stage_end);
  validate(std::isfinite(options.settle_threshold), ExitCode::usage,
           "curriculum.settle_threshold = {} is not a number of nats; set a finite value",
           options.settle_threshold);
  check_at_least(options.settle_patience, 1, "curriculum.settle_patience",
                 "a stage settles in an epoch");
}

bool end_epoch(CurriculumState& state, const CurriculumOptions& options, double excess_loss) {
  ++state.epochs_in_stage;
  const bool settled_now =
      options.stage_end == "settled" && excess_loss <= options.settle_threshold;
  state.settled_epochs = settled_now ? state.settled_epochs + 1 : 0;
  if (state.stage >= options.max_latent_stage) return false;

  const bool settled = state.settled_epochs >= options.settle_patience;
  if (!settled && state.epochs_in_stage < stage_epochs(options, state.stage)) return false;
  state = CurriculumState{state.stage + 1, 0, 0};
  return true;
}

double uniform_guess_loss(const Problem& problem, int k) {
  SUPERPOSE_EXPECT(k >= 1 && k < static_cast<int>(problem.frontier.size()));
  return std::log(static_cast<double>(problem.frontier[static_cast<std::size_t>(k)].size()));
}

std::vector<std::uint32_t> epoch_order(std::size_t n_problems, std::uint64_t seed,
                                       std::uint64_t epoch) {
  std::vector<std::uint32_t> order(n_problems);
  std::iota(order.begin(), order.end(), 0U);
  RandomStream stream(seed, Purpose::epoch_order, 0, epoch);
  stream.shuffle(order);
  return order;
}

}  // namespace superpose::data
