#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"
#include "io/run_lock.hpp"
#include "small_files.hpp"
#include "tests/error_of.hpp"

namespace superpose::io {
namespace {

using testing::HasSubstr;

class Directory : public SmallFiles {
 protected:
  std::string directory_ = at("");
  std::string lock_ = at("lock");
};

TEST_F(Directory, IsHeldAndGivenBack) {
  {
    RunLock lock(directory_);
    EXPECT_THAT(contents(lock_), HasSubstr(fmt::format("pid={}\n", getpid())));
    lock.refresh();
  }
  EXPECT_FALSE(std::filesystem::exists(lock_));
}

TEST_F(Directory, IsHeldByOneOnly) {
  const RunLock first(directory_);
  const auto [code, message] = tests::error_of([&] { RunLock second(directory_); });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_THAT(message, HasSubstr(fmt::format("is in use (process {} on ", getpid())));
  EXPECT_TRUE(std::filesystem::exists(lock_)) << "the first one's";
}

TEST_F(Directory, IsTakenOverFromAProcessThatLeftItsLock) {
  std::string left;
  {
    const RunLock lock(directory_);
    left = contents(lock_);
  }
  replace_contents(lock_, left);
  testing::internal::CaptureStderr();
  { const RunLock lock(directory_); }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("taken over"));
}

TEST_F(Directory, IsNotTakenFromALivingJobOnAnotherMachine) {
  replace_contents(lock_, "host=far\nboot=other\npid=1\njob=\nsince=now\n");
  const auto [code, message] = tests::error_of([&] { RunLock lock(directory_); });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_THAT(message, HasSubstr("process 1 on far"));
}

TEST_F(Directory, IsNotLockedThroughAnotherNameOrAPipe) {
  const auto target = at("precious");
  const auto refused = [&] {
    EXPECT_EQ(tests::error_of([&] { RunLock lock(directory_); }).first, ExitCode::io);
    EXPECT_EQ(lock_holder(directory_), std::nullopt);
    EXPECT_EQ(contents(target), "host=far");
    std::filesystem::remove(lock_);
  };
  replace_contents(target, "host=far");
  std::filesystem::create_symlink(target, lock_);
  refused();
  std::filesystem::create_hard_link(target, lock_);
  EXPECT_EQ(tests::error_of([&] { RunLock lock(directory_); }).first, ExitCode::io);
  std::filesystem::remove(lock_);
  ASSERT_EQ(::mkfifo(lock_.c_str(), 0666), 0);
  refused();
}

TEST_F(Directory, ThatIsNotThereIsReported) {
  EXPECT_EQ(tests::error_of([&] { RunLock lock(at("none")); }).first, ExitCode::io);
}

TEST(LockHolder, HasEndedOrNot) {
  const LockHolder me{"a", "boot 1", "77", "5/1", "", ""};
  const std::string living = std::to_string(getpid());
  constexpr auto free = KernelLock::free, held = KernelLock::held, none = KernelLock::unsupported;
  struct Case {
    const char* what;
    LockHolder holder;
    double age;
    KernelLock lock;
    bool ended;
  };
  for (const Case& c :
       {Case{
            "same machine, kernel's lock free", {"a", "boot 1", living, "", "", ""}, 0, free, true},
        Case{"same machine, kernel's lock held, in another container",
             {"a", "boot 1", "99999999", "", "", "1"},
             1e9,
             held,
             false},
        Case{"same machine, no such locks", {"a", "boot 1", living, "", "", ""}, 1e9, none, false},
        Case{"same machine, a later process", {"a", "boot 1", living, "", "", "1"}, 0, none, true},
        Case{"same machine, dead", {"a", "boot 1", "99999999", "", "", "1"}, 0, none, true},
        Case{"same machine, all processes", {"a", "boot 1", "-1", "", "", ""}, 0, none, true},
        Case{"same machine, the own group", {"a", "boot 1", "0", "", "", ""}, 0, none, true},
        Case{"machine started again", {"a", "boot 0", "1", "", "", ""}, 60, free, false},
        Case{"elsewhere, old", {"b", "boot 2", "1", "4/0", "", ""}, 1e5, free, true},
        Case{"elsewhere, this job before its requeue",
             {"b", "boot 2", "1", "5/0", "", ""},
             0,
             free,
             true},
        Case{"elsewhere, this very job", {"b", "boot 2", "1", "5/1", "", ""}, 0, free, false}})
    EXPECT_EQ(has_ended(c.holder, me, c.age, c.lock), c.ended) << c.what;
}

TEST_F(Directory, NamesTheProcessThatHoldsItAndNoOther) {
  const RunLock lock(directory_);
  auto holder = lock_holder(directory_);
  ASSERT_TRUE(holder.has_value());
  EXPECT_EQ(process_of(*holder), getpid());
  for (const auto* pid : {"0", "-1", "1", "", "12x", "99999999999999999999"}) {
    auto other = *holder;
    other.pid = pid;
    EXPECT_EQ(process_of(other), std::nullopt) << pid;
  }
  auto later = *holder, elsewhere = *holder, silent = *holder;
  later.start += "0";
  elsewhere.boot = "other";
  silent.start = "";
  for (const auto& other : {later, elsewhere, silent}) EXPECT_EQ(process_of(other), std::nullopt);
}

TEST_F(Directory, OfAProcessWhoseNumberIsAnothersNowIsFree) {
  std::string left;
  {
    const RunLock lock(directory_);
    left = contents(lock_);
  }
  replace_contents(lock_, left);  // this process lives, but has no lock on the file
  EXPECT_EQ(lock_holder(directory_), std::nullopt);
}

}  // namespace
}  // namespace superpose::io
