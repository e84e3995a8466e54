#include <gtest/gtest.h>

#include "core/plain_text.hpp"

namespace superpose {
namespace {

TEST(PlainText, KnowsControlCharacters) {
  for (const auto* text : {"a\nb", "\t", "\x1b[2J", "\x7f", "\r",
                           "\xc2\x9b"
                           "31m"})
    EXPECT_TRUE(has_control_characters(text)) << printable(text);
  EXPECT_TRUE(has_control_characters(std::string("a\0b", 3)));
  for (const auto* text : {"", "a b", "'$x`\"\\", "caf\xc3\xa9", "\xc2\xa0", "\xe9", "\xc2"})
    EXPECT_FALSE(has_control_characters(text)) << text;
}

TEST(PlainText, ReachesATerminalWithoutEscapeSequences) {
  EXPECT_EQ(printable("a\x1b]0;x\x07"
                      "b\n\tc\r"),
            "a\\x1b]0;x\\x07"
            "b\n\tc\\x0d");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m caf\xc3\xa9"),
            "\\xc2\\x9b"
            "31m caf\xc3\xa9");
}

TEST(PlainText, IsMadeUtf8ByteForByte) {
  const std::string sign = "\xef\xbf\xbd";
  for (const auto* text : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(valid_utf8(text), text);
  EXPECT_EQ(valid_utf8("caf\xe9.h5"), "caf" + sign + ".h5");
  EXPECT_EQ(valid_utf8("\xe2\x82"), sign + sign) << "cut off";
  EXPECT_EQ(valid_utf8("\xc0\xaf"), sign + sign) << "longer than need be";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), sign + sign + sign) << "a surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), sign + sign + sign + sign) << "beyond U+10FFFF";
  EXPECT_EQ(valid_utf8("\xe0\x80\x80"), sign + sign + sign);
  EXPECT_EQ(valid_utf8("\x80z"), sign + "z");
}

}  // namespace
}  // namespace superpose
