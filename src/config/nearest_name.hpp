#pragma once
#include <string>
#include <vector>

namespace superpose::config {

/// The candidate that `name` was probably meant to be: the nearest by edit distance, where a name
/// without a section is also compared with what follows the dot of a key ("n_layer" is near
/// "model.n_layer"). Empty if nothing is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

/// "; did you mean 'NEAREST'?", or nothing; the end of a message on an unknown name.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace superpose::config
