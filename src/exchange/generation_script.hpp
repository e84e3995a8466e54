#pragma once
#include <string>

#include "data/options.hpp"

namespace superpose::exchange {

/// A Python script that answers a problem with transformers in the way the method does: thoughts
/// fed back, learned latent tokens, or decoding.
std::string generation_script(data::Method method);

/// How it is called.
std::string generation_usage(data::Method method);

}  // namespace superpose::exchange
