#include "theory/columns.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace superpose::theory {

double half_width(const Moments& moments) {
  if (moments.count() < 2) return std::nan("");
  const boost::math::students_t_distribution<double> t(static_cast<double>(moments.count() - 1));
  return boost::math::quantile(t, 0.975) * moments.standard_error();
}

void add_mean_columns(std::vector<io::Column>& columns, const std::string& name,
                      const std::string& description) {
  columns.push_back(real(name, description));
  columns.push_back(
      real(name + "_half_width", "half of its 95 % interval; NaN of a single measurement"));
}

void add_mean(io::Row& row, const std::string& name, const Moments& moments) {
  row[name] = one(moments.mean());
  row[name + "_half_width"] = one(half_width(moments));
}

}  // namespace superpose::theory
