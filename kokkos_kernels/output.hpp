#pragma once

namespace superpose::kernels {

/// What a product does with the memory of its result: replaces it, or is added to it.
enum class Output { replace, add };

}  // namespace superpose::kernels
