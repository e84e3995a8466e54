/// Safetensors files: what is written is read bit for bit, and nothing of a header is believed.

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "io/safetensors.hpp"
#include "tests/error_of.hpp"

namespace superpose::io {
namespace {

using testing::HasSubstr;

/// A file of this header and these bytes behind it.
std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

/// An entry of a header.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, dtype, shape,
                     offsets);
}

void expect_refused(const std::string& contents, const std::string& why) {
  const auto [code, message] = tests::error_of([&] { Safetensors(contents, "FILE"); });
  EXPECT_EQ(code, ExitCode::checkpoint) << why;
  EXPECT_THAT(message, HasSubstr(why));
  EXPECT_THAT(message, HasSubstr("FILE"));
}

/// A header of one tensor with these places, before 24 bytes.
void expect_refused(const std::string& dtype, const std::string& shape, const std::string& offsets,
                    const std::string& why) {
  expect_refused(file_of("{" + entry("a", dtype, shape, offsets) + "}", std::string(24, '\0')),
                 why);
}

constexpr const char* good_header = R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";

TEST(Safetensors, WhatIsWrittenIsReadBitForBit) {
  const float values[] = {1.5F, -0.0F, std::numeric_limits<float>::denorm_min(), 0x1.fffffep127F};
  const std::uint8_t bytes[] = {1, 2, 3};
  const auto contents = to_safetensors({{"b", {}, {3}, DType::u8, bytes},
                                        {"a", {"x", "y"}, {2, 2}, DType::f32, values},
                                        {"none", {}, {0, 5}, DType::f32, nullptr}},
                                       {{"format", "pt"}});
  std::uint64_t length = 0;
  std::memcpy(&length, contents.data(), sizeof length);
  EXPECT_EQ(length % 8, 0);
  const Safetensors file(contents, "FILE");
  ASSERT_EQ(file.entries().size(), 3);
  EXPECT_EQ(file.entries()[0].name, "b");
  EXPECT_EQ(file.entries()[0].dtype, "U8");
  EXPECT_EQ(file.entries()[1].shape, (std::vector<std::size_t>{2, 2}));
  const auto read = file.values(file.entries()[1]);
  EXPECT_EQ(std::memcmp(read.data(), values, sizeof values), 0);
  EXPECT_TRUE(file.values(file.entries()[2]).empty());
  const auto [code, message] = tests::error_of([&] { file.values(file.entries()[0]); });
  EXPECT_EQ(code, ExitCode::checkpoint);
  EXPECT_THAT(message, HasSubstr("tensor b is U8"));
}

TEST(Safetensors, HalfPrecisionIsWidenedWithoutRounding) {
  const std::uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x8000, 0x7c00};
  const float expected[] = {1, -2, 0x1p-24F, -1023 * 0x1p-24F, 0x1p-14F, 65504, -0.0F, INFINITY};
  const std::string data(reinterpret_cast<const char*>(halves), sizeof halves);
  const Safetensors file(file_of("{" + entry("a", "F16", "[8]", "[0,16]") + "}", data), "FILE");
  const auto read = file.values(file.entries()[0]);
  EXPECT_EQ(std::memcmp(read.data(), expected, sizeof expected), 0);
  const Safetensors brain(file_of("{" + entry("a", "BF16", "[8]", "[0,16]") + "}", data), "FILE");
  EXPECT_EQ(brain.values(brain.entries()[0])[1], -2.0F);
  EXPECT_EQ(brain.values(brain.entries()[0])[0], 0x1p-7F);
}

TEST(Safetensors, FilesThatAreNotWhole) {
  const std::string data(24, '\0');
  const auto whole = file_of(good_header, data);
  EXPECT_EQ(Safetensors(whole, "FILE").entries().size(), 1);
  expect_refused("", "0 bytes");
  expect_refused(whole.substr(0, 7), "7 bytes");
  expect_refused(whole.substr(0, 20), "truncated");
  expect_refused(whole.substr(0, whole.size() - 1), "ends 1 bytes early: it is truncated");
  expect_refused(whole + "x", "1 bytes follow the last tensor");
  expect_refused(std::string(8, '\xff') + whole.substr(8), "18446744073709551615 bytes, more than");
  expect_refused(file_of("{}", "x"), "1 bytes follow");
}

TEST(Safetensors, HeadersThatAreNoHeader) {
  for (const std::string text : {"", "[]", "1", " {}"})
    expect_refused(file_of(text, ""), "no JSON object");
  for (const std::string text : {"{", "{}x", R"({"a":1e999})", "{\"\xff\":1}"})
    expect_refused(file_of(text, ""), "the header of FILE cannot be used");
  expect_refused(file_of(R"({"a":)" + std::string(1000000, '['), ""), "nested more than 3 deep");
  expect_refused(file_of(R"({"a":1})", ""), "tensor a is no object");
  expect_refused(file_of(R"({"a":{}})", ""), "tensor a has no dtype");
  expect_refused(file_of(R"({"__metadata__":{"a":1}})", ""), "__metadata__");
  const auto tensor = entry("a", "F32", "[0]", "[0,0]");
  expect_refused(file_of("{" + tensor + "," + tensor + "}", ""), "key a is there twice");
  expect_refused(
      file_of(R"({"a":{"dtype":"F32","dtype":"F16","shape":[],"data_offsets":[0,4]}})", "1234"),
      "key dtype is there twice");
}

TEST(Safetensors, PlacesThatAreNone) {
  expect_refused("F31", "[2,3]", "[0,24]", "unknown dtype F31");
  for (const std::string shape :
       {"[-1]", "[2.0,3]", "\"6\"", "6", "[18446744073709551616]", "null"})
    expect_refused("F32", shape, "[0,24]", "no list of sizes");
  for (const std::string place : {"[0]", "[0,24,24]", "[-24,0]", "[0,18446744073709551616]", "24"})
    expect_refused("F32", "[2,3]", place, "not two places");
  expect_refused("F32", "[4611686018427387904,4]", "[0,24]", "more elements than can be counted");
  expect_refused("F32", "[4611686018427387904]", "[0,24]", "more elements than can be counted");
  expect_refused("F32", "[2,3]", "[18446744073709551592,0]", "takes 24 bytes, not those from");
  expect_refused("F32", "[2,3]", "[24,0]", "takes 24 bytes, not those from 24 to 0");
  expect_refused("F32", "[2,2]", "[0,24]", "takes 16 bytes, not those from 0 to 24");
  expect_refused("F32", "[4]", "[8,24]", "no tensor has the bytes from 0 to 8");
  expect_refused("F32", "[2,3]", "[18446744073709551584,18446744073709551608]", "no tensor has");
}

TEST(Safetensors, TensorsThatOverlapOrLeaveGaps) {
  const std::string data(24, '\0');
  const auto file = [&](const std::string& second) {
    return file_of("{" + entry("a", "F32", "[3]", "[0,12]") + "," + second + "}", data);
  };
  EXPECT_EQ(Safetensors(file(entry("b", "F32", "[3]", "[12,24]")), "FILE").entries().size(), 2);
  expect_refused(file(entry("b", "F32", "[4]", "[8,24]")), "tensors a and b overlap");
  expect_refused(file(entry("b", "F32", "[6]", "[0,24]")), "tensors a and b overlap");
  expect_refused(file(entry("b", "F32", "[2]", "[16,24]")),
                 "no tensor has the bytes from 12 to 16");
}

}  // namespace
}  // namespace superpose::io
