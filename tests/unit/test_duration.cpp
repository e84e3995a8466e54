#include <gtest/gtest.h>

#include "config/duration.hpp"
#include "tests/error_of.hpp"

namespace superpose::config {
namespace {

TEST(Duration, IsReadAsSlurmWritesIt) {
  EXPECT_EQ(parse_duration("90", "--max_time"), 5400);
  EXPECT_EQ(parse_duration("1:30", "--max_time"), 90);
  EXPECT_EQ(parse_duration("48:00:00", "--max_time"), 48 * 3600);
  EXPECT_EQ(parse_duration("2-12", "--max_time"), 60 * 3600);
  EXPECT_EQ(parse_duration("1-01:30", "--max_time"), 25.5 * 3600);
  EXPECT_EQ(parse_duration("1-00:00:05", "--max_time"), 86405);
}

TEST(Duration, OfAnotherFormIsRefused) {
  for (const char* text : {"", "0", "0:00", "1h", "-5", "1:2:3:4", "1.5", " 5", "1-"}) {
    const auto [code, message] = tests::error_of([&] { parse_duration(text, "--max_time"); });
    EXPECT_EQ(code, ExitCode::usage) << text;
    EXPECT_NE(message.find("--max_time"), std::string::npos);
  }
}

}  // namespace
}  // namespace superpose::config
