/// What interventions make of a thought, on vectors small enough to be checked by hand.

#include <gtest/gtest.h>

#include "analysis/thought_change.hpp"

namespace superpose::analysis {
namespace {

void expect_vector(const Vec& actual, const Vec& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c)
    EXPECT_NEAR(actual[c], expected[c], 1e-12) << "component " << c;
}

const Vec x{1, 0, 0, 0}, y{0, 1, 0, 0}, between{3, 4, 0, 0};  // between: x and y at a slant
const Vec h{2, 5, 1, 7};

TEST(ThoughtChange, AProjectionIsOntoTheSpanHoweverItIsGiven) {
  expect_vector(projected(h, {}), {0, 0, 0, 0});
  expect_vector(projected(h, {between}), {3 * 26 / 25.0, 4 * 26 / 25.0, 0, 0});
  for (const auto& vectors :
       {std::vector<Vec>{x, y}, {between, x}, {x, between, y}, {y, y, {0, 0, 0, 0}, x}})
    expect_vector(projected(h, vectors), {2, 5, 0, 0});
}

TEST(ThoughtChange, RescalingChangesTheSpanAlone) {
  expect_vector(rescaled(h, {x, between}, 0), {0, 0, 1, 7});
  expect_vector(rescaled(h, {x, between}, 1), h);
  expect_vector(rescaled(h, {x, between}, 2), {4, 10, 1, 7});
}

TEST(ThoughtChange, TheStrongestStaysWithAllThatIsOutside) {
  // x.h = 2, y.h = 5; orthogonal: the others' components go.
  expect_vector(strongest_kept(h, {x, y}), {0, 5, 1, 7});
  expect_vector(strongest_kept(h, {x}), h);
}

TEST(ThoughtChange, OthersAreRemovedOnlyAsFarAsTheyAreOrthogonalToTheStrongest) {
  // between.h = 26 is the largest: its component of h, as long as before, is all that is left.
  const Vec kept = strongest_kept(h, {x, between, y});
  expect_vector(kept, {3 * 26 / 25.0, 4 * 26 / 25.0, 1, 7});
  EXPECT_NEAR(dot(kept, between), dot(h, between), 1e-12);
  expect_vector(strongest_kept(h, {x, between}), kept);
  // A thought that is one of them keeps all of itself, though it is not orthogonal to the others.
  expect_vector(strongest_kept(between, {x, between, y}), between);
}

TEST(ThoughtChange, MixingIsLinear) {
  expect_vector(mixed(h, x, 0), h);
  expect_vector(mixed(h, x, 1), x);
  expect_vector(mixed(h, x, 0.5), {1.5, 2.5, 0.5, 3.5});
}

}  // namespace
}  // namespace superpose::analysis
