#include "train/preparation.hpp"

#include <utility>

namespace superpose::train {
namespace {

bool same(const Part& a, const Part& b) {
  return a.key.stage == b.key.stage && a.key.epoch == b.key.epoch && a.problems == b.problems;
}

}  // namespace

PartPreparation::PartPreparation(Preparation when, Prepare prepare)
    : when_(when), prepare_(std::move(prepare)) {}

model::HostPacking PartPreparation::take(const Part& part) {
  if (packing_.valid() && same(begun_, part)) return packing_.get();
  packing_ = {};  // waits for its thread
  return prepare_(part);
}

void PartPreparation::begin(const Part& part) {
  if (when_ != Preparation::ahead) return;
  packing_ = {};
  begun_ = part;
  packing_ = std::async(std::launch::async, [this] { return prepare_(begun_); });
}

}  // namespace superpose::train
