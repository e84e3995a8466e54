#include "core/error.hpp"
#include "jobs/jobs.hpp"

namespace superpose::jobs {

int theory_predict_job(const TheoryArguments&, const distributed::Communicator&) {
  fail(ExitCode::usage, "not yet");
}

}  // namespace superpose::jobs
