#include "kokkos_kernels/products/onednn.hpp"

#include <omp.h>

#include <array>
#include <map>
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "kokkos_kernels/product_region.hpp"

namespace superpose::kernels::onednn {
namespace {

using Layout = memory::desc;

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

Shape row_major(memory::dim n_rows, memory::dim n_columns, memory::data_type type) {
  return {n_rows, n_columns, n_columns, 1, type};
}

/// The layout of weights [K,N] of a type in which products with them are fastest. It does not
/// depend on the number of rows they are multiplied with; one that is typical.
Layout best_weights_layout(memory::dim k, memory::dim n, memory::data_type type) {
  constexpr memory::dim typical = 256;
  const auto rows = [](memory::dim width, memory::data_type row_type) {
    return Layout({typical, width}, row_type, memory::format_tag::ab);
  };
  const dnnl::matmul::desc description(rows(k, type), Layout({k, n}, type, memory::format_tag::any),
                                       rows(n, memory::data_type::f32));
  return dnnl::matmul::primitive_desc(description, cpu()).weights_desc();
}

Layout layout_of(const Shape& shape) {
  if (shape.column_stride == 0)
    return best_weights_layout(shape.n_rows, shape.n_columns, shape.type);
  return Layout({shape.n_rows, shape.n_columns}, shape.type,
                memory::dims{shape.row_stride, shape.column_stride});
}

// --- products ------------------------------------------------------------------------------------

const dnnl::stream& queue() {
  static const dnnl::stream stream(cpu());
  return stream;
}

/// What a product multiplies and where its result goes.
struct Operands {
  const Operand &a, &b, &c;
  const Operand* bias;  ///< may be null
  bool add;
};

/// A product as the library has compiled it.
class Product {
 public:
  explicit Product(const Operands& o) : a_(place(o.a)), b_(place(o.b)), c_(place(o.c)) {
    if (o.bias) bias_ = place(*o.bias);
    dnnl::primitive_attr attributes;
    if (o.add) {
      dnnl::post_ops sum;
      sum.append_sum(1.0F);
      attributes.set_post_ops(sum);
    }
    const auto a = a_.get_desc(), b = b_.get_desc(), c = c_.get_desc();
    const auto description =
        o.bias ? dnnl::matmul::desc(a, b, bias_.get_desc(), c) : dnnl::matmul::desc(a, b, c);
    product_ = dnnl::matmul(dnnl::matmul::primitive_desc(description, attributes, cpu()));
  }

  /// Allocates nothing, which the library's C++ interface would.
  void run(const Operands& o) const {
    a_.set_data_handle(o.a.data);
    b_.set_data_handle(o.b.data);
    c_.set_data_handle(o.c.data);
    if (o.bias) bias_.set_data_handle(o.bias->data);
    const std::array<dnnl_exec_arg_t, 4> arguments{{{DNNL_ARG_SRC, a_.get()},
                                                    {DNNL_ARG_WEIGHTS, b_.get()},
                                                    {DNNL_ARG_DST, c_.get()},
                                                    {DNNL_ARG_BIAS, bias_.get(true)}}};
    const auto status =
        dnnl_primitive_execute(product_.get(), queue().get(), o.bias ? 4 : 3, arguments.data());
    dnnl::error::wrap_c_api(status, "a matrix product failed");
  }

 private:
  static memory place(const Operand& operand) {
    return memory(layout_of(operand.shape), cpu(), operand.data);
  }

  memory a_, b_, c_, bias_;
  dnnl::matmul product_;
};

using Key = std::array<memory::dim, 17>;

Key key_of(const Operands& o) {
  Key key{};
  auto* next = key.data();
  for (const auto* shape : {&o.a.shape, &o.b.shape, &o.c.shape}) {
    for (const auto number : {shape->n_rows, shape->n_columns, shape->row_stride,
                              shape->column_stride, static_cast<memory::dim>(shape->type)})
      *next++ = number;
  }
  *next++ = o.bias ? static_cast<memory::dim>(o.bias->shape.type) : -1;
  *next = o.add ? 1 : 0;
  return key;
}

/// The compiled product of such operands. Kept, because the library takes microseconds to find one
/// again and many products take no longer than that: batches differ in their rows, and a later
/// segment has only a few.
const Product& product_of(const Operands& operands) {
  constexpr std::size_t most = 2048;
  static std::map<Key, Product> products;
  const Key key = key_of(operands);
  const auto found = products.find(key);
  if (found != products.end()) return found->second;
  if (products.size() == most) products.clear();
  return products.try_emplace(key, operands).first->second;
}

// --- where the CPU has no products of bfloat16 ---------------------------------------------------

bool is_bfloat16(const Operand& operand) {
  return operand.shape.type == memory::data_type::bf16;
}

/// A copy in float, row-major, of what is bfloat16.
class Widened {
 public:
  explicit Widened(const Operand& from)
      : from_(from),
        n_rows_(from.shape.n_rows),
        n_columns_(from.shape.n_columns),
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
    const auto [row, column] = std::array{from_.shape.row_stride, from_.shape.column_stride};
    auto* narrow = static_cast<bfloat16*>(from_.data);
    for (memory::dim r = 0; r < n_rows_; ++r)
      for (memory::dim c = 0; c < n_columns_; ++c)
        move(narrow[r * row + c * column], values_[static_cast<std::size_t>(r * n_columns_ + c)]);
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
  return {{matrix.extent_int(0), matrix.extent_int(1), static_cast<memory::dim>(matrix.stride(0)),
           1, type_of<X>()},
          address(matrix)};
}

template <class X>
Operand transposed(const Matrix<X>& matrix) {
  return {{matrix.extent_int(1), matrix.extent_int(0), 1,
           static_cast<memory::dim>(matrix.stride(0)), type_of<X>()},
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
  const Operands operands{a, b, c, bias, add};
  product_of(operands).run(operands);
  dnnl::stream(queue()).wait();
}

template <class X>
PackedMatrix PackedMatrix::of(int n_rows, int n_columns) {
  const bool rounded = std::is_same_v<X, bfloat16> && !multiplies_bfloat16();
  return PackedMatrix({n_rows, n_columns, 0, 0, rounded ? memory::data_type::f32 : type_of<X>()},
                      rounded);
}

PackedMatrix::PackedMatrix(const Shape& shape, bool rounded)
    : shape_(shape),
      rounded_(rounded),
      bytes_(Kokkos::view_alloc("packed_weight", Kokkos::WithoutInitializing),
             layout_of(shape).get_size()) {}

void PackedMatrix::take(const Exec& exec, const Operand& from) {
  exec.fence();
  omp_set_num_threads(exec.concurrency());
  memory source(layout_of(from.shape), cpu(), from.data);
  memory packed(layout_of(shape_), cpu(), bytes_.data());
  dnnl::stream stream(cpu());
  dnnl::reorder(source, packed).execute(stream, source, packed);
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
