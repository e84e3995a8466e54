#pragma once
/// The one door to matrix libraries. Operands are X (float, double or bfloat16); sums, bias and
/// weights are Real<X>. linear.cpp goes to oneDNN and OpenBLAS, linear_cuda.cpp to cuBLASLt.

#include <memory>

#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/output.hpp"

namespace superpose::kernels {

/// Whether this machine multiplies matrices of bfloat16. Where it does not, products of float stand
/// in for them, on the same rounded numbers.
bool has_bfloat16_products();

/// What products of float multiply: the numbers, or, on a GPU, their first 11 significant bits
/// (TF32), several times faster. Sums are float in both. A CPU has the first only.
enum class FloatProducts { full, tf32 };

/// Whether this machine has FloatProducts::tf32.
bool has_tf32_products();

/// A linear layer's weights w [K,N] (Hugging Face's Conv1D orientation) and bias [N] as the matrix
/// library wants them, for y = x w + bias and for dx = dy w^T: on a CPU float and bfloat16 copies
/// in the library's blocked layout, on a GPU bfloat16 copies; else the parameters themselves.
/// Copies of this object share what they hold.
template <class X>
class LinearWeight {
 public:
  explicit LinearWeight(FloatProducts products = FloatProducts::full) : products_(products) {}

  /// Takes over the values of w, which may be columns of a wider matrix, and of bias. Call it again
  /// whenever they have changed; both must outlive this object. Allocates the first time only.
  void update(const Exec& exec, Matrix<const Real<X>> w, Vector<const Real<X>> bias);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }
  FloatProducts products() const { return products_; }

  struct Packed;  ///< the library's own
  const Packed& packed() const { return *packed_; }

 private:
  FloatProducts products_;
  int n_in_ = 0, n_out_ = 0;
  std::shared_ptr<Packed> packed_;
};

/// y = x w + bias. x [R,K], y [R,N]; Y is X or Real<X>. x and y are dense: their rows may be a
/// range of a matrix's, their columns not.
template <class X, class Y = X>
void linear_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w, Matrix<Y> y);

/// pre = x w + bias, y = gelu(pre): in one pass where the library can. x [R,K]; pre, y [R,N],
/// dense.
template <class X>
void linear_gelu_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w,
                         Matrix<X> pre, Matrix<X> y);

/// dpre = (dy w^T) gelu'(pre), likewise. dy [R,N]; pre, dpre [R,K], dense.
template <class X>
void linear_gelu_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                                Matrix<const X> pre, Matrix<X> dpre);

/// dx (+)= dy w^T. dy [R,N], dx [R,K], both dense; Y is X or Real<X>, and the latter to add.
template <class X, class Y = X>
void linear_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                           Matrix<Y> dx, Output output);

/// The gradient of w and its bias: dw += x^T dy, dbias += column sums of dy. x [R,K] and dy [R,N]
/// dense, dw [K,N], dbias [N]; dw may be columns of a wider matrix: then the product takes the way
/// over `scratch`, K N numbers or more. The column sums may use it before.
template <class X>
void linear_backward_weight(const Exec& exec, Matrix<const X> x, Matrix<const X> dy,
                            const LinearWeight<X>& w, Vector<Real<X>> scratch, Matrix<Real<X>> dw,
                            Vector<Real<X>> dbias);

/// c = a b. a [M,K], b [K,N], c [M,N]: float or double, dense.
template <class T>
void multiply(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c);

/// c = a b^T. a [M,K], b [N,K], c [M,N].
template <class T>
void multiply_transposed(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c);

/// logits = h w^T, the output matrix without bias. h [O,C], w [V,C], logits [O,V].
template <class T>
void logits_forward(const Exec& exec, Matrix<const T> h, Matrix<const T> w, Matrix<T> logits);

/// dh = dlogits w, dw += dlogits^T h.
template <class T>
void logits_backward(const Exec& exec, Matrix<const T> dlogits, Matrix<const T> h,
                     Matrix<const T> w, Matrix<T> dh, Matrix<T> dw);

}  // namespace superpose::kernels
