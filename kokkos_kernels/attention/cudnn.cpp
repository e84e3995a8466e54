#include "kokkos_kernels/attention/cudnn.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <tuple>

#include "core/error.hpp"
#include "core/log.hpp"
#include "kokkos_kernels/attention/cudnn_plan.hpp"

namespace superpose::kernels::cudnn {
namespace {

/// A handle, the plans made so far and the workspace of the largest.
class Library {
 public:
  Library() {
    validate(
        cudnnCreate(&handle_) == CUDNN_STATUS_SUCCESS, ExitCode::failure,
        "cuDNN cannot be started on this GPU; update the driver, or build superpose without it "
        "(-DSUPERPOSE_CUDNN=OFF)");
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    cudaFree(workspace_);
    cudnnDestroy(handle_);
  }

  void run(cudaStream_t stream, const Shape& shape, Direction direction, Addresses addresses) {
    const Plan* plan = find(shape, direction);
    SUPERPOSE_EXPECT(plan != nullptr);
    reserve(stream, plan->workspace_bytes());
    validate(cudnnSetStream(handle_, stream) == CUDNN_STATUS_SUCCESS, ExitCode::failure,
             "cuDNN does not take Kokkos' stream; update cuDNN");
    plan->run(handle_, addresses, workspace_);
  }

  const Plan* find(const Shape& s, Direction direction) {
    const Key key{s.n_problems, s.longest, s.n_head, s.head_size, s.keep_scale, direction};
    const auto [place, is_new] = plans_.try_emplace(key);
    if (!is_new) return place->second.get();
    auto plan = std::make_unique<Plan>(s);
    direction == Direction::forward ? plan->add_forward() : plan->add_backward();
    const auto problem = plan->build(handle_);
    if (problem.empty()) {
      place->second = std::move(plan);
    } else {
      log::warning(
          "cuDNN has no plan for attention {} of {} problems of up to {} tokens, {} heads of {} "
          "({}); "
          "slower kernels take its place",
          direction == Direction::forward ? "forward" : "backward", s.n_problems, s.longest,
          s.n_head, s.head_size, problem);
    }
    return place->second.get();
  }

 private:
  using Key = std::tuple<int, int, int, int, float, Direction>;

  void reserve(cudaStream_t stream, std::size_t n_bytes) {
    if (n_bytes <= workspace_bytes_) return;
    cudaStreamSynchronize(stream);  // who still works in the old one
    cudaFree(workspace_);
    workspace_ = nullptr;
    validate(cudaMalloc(&workspace_, n_bytes) == cudaSuccess, ExitCode::failure,
             "no {} MiB of GPU memory left for attention; lower train.batch_size, or raise "
             "train.accumulation",
             n_bytes >> 20U);
    workspace_bytes_ = n_bytes;
  }

  cudnnHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::size_t workspace_bytes_ = 0;
  std::map<Key, std::unique_ptr<Plan>> plans_;  ///< none where the library has no plan
};

std::unique_ptr<Library>& place_of_library() {
  static std::unique_ptr<Library> place;
  return place;
}

Library& library() {
  auto& place = place_of_library();
  if (!place) place = std::make_unique<Library>();
  return *place;
}

template <class T>
void* address(const T* pointer) {
  return const_cast<void*>(static_cast<const void*>(pointer));
}

/// Where the second half of a row of [R,2C] of bfloat16 begins.
void* values_of(const Shape& shape, const void* kv) {
  return address(static_cast<const std::uint16_t*>(kv) + shape.n_head * shape.head_size);
}

Addresses common_addresses(const Shape& shape, const Rows& rows, const void* q, const void* kv) {
  Addresses result{{Id::length, address(rows.length)},
                   {Id::q_offset, address(rows.q_offset)},
                   {Id::kv_offset, address(rows.kv_offset)},
                   {Id::lse_offset, address(rows.lse_offset)},
                   {Id::q, address(q)},
                   {Id::k, address(kv)},
                   {Id::v, values_of(shape, kv)}};
  if (shape.keep_scale != 1) result[Id::keep] = address(rows.keep);
  return result;
}

}  // namespace

/// Older ones had faults in this backward pass on Hopper.
constexpr std::size_t oldest_version = 91800;

bool supports(const Shape& shape) {
  return shape.head_size % 8 == 0 && shape.head_size <= 128 && cudnnGetVersion() >= oldest_version;
}

bool has_plan(const Shape& shape, Direction direction) {
  return library().find(shape, direction) != nullptr;
}

void forward(cudaStream_t stream, const Shape& shape, const Rows& rows,
             const ForwardOperands& operands) {
  auto addresses = common_addresses(shape, rows, operands.q, operands.kv);
  addresses[Id::out] = operands.out;
  addresses[Id::lse] = operands.lse;
  library().run(stream, shape, Direction::forward, std::move(addresses));
}

void backward(cudaStream_t stream, const Shape& shape, const Rows& rows,
              const BackwardOperands& operands) {
  auto addresses = common_addresses(shape, rows, operands.q, operands.kv);
  addresses[Id::out] = address(operands.out);
  addresses[Id::lse] = address(operands.lse);
  addresses[Id::dout] = address(operands.dout);
  addresses[Id::dq] = operands.dq;
  addresses[Id::dk] = operands.dkv;
  addresses[Id::dv] = values_of(shape, operands.dkv);
  library().run(stream, shape, Direction::backward, std::move(addresses));
}

void release() {
  place_of_library().reset();
}

std::string version() {
  const auto number = cudnnGetVersion();
  return fmt::format("cuDNN {}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

}  // namespace superpose::kernels::cudnn
