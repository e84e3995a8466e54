#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/error.hpp"
#include "io/hdf5_file.hpp"
#include "io/run_metadata.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::io {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Names = std::vector<std::string>;

class Hdf5File : public testing::Test {
 protected:
  template <class Work>
  std::string io_error(Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      return error.what();
    }
    return "no error";
  }

  tests::TemporaryFolder folder_;
  const std::string& directory_ = folder_.path();
  const std::string path_ = folder_ / "file.h5";
};

TEST_F(Hdf5File, GivesBackValuesShapesAndTypes) {
  std::vector<float> matrix{1, 2, 3, 4, 5, 6};
  std::vector<std::int64_t> vector{-1, 0, std::int64_t{1} << 62};
  double scalar = 0.1;
  {
    File file = File::create(path_);
    file.write({"group/deep/matrix", {}, {2, 3}, DType::f32, matrix.data()});
    file.write({"vector", {}, {3}, DType::i64, vector.data()});
    file.write({"scalar", {}, {}, DType::f64, &scalar});
    file.close();
  }
  const File file = File::open(path_);
  std::vector<float> matrix_read(6);
  std::vector<std::int64_t> vector_read(3);
  double scalar_read = 0;
  file.read({"group/deep/matrix", {}, {2, 3}, DType::f32, matrix_read.data()});
  file.read({"vector", {}, {3}, DType::i64, vector_read.data()});
  file.read({"scalar", {}, {}, DType::f64, &scalar_read});
  EXPECT_EQ(matrix_read, matrix);
  EXPECT_EQ(vector_read, vector);
  EXPECT_EQ(scalar_read, scalar);
  EXPECT_EQ(file.layout("group/deep/matrix").shape, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(file.layout("vector").dtype, DType::i64);
}

TEST_F(Hdf5File, WritesRowsInParts) {
  std::vector<std::int32_t> rows{1, 2, 3, 4, 5, 6}, read(6);
  const NamedTensor tensor{"rows", {}, {3, 2}, DType::i32, rows.data()};
  File file = File::create(path_);
  file.create_dataset(tensor);
  file.write_rows(tensor, 2, 3);
  file.write_rows(tensor, 1, 1);
  file.write_rows(tensor, 0, 2);
  file.read({"rows", {}, {3, 2}, DType::i32, read.data()});
  EXPECT_EQ(read, rows);
}

TEST_F(Hdf5File, SharesDimensionsOfItsGroupAndThoseAbove) {
  std::vector<double> values(6);
  std::vector<std::int64_t> hops{3, 4};
  File file = File::create(path_);
  file.create_dimension("n_embd", 3);
  file.write_coordinate({"evaluation/hops", {}, {2}, DType::i64, hops.data()});
  file.write({"evaluation/a", {"hops", "n_embd"}, {2, 3}, DType::f64, values.data()});
  file.write({"b", {"n_embd"}, {3}, DType::f64, values.data()});
  EXPECT_EQ(file.layout("evaluation/a").dims, (Names{"hops", "n_embd"}));
  EXPECT_EQ(file.layout("b").dims, Names{"n_embd"});
  EXPECT_EQ(file.layout("evaluation/hops").dims, Names{"hops"});
  // Order of creation; a dimension without coordinates is no variable.
  EXPECT_EQ(file.children("/"), (Names{"evaluation", "b"}));
  EXPECT_EQ(file.children("evaluation"), (Names{"hops", "a"}));
}

TEST_F(Hdf5File, RefusesADimensionOfAnotherExtent) {
  std::vector<double> values(4);
  File file = File::create(path_);
  file.create_dimension("n_embd", 3);
  EXPECT_THROW(file.write({"a", {"n_embd"}, {4}, DType::f64, values.data()}), std::logic_error);
  EXPECT_THROW(file.write({"b", {"n_head"}, {4}, DType::f64, values.data()}), std::logic_error);
}

TEST_F(Hdf5File, GivesBackAttributes) {
  const std::string long_text(200000, 'x');
  File file = File::create(path_);
  file.set_attribute("/", "text", long_text);
  file.set_attribute("/", "empty", std::string());
  file.set_attribute("/", "signed", std::int64_t{-5});
  file.set_attribute("/", "unsigned", ~std::uint64_t{0});
  file.set_attribute("/", "number", 0.1);
  EXPECT_EQ(file.attribute<std::string>("/", "text"), long_text);
  EXPECT_EQ(file.attribute<std::string>("/", "empty"), "");
  EXPECT_EQ(file.attribute<std::int64_t>("/", "signed"), -5);
  EXPECT_EQ(file.attribute<std::uint64_t>("/", "unsigned"), ~std::uint64_t{0});
  EXPECT_EQ(file.attribute<double>("/", "number"), 0.1);
  EXPECT_EQ(file.attribute_names("/"), (Names{"empty", "number", "signed", "text", "unsigned"}));
  EXPECT_FALSE(file.has_attribute("/", "absent"));
}

TEST_F(Hdf5File, NamesFileObjectAndReason) {
  const std::string missing = io_error([&] { File::open(directory_ + "/missing.h5"); });
  EXPECT_THAT(missing, HasSubstr("missing.h5"));
  EXPECT_THAT(missing, HasSubstr("No such file"));
  EXPECT_THAT(io_error([&] { File::create(directory_ + "/none/file.h5"); }),
              HasSubstr("/none/file.h5"));

  File file = File::create(path_);
  EXPECT_THAT(io_error([&] { file.layout("absent"); }), HasSubstr("dataset absent in " + path_));
  EXPECT_THAT(io_error([&] { file.attribute<double>("/", "absent"); }), HasSubstr("/@absent"));
  file.set_attribute("/", "number", 1.0);
  EXPECT_THAT(io_error([&] { file.attribute<std::string>("/", "number"); }), HasSubstr("not text"));
  std::ofstream(directory_ + "/text.h5") << "this is no HDF5 file";
  EXPECT_THAT(io_error([&] { File::open(directory_ + "/text.h5"); }), HasSubstr("text.h5"));
}

TEST_F(Hdf5File, RefusesAnotherShapeOrType) {
  std::vector<float> values(6);
  File file = File::create(path_);
  file.write({"a", {}, {2, 3}, DType::f32, values.data()});
  EXPECT_THAT(io_error([&] {
                file.read({"a", {}, {3, 2}, DType::f32, values.data()});
              }),
              HasSubstr("[2, 3], wanted is [3, 2]"));
  EXPECT_THAT(io_error([&] {
                file.read({"a", {}, {2, 3}, DType::i32, values.data()});
              }),
              HasSubstr("another type"));
}

TEST_F(Hdf5File, IsTheSameFileForTheSameContents) {
  std::vector<double> values{1, 2, 3};
  const auto bytes_of = [&](const std::string& path) {
    File file = File::create(path);
    file.create_dimension("n_embd", 3);
    file.write({"group/a", {"n_embd"}, {3}, DType::f64, values.data()});
    file.close();
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  const std::string first = bytes_of(path_);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // time stamps have whole seconds
  EXPECT_TRUE(bytes_of(directory_ + "/other.h5") == first);
}

TEST(RunMetadata, CollectsTheSlurmIdsThatAreSet) {
  setenv("SLURM_JOB_ID", "17", 1);
  setenv("SLURM_RESTART_COUNT", "2", 1);
  unsetenv("SLURM_ARRAY_JOB_ID");
  unsetenv("SLURM_ARRAY_TASK_ID");
  EXPECT_EQ(slurm_environment(), (std::map<std::string, std::string>{
                                     {"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "2"}}));
  unsetenv("SLURM_JOB_ID");
  unsetenv("SLURM_RESTART_COUNT");
  EXPECT_TRUE(slurm_environment().empty());
}

TEST(RunMetadata, TellsTheTimeInUtc) {
  EXPECT_THAT(utc_now(), testing::MatchesRegex("20..-..-..T..:..:..Z"));
}

}  // namespace
}  // namespace superpose::io
