#pragma once
#include <string>

namespace superpose::kernels {

/// Name, version and configuration of the library behind linear.hpp; starts nothing.
std::string matrix_library();

}  // namespace superpose::kernels
