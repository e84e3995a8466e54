#pragma once
/// HDF5 checks the headers of its objects but not the heap that holds text and dimension names, and
/// releases as late as 1.10 crash or circle for ever over a damaged one. What must tell the user
/// so, and not crash itself, tries in a child process first.

#include <functional>

namespace superpose::io {

/// Runs `work` in a child process and returns whether the child came to its end, errors thrown
/// included; false if a signal ended it or it took more than `seconds` of processor time. Only
/// memory is the child's own: `work` reads. Not to be called with MPI started. Error (io) if there
/// can be no child.
bool survives(unsigned long seconds, const std::function<void()>& work);

}  // namespace superpose::io
