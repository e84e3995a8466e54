/// linear.hpp on a GPU.
#include <type_traits>

#include "core/error.hpp"
#include "kokkos_kernels/convert.hpp"
#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/products/cublaslt.hpp"
#include "kokkos_kernels/products/linear_common.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::kernels {
namespace {

using cublaslt::Epilogue;
using cublaslt::Fusion;
using cublaslt::operand;
using cublaslt::transposed;

/// c (+)= a b, without which there is nothing to compute with.
void product(const Exec& exec, const cublaslt::Operand& a, const cublaslt::Operand& b,
             const cublaslt::Operand& c, Output output,
             FloatProducts products = FloatProducts::full) {
  validate(cublaslt::multiply(exec, a, b, c, output == Output::add, Fusion{}, products),
           ExitCode::failure,
           "cuBLASLt has no product of {} x {} by {} columns on this GPU; use one of compute "
           "capability 8.0 or later",
           c.n_rows, a.transposed ? a.n_rows : a.n_columns, c.n_columns);
}

/// GELU in the epilogue of a product pays from Hopper on.
template <class X>
bool fuses_gelu(const Exec& exec) {
  return std::is_same_v<X, bfloat16> && exec.cuda_device_prop().major >= 9;
}

}  // namespace

bool has_tf32_products() {
  return true;
}

bool has_bfloat16_products() {
  return true;
}

template <class X>
struct LinearWeight<X>::Packed {
  Matrix<X> w_copy;  ///< empty where X is Real<X>
  Vector<X> bias_copy;
  Matrix<const X> w;
  Vector<const X> bias_x;  ///< for y of X
  Vector<const Real<X>> bias;
};

template <class X>
void LinearWeight<X>::update(const Exec& exec, Matrix<const Real<X>> w,
                             Vector<const Real<X>> bias) {
  if (!packed_) packed_ = std::make_shared<Packed>();
  Packed& p = *packed_;
  n_in_ = w.extent_int(0), n_out_ = w.extent_int(1);
  p.bias = bias;
  if constexpr (std::is_same_v<X, Real<X>>) {
    p.w = w;
    p.bias_x = bias;
  } else {
    if (p.w_copy.extent(0) == 0) {
      p.w_copy = Matrix<X>(Kokkos::view_alloc("rounded_weight", Kokkos::WithoutInitializing), n_in_,
                           n_out_);
      p.bias_copy =
          Vector<X>(Kokkos::view_alloc("rounded_bias", Kokkos::WithoutInitializing), n_out_);
    }
    convert<X>(exec, w, p.w_copy);
    convert<X>(exec, row_matrix(bias), row_matrix(p.bias_copy));
    p.w = p.w_copy;
    p.bias_x = p.bias_copy;
  }
}

template <class X, class Y>
void linear_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w, Matrix<Y> y) {
  const auto& p = w.packed();
  const void* bias = p.bias.data();
  if constexpr (std::is_same_v<X, Y>) bias = p.bias_x.data();
  const Fusion with_bias{Epilogue::bias, bias, nullptr};
  if (cublaslt::multiply(exec, operand(x), operand(p.w), operand(y), false, with_bias,
                         w.products()))
    return;
  broadcast_rows<Real<X>, Y>(exec, p.bias, y);
  product(exec, operand(x), operand(p.w), operand(y), Output::add, w.products());
}

template <class X, class Y>
void linear_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                           Matrix<Y> dx, Output output) {
  product(exec, operand(dy), transposed(w.packed().w), operand(dx), output, w.products());
}

template <class X>
void linear_backward_weight(const Exec& exec, Matrix<const X> x, Matrix<const X> dy,
                            const LinearWeight<X>& w, Vector<Real<X>> scratch, Matrix<Real<X>> dw,
                            Vector<Real<X>> dbias) {
  if (x.extent(0) == 0) return;
  add_column_sums<X>(exec, dy, scratch, dbias);
  product(exec, transposed(x), operand(dy), operand(dw), Output::add, w.products());
}

template <class X>
void linear_gelu_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w,
                         Matrix<X> pre, Matrix<X> y) {
  const auto& p = w.packed();
  const Fusion fused{Epilogue::bias_gelu, p.bias_x.data(), pre.data()};
  if (fuses_gelu<X>(exec) &&
      cublaslt::multiply(exec, operand(x), operand(p.w), operand(y), false, fused))
    return;
  linear_forward<X>(exec, x, w, pre);
  gelu_forward<X>(exec, pre, y);
}

template <class X>
void linear_gelu_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                                Matrix<const X> pre, Matrix<X> dpre) {
  const Fusion fused{Epilogue::gelu_gradient, nullptr, const_cast<X*>(pre.data())};
  if (fuses_gelu<X>(exec) &&
      cublaslt::multiply(exec, operand(dy), transposed(w.packed().w), operand(dpre), false, fused))
    return;
  linear_backward_input<X>(exec, dy, w, dpre, Output::replace);
  gelu_backward<X>(exec, pre, dpre, dpre);
}

template <class T>
void multiply(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  product(exec, operand(a), operand(b), operand(c), Output::replace);
}

template <class T>
void multiply_transposed(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  product(exec, operand(a), transposed(b), operand(c), Output::replace);
}

template <class T>
void logits_forward(const Exec& exec, Matrix<const T> h, Matrix<const T> w, Matrix<T> logits) {
  multiply_transposed<T>(exec, h, w, logits);
}

template <class T>
void logits_backward(const Exec& exec, Matrix<const T> dlogits, Matrix<const T> h,
                     Matrix<const T> w, Matrix<T> dh, Matrix<T> dw) {
  product(exec, operand(dlogits), operand(w), operand(dh), Output::replace);
  product(exec, transposed(dlogits), operand(h), operand(dw), Output::add);
}

SUPERPOSE_ALL_LINEAR_INSTANCES

}  // namespace superpose::kernels
