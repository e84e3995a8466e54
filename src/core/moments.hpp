#pragma once
#include <cmath>
#include <cstdint>

namespace superpose {

/// Count, mean and spread of measurements, updated as Welford (1962) and merged as Chan, Golub and
/// LeVeque (1983) do: sums of squares would lose a small spread around a large mean. Trivially
/// copyable.
class Moments {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  void add(const Moments& other) {
    if (other.count_ == 0) return;
    const double n = static_cast<double>(count_), m = static_cast<double>(other.count_);
    const double difference = other.mean_ - mean_;
    count_ += other.count_;
    mean_ += difference * (m / (n + m));
    squares_ += other.squares_ + difference * difference * (n * m / (n + m));
  }
  std::int64_t count() const { return count_; }
  /// NaN if nothing was measured.
  double mean() const { return count_ > 0 ? mean_ : std::nan(""); }
  /// Of the population: numpy's default. NaN if nothing was measured.
  double deviation() const { return std::sqrt(squares_ / static_cast<double>(count_)); }
  /// Of the population that these are a sample of (n - 1). NaN below two measurements.
  double sample_deviation() const {
    return count_ > 1 ? std::sqrt(squares_ / static_cast<double>(count_ - 1)) : std::nan("");
  }
  /// Of the mean. NaN below two measurements.
  double standard_error() const {
    return sample_deviation() / std::sqrt(static_cast<double>(count_));
  }

 private:
  double mean_ = 0, squares_ = 0;  ///< squares_: sum of squared distances from the mean
  std::int64_t count_ = 0;
};

}  // namespace superpose
