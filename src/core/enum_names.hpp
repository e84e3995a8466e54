#pragma once
/// Names of enumerators, as users write and read them. An enum with the enumerators 0, 1, ... gets
/// them from a function beside it:
///
///   enum class Schedule { constant, cosine };
///   constexpr std::array<const char*, 2> names_of(Schedule) { return {"constant", "cosine"}; }

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace superpose {

/// The place of an enumerator: in arrays with an element for each.
template <class Enum>
constexpr auto index_of(Enum value) -> decltype(names_of(value), std::size_t{}) {
  return static_cast<std::size_t>(value);
}

/// The name of an enumerator.
template <class Enum>
constexpr auto to_string(Enum value) -> typename decltype(names_of(value))::value_type {
  return names_of(value)[index_of(value)];
}

/// All enumerators, in their order.
template <class Enum>
constexpr auto all_values() {
  std::array<Enum, std::tuple_size<decltype(names_of(Enum{}))>::value> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<Enum>(i);
  return values;
}

/// Their names.
template <class Enum>
std::vector<std::string> all_names() {
  constexpr auto names = names_of(Enum{});
  return {names.begin(), names.end()};
}

/// The enumerator of this name; none if there is no such name.
template <class Enum>
std::optional<Enum> enum_of(const std::string& name) {
  constexpr auto names = names_of(Enum{});
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace superpose
