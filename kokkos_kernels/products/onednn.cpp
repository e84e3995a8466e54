#include "kokkos_kernels/products/onednn.hpp"

#include <omp.h>

#include <type_traits>
#include <unordered_map>
#include <vector>

#include "core/error.hpp"
#include "kokkos_kernels/product_region.hpp"

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

Layout row_major(memory::dim n_rows, memory::dim n_columns, memory::data_type type) {
  return Layout({n_rows, n_columns}, type, memory::format_tag::ab);
}

/// The layout of weights [K,N] of a type in which products with them are fastest. It does not
/// depend on the number of rows they are multiplied with; one that is typical.
Layout best_weights_layout(memory::dim k, memory::dim n, memory::data_type type) {
  constexpr memory::dim typical = 256;
  const dnnl::matmul::desc description(row_major(typical, k, type),
                                       Layout({k, n}, type, memory::format_tag::any),
                                       row_major(typical, n, memory::data_type::f32));
  return dnnl::matmul::primitive_desc(description, cpu()).weights_desc();
}

// --- where the CPU has no products of bfloat16 ---------------------------------------------------

bool is_bfloat16(const Operand& operand) {
  return operand.layout.data_type() == memory::data_type::bf16;
}

/// A copy in float, row-major, of what is bfloat16.
class Widened {
 public:
  explicit Widened(const Operand& from)
      : from_(from),
        n_rows_(from.layout.data.dims[0]),
        n_columns_(from.layout.data.dims[1]),
        values_(is_bfloat16(from) ? static_cast<std::size_t>(n_rows_ * n_columns_) : 0) {}

  Operand operand() {
    return {row_major(n_rows_, n_columns_, memory::data_type::f32), values_.data()};
  }
  void read() {
    each([](bfloat16& narrow, float& wide) { wide = static_cast<float>(narrow); });
  }
  void write_back() {
    each([](bfloat16& narrow, float& wide) { narrow = bfloat16(wide); });
  }

 private:
  template <class Move>
  void each(const Move& move) {
    const auto& strides = from_.layout.data.format_desc.blocking.strides;
    auto* narrow = static_cast<bfloat16*>(from_.data);
    for (memory::dim r = 0; r < n_rows_; ++r)
      for (memory::dim c = 0; c < n_columns_; ++c)
        move(narrow[r * strides[0] + c * strides[1]],
             values_[static_cast<std::size_t>(r * n_columns_ + c)]);
  }

  const Operand& from_;
  memory::dim n_rows_, n_columns_;
  std::vector<float> values_;
};

/// multiply() by way of float copies of what is bfloat16.
void multiply_widened(const Exec& exec, const Operand& a, const Operand& b, const Operand* bias,
                      const Operand& c, bool add) {
  SUPERPOSE_EXPECT(!add || !is_bfloat16(c));
  Widened wide_a(a), wide_b(b), wide_c(c);
  const auto as_float = [](const Operand& operand, Widened& wide) {
    if (!is_bfloat16(operand)) return operand;
    wide.read();
    return wide.operand();
  };
  const Operand float_c = is_bfloat16(c) ? wide_c.operand() : c;
  multiply(exec, as_float(a, wide_a), as_float(b, wide_b), bias, float_c, add);
  if (is_bfloat16(c)) wide_c.write_back();
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

bool multiplies_bfloat16() {
  static const bool it_does = [] {
    try {
      best_weights_layout(64, 64, memory::data_type::bf16);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }();
  return it_does;
}

void multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand* bias,
              const Operand& c, bool add) {
  exec.fence();  // the library runs outside the execution space's queue
  if (!multiplies_bfloat16() && (is_bfloat16(a) || is_bfloat16(b) || is_bfloat16(c)))
    return multiply_widened(exec, a, b, bias, c, add);
  const ProductRegion region;
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
  const dnnl::matmul product(dnnl::matmul::primitive_desc(description, attributes, cpu()));
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
  const bool rounded = std::is_same_v<X, bfloat16> && !multiplies_bfloat16();
  const auto type = rounded ? memory::data_type::f32 : type_of<X>();
  return PackedMatrix(best_weights_layout(n_rows, n_columns, type), rounded);
}

PackedMatrix::PackedMatrix(const Layout& layout, bool rounded)
    : rounded_(rounded),
      bytes_(Kokkos::view_alloc("packed_weight", Kokkos::WithoutInitializing), layout.get_size()),
      memory_(layout, cpu(), bytes_.data()) {}

void PackedMatrix::take(const Exec& exec, const Operand& from) {
  exec.fence();
  omp_set_num_threads(exec.concurrency());
  memory source(from.layout, cpu(), from.data);
  dnnl::stream stream(cpu());
  dnnl::reorder(source, memory_).execute(stream, source, memory_);
  stream.wait();
  if (!rounded_) return;
  auto* values = reinterpret_cast<float*>(bytes_.data());
  for (std::size_t i = 0; i < bytes_.extent(0) / sizeof(float); ++i)
    values[i] = static_cast<float>(bfloat16(values[i]));
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
