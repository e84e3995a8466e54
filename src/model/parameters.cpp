#include "model/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/random.hpp"

namespace superpose::model {
namespace {

constexpr std::size_t cache_line = 16;  // floats

/// A dimension of the parameters. No parameter has two of one name: netCDF and xarray tell the
/// dimensions of a variable apart by their names.
struct Dimension {
  const char* name;
  std::size_t extent;
};

/// Collects the list in order and gives each parameter its offset.
class ListBuilder {
 public:
  explicit ListBuilder(const Gpt2Options& options)
      : n_embd_{"n_embd", static_cast<std::size_t>(options.n_embd)}, options_(options) {}

  void matrix(const std::string& name, Dimension rows, Dimension columns,
              double standard_deviation) {
    add(name, {rows, columns}, {Initial::Kind::normal, standard_deviation});
  }
  void vector(const std::string& name, Dimension dimension, double value) {
    add(name, {dimension}, {Initial::Kind::constant, value});
  }
  void embedding(const std::string& name, Dimension rows) {
    matrix(name, rows, n_embd_, options_.initializer_range);
  }
  void positions(const std::string& name, Dimension rows) {
    const bool sines = options_.position_init == PositionInit::sinusoidal;
    const auto kind = sines ? Initial::Kind::sinusoidal : Initial::Kind::normal;
    add(name, {rows, n_embd_}, {kind, options_.initializer_range});
  }
  void layer_norm(const std::string& name) {
    vector(name + ".weight", n_embd_, 1);
    vector(name + ".bias", n_embd_, 0);
  }
  void linear(const std::string& name, Dimension in, Dimension out, double standard_deviation) {
    matrix(name + ".weight", in, out, standard_deviation);
    vector(name + ".bias", out, 0);
  }
  void block(int layer) {
    const std::string h = fmt::format("h.{}.", layer);
    const double std = options_.initializer_range;
    const double residual = std / std::sqrt(2.0 * options_.n_layer);
    const std::size_t C = n_embd_.extent;
    const Dimension n_qkv{"n_qkv", 3 * C}, n_attn{"n_attn", C}, n_inner{"n_inner", 4 * C};
    layer_norm(h + "ln_1");
    linear(h + "attn.c_attn", n_embd_, n_qkv, std);
    linear(h + "attn.c_proj", n_attn, n_embd_, residual);
    layer_norm(h + "ln_2");
    linear(h + "mlp.c_fc", n_embd_, n_inner, std);
    linear(h + "mlp.c_proj", n_inner, n_embd_, residual);
  }
  std::vector<ParameterInfo> take() { return std::move(list_); }

 private:
  void add(const std::string& name, const std::vector<Dimension>& dimensions, Initial initial) {
    ParameterInfo info{name, {}, {}, initial, flat_size(list_)};
    for (const auto& dimension : dimensions) {
      info.dims.emplace_back(dimension.name);
      info.shape.push_back(dimension.extent);
    }
    list_.push_back(std::move(info));
  }

  Dimension n_embd_;
  Gpt2Options options_;
  std::vector<ParameterInfo> list_;
};

/// Hands out the parameters of a flat buffer in list order.
template <class T>
class ViewWalker {
 public:
  ViewWalker(Vector<T> flat, const std::vector<ParameterInfo>& list) : flat_(flat), list_(list) {}
  Vector<T> vector() {
    const auto& info = list_[next_++];
    return Vector<T>(flat_.data() + info.offset, info.shape[0]);
  }
  Matrix<T> matrix() {
    const auto& info = list_[next_++];
    return Matrix<T>(flat_.data() + info.offset, info.shape[0], info.shape[1]);
  }
  BlockParameters<T> block() {
    BlockParameters<T> b;  // in the order of ListBuilder::block
    b.ln_1_weight = vector();
    b.ln_1_bias = vector();
    b.c_attn_weight = matrix();
    b.c_attn_bias = vector();
    b.attn_proj_weight = matrix();
    b.attn_proj_bias = vector();
    b.ln_2_weight = vector();
    b.ln_2_bias = vector();
    b.c_fc_weight = matrix();
    b.c_fc_bias = vector();
    b.mlp_proj_weight = matrix();
    b.mlp_proj_bias = vector();
    return b;
  }

 private:
  Vector<T> flat_;
  const std::vector<ParameterInfo>& list_;
  std::size_t next_ = 0;
};

/// Two normal deviates a draw pair (Box and Muller).
void fill_normal(RandomStream random, double standard_deviation, std::size_t n, double* values) {
  constexpr double two_pi = 6.283185307179586;
  for (std::size_t i = 0; i < n; i += 2) {
    const double radius = standard_deviation * std::sqrt(-2 * std::log1p(-random.uniform()));
    const double angle = two_pi * random.uniform();
    values[i] = radius * std::cos(angle);
    if (i + 1 < n) values[i + 1] = radius * std::sin(angle);
  }
}

/// Sines and cosines along the rows, of wavelengths in a geometric sequence over the columns.
void fill_sines(double root_mean_square, std::size_t n_columns, std::vector<double>& values) {
  constexpr double two_pi = 6.283185307179586, shortest = 2.5, longest = 400;
  const double n_steps = std::max(1.0, static_cast<double>((n_columns - 1) / 2));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = i / n_columns, column = i % n_columns;
    const double wavelength =
        shortest * std::pow(longest / shortest, static_cast<double>(column / 2) / n_steps);
    const double angle = two_pi * static_cast<double>(row) / wavelength;
    values[i] =
        std::sqrt(2.0) * root_mean_square * (column % 2 == 0 ? std::sin(angle) : std::cos(angle));
  }
}

/// A parameter's initial numbers.
std::vector<double> initial_values(const ParameterInfo& info, RandomStream random) {
  std::vector<double> values(info.size(), info.initial.value);
  if (info.initial.kind == Initial::Kind::normal)
    fill_normal(random, info.initial.value, info.size(), values.data());
  if (info.initial.kind == Initial::Kind::sinusoidal)
    fill_sines(info.initial.value, info.shape[1], values);
  return values;
}

}  // namespace

std::vector<ParameterInfo> parameter_list(const Gpt2Options& options) {
  const Dimension vocab_size{"vocab_size", static_cast<std::size_t>(options.vocab_size)};
  const Dimension n_positions{"n_positions", static_cast<std::size_t>(options.n_positions)};
  ListBuilder builder(options);
  builder.embedding("wte.weight", vocab_size);
  builder.positions("wpe.weight", n_positions);
  for (int layer = 0; layer < options.n_layer; ++layer) builder.block(layer);
  builder.layer_norm("ln_f");
  if (!options.tied) builder.embedding("lm_head.weight", vocab_size);
  return builder.take();
}

std::vector<MatrixPlace> block_matrices(const Gpt2Options& options) {
  std::vector<MatrixPlace> places;
  for (const auto& info : parameter_list(options)) {
    if (info.name.rfind("h.", 0) != 0 || info.shape.size() != 2) continue;
    const int n_rows = static_cast<int>(info.shape[0]), length = static_cast<int>(info.shape[1]);
    const int parts = info.name.find(".c_attn.") == std::string::npos ? 1 : 3;
    for (int part = 0; part < parts; ++part)
      places.push_back({info.offset + static_cast<std::size_t>(part * (length / parts)), n_rows,
                        length / parts, length});
  }
  return places;
}

std::size_t flat_size(const std::vector<ParameterInfo>& list) {
  if (list.empty()) return 0;
  const std::size_t end = list.back().offset + list.back().size();
  return (end + cache_line - 1) / cache_line * cache_line;
}

template <class T>
Parameters<T>::Parameters(const Gpt2Options& options, const std::string& label)
    : Parameters(options, Vector<T>(label, flat_size(parameter_list(options)))) {}

template <class T>
Parameters<T>::Parameters(const Gpt2Options& options, Vector<T> buffer)
    : list(parameter_list(options)), flat(buffer) {
  SUPERPOSE_EXPECT(flat.extent(0) == flat_size(list));
  ViewWalker<T> walker(flat, list);
  wte = walker.matrix();
  wpe = walker.matrix();
  for (int layer = 0; layer < options.n_layer; ++layer) h.push_back(walker.block());
  ln_f_weight = walker.vector();
  ln_f_bias = walker.vector();
  lm_head = options.tied ? wte : walker.matrix();
}

template <class T>
void initialise(Parameters<T>& parameters, std::uint64_t seed) {
  auto host = Kokkos::create_mirror_view(parameters.flat);
  for (std::size_t p = 0; p < parameters.list.size(); ++p) {
    const auto& info = parameters.list[p];
    const auto values = initial_values(info, RandomStream(seed, Purpose::initialise, p));
    for (std::size_t i = 0; i < values.size(); ++i)
      host(info.offset + i) = static_cast<T>(values[i]);
  }
  Kokkos::deep_copy(parameters.flat, host);
}

template <class T>
std::vector<NamedTensor> named_tensors(const std::vector<ParameterInfo>& list, T* flat,
                                       const std::string& prefix) {
  std::vector<NamedTensor> tensors;
  for (const auto& info : list)
    tensors.push_back(
        {prefix + info.name, info.dims, info.shape, dtype_of<T>(), flat + info.offset});
  return tensors;
}

#define INSTANTIATE(T)                                                                   \
  template struct Parameters<T>;                                                         \
  template void initialise(Parameters<T>&, std::uint64_t);                               \
  template std::vector<NamedTensor> named_tensors(const std::vector<ParameterInfo>&, T*, \
                                                  const std::string&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::model
