#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/enum_names.hpp"

namespace superpose::bench {

double StepTimes::median() const {
  auto sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const auto n = sorted.size();
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

namespace {

constexpr double giga = 1e9, mebi = 1024 * 1024;

double smallest(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}
double greatest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

std::string machine_table(const Results& results) {
  const auto& machine = results.machine;
  std::string text = results.ranks == 1
                         ? "machine, one rank\n"
                         : fmt::format("machine, each of {} ranks at once\n", results.ranks);
  for (const auto& [precision, m, n, k, rate] : machine.products)
    text += fmt::format("  {:<34}{:>10.1f} GFLOP/s\n",
                        fmt::format("{} product {} x {} x {}", to_string(precision), m, n, k),
                        rate / giga);
  return text +
         fmt::format("  {:<34}{:>10.1f} GB/s\n", "copy (read + written)",
                     machine.copy_rate / giga) +
         fmt::format("  {:<34}{:>10.2f} G/s\n", "exponentials", machine.exponential_rate / giga);
}

std::string kernel_table(const Results& results) {
  std::string text = fmt::format(
      "kernels on the rows of a leaf (limit: what the rates above allow; caches can exceed it)\n"
      "  {:<28}{:<24}{:>10}{:>10}{:>9}{:>9}\n",
      "", "", "ms", "GFLOP/s", "GB/s", "of limit");
  for (const auto& kernel : results.kernels) {
    const double operations = kernel.cost.operations, bytes = kernel.cost.bytes;
    const auto rate =
        operations > 0 ? fmt::format("{:.1f}", operations / kernel.seconds / giga) : "";
    text += fmt::format("  {:<28}{:<24}{:>10.3f}{:>10}{:>9.1f}{:>7.0f} %\n", kernel.name,
                        kernel.shape, 1e3 * kernel.seconds, rate, bytes / kernel.seconds / giga,
                        100 * results.share_of_limit(kernel));
  }
  return text;
}

/// A line a quantity, a column a stage.
template <class Value>
std::string line(const std::string& name, const std::vector<StepTimes>& steps, const Value& value) {
  auto text = fmt::format("  {:<38}", name);
  for (const auto& step : steps) text += fmt::format("{:>13}", value(step));
  return text + '\n';
}

std::string memory_lines(const std::vector<StepTimes>& steps) {
  using Step = const StepTimes&;
  auto text = line("peak memory of a rank [MiB]", steps, [](Step s) {
    return fmt::format("{:.0f}", static_cast<double>(s.peak_bytes) / mebi);
  });
  text += line("  workspace of activations [MiB]", steps, [](Step s) {
    return fmt::format("{:.1f}", static_cast<double>(s.workspace_bytes) / mebi);
  });
  if (steps.front().device_bytes > 0)
    text += line("memory of the GPU in use [MiB]", steps, [](Step s) {
      return fmt::format("{:.0f}", static_cast<double>(s.device_bytes) / mebi);
    });
  return text;
}

/// Seconds as 2-03:04:05, days only where there are some.
std::string duration(double seconds) {
  const auto n = static_cast<long>(std::lround(seconds));
  const auto days = n / 86400;
  return (days > 0 ? fmt::format("{}-", days) : "") +
         fmt::format("{:02}:{:02}:{:02}", n / 3600 % 24, n / 60 % 60, n % 60);
}

std::string step_table(const Results& results) {
  using Step = const StepTimes&;
  const auto& steps = results.steps;
  const auto row = [&](const std::string& name, const auto& value) {
    return line(name, steps, value);
  };
  std::string text = fmt::format("training step, {} problems\n", steps.front().work.problems);
  text += row("latent tokens", [](Step s) { return std::to_string(s.n_latent); });
  text += row("  a problem, mean", [](Step s) {
    return fmt::format("{:.2f}",
                       static_cast<double>(s.work.latents) / static_cast<double>(s.work.problems));
  });
  text += row("rows (tokens)", [](Step s) { return std::to_string(s.work.rows); });
  text += row("needed operations [GFLOP]",
              [](Step s) { return fmt::format("{:.4g}", s.work.operations / giga); });
  text += row("median step [s]", [](Step s) { return fmt::format("{:.4f}", s.median()); });
  text += row("shortest", [](Step s) { return fmt::format("{:.4f}", smallest(s.seconds)); });
  text += row("longest", [](Step s) { return fmt::format("{:.4f}", greatest(s.seconds)); });
  text += row("tokens/s", [](Step s) { return fmt::format("{:.0f}", s.tokens_per_second()); });
  text += row("needed GFLOP/s",
              [](Step s) { return fmt::format("{:.1f}", s.operations_per_second() / giga); });
  text += row("  of the ranks' matrix rate", [&](Step s) {
    return fmt::format("{:.1f} %", 100 * results.share_of_matrix_rate(s));
  });
  text += row(fmt::format("epoch of {} problems", results.run.problems),
              [&](Step s) { return duration(s.epoch_seconds(results.run.problems)); });
  text += memory_lines(steps);
  text +=
      row("launches of kernels and products", [](Step s) { return std::to_string(s.launches); });
  return text + fmt::format("  the steps of all {} epochs, stage by stage: {}\n",
                            results.run.epochs, duration(results.run.seconds));
}

std::string scaling_table(const Results& results) {
  using Step = const StepTimes&;
  if (results.ranks == 1) return "";
  auto text = fmt::format("{} scaling to {} ranks\n", to_string(results.scaling), results.ranks);
  const auto seconds = [](double value) { return fmt::format("{:.4f}", value); };
  text += line("gradient sum after backward [s]", results.steps,
               [&](Step s) { return seconds(s.communication.blocking); });
  text += line("  during it: between its kernels [s]", results.steps,
               [&](Step s) { return seconds(s.communication.overlapped); });
  text += line("  during it: exposed after it [s]", results.steps,
               [&](Step s) { return seconds(s.communication.exposed); });
  text += line("  hidden", results.steps, [](Step s) {
    return fmt::format("{:.0f} %", 100 * s.communication.hidden_share());
  });
  text += line("exposed, of the step", results.steps, [](Step s) {
    return fmt::format("{:.1f} %", 100 * s.communication.exposed / s.median());
  });
  text += line("rank 0 alone, median step [s]", results.steps,
               [](Step s) { return fmt::format("{:.4f}", s.one_rank_seconds); });
  text += line("efficiency", results.steps,
               [&](Step s) { return fmt::format("{:.3f}", results.efficiency(s)); });
  return text + '\n';
}

double region_seconds(const StepTimes& step, const std::string& region) {
  const auto found = step.regions.find(region);
  return found == step.regions.end() ? 0 : found->second;
}

std::string region_table(const std::vector<StepTimes>& steps) {
  std::set<std::string> regions;
  for (const auto& step : steps)
    for (const auto& [region, seconds] : step.regions) regions.insert(region);
  std::vector<std::string> order(regions.begin(), regions.end());
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return region_seconds(steps.front(), a) > region_seconds(steps.front(), b);
  });
  std::string text =
      "where the time of a step goes (rank 0; communication includes waiting for other ranks)\n";
  for (const auto& region : order)
    text += line(region, steps, [&](const StepTimes& s) {
      double total = 0;
      for (const auto& [name, seconds] : s.regions) total += seconds;
      return fmt::format("{:.1f} %", 100 * s.accounted * region_seconds(s, region) / total);
    });
  return text + line("together", steps,
                     [](const StepTimes& s) { return fmt::format("{:.1f} %", 100 * s.accounted); });
}

io::Json to_json(const Machine& machine, model::Precision precision) {
  io::Json json{{"matrix_operations_per_second", matrix_rate(machine, precision)},
                {"copy_bytes_per_second", machine.copy_rate},
                {"exponentials_per_second", machine.exponential_rate}};
  for (const auto& product : machine.products)
    json["products"].push_back({{"precision", to_string(product.precision)},
                                {"m", product.m},
                                {"n", product.n},
                                {"k", product.k},
                                {"operations_per_second", product.operations_per_second}});
  return json;
}

io::Json to_json(const KernelTime& kernel, const Results& results) {
  return {{"name", kernel.name},
          {"shape", kernel.shape},
          {"seconds", kernel.seconds},
          {"operations", kernel.cost.operations},
          {"bytes", kernel.cost.bytes},
          {"exponentials", kernel.cost.exponentials},
          {"share_of_limit", io::number(results.share_of_limit(kernel))}};
}

io::Json to_json(const StepTimes& step, const Results& results) {
  io::Json json{{"latents", step.n_latent},
                {"problems", step.work.problems},
                {"latent_tokens", step.work.latents},
                {"rows", step.work.rows},
                {"outputs", step.work.outputs},
                {"operations", step.work.operations},
                {"seconds", step.seconds},
                {"median_seconds", step.median()},
                {"min_seconds", smallest(step.seconds)},
                {"max_seconds", greatest(step.seconds)},
                {"tokens_per_second", step.tokens_per_second()},
                {"operations_per_second", step.operations_per_second()},
                {"share_of_matrix_rate", results.share_of_matrix_rate(step)},
                {"epoch_seconds", step.epoch_seconds(results.run.problems)},
                {"region_seconds", step.regions},
                {"share_in_regions", step.accounted},
                {"peak_memory_bytes", step.peak_bytes},
                {"workspace_bytes", step.workspace_bytes},
                {"device_bytes", step.device_bytes},
                {"launches", step.launches}};
  if (results.ranks == 1) return json;
  const auto& communication = step.communication;
  json["communication"] = {{"exposed_seconds", communication.exposed},
                           {"overlapped_seconds", communication.overlapped},
                           {"blocking_seconds", communication.blocking},
                           {"hidden_share", io::number(communication.hidden_share())}};
  json["one_rank_median_seconds"] = step.one_rank_seconds;
  json["efficiency"] = results.efficiency(step);
  return json;
}

}  // namespace

std::string text(const Results& results) {
  return machine_table(results) + '\n' + kernel_table(results) + '\n' + step_table(results) + '\n' +
         scaling_table(results) + region_table(results.steps);
}

io::Json to_json(const Results& results) {
  io::Json json{{"ranks", results.ranks},
                {"scaling", to_string(results.scaling)},
                {"precision", to_string(results.precision)},
                {"machine_per_rank", to_json(results.machine, results.precision)},
                {"run",
                 {{"problems", results.run.problems},
                  {"epochs", results.run.epochs},
                  {"seconds", results.run.seconds}}}};
  for (const auto& kernel : results.kernels) json["kernels"].push_back(to_json(kernel, results));
  for (const auto& step : results.steps) json["steps"].push_back(to_json(step, results));
  return json;
}

}  // namespace superpose::bench
