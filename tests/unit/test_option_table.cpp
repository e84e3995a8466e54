#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "config/nearest_name.hpp"
#include "config/option_table.hpp"
#include "core/error.hpp"

namespace superpose::config {
namespace {

using testing::HasSubstr;

enum class Mode { slow, fast };
constexpr std::array<const char*, 2> names_of(Mode) {
  return {"slow", "fast"};
}

enum class Colour { red, green };
constexpr std::array<const char*, 2> names_of(Colour) {
  return {"red", "green"};
}

struct Options {
  bool flag = false;
  int count = 3;
  std::uint64_t seed = 1;
  IntRange size = 5;
  double rate = 0.5;
  std::string path = "a";
  Numbers list = {2};
  Mode mode = Mode::slow;
  Colour colour = Colour::red;

  OptionTable table() {
    OptionTable table;
    table.add("main.flag", flag, "a flag");
    table.add("main.count", count, "how many", at_least(1));
    table.add("main.seed", seed, "of everything");
    table.add("main.size", size, "how large", from_to(4, 100));
    table.add("numbers.rate", rate, "how fast", from_to_below(0, 1));
    table.add("numbers.path", path, "where");
    table.add("numbers.list", list, "how much of each", above(0));
    table.add("numbers.mode", mode, "how");
    table.add("numbers.colour", colour, "which");
    return table;
  }

  void read(const std::string& text) {
    auto rows = table();
    for (const auto& setting : read_toml(text, "x.toml")) rows.set(setting);
  }
};

/// Message of the usage error that reading `text` ends with.
std::string error_of(const std::string& text) {
  Options options;
  try {
    options.read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "no error";
}

/// Message of the usage error that `--key value` ends with.
std::string error_of(const Override& override) {
  Options options;
  try {
    options.table().set(override);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "no error";
}

TEST(OptionTable, SetsEveryTypeFromToml) {
  Options options;
  options.read(
      "[main]\nflag = true\ncount = 7\nseed = 9223372036854775807\n"
      "[numbers]\nrate = 0.25\npath = \"b\"\nmode = \"fast\"\ncolour = \"green\"\n");
  EXPECT_TRUE(options.flag);
  EXPECT_EQ(options.count, 7);
  EXPECT_EQ(options.seed, 9223372036854775807U);
  EXPECT_EQ(options.rate, 0.25);
  EXPECT_EQ(options.path, "b");
  EXPECT_EQ(options.mode, Mode::fast);
  EXPECT_EQ(options.colour, Colour::green);
}

TEST(OptionTable, SetsEveryTypeFromTheCommandLine) {
  Options options;
  auto table = options.table();
  for (const auto& [key, value] : {std::pair{"main.flag", "true"},
                                   {"main.count", "7"},
                                   {"main.seed", "12"},
                                   {"numbers.rate", "1e-3"},
                                   {"numbers.path", "c = d"},
                                   {"numbers.colour", "green"}}) {
    table.set(Override{key, value});
  }
  EXPECT_TRUE(options.flag);
  EXPECT_EQ(options.count, 7);
  EXPECT_EQ(options.seed, 12U);
  EXPECT_EQ(options.rate, 1e-3);
  EXPECT_EQ(options.path, "c = d");
  EXPECT_EQ(options.colour, Colour::green);
}

TEST(OptionTable, TakesAnIntegerForANumberOnly) {
  Options options;
  options.read("numbers.rate = 0");
  EXPECT_EQ(options.rate, 0);
  EXPECT_THAT(error_of("main.count = 2.0"), HasSubstr("main.count = 2.0 has the wrong type"));
}

TEST(OptionTable, NamesLineValueAndDomainOfAWrongType) {
  EXPECT_EQ(error_of("[main]\n\nflag = 1"),
            "main.flag = 1 has the wrong type (line 3 of x.toml); give true or false");
  EXPECT_EQ(error_of("main.count = \"2\""),
            "main.count = \"2\" has the wrong type (line 1 of x.toml); give an integer >= 1");
  EXPECT_THAT(error_of("main.count = [1]"), HasSubstr("main.count = [1.0] has the wrong type"));
  EXPECT_THAT(error_of("main = []"), HasSubstr("'main' is a section"));
  EXPECT_THAT(error_of(Override{"main.count", "2x"}),
              HasSubstr("main.count = \"2x\" has the wrong type (command line)"));
  EXPECT_THAT(error_of(Override{"main.flag", "yes"}), HasSubstr("give true or false"));
}

TEST(OptionTable, RefusesWhatIsOutOfBounds) {
  EXPECT_EQ(error_of("main.count = 0"),
            "main.count = 0 is out of range (line 1 of x.toml); give an integer >= 1");
  EXPECT_THAT(error_of("numbers.rate = 1"), HasSubstr("give a number in [0, 1)"));
  EXPECT_THAT(error_of("numbers.rate = nan"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("main.count = 3000000000"), HasSubstr("too large"));
  EXPECT_THAT(error_of("main.seed = -1"), HasSubstr("give an integer >= 0"));
  EXPECT_THAT(error_of("numbers.mode = \"quick\""), HasSubstr("give one of slow, fast"));
  EXPECT_THAT(error_of("numbers.colour = \"blue\""), HasSubstr("give one of red, green"));
  EXPECT_THAT(error_of(Override{"numbers.path", "\xff"}), HasSubstr("is not UTF-8"));
}

TEST(OptionTable, ARangeIsAnIntegerOrTwoWithAColon) {
  Options options;
  options.read("main.size = 7");
  EXPECT_EQ(options.size, 7);
  options.read("main.size = \"8:28\"");
  EXPECT_EQ(options.size, IntRange(8, 28));
  EXPECT_THAT(options.table().toml(), HasSubstr("size = \"8:28\"\n"));
  options.table().set(Override{"main.size", "9:9"});
  EXPECT_EQ(options.size, 9);
  EXPECT_THAT(options.table().toml(), HasSubstr("size = 9\n"));
  options.table().set(Override{"main.size", "4:100"});
  EXPECT_EQ(options.size, IntRange(4, 100));
}

TEST(OptionTable, RefusesARangeThatIsNone) {
  EXPECT_EQ(error_of(Override{"main.size", "28:8"}),
            "main.size = \"28:8\" is an empty range (command line); give an integer in [4, 100] or "
            "a range MIN:MAX of them");
  for (const auto* outside : {"0:5", "5:101", "3"})
    EXPECT_THAT(error_of(Override{"main.size", outside}), HasSubstr("out of range")) << outside;
  for (const auto* none : {"x:3", "3:x", ":", "8:", ":8", "8:9:10", "8-28", "", "8 : 9", "5:9e9"})
    EXPECT_THAT(error_of(Override{"main.size", none}), HasSubstr("neither an integer nor a range"))
        << none;
  EXPECT_THAT(error_of("main.size = 7.0"), HasSubstr("has the wrong type"));
}

TEST(OptionTable, AListIsWrittenAsInTomlOrWithCommasAlone) {
  Options options;
  EXPECT_THAT(options.table().toml(), HasSubstr("list = [2.0]\n"));
  options.read("numbers.list = [1, 0.25]");
  EXPECT_EQ(options.list, (Numbers{1, 0.25}));
  options.read("numbers.list = []");
  EXPECT_EQ(options.list, Numbers{});
  EXPECT_THAT(options.table().toml(), HasSubstr("list = []\n"));
  for (const auto* text : {"1,0.5", "[1, 0.5]", " [1,0.5,]", "1.0, 5e-1"}) {
    options.table().set(Override{"numbers.list", text});
    EXPECT_EQ(options.list, (Numbers{1, 0.5})) << text;
  }
  options.table().set(Override{"numbers.list", "3"});
  EXPECT_EQ(options.list, Numbers{3});
  options.table().set(Override{"numbers.list", ""});
  EXPECT_EQ(options.list, Numbers{});
}

TEST(OptionTable, RefusesAListThatIsNone) {
  EXPECT_EQ(
      error_of("numbers.list = [1, 0]"),
      "numbers.list = [1.0, 0.0] is out of range (line 1 of x.toml); give a list of numbers > 0");
  EXPECT_THAT(error_of("numbers.list = [inf]"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("numbers.list = [nan]"), HasSubstr("out of range"));
  for (const auto* other : {"[\"a\"]", "[[1]]", "1", "\"1\"", "[true]"})
    EXPECT_THAT(error_of("numbers.list = " + std::string(other)), HasSubstr("wrong type")) << other;
  for (const auto* none : {"x", "1;2", "[1", "1]", "[1]\nx = 2", "[1],[2]", "true"})
    EXPECT_THAT(error_of(Override{"numbers.list", none}), HasSubstr("wrong type")) << none;
}

TEST(OptionTable, NamesTheNearestKey) {
  EXPECT_EQ(error_of("[main]\ncuont = 1"),
            "unknown key 'main.cuont' (line 2 of x.toml); did you mean 'main.count'?");
  EXPECT_THAT(error_of("[mian]\ncount = 1"), HasSubstr("did you mean 'main.count'?"));
  EXPECT_THAT(error_of("count = 1"), HasSubstr("did you mean 'main.count'?"));
  EXPECT_THAT(error_of("[numbers]\ncoumt = 1"), HasSubstr("did you mean 'main.count'?"));
  EXPECT_THAT(error_of("[numbers]\nsort = 1"), Not(HasSubstr("main.")));
  EXPECT_EQ(error_of("[other]"), "unknown key 'other' (line 1 of x.toml)");
  EXPECT_EQ(error_of("main = 1"),
            "'main' is a section, not a setting (line 1 of x.toml); write [main] and its settings "
            "below it");
}

TEST(OptionTable, AcceptsAnEmptySection) {
  EXPECT_EQ(error_of("[main]"), "no error");
}

TEST(OptionTable, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(error_of("[main]\ncount = = 1"), HasSubstr("x.toml is not TOML (line 2"));
  EXPECT_THAT(error_of("[main]\ncount = 1\ncount = 2"), HasSubstr("line 3"));
}

TEST(OptionTable, EchoReadsBackToTheSameBits) {
  Options options;
  options.flag = true;
  options.seed = 9223372036854775807U;
  options.size = IntRange(8, 28);
  options.list = {0.1 + 0.2, 1e-300, 7};
  options.rate = 0.1 + 0.2;
  options.path = "tab\t \"quote\" back\\slash \x7f \xc3\xa4\n";
  options.colour = Colour::green;
  Options again;
  again.read(options.table().toml());
  EXPECT_EQ(again.flag, options.flag);
  EXPECT_EQ(again.seed, options.seed);
  EXPECT_EQ(std::memcmp(&again.rate, &options.rate, sizeof again.rate), 0);
  EXPECT_EQ(again.size, options.size);
  EXPECT_EQ(again.list, options.list);
  EXPECT_EQ(again.path, options.path);
  EXPECT_EQ(again.colour, options.colour);
}

TEST(OptionTable, WritesNumbersInTheirShortestForm) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(1), "1.0");
  EXPECT_EQ(shortest(-0.0), "-0.0");
  EXPECT_EQ(shortest(1e300), "1e+300");
  EXPECT_EQ(shortest(5e-324), "5e-324");
}

TEST(OptionTable, HelpNamesEveryKeyWithItsDefault) {
  Options options;
  auto table = options.table();
  options.count = 99;  // the default is what the variable held when its row was added
  const std::string help = table.help();
  for (const auto& key : table.keys()) EXPECT_THAT(help, HasSubstr("--" + key));
  EXPECT_THAT(help, HasSubstr("how many\n"));
  EXPECT_THAT(help, HasSubstr("an integer >= 1; default 3\n"));
  EXPECT_THAT(help, HasSubstr("one of red, green; default \"red\"\n"));
}

TEST(NearestName, SuggestsNothingForAForeignName) {
  EXPECT_EQ(nearest_name("temperature", {"main.count", "main.flag"}), "");
  const std::vector<std::string> names{"method.name", "optimizer.name", "generate.seed"};
  for (const auto* misspelt : {"optmizer.name", "opimizr.name"})
    EXPECT_EQ(nearest_name(misspelt, names), "optimizer.name");
  EXPECT_EQ(nearest_name("trian", {"generate", "train"}), "train");
}

}  // namespace
}  // namespace superpose::config
