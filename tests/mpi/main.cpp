/// main of the MPI tests. Rank 0 reports as usual, other ranks report failures only, and every rank
/// returns the worst result of all of them.

#include <gtest/gtest.h>

#include <cstdio>

#include "distributed/communicator.hpp"

namespace {

class FailurePrinter : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

  // UnitTest::current_test_info() would wait for the lock that OnTestPartResult is called under.
  void OnTestStart(const testing::TestInfo& test) override { test_ = &test; }

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s.%s: %s:%d\n%s\n", rank_,
                 test_ ? test_->test_suite_name() : "(no test)", test_ ? test_->name() : "",
                 result.file_name() ? result.file_name() : "", result.line_number(),
                 result.message());
  }

 private:
  int rank_;
  const testing::TestInfo* test_ = nullptr;
};

void report_failures_only(int rank) {
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new FailurePrinter(rank));
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const superpose::distributed::MpiSession mpi(argc, argv);
  if (mpi.world().rank() != 0) report_failures_only(mpi.world().rank());
  const bool passed = RUN_ALL_TESTS() == 0;
  return mpi.world().all_agree(passed) ? 0 : 1;
}
