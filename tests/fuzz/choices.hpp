#pragma once
/// Choices made by the bytes of an input, in their order; what the bytes do not decide is 0.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace superpose::fuzz {

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

  bool empty() const { return next_ == end_; }

  std::uint8_t byte() { return empty() ? 0 : *next_++; }

  bool coin() { return (byte() & 1) != 0; }

  /// In [0, n), n at most 256.
  std::size_t below(std::size_t n) { return byte() % n; }

  template <class T>
  T one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  template <class T>
  T number() {
    T value{};
    const auto size = std::min<std::size_t>(sizeof value, end_ - next_);
    if (size > 0) std::memcpy(&value, next_, size);
    next_ += size;
    return value;
  }

  std::string text() {
    const std::size_t longest = below(16);  // takes a byte, hence before the rest is counted
    const auto size = std::min<std::size_t>(longest, end_ - next_);
    const std::string text(reinterpret_cast<const char*>(next_), size);
    next_ += size;
    return text;
  }

  /// Integers at which programs go wrong, or any.
  std::int64_t integer() {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::vector<std::int64_t> special{0,
                                            1,
                                            -1,
                                            2,
                                            std::numeric_limits<int>::max(),
                                            (std::int64_t{1} << 53) + 1,
                                            Limits::max(),
                                            Limits::min()};
    const auto place = below(special.size() + 1);
    return place < special.size() ? special[place] : number<std::int64_t>();
  }

  double real() {
    using Limits = std::numeric_limits<double>;
    const std::vector<double> special{
        0, -0.0, 1, Limits::quiet_NaN(), Limits::infinity(), Limits::max(), Limits::denorm_min()};
    const auto place = below(special.size() + 1);
    return place < special.size() ? special[place] : number<double>();
  }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

}  // namespace superpose::fuzz
