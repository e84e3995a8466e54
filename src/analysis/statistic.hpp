#pragma once
/// Mean, standard deviation and count of a measured quantity, by group.

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/moments.hpp"

namespace superpose::analysis {

/// A dimension of a statistic. Coordinates are 1..extent: layer 1, thought 1, head 1.
struct Axis {
  std::string name;
  int extent;
};

/// A quantity by group of its axes, row-major.
class Statistic {
 public:
  /// `frontier_rule`: by which the frontier is counted that it is about, "" for none.
  Statistic(std::string name, std::string unit, std::string description, std::vector<Axis> axes,
            std::string frontier_rule = "");

  const std::string& name() const { return name_; }
  const std::string& unit() const { return unit_; }
  const std::string& description() const { return description_; }
  const std::vector<Axis>& axes() const { return axes_; }
  const std::string& frontier_rule() const { return frontier_rule_; }
  const std::vector<Moments>& values() const { return values_; }
  std::vector<Moments>& values() { return values_; }

  /// The group at these 0-based indices, one an axis.
  Moments& at(std::initializer_list<int> index);
  const Moments& at(std::initializer_list<int> index) const;

 private:
  std::size_t offset(std::initializer_list<int> index) const;

  std::string name_, unit_, description_, frontier_rule_;
  std::vector<Axis> axes_;
  std::vector<Moments> values_;
};

/// A quantity that every head has: head by head, last axis "head", and summed over the heads, as
/// the papers report it.
class HeadStatistic {
 public:
  /// `axes` without the heads'. The statistic by head is called `name`_by_head.
  HeadStatistic(const std::string& name, const std::string& unit, const std::string& description,
                const std::vector<Axis>& axes, int n_head, const std::string& frontier_rule = "");

  /// One measurement: value(head) of each head, in the group at `index`.
  template <class Value>
  void add(std::initializer_list<int> index, const Value& value);

  /// One measurement whose value over all heads is not the sum of theirs.
  template <class Value>
  void add(std::initializer_list<int> index, double of_all, const Value& value);

  Statistic summed, by_head;

 private:
  /// Returns the sum of the heads' values.
  template <class Value>
  double add_heads(std::initializer_list<int> index, const Value& value);

  int n_head_;
};

template <class Value>
void HeadStatistic::add(std::initializer_list<int> index, const Value& value) {
  summed.at(index).add(add_heads(index, value));
}

template <class Value>
void HeadStatistic::add(std::initializer_list<int> index, double of_all, const Value& value) {
  add_heads(index, value);
  summed.at(index).add(of_all);
}

template <class Value>
double HeadStatistic::add_heads(std::initializer_list<int> index, const Value& value) {
  Moments* heads = by_head.values().data() + (&summed.at(index) - summed.values().data()) * n_head_;
  double sum = 0;
  for (int head = 0; head < n_head_; ++head) {
    const double of_head = value(head);
    heads[head].add(of_head);
    sum += of_head;
  }
  return sum;
}

}  // namespace superpose::analysis
