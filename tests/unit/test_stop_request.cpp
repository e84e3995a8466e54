#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <thread>

#include "distributed/stop_request.hpp"

namespace superpose::distributed {
namespace {

/// Does `work` in a child process and returns how that ended, as waitpid gives it.
int status_of_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool is_blocked(int number) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

TEST(SignalThread, BlocksWhatComesFromElsewhereOnEveryLaterThread) {
  const SignalThread signals;
  const auto check = [] {
    for (const int number : stop_signals) EXPECT_TRUE(is_blocked(number)) << number;
    for (const int number : {SIGALRM, SIGPROF, SIGCHLD, SIGRTMIN})
      EXPECT_TRUE(is_blocked(number)) << number;
    for (const int number : {SIGSEGV, SIGABRT, SIGPIPE}) EXPECT_FALSE(is_blocked(number)) << number;
  };
  check();
  std::thread(check).join();
}

std::atomic<pthread_t> handled_on{};
extern "C" void note_thread(int) {
  handled_on = pthread_self();
}

TEST(SignalThread, RunsTheHandlersOfOthers) {
  handled_on = pthread_self();
  const auto former = std::signal(SIGALRM, note_thread);
  {
    const SignalThread signals;
    ::kill(::getpid(), SIGALRM);
    for (int i = 0; i < 5000 && pthread_equal(handled_on, pthread_self()); ++i) ::usleep(1000);
  }
  EXPECT_FALSE(pthread_equal(handled_on, pthread_self()));
  std::signal(SIGALRM, former);
}

TEST(SignalThread, EndsTheProcessWhereNobodyNotesASignal) {
  for (const int number : stop_signals) {
    const int status = status_of_child([&] {
      const SignalThread signals;
      ::kill(::getpid(), number);
      ::pause();
    });
    EXPECT_TRUE(WIFSIGNALED(status)) << number;
    EXPECT_EQ(WTERMSIG(status), number);
  }
}

TEST(SignalThread, LeavesAnIgnoredSignalIgnored) {
  const int status = status_of_child([] {
    std::signal(SIGHUP, SIG_IGN);  // as nohup does
    const SignalThread signals;
    const StopRequest stop;
    ::kill(::getpid(), SIGHUP);
    send_to_this_process(SIGUSR1);
    ::_exit(stop.signal_number() == SIGUSR1 ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

TEST(SignalThread, GivesChildrenTheSignalsOfItsBeginning) {
  const SignalThread signals;
  const StopRequest stop;
  const int status = status_of_child([] {
    for (const int number : stop_signals)
      if (is_blocked(number)) ::_exit(1);
    for (const int number : {SIGPIPE, SIGXFSZ})
      if (std::signal(number, SIG_DFL) != SIG_DFL) ::_exit(2);
  });
  EXPECT_EQ(status, 0);
}

TEST(SignalThread, ExistsOnce) {
  const SignalThread signals;
  EXPECT_THROW(SignalThread(), std::logic_error);
}

class Requests : public testing::Test {
 protected:
  SignalThread signals_;
};

TEST_F(Requests, AreNoneUntilASignalArrives) {
  const StopRequest stop;
  EXPECT_FALSE(stop.requested_here());
  EXPECT_EQ(stop.signal_number(), 0);
  EXPECT_EQ(stop.signal_name(), "");
}

TEST_F(Requests, AreRememberedByName) {
  const std::array<const char*, 6> names = {"SIGUSR1", "SIGUSR2", "SIGTERM",
                                            "SIGINT",  "SIGHUP",  "SIGXCPU"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const StopRequest stop;  // forgets what an earlier one saw
    EXPECT_FALSE(stop.requested_here());
    send_to_this_process(stop_signals[i]);
    EXPECT_TRUE(stop.requested_here());
    EXPECT_EQ(stop.signal_number(), stop_signals[i]);
    EXPECT_EQ(stop.signal_name(), names[i]);
  }
}

TEST_F(Requests, KeepTheFirstSignal) {
  const StopRequest stop;
  send_to_this_process(SIGTERM);
  send_to_this_process(SIGINT);
  EXPECT_EQ(stop.signal_name(), "SIGTERM");
}

TEST_F(Requests, TakeAWriteToAClosedPipeForAnError) {
  const StopRequest stop;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST_F(Requests, ExistOnce) {
  const StopRequest stop;
  EXPECT_THROW(StopRequest(), std::logic_error);
  send_to_this_process(SIGUSR2);
  EXPECT_TRUE(stop.requested_here());  // the refused one has taken nothing away
}

TEST(StopRequest, TakesASignalThread) {
  EXPECT_THROW(StopRequest(), std::logic_error);
}

TEST(StopRequest, EndsTheProcessAtASecondCtrlC) {
  const int status = status_of_child([] {
    const SignalThread signals;
    const StopRequest stop;
    send_to_this_process(SIGINT);
    ::kill(::getpid(), SIGINT);
    ::pause();
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(StopRequest, IsGoneBeforeTheNextSignalEndsTheProcess) {
  const int status = status_of_child([] {
    const SignalThread signals;
    { const StopRequest stop; }
    ::kill(::getpid(), SIGTERM);
    ::pause();
  });
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(StopRequest, IgnoresRepeatsUntilTheEndOfTheProcess) {
  const int status = status_of_child([] {
    {
      const SignalThread signals;
      const StopRequest stop;
      send_to_this_process(SIGTERM);
      stop.ignore_from_now_on();
      for (const int number : stop_signals) send_to_this_process(number);
    }
    ::kill(::getpid(), SIGTERM);  // while static objects are destroyed
    ::usleep(10000);
    ::_exit(75);
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 75);
}

TEST(NameOfSignal, IsANumberForOthers) {
  EXPECT_EQ(name_of_signal(SIGALRM), "signal 14");
}

}  // namespace
}  // namespace superpose::distributed
