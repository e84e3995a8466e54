#pragma once
#include <string>

namespace superpose::kernels {

/// Names, versions and configuration of the libraries behind linear.hpp; starts nothing.
std::string matrix_library();

}  // namespace superpose::kernels
