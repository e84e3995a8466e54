#pragma once
/// cuDNN's fused attention behind attention.hpp: bfloat16 queries that attend to their own
/// problem's rows, all problems' rows one after the other. Addresses only: this file is not nvcc's,
/// and Views of the two compilers differ. Included by kokkos_kernels only.

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

namespace superpose::kernels::cudnn {

/// What a plan is made for.
struct Shape {
  int n_problems = 0;
  int longest = 0;  ///< rows of the longest problem, or more
  int n_head = 0, head_size = 0;
  float keep_scale = 1;  ///< what kept weights are multiplied with; 1: no dropout
};

enum class Direction { forward, backward };

/// Whether this cuDNN takes such a shape at all.
bool supports(const Shape& shape);

/// Whether it has a plan for this GPU, which may take seconds to make the first time. If not, says
/// so once in the log.
bool has_plan(const Shape& shape, Direction direction);

/// Device addresses. Offsets are elements before a problem's rows, [P+1].
struct Rows {
  const std::int32_t* length;      ///< [P]
  const std::int32_t* q_offset;    ///< of q, out, dout, dq [R,C]
  const std::int32_t* kv_offset;   ///< of kv, dkv [R,2C]
  const std::int32_t* lse_offset;  ///< of lse [R,NH]
  const void* keep;                ///< [P,NH,longest,longest] bfloat16 1 or 0; null without dropout
};

/// Operands of attention_forward.
struct ForwardOperands {
  const void *q, *kv;
  void* out;
  float* lse;
};

/// out and lse. Takes a plan.
void forward(cudaStream_t stream, const Shape& shape, const Rows& rows,
             const ForwardOperands& operands);

/// Operands of attention_backward, but dkv [R,2C] is bfloat16 and is replaced.
struct BackwardOperands {
  const void *q, *kv, *out;
  const float* lse;
  const void* dout;
  void *dq, *dkv;
};

/// dq and dkv. The same bits every time. Takes a plan.
void backward(cudaStream_t stream, const Shape& shape, const Rows& rows,
              const BackwardOperands& operands);

/// Ends the library, if it was started.
void release();

/// "cuDNN 9.19.0"; starts nothing.
std::string version();

}  // namespace superpose::kernels::cudnn
