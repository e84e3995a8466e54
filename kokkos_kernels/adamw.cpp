#include "kokkos_kernels/adamw.hpp"

#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {

template <class T>
void adamw(const Exec& exec, AdamWStep step, Vector<const T> gradient, Vector<T> m, Vector<T> v,
           Vector<T> parameter) {
  constexpr int strip = 4096;
  const int n = static_cast<int>(parameter.extent(0));
  const T b1 = static_cast<T>(step.beta1), b2 = static_cast<T>(step.beta2);
  const T c1 = static_cast<T>(1 - step.beta1), c2 = static_cast<T>(1 - step.beta2);
  const T decay = static_cast<T>(1 - step.learning_rate * step.weight_decay);
  const T size = static_cast<T>(step.learning_rate / step.bias_correction1);
  const T root = static_cast<T>(1 / square_root(step.bias_correction2));
  const T epsilon = static_cast<T>(step.epsilon), scale = static_cast<T>(step.gradient_scale);
  for_rows(
      "adamw", exec, {(n + strip - 1) / strip, strip},
      KOKKOS_LAMBDA(const int s, const Lane& lane) {
        const int begin = s * strip;
        lane.each(n - begin < strip ? n - begin : strip, [&](int c) {
          const int i = begin + c;
          const T g = scale * gradient(i);
          const T m_new = b1 * m(i) + c1 * g, v_new = b2 * v(i) + c2 * g * g;
          m(i) = m_new;
          v(i) = v_new;
          parameter(i) =
              decay * parameter(i) - size * m_new / (square_root(v_new) * root + epsilon);
        });
      });
}

#define INSTANTIATE(T) \
  template void adamw(const Exec&, AdamWStep, Vector<const T>, Vector<T>, Vector<T>, Vector<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
