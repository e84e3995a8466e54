#include "reference.hpp"

#include <cmath>
#include <numeric>

#include "core/tensor.hpp"
#include "io/hdf5_file.hpp"

namespace superpose::test {
namespace {

template <class T>
std::vector<T> read(const io::File& file, const std::string& dataset) {
  NamedTensor tensor = file.layout(dataset);
  std::vector<T> values(tensor.size());
  tensor.dtype = dtype_of<T>();
  tensor.data = values.data();
  file.read(tensor);
  return values;
}

model::Gpt2Options read_options(const io::File& file) {
  const auto value = [&](const char* name) {
    return static_cast<int>(file.attribute<std::int64_t>("/", name));
  };
  model::Gpt2Options options;
  options.n_layer = value("n_layer");
  options.n_head = value("n_head");
  options.n_embd = value("n_embd");
  options.n_positions = value("n_positions");
  options.vocab_size = value("vocab_size");
  options.tied = value("tied") != 0;
  options.embd_pdrop = options.attn_pdrop = options.resid_pdrop = 0;
  return options;
}

void read_targets(const io::File& file, const std::string& name, std::vector<Sequence>& sequences) {
  const auto sequence = read<std::int32_t>(file, name + "/target_sequence");
  const auto position = read<std::int32_t>(file, name + "/target_position");
  const auto offsets = read<std::int32_t>(file, name + "/label_offsets");
  const auto labels = read<std::int32_t>(file, name + "/labels");
  for (std::size_t t = 0; t < sequence.size(); ++t) {
    const auto begin = labels.begin() + offsets[t], end = labels.begin() + offsets[t + 1];
    sequences.at(sequence[t]).targets.push_back({position[t], {begin, end}});
  }
}

std::vector<Sequence> read_sequences(const io::File& file, const std::string& name) {
  const auto tokens = read<std::int32_t>(file, name + "/tokens");
  const auto lengths = read<std::int32_t>(file, name + "/lengths");
  const auto latent_begin = read<std::int32_t>(file, name + "/latent_begin");
  const auto n_latent = read<std::int32_t>(file, name + "/n_latent");
  const auto feed_back = read<std::int32_t>(file, name + "/feed_back");
  std::vector<Sequence> sequences(lengths.size());
  auto next = tokens.begin();
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    sequences[i].problem = i;
    sequences[i].tokens.assign(next, next + lengths[i]);
    sequences[i].latent_begin = latent_begin[i];
    sequences[i].n_latent = n_latent[i];
    sequences[i].feed_back = feed_back[i] != 0;
    next += lengths[i];
  }
  read_targets(file, name, sequences);
  return sequences;
}

GradientReference read_whole_gradient(const io::File& file, const std::string& dataset) {
  GradientReference gradient;
  gradient.values = read<double>(file, dataset);
  const auto& v = gradient.values;
  gradient.norm = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
  gradient.sum = std::accumulate(v.begin(), v.end(), 0.0);
  return gradient;
}

GradientReference read_sampled_gradient(const io::File& file, const std::string& group) {
  GradientReference gradient;
  gradient.indices = read<std::int64_t>(file, group + "/indices");
  gradient.values = read<double>(file, group + "/values");
  gradient.norm = read<double>(file, group + "/norm").at(0);
  gradient.sum = read<double>(file, group + "/sum").at(0);
  return gradient;
}

std::vector<double> read_thoughts(const io::File& file, const std::string& name) {
  const std::string dataset = name + "/thoughts";
  return file.exists(dataset) ? read<double>(file, dataset) : std::vector<double>{};
}

void read_decoded(const io::File& file, const std::string& name, int vocab_size,
                  ReferenceCase& result) {
  if (!file.exists(name + "/decoded_tokens")) return;
  const auto tokens = read<std::int32_t>(file, name + "/decoded_tokens");
  const auto lengths = read<std::int32_t>(file, name + "/decoded_lengths");
  const auto rows = read<std::int32_t>(file, name + "/decoded_rows");
  const auto logits = read<double>(file, name + "/decoded_logits");
  auto token = tokens.begin();
  auto logit = logits.begin();
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    result.decoded.emplace_back(token, token + lengths[i]);
    token += lengths[i];
    auto& of_sequence = result.decoded_logits.emplace_back();
    for (int row = 0; row < rows[i]; ++row, logit += vocab_size)
      of_sequence.emplace_back(logit, logit + vocab_size);
  }
}

ReferenceCase read_case(const io::File& file, const std::string& name, int vocab_size) {
  ReferenceCase result;
  result.name = name;
  result.sequences = read_sequences(file, name);
  result.logits = read<double>(file, name + "/logits");
  result.loss = read<double>(file, name + "/loss").at(0);
  result.thoughts = read_thoughts(file, name);
  read_decoded(file, name, vocab_size, result);
  for (const auto& parameter : file.children(name + "/gradients")) {
    const std::string path = name + "/gradients/" + parameter;
    result.gradients[parameter] =
        file.is_group(path) ? read_sampled_gradient(file, path) : read_whole_gradient(file, path);
  }
  return result;
}

/// The part of one sequence: entries [begin, begin + count) of each of the heads, which have
/// all.size() / n_heads entries in the file.
std::vector<double> part_of_heads(const std::vector<double>& all, std::size_t n_heads,
                                  std::size_t begin, std::size_t count) {
  std::vector<double> part;
  const std::size_t stride = all.size() / n_heads;
  for (std::size_t head = 0; head < n_heads; ++head) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(head * stride + begin);
    part.insert(part.end(), first, first + static_cast<std::ptrdiff_t>(count));
  }
  return part;
}

std::vector<SequenceAttention> read_attention(const io::File& file, const std::string& name,
                                              const std::vector<Sequence>& sequences,
                                              const model::Gpt2Options& options) {
  const auto logits = read<double>(file, name + "/attention_logits");
  const auto weights = read<double>(file, name + "/attention_weights");
  const auto n_heads = static_cast<std::size_t>(options.n_layer * options.n_head);
  std::vector<SequenceAttention> result;
  std::size_t begin = 0;
  for (const auto& sequence : sequences) {
    const std::size_t n_positions = sequence.tokens.size();
    const std::size_t count = n_positions * (n_positions + 1) / 2;
    result.push_back({options.n_head, static_cast<int>(n_positions),
                      part_of_heads(logits, n_heads, begin, count),
                      part_of_heads(weights, n_heads, begin, count)});
    begin += count;
  }
  return result;
}

AttentionCase read_attention_case(const io::File& file, const std::string& name,
                                  const model::Gpt2Options& options) {
  AttentionCase result;
  result.name = name;
  result.sequences = read_sequences(file, name);
  result.attention = read_attention(file, name, result.sequences, options);
  result.thoughts = read_thoughts(file, name);
  return result;
}

ModelDescription read_model(const io::File& file) {
  return {
      read_options(file),
      {file.attribute<double>("/", "scale_matrix"), file.attribute<double>("/", "scale_layer_norm"),
       file.attribute<double>("/", "scale_bias")}};
}

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::size_t SequenceAttention::index(int layer, int head, int query, int key) const {
  const auto triangle = [](std::size_t n) { return n * (n + 1) / 2; };
  return static_cast<std::size_t>(layer * n_head + head) * triangle(n_positions) + triangle(query) +
         static_cast<std::size_t>(key);
}

Reference read_reference(const std::string& path) {
  const io::File file = io::File::open(path);
  Reference reference{read_model(file), {}};
  for (const auto& name : file.children("/"))
    reference.cases.push_back(read_case(file, name, reference.options.vocab_size));
  return reference;
}

AttentionReference read_attention_reference(const std::string& path) {
  const io::File file = io::File::open(path);
  AttentionReference reference{read_model(file), {}};
  for (const auto& name : file.children("/"))
    reference.cases.push_back(read_attention_case(file, name, reference.options));
  return reference;
}

double reference_weight(const WeightScales& scales, const std::string& name,
                        std::uint64_t parameter, std::uint64_t element) {
  const std::uint64_t bits = splitmix64((parameter << 32) + element) >> 11;
  const double u = static_cast<double>(bits) * 0x1.0p-52 - 1;
  double value = scales.matrix * u;
  if (ends_with(name, "bias"))
    value = scales.bias * u;
  else if (name.find("ln_") != std::string::npos)
    value = 1 + scales.layer_norm * u;
  return static_cast<float>(value);
}

}  // namespace superpose::test
