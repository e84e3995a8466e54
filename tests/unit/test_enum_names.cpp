#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/enum_names.hpp"

namespace superpose::elsewhere {

enum class Colour { red, green };
constexpr std::array<const char*, 2> names_of(Colour) {
  return {"red", "green"};
}

}  // namespace superpose::elsewhere

namespace superpose {
namespace {

using elsewhere::Colour;

TEST(EnumNames, NameEveryEnumeratorAndAreReadBack) {
  EXPECT_STREQ(to_string(Colour::red), "red");
  EXPECT_STREQ(to_string(Colour::green), "green");
  EXPECT_THAT(all_names<Colour>(), testing::ElementsAre("red", "green"));
  EXPECT_THAT(all_values<Colour>(), testing::ElementsAre(Colour::red, Colour::green));
  EXPECT_EQ(index_of(Colour::green), 1U);
  for (const auto colour : {Colour::red, Colour::green})
    EXPECT_EQ(enum_of<Colour>(to_string(colour)), colour);
}

TEST(EnumNames, OtherNamesAreNoEnumerators) {
  for (const char* name : {"", "Red", "red ", "blue"})
    EXPECT_EQ(enum_of<Colour>(name), std::nullopt) << name;
}

}  // namespace
}  // namespace superpose
