#include "dropout_reference.hpp"
#include "kokkos_kernels/embedding.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

/// Two problems of 4 and 3 positions. One token occurs three times; thoughts 2 and 0 take the place
/// of the embeddings of rows 2 and 5, thought 1 of none.
const std::vector<int> token = {4, 1, 0, 1, 3, 0, 1};
const std::vector<int> thought = {-1, -1, 2, -1, -1, 0, -1};
const std::vector<int> problem = {8, 8, 8, 8, 3, 3, 3};
const std::vector<int> position = {0, 1, 2, 3, 0, 1, 2};
constexpr int R = 7, vocabulary = 5, n_positions = 6, O = 3;

RowKeys row_keys() {
  return {to_indices(problem), to_indices(position)};
}

struct Input {
  HostMatrix wte, wpe, thoughts;
};

Input random_input(int C) {
  return {random_matrix(vocabulary, C, 1), random_matrix(n_positions, C, 2),
          random_matrix(O, C, 3)};
}

HostMatrix plain_forward(const Input& in, const Dropout& dropout) {
  const int C = in.wte.n_columns;
  HostMatrix x(R, C);
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) {
      const double source = thought[r] >= 0 ? in.thoughts(thought[r], c) : in.wte(token[r], c);
      x(r, c) = (source + in.wpe(position[r], c)) *
                dropout_multiplier(dropout, problem[r], position[r], c);
    }
  return x;
}

template <class X>
HostMatrix run_forward(const Input& in, const Dropout& dropout) {
  using T = Real<X>;
  const auto x = to_matrix<T>(HostMatrix(R, in.wte.n_columns, 5));
  embedding_forward<X>(Exec(),
                       {to_matrix<T>(in.wte), to_matrix<T>(in.wpe), to_matrix<X>(in.thoughts)},
                       to_indices(token), to_indices(thought), {row_keys(), dropout}, x);
  return to_host(x);
}

/// Rows with entry[r] >= 0 grouped by it, ascending within a group.
RowGroups group_rows(const std::vector<int>& entry_of_row, int n_entries) {
  std::vector<int> entry, begin{0}, rows;
  for (int e = 0; e < n_entries; ++e) {
    for (std::size_t r = 0; r < entry_of_row.size(); ++r)
      if (entry_of_row[r] == e) rows.push_back(static_cast<int>(r));
    if (static_cast<int>(rows.size()) == begin.back()) continue;
    entry.push_back(e);
    begin.push_back(static_cast<int>(rows.size()));
  }
  return {to_indices(entry), to_indices(begin), to_indices(rows)};
}

/// The token of each row, -1 where a thought replaces its embedding.
std::vector<int> embedded_token() {
  auto result = token;
  for (int r = 0; r < R; ++r)
    if (thought[r] >= 0) result[r] = -1;
  return result;
}

/// Gradients by all three tables, on top of `before`.
template <class T>
Input run_backward(const HostMatrix& dx, const Dropout& dropout, const Input& before) {
  const auto gradient = to_matrix<T>(dx), wte = to_matrix<T>(before.wte);
  const auto wpe = to_matrix<T>(before.wpe), thoughts = to_matrix<T>(before.thoughts);
  embedding_backward<T>(Exec(), to_indices(thought), {row_keys(), dropout}, gradient, thoughts);
  scatter_rows<T>(Exec(), gradient, group_rows(embedded_token(), vocabulary), {}, wte);
  scatter_rows<T>(Exec(), gradient, group_rows(position, n_positions), {}, wpe);
  return {to_host(wte), to_host(wpe), to_host(thoughts)};
}

Input zeros(int C) {
  return {HostMatrix(vocabulary, C), HostMatrix(n_positions, C), HostMatrix(O, C)};
}

const std::vector<int> widths = {1, 33, 96, 128, 130, 768};

template <class T>
class Embedding : public testing::Test {};
TYPED_TEST_SUITE(Embedding, FloatTypes);

template <class X>
class EmbeddingOperand : public testing::Test {};
TYPED_TEST_SUITE(EmbeddingOperand, OperandTypes);

TYPED_TEST(EmbeddingOperand, ForwardEqualsThePlainLoop) {
  for (const int C : widths)
    for (const Dropout& dropout : {Dropout{}, test_dropout()}) {
      Input in = random_input(C);
      in.thoughts = rounded<TypeParam>(in.thoughts);
      EXPECT_TRUE(
          near<Real<TypeParam>>(run_forward<TypeParam>(in, dropout), plain_forward(in, dropout), 4))
          << "C " << C << ", dropout " << dropout.probability;
    }
}

TYPED_TEST(Embedding, BackwardAddsToTheTables) {
  for (const int C : widths) {
    const auto dx = random_matrix(R, C, 4);
    const Input before = random_input(C);
    const Input alone = run_backward<double>(dx, test_dropout(), zeros(C));
    const Input added = run_backward<TypeParam>(dx, test_dropout(), before);
    EXPECT_TRUE(near<TypeParam>(added.wte, sum(before.wte, alone.wte)));
    EXPECT_TRUE(near<TypeParam>(added.wpe, sum(before.wpe, alone.wpe)));
    EXPECT_TRUE(near<TypeParam>(added.thoughts, sum(before.thoughts, alone.thoughts)));
  }
}

TYPED_TEST(Embedding, ScatterLeavesOtherEntriesAlone) {
  const auto table = random_matrix(vocabulary, 33, 1), dx = random_matrix(R, 33, 2);
  const auto scattered = to_matrix<TypeParam>(table);
  scatter_rows<TypeParam>(Exec(), to_matrix<TypeParam>(dx), group_rows(token, vocabulary), {},
                          scattered);
  HostMatrix expected = table;
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < 33; ++c) expected(token[r], c) += dx(r, c);
  const auto actual = to_host(scattered);
  EXPECT_TRUE(near<TypeParam>(actual, expected));
  for (int c = 0; c < 33; ++c) EXPECT_EQ(actual(2, c), table(2, c)) << "token 2 does not occur";
}

/// 4000 rows of few and of many entries, one of which has most of them; scratch for few and for
/// many pieces.
TYPED_TEST(Embedding, ScatterOfManyRowsMayPassThroughScratch) {
  constexpr int n_rows = 4000, C = 130;
  for (const int n_entries : {2, 40, 700}) {
    std::vector<int> entry(n_rows);
    for (int r = 0; r < n_rows; ++r) entry[r] = r % 3 == 0 ? r / 3 * 17 % n_entries : n_entries / 2;
    const auto table = random_matrix(n_entries, C, 1), dx = random_matrix(n_rows, C, 2);
    HostMatrix expected = table;
    for (int r = 0; r < n_rows; ++r)
      for (int c = 0; c < C; ++c) expected(entry[r], c) += dx(r, c);
    for (const int n_sums : {0, n_entries, n_entries + 3, n_entries + 100}) {
      const Vector<TypeParam> scratch("test_scratch", n_sums * C);
      const auto once = to_matrix<TypeParam>(table), again = to_matrix<TypeParam>(table);
      for (const auto& sums : {once, again})
        scatter_rows<TypeParam>(Exec(), to_matrix<TypeParam>(dx), group_rows(entry, n_entries),
                                scratch, sums);
      EXPECT_TRUE(near<TypeParam>(to_host(once), expected, 256)) << n_entries << ", " << n_sums;
      EXPECT_TRUE(within(to_host(again), to_host(once), 0)) << n_entries << ", " << n_sums;
    }
  }
}

TYPED_TEST(EmbeddingOperand, GatherTakesRows) {
  const std::vector<int> index = {5, 0, 3};
  for (const int C : widths) {
    const auto x = rounded<TypeParam>(random_matrix(R, C, 1));
    const auto gathered = to_matrix<TypeParam>(HostMatrix(3, C, 5));
    gather_rows<TypeParam>(Exec(), to_matrix<TypeParam>(x), to_indices(index), gathered);
    HostMatrix rows_of_x(3, C);
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < C; ++c) rows_of_x(i, c) = x(index[i], c);
    EXPECT_TRUE(within(to_host(gathered), rows_of_x, 0));
  }
}

TYPED_TEST(Embedding, AddPutsRowsBack) {
  const std::vector<int> index = {5, 0, 3};
  for (const int C : widths) {
    const auto x = random_matrix(R, C, 1), small = random_matrix(3, C, 2);
    const auto added = to_matrix<TypeParam>(x);
    add_to_rows<TypeParam>(Exec(), to_matrix<TypeParam>(small), to_indices(index), added);
    HostMatrix x_plus = x;
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < C; ++c) x_plus(index[i], c) += small(i, c);
    EXPECT_TRUE(near<TypeParam>(to_host(added), x_plus, 2));
  }
}

TEST(EmbeddingGradient, IsTheDerivativeOfForward) {
  for (const int C : {1, 33, 130}) {
    Input in = random_input(C);
    const auto dx = random_matrix(R, C, 4);
    const auto loss = [&] { return inner_product(dx, run_forward<double>(in, test_dropout())); };
    const Input gradient = run_backward<double>(dx, test_dropout(), zeros(C));
    EXPECT_TRUE(is_gradient(gradient.wte, in.wte, loss)) << C;
    EXPECT_TRUE(is_gradient(gradient.wpe, in.wpe, loss)) << C;
    EXPECT_TRUE(is_gradient(gradient.thoughts, in.thoughts, loss)) << C;
  }
}

}  // namespace
}  // namespace superpose::kernels
