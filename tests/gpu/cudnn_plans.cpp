/// Without a GPU: whether cuDNN accepts the graphs of cudnn_plan.hpp for a GPU that is described to
/// it. usage: cudnn_plans PROPERTIES.json    (as cuDNN's DeviceProperties::serialize writes them)
/// It stops before code is compiled for the GPU, which takes the driver.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "kokkos_kernels/attention/cudnn_plan.hpp"

namespace {

using superpose::kernels::cudnn::Direction;
using superpose::kernels::cudnn::Plan;
using superpose::kernels::cudnn::Shape;
namespace fe = cudnn_frontend;

std::shared_ptr<fe::DeviceProperties> read_properties(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<std::uint8_t> text{std::istreambuf_iterator<char>(file), {}};
  auto properties = std::make_shared<fe::DeviceProperties>();
  return properties->deserialize(text).is_good() ? properties : nullptr;
}

using Properties = std::shared_ptr<fe::DeviceProperties>;

/// Makes the plan and prints how far cuDNN went along with it.
bool is_accepted(const Shape& shape, Direction direction, const Properties& properties) {
  Plan plan(shape);
  auto& graph = plan.graph();
  graph.set_device_properties(properties);
  graph.set_sm_version(90);  // before operations are added, which ask
  direction == Direction::forward ? plan.add_forward() : plan.add_backward();
  auto error = graph.validate();
  if (error.is_good()) error = graph.build_operation_graph();
  if (error.is_good()) error = graph.create_execution_plans({fe::HeurMode_t::A});
  if (error.is_good()) error = graph.check_support();
  std::printf("%s, head size %d, %s dropout: %s\n",
              direction == Direction::forward ? "forward" : "backward", shape.head_size,
              shape.keep_scale == 1 ? "no" : "with",
              error.is_good() ? "accepted" : error.get_message().c_str());
  return error.is_good();
}

}  // namespace

int main(int argc, char** argv) {
  const auto properties = argc == 2 ? read_properties(argv[1]) : nullptr;
  if (!properties) {
    std::fprintf(stderr, "cudnn_plans: no properties of a GPU; give their file (JSON)\n");
    return 2;
  }
  bool all = true;
  for (const int head_size : {8, 64, 96, 128})
    for (const float keep_scale : {1.0F, 1 / 0.9F}) {
      const Shape shape{128, 128, 8, head_size, keep_scale};
      for (const auto direction : {Direction::forward, Direction::backward})
        all = is_accepted(shape, direction, properties) && all;
    }
  return all ? 0 : 1;
}
