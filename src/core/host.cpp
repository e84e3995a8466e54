#include "core/host.hpp"

#include <unistd.h>

namespace superpose {

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace superpose
