#include "analysis/statistic.hpp"

#include "core/error.hpp"

namespace superpose::analysis {
namespace {

std::size_t size_of(const std::vector<Axis>& axes) {
  std::size_t size = 1;
  for (const auto& axis : axes) size *= static_cast<std::size_t>(axis.extent);
  return size;
}

std::vector<Axis> with_heads(std::vector<Axis> axes, int n_head) {
  axes.push_back({"head", n_head});
  return axes;
}

}  // namespace

Statistic::Statistic(std::string name, std::string unit, std::string description,
                     std::vector<Axis> axes, std::string frontier_rule)
    : name_(std::move(name)),
      unit_(std::move(unit)),
      description_(std::move(description)),
      frontier_rule_(std::move(frontier_rule)),
      axes_(std::move(axes)),
      values_(size_of(axes_)) {}

std::size_t Statistic::offset(std::initializer_list<int> index) const {
  SUPERPOSE_EXPECT(index.size() == axes_.size());
  std::size_t offset = 0, axis = 0;
  for (const int i : index) {
    SUPERPOSE_EXPECT(i >= 0 && i < axes_[axis].extent);
    offset = offset * static_cast<std::size_t>(axes_[axis++].extent) + static_cast<std::size_t>(i);
  }
  return offset;
}

Moments& Statistic::at(std::initializer_list<int> index) {
  return values_[offset(index)];
}

const Moments& Statistic::at(std::initializer_list<int> index) const {
  return values_[offset(index)];
}

HeadStatistic::HeadStatistic(const std::string& name, const std::string& unit,
                             const std::string& description, const std::vector<Axis>& axes,
                             int n_head, const std::string& frontier_rule)
    : summed(name, unit, description + ", summed over heads", axes, frontier_rule),
      by_head(name + "_by_head", unit, description + ", of each head", with_heads(axes, n_head),
              frontier_rule),
      n_head_(n_head) {}

}  // namespace superpose::analysis
