#include "kokkos_kernels/layer_norm.hpp"

#include "kokkos_kernels/loops/row_blocks.hpp"
#include "kokkos_kernels/math.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::kernels {
namespace {

/// A norm and where its result is written.
template <class X>
struct Forward {
  using T = Real<X>;
  LayerNorm<T> norm;
  Matrix<X> y;

  /// y, mean and rstd of row r. Three passes over a row that stays in cache: the mean of squares
  /// less the square of the mean would lose the variance under a large mean.
  KOKKOS_FORCEINLINE_FUNCTION void row(const Lane& lane, int r, const Matrix<const T>& x) const {
    const int n = static_cast<int>(x.extent(1));
    const T m = lane.template sum<T>(n, [&](int c) { return x(r, c); }) / n;
    const T variance = lane.template sum<T>(n, [&](int c) {
      const T centred = x(r, c) - m;
      return centred * centred;
    }) / n;
    const T s = T(1) / square_root(variance + static_cast<T>(norm.epsilon));
    lane.each(n, [&](int c) {
      y(r, c) = static_cast<X>((x(r, c) - m) * s * norm.weight(c) + norm.bias(c));
    });
    norm.mean(r) = m;
    norm.rstd(r) = s;
  }
};

/// A norm's backward pass.
template <class T>
struct Backward {
  Matrix<const T> dy, x;
  LayerNorm<T> norm;
  Matrix<T> dx;
  LayerNormGradient<T> dnorm;

  /// dx += rstd * (g - mean(g) - xhat * mean(g * xhat)) in row r, g = dy * weight.
  KOKKOS_FORCEINLINE_FUNCTION void input_row(const Lane& lane, int r) const {
    const int n = static_cast<int>(x.extent(1));
    const T m = norm.mean(r), s = norm.rstd(r);
    const T g_mean = lane.template sum<T>(n, [&](int c) { return dy(r, c) * norm.weight(c); }) / n;
    const T gx_mean = lane.template sum<T>(n, [&](int c) {
      return dy(r, c) * norm.weight(c) * (x(r, c) - m) * s;
    }) / n;
    lane.each(n, [&](int c) {
      dx(r, c) += s * (dy(r, c) * norm.weight(c) - g_mean - (x(r, c) - m) * s * gx_mean);
    });
  }

  /// What row r adds to columns begin .. begin + width - 1 of the weights' gradients.
  KOKKOS_FORCEINLINE_FUNCTION void weight_row(const Lane& lane, int r, int begin, int width) const {
    const T m = norm.mean(r), s = norm.rstd(r);
    lane.each(width, [&](int i) {
      const int c = begin + i;
      const T g = dy(r, c);
      dnorm.weight(c) += g * (x(r, c) - m) * s;
      dnorm.bias(c) += g;
    });
  }

  /// What rows first .. last-1 add to the gradients of weight c and of bias c.
  KOKKOS_FORCEINLINE_FUNCTION void add_column(int first, int last, int c, T& dw, T& db) const {
#pragma unroll 4
    for (int r = first; r < last; ++r) {
      const T g = dy(r, c);
      dw += g * (x(r, c) - norm.mean(r)) * norm.rstd(r);
      db += g;
    }
  }
};

/// The weights' gradients where threads run side by side: a strip of columns belongs to one lane,
/// which adds the rows in order. No atomics, fixed bits.
template <class T>
void add_weight_rows(const Exec& exec, const Backward<T>& pass) {
  const int n_rows = static_cast<int>(pass.x.extent(0));
  const Strips columns = strips(exec, static_cast<int>(pass.x.extent(1)));
  for_rows(
      "layer_norm_backward_weight", exec, columns.count(),
      KOKKOS_LAMBDA(const int s, const Lane& lane) {
        for (int r = 0; r < n_rows; ++r)
          pass.weight_row(lane, r, columns.begin(s), columns.size(s));
      });
}

/// The gradients of each block of rows: dweight, dbias [count,C]. One block adds to what is there.
template <class T>
void sum_weight_blocks(const Exec& exec, const Backward<T>& pass, RowBlocks blocks,
                       Matrix<T> dweight, Matrix<T> dbias) {
  const Strips columns = strips(exec, static_cast<int>(pass.x.extent(1)));
  const int n_strips = columns.count();
  for_rows(
      "layer_norm_backward_blocks", exec, blocks.count * n_strips,
      KOKKOS_LAMBDA(const int index, const Lane& lane) {
        const int b = index / n_strips, s = index % n_strips;
        lane.each(columns.size(s), [&](int i) {
          const int c = columns.begin(s) + i;
          T w = blocks.count == 1 ? dweight(b, c) : T(0),
            sum = blocks.count == 1 ? dbias(b, c) : T(0);
          pass.add_column(blocks.begin(b), blocks.end(b), c, w, sum);
          dweight(b, c) = w;
          dbias(b, c) = sum;
        });
      });
}

/// The same where a row is a team's, by way of `scratch`.
template <class T>
void add_weight_blocks(const Exec& exec, const Backward<T>& pass) {
  const int n = static_cast<int>(pass.x.extent(1));
  const auto& to = pass.dnorm;
  const auto blocks = row_blocks(static_cast<int>(pass.x.extent(0)), room_for(2 * n, to.scratch));
  if (blocks.count == 1)
    return sum_weight_blocks(exec, pass, blocks, Matrix<T>(to.weight.data(), 1, n),
                             Matrix<T>(to.bias.data(), 1, n));
  const Matrix<T> dweight(to.scratch.data(), blocks.count, n);
  const Matrix<T> dbias(dweight.data() + dweight.size(), blocks.count, n);
  sum_weight_blocks(exec, pass, blocks, dweight, dbias);
  add_column_sums<T>(exec, dweight, Vector<T>(), to.weight);
  add_column_sums<T>(exec, dbias, Vector<T>(), to.bias);
}

template <class T>
void add_weight_gradient(const Exec& exec, const Backward<T>& pass) {
  if (row_per_thread) {
    add_weight_rows(exec, pass);
  } else {
    add_weight_blocks(exec, pass);
  }
}

}  // namespace

template <class X>
void layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x, const LayerNorm<Real<X>>& norm,
                        Matrix<X> y) {
  const Forward<X> pass{norm, y};
  for_rows(
      "layer_norm_forward", exec, {static_cast<int>(x.extent(0)), static_cast<int>(x.extent(1))},
      KOKKOS_LAMBDA(const int r, const Lane& lane) { pass.row(lane, r, x); });
}

template <class T>
void layer_norm_backward(const Exec& exec, Matrix<const T> dy, Matrix<const T> x,
                         const LayerNorm<T>& norm, Matrix<T> dx,
                         const LayerNormGradient<T>& dnorm) {
  const Backward<T> pass{dy, x, norm, dx, dnorm};
  const bool in_order = rows_in_order(exec);
  const int n = static_cast<int>(x.extent(1));
  if (!in_order) add_weight_gradient(exec, pass);
  for_rows(
      "layer_norm_backward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        pass.input_row(lane, r);
        if (in_order) pass.weight_row(lane, r, 0, n);
      });
}

template <class X>
void residual_layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x,
                                 Matrix<const Real<X>> branch, RowDropout dropout,
                                 const LayerNorm<Real<X>>& norm, Matrix<Real<X>> y, Matrix<X> ln) {
  const Forward<X> pass{norm, ln};
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "residual_layer_norm_forward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each_dropped(n, dropout.row(r),
                          [&](int c, float keep) { y(r, c) = x(r, c) + keep * branch(r, c); });
        lane.barrier();
        pass.row(lane, r, y);
      });
}

template <class X>
void layer_norm_residual_backward(const Exec& exec, Matrix<const Real<X>> dln,
                                  Matrix<const Real<X>> y, const LayerNorm<Real<X>>& norm,
                                  RowDropout dropout, Matrix<Real<X>> dy, Matrix<X> dbranch,
                                  const LayerNormGradient<Real<X>>& dnorm) {
  const Backward<Real<X>> pass{dln, y, norm, dy, dnorm};
  const bool in_order = rows_in_order(exec);
  const int n = static_cast<int>(y.extent(1));
  if (!in_order) add_weight_gradient(exec, pass);
  for_rows(
      "layer_norm_residual_backward", exec, {static_cast<int>(y.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        pass.input_row(lane, r);
        if (in_order) pass.weight_row(lane, r, 0, n);
        lane.barrier();
        lane.each_dropped(n, dropout.row(r), [&](int c, float keep) {
          dbranch(r, c) = static_cast<X>(keep * dy(r, c));
        });
      });
}

#define INSTANTIATE(T)                                                             \
  template void layer_norm_backward(const Exec&, Matrix<const T>, Matrix<const T>, \
                                    const LayerNorm<T>&, Matrix<T>, const LayerNormGradient<T>&);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X)                                                              \
  template void layer_norm_forward<X>(const Exec&, Matrix<const Real<X>>,                   \
                                      const LayerNorm<Real<X>>&, Matrix<X>);                \
  template void residual_layer_norm_forward<X>(                                             \
      const Exec&, Matrix<const Real<X>>, Matrix<const Real<X>>, RowDropout,                \
      const LayerNorm<Real<X>>&, Matrix<Real<X>>, Matrix<X>);                               \
  template void layer_norm_residual_backward<X>(                                            \
      const Exec&, Matrix<const Real<X>>, Matrix<const Real<X>>, const LayerNorm<Real<X>>&, \
      RowDropout, Matrix<Real<X>>, Matrix<X>, const LayerNormGradient<Real<X>>&);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
