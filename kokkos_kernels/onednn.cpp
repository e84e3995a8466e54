#include "kokkos_kernels/onednn.hpp"

#include <omp.h>

#include <type_traits>
#include <unordered_map>

#include "core/error.hpp"

namespace superpose::kernels::onednn {
namespace {

using dnnl::memory;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

template <class X>
memory::data_type type_of() {
  return std::is_same_v<std::remove_const_t<X>, bfloat16> ? memory::data_type::bf16
                                                          : memory::data_type::f32;
}

template <class X>
void* address(const Matrix<X>& matrix) {
  return const_cast<void*>(static_cast<const void*>(matrix.data()));
}

/// One way to a readable error: oneDNN throws where a CPU lacks the instructions.
template <class Call>
auto checked(const Call& call) {
  try {
    return call();
  } catch (const dnnl::error& error) {
    fail(ExitCode::usage,
         "oneDNN has no matrix product of this type on this CPU ({}) bf16 needs AVX-512; set "
         "model.precision to \"f32\"",
         error.what());
  }
}

}  // namespace

template <class X>
Operand operand(const Matrix<X>& matrix) {
  return {Layout({matrix.extent_int(0), matrix.extent_int(1)}, type_of<X>(),
                 memory::dims{static_cast<memory::dim>(matrix.stride(0)), 1}),
          address(matrix)};
}

template <class X>
Operand transposed(const Matrix<X>& matrix) {
  return {Layout({matrix.extent_int(1), matrix.extent_int(0)}, type_of<X>(),
                 memory::dims{1, static_cast<memory::dim>(matrix.stride(0))}),
          address(matrix)};
}

void multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand* bias,
              const Operand& c, bool add) {
  exec.fence();  // the library runs outside the execution space's queue
  omp_set_num_threads(exec.concurrency());
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0F);
    attributes.set_post_ops(sum);
  }
  const auto description = bias ? dnnl::matmul::desc(a.layout, b.layout, bias->layout, c.layout)
                                : dnnl::matmul::desc(a.layout, b.layout, c.layout);
  // Not kept: the library's own cache finds a product it has compiled before in microseconds.
  const dnnl::matmul product(
      checked([&] { return dnnl::matmul::primitive_desc(description, attributes, cpu()); }));
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, memory(a.layout, cpu(), a.data)},
                                            {DNNL_ARG_WEIGHTS, memory(b.layout, cpu(), b.data)},
                                            {DNNL_ARG_DST, memory(c.layout, cpu(), c.data)}};
  if (bias) arguments.emplace(DNNL_ARG_BIAS, memory(bias->layout, cpu(), bias->data));
  dnnl::stream stream(cpu());
  product.execute(stream, arguments);
  stream.wait();
}

template <class X>
PackedMatrix PackedMatrix::of(int n_rows, int n_columns) {
  // The layout does not depend on the number of rows it is multiplied with; one that is typical.
  constexpr int typical = 256;
  const auto matrix = [](int m, int n, memory::format_tag tag) {
    return Layout({m, n}, type_of<X>(), tag);
  };
  const dnnl::matmul::desc description(
      matrix(typical, n_rows, memory::format_tag::ab),
      matrix(n_rows, n_columns, memory::format_tag::any),
      Layout({typical, n_columns}, memory::data_type::f32, memory::format_tag::ab));
  return PackedMatrix(
      checked([&] { return dnnl::matmul::primitive_desc(description, cpu()); }).weights_desc());
}

PackedMatrix::PackedMatrix(const Layout& layout)
    : bytes_(Kokkos::view_alloc("packed_weight", Kokkos::WithoutInitializing), layout.get_size()),
      memory_(layout, cpu(), bytes_.data()) {}

void PackedMatrix::take(const Exec& exec, const Operand& from) {
  exec.fence();
  omp_set_num_threads(exec.concurrency());
  memory source(from.layout, cpu(), from.data);
  dnnl::stream stream(cpu());
  dnnl::reorder(source, memory_).execute(stream, source, memory_);
  stream.wait();
}

#define INSTANTIATE(X)                              \
  template Operand operand(const Matrix<X>&);       \
  template Operand operand(const Matrix<const X>&); \
  template Operand transposed(const Matrix<const X>&);
INSTANTIATE(float)
INSTANTIATE(bfloat16)
template PackedMatrix PackedMatrix::of<float>(int, int);
template PackedMatrix PackedMatrix::of<bfloat16>(int, int);

}  // namespace superpose::kernels::onednn
