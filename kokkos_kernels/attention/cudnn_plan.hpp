#pragma once
/// What cudnn.cpp asks cuDNN for: the graph of an attention, every operand with its place in our
/// matrices. Included by it and by tests/gpu/cudnn_plans.cpp.

#include <cudnn_frontend.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/error.hpp"
#include "kokkos_kernels/attention/cudnn.hpp"

namespace superpose::kernels::cudnn {

namespace fe = cudnn_frontend;
using Tensor = std::shared_ptr<fe::graph::Tensor_attributes>;
using Addresses = std::unordered_map<std::int64_t, void*>;

/// Names of the operands in a plan.
enum Id : std::int64_t {
  length = 1,
  q_offset,
  kv_offset,
  lse_offset,
  keep,
  q,
  k,
  v,
  out,
  lse,
  dout,
  dq,
  dk,
  dv
};

class Plan {
 public:
  explicit Plan(const Shape& shape) : shape_(shape) {
    graph_.set_io_data_type(fe::DataType_t::BFLOAT16)
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT);
    length_ = indices(Id::length, shape.n_problems);
    q_offset_ = indices(Id::q_offset, shape.n_problems + 1);
    kv_offset_ = indices(Id::kv_offset, shape.n_problems + 1);
    lse_offset_ = indices(Id::lse_offset, shape.n_problems + 1);
  }

  void add_forward() {
    auto attributes = with_mask(fe::graph::SDPA_attributes().set_name("attention_forward"));
    attributes.set_generate_stats(true);
    if (drops()) attributes.set_dropout(keep_tensor(), scalar(shape_.keep_scale));
    const auto [out, lse] = graph_.sdpa(rows(Id::q), rows(Id::k), rows(Id::v), attributes);
    place_rows(*out, Id::out).set_output(true);
    place_lse(*lse).set_output(true);
  }

  void add_backward() {
    auto attributes =
        with_mask(fe::graph::SDPA_backward_attributes().set_name("attention_backward"));
    attributes.set_deterministic_algorithm(true);
    graph_.deselect_numeric_notes({fe::NumericalNote_t::NONDETERMINISTIC});
    if (drops())
      attributes.set_dropout(keep_tensor(), scalar(shape_.keep_scale),
                             scalar(1 / shape_.keep_scale));
    fe::graph::Tensor_attributes lse;
    const auto [dq, dk, dv] =
        graph_.sdpa_backward(rows(Id::q), rows(Id::k), rows(Id::v), rows(Id::out), rows(Id::dout),
                             graph_.tensor(place_lse(lse)), attributes);
    place_rows(*dq, Id::dq).set_output(true);
    place_rows(*dk, Id::dk).set_output(true);
    place_rows(*dv, Id::dv).set_output(true);
  }

  /// What keeps the library from doing it on this GPU; empty if nothing does.
  std::string build(cudnnHandle_t handle) {
    auto error = graph_.build(handle, {fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK});
    if (error.is_good()) error = graph_.get_workspace_size(workspace_bytes_);
    return error.is_good() ? "" : error.get_message();
  }

  /// For those who build it for a GPU that is not there.
  fe::graph::Graph& graph() { return graph_; }

  std::size_t workspace_bytes() const { return static_cast<std::size_t>(workspace_bytes_); }

  void run(cudnnHandle_t handle, Addresses& addresses, void* workspace) const {
    auto error = graph_.execute(handle, addresses, workspace);
    validate(error.is_good(), ExitCode::failure,
             "cuDNN's attention failed ({}); update the driver, or lower train.batch_size",
             error.get_message());
  }

 private:
  using Attributes = fe::graph::Tensor_attributes;

  bool drops() const { return shape_.keep_scale != 1; }

  template <class Sdpa>
  Sdpa with_mask(Sdpa attributes) const {
    return attributes.set_causal_mask(true)
        .set_attn_scale(1 / std::sqrt(static_cast<float>(shape_.head_size)))
        .set_padding_mask(true)
        .set_seq_len_q(length_)
        .set_seq_len_kv(length_);
  }

  Tensor indices(Id id, std::int64_t n) {
    return graph_.tensor(Attributes()
                             .set_uid(id)
                             .set_dim({n, 1, 1, 1})
                             .set_stride({1, 1, 1, 1})
                             .set_data_type(fe::DataType_t::INT32));
  }

  Tensor scalar(float value) { return graph_.tensor(Attributes(value)); }

  Tensor keep_tensor() {
    const std::int64_t S = shape_.longest, NH = shape_.n_head;
    return graph_.tensor(Attributes()
                             .set_uid(Id::keep)
                             .set_dim({shape_.n_problems, NH, S, S})
                             .set_stride({NH * S * S, S * S, S, 1}));
  }

  static bool is_key_or_value(Id id) {
    return id == Id::k || id == Id::v || id == Id::dk || id == Id::dv;
  }

  /// [P,NH,longest,D] as it lies in [R,C], or one half of [R,2C].
  Attributes& place_rows(Attributes& tensor, Id id) const {
    const std::int64_t D = shape_.head_size, C = shape_.n_head * D;
    const std::int64_t row = is_key_or_value(id) ? 2 * C : C;
    return tensor.set_uid(id)
        .set_dim({shape_.n_problems, shape_.n_head, shape_.longest, D})
        .set_stride({shape_.longest * row, D, row, 1})
        .set_ragged_offset(is_key_or_value(id) ? kv_offset_ : q_offset_);
  }

  /// [P,NH,longest,1] as it lies in [R,NH].
  Attributes& place_lse(Attributes& tensor) const {
    const std::int64_t NH = shape_.n_head;
    return tensor.set_uid(Id::lse)
        .set_dim({shape_.n_problems, NH, shape_.longest, 1})
        .set_stride({shape_.longest * NH, 1, NH, 1})
        .set_data_type(fe::DataType_t::FLOAT)
        .set_ragged_offset(lse_offset_);
  }

  Tensor rows(Id id) {
    Attributes tensor;
    return graph_.tensor(place_rows(tensor, id));
  }

  Shape shape_;
  fe::graph::Graph graph_;
  Tensor length_, q_offset_, kv_offset_, lse_offset_;
  std::int64_t workspace_bytes_ = 0;
};

}  // namespace superpose::kernels::cudnn
