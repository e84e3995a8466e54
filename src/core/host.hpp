#pragma once
#include <string>

namespace superpose {

/// Name of the machine this process runs on.
std::string host_name();

}  // namespace superpose
