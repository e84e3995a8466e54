#pragma once
#include <exception>

#include "core/error.hpp"

namespace superpose::jobs {

/// What an exception means to the user: an Error is one already; of what libraries throw, trouble
/// with the file system or the system is Error (io), text that is no JSON Error (data), memory that
/// runs out Error (failure). Anything else is a defect, and says so.
Error as_error(const std::exception& exception);

}  // namespace superpose::jobs
