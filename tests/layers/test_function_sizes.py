#!/usr/bin/env python3
"""Tests of function_sizes.py: what C++ can put around a function's head and body."""

import unittest

from function_sizes import cpp_functions, python_functions

SOURCE = r"""
#define LOOP(i) for (int i = 0; i < 3; ++i) { call(i); }
namespace a {
constexpr int values[] = {1, 2};
const auto table = std::map<int, int>{{1, 2}, {3, 4}};
int declared(int a, int b);
enum class Kind { first, second };

/// A brace in a comment: {
template <class T, std::enable_if_t<is(1), int> = 0>
std::vector<T> plain(const std::map<int, T>& a, int (*call)(int, int), char = '{') {
  const auto text = "} \" {";
  const auto inner = [&](int b, int c) { return b + c; };
  return {};
}

template <int (*Close)(int)>
class Holder : public Base<Close> {
 public:
  explicit Holder(int id, int other = f(1, 2)) : id_{id}, other_(other), list_{{1, 2}} {}
  ~Holder() {
    close();
  }
  Holder& operator=(Holder&& other) noexcept { return *this; }
  bool operator()(int a) const { return a == id_; }
  operator bool() const { return true; }

 private:
  int id_{0};
  std::function<void(int)> call_ = [](int a) { g(a); };
};

template <>
void Holder<&shut>::run(void) {
  const char* raw = R"x(
    { " )x";
}
}  // namespace a
"""

PYTHON = """
def outer(a, /, b, *, c):
    def inner():
        return a

    return inner
"""


class FunctionSizes(unittest.TestCase):
    def test_of_cpp(self):
        found = [(f.name, f.n_lines, f.n_parameters) for f in cpp_functions(SOURCE)]
        self.assertEqual(found, [("plain", 5, 3), ("Holder", 1, 2), ("~Holder", 3, 0),
                                 ("operator =", 1, 1), ("operator ()", 1, 1), ("operator bool", 1, 0),
                                 ("run", 4, 0)])
        self.assertEqual(cpp_functions(SOURCE)[0].line, 11)

    def test_of_python(self):
        found = sorted((f.name, f.line, f.n_lines, f.n_parameters)
                       for f in python_functions(PYTHON))
        self.assertEqual(found, [("inner", 3, 2, 0), ("outer", 2, 5, 3)])


if __name__ == "__main__":
    unittest.main()
