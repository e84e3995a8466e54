#include "kokkos_kernels/products/cublaslt.hpp"

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/error.hpp"
#include "kokkos_kernels/product_region.hpp"

namespace superpose::kernels::cublaslt {
namespace {

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  fail(ExitCode::failure, "{} failed ({}); update the driver, or lower train.batch_size", what,
       cublasLtGetStatusString(status));
}

// --- what the library is told --------------------------------------------------------------------
// It counts columns first: a row-major matrix is the transpose of what it sees. So c = a b is
// handed over as c^T = b^T a^T: its A is our b, its B our a, its rows our columns.

using Layout = cublasLtMatrixLayoutOpaque_t;
using Description = cublasLtMatmulDescOpaque_t;

struct Extents {
  int m, n, k;
};

/// What is asked for.
struct Product {
  Operand a, b, c;
  bool add;
  Fusion fusion;
  FloatProducts products;
};

/// Rows in memory are a batch's tokens, a number that is hardly ever the same twice. The library is
/// asked for algorithms by their number rounded up to this, so that it is asked seldom.
constexpr int row_step = 256;

int rounded_up(int n) {
  return (n + row_step - 1) / row_step * row_step;
}

int rows_of(const Operand& x) {
  return x.transposed ? x.n_columns : x.n_rows;
}
int columns_of(const Operand& x) {
  return x.transposed ? x.n_rows : x.n_columns;
}

Extents extents_of(const Product& p) {
  return {rows_of(p.a), columns_of(p.b), columns_of(p.a)};
}

/// The product's, but for those that are rows in memory of every operand that has them.
Extents rounded_extents_of(const Product& p) {
  Extents e = extents_of(p);
  if (!p.a.transposed) e.m = rounded_up(e.m);
  if (p.a.transposed && !p.b.transposed) e.k = rounded_up(e.k);
  return e;
}

Layout layout(const Operand& x, int n_rows, int n_columns) {
  if (x.transposed) std::swap(n_rows, n_columns);
  Layout result;
  check(cublasLtMatrixLayoutInit(&result, x.type, n_columns, n_rows, x.leading),
        "cublasLtMatrixLayoutInit");
  return result;
}

struct Layouts {
  Layout a, b, c;

  Layouts(const Product& p, Extents e)
      : a(layout(p.a, e.m, e.k)), b(layout(p.b, e.k, e.n)), c(layout(p.c, e.m, e.n)) {}
};

template <class T>
void set(Description& description, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check(cublasLtMatmulDescSetAttribute(&description, attribute, &value, sizeof value),
        "cublasLtMatmulDescSetAttribute");
}

cublasLtEpilogue_t library_name(Epilogue epilogue) {
  switch (epilogue) {
    case Epilogue::bias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Epilogue::bias_gelu:
      return CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
    case Epilogue::gelu_gradient:
      return CUBLASLT_EPILOGUE_DGELU;
    default:
      return CUBLASLT_EPILOGUE_DEFAULT;
  }
}

cublasComputeType_t compute_type(const Product& p) {
  if (p.c.type == CUDA_R_64F) return CUBLAS_COMPUTE_64F;
  const bool tf32 = p.products == FloatProducts::tf32 && p.a.type == CUDA_R_32F;
  return tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

Description describe(const Product& p, const Fusion& fusion) {
  Description result;
  check(cublasLtMatmulDescInit(&result, compute_type(p),
                               p.c.type == CUDA_R_64F ? CUDA_R_64F : CUDA_R_32F),
        "cublasLtMatmulDescInit");
  set(result, CUBLASLT_MATMUL_DESC_TRANSA, p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(result, CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(result, CUBLASLT_MATMUL_DESC_EPILOGUE, library_name(fusion.epilogue));
  if (fusion.bias != nullptr) set(result, CUBLASLT_MATMUL_DESC_BIAS_POINTER, fusion.bias);
  if (fusion.aux == nullptr) return result;
  set(result, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, fusion.aux);
  set(result, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, static_cast<std::int64_t>(p.c.n_columns));
  return result;
}

// --- how it does a product -----------------------------------------------------------------------

std::uint32_t size_of(cudaDataType_t type) {
  return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2;
}

/// Bytes that addresses of the operand's rows are multiples of: at most 16, what the widest loads
/// need. More would let the choice of algorithm, and so the bits, depend on where memory lies.
std::uint32_t alignment(const void* address, std::uint64_t row_bytes) {
  std::uint32_t bytes = 16;
  while ((reinterpret_cast<std::uintptr_t>(address) | row_bytes) % bytes != 0) bytes /= 2;
  return bytes;
}
std::uint32_t alignment(const Operand& x) {
  return alignment(x.data, std::uint64_t{size_of(x.type)} * static_cast<unsigned>(x.leading));
}

/// A stand-in for an address, from which the library reads the alignment alone.
template <class Pointer>
void keep_alignment_only(Pointer& address) {
  if (address != nullptr)
    address = reinterpret_cast<Pointer>(std::uintptr_t{alignment(address, 0)});
}

/// All that the choice of an algorithm depends on.
using Key = std::array<std::int64_t, 19>;

Key key_of(const Product& p, Extents e) {
  const auto& [a, b, c, add, fusion, products] = p;
  return {a.type,
          a.leading,
          a.transposed,
          b.type,
          b.leading,
          b.transposed,
          c.type,
          c.leading,
          add,
          alignment(a),
          alignment(b),
          alignment(c),
          static_cast<int>(fusion.epilogue),
          alignment(fusion.bias, 0),
          alignment(fusion.aux, 0),
          static_cast<int>(products),
          e.m,
          e.n,
          e.k};
}

class Preference {
 public:
  Preference(const Product& p, std::size_t workspace_bytes) {
    check(cublasLtMatmulPreferenceInit(&opaque_), "cublasLtMatmulPreferenceInit");
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace_bytes);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment(p.b));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment(p.a));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment(p.c));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment(p.c));
  }
  cublasLtMatmulPreference_t get() { return &opaque_; }

 private:
  template <class T>
  void set(cublasLtMatmulPreferenceAttributes_t attribute, T value) {
    check(cublasLtMatmulPreferenceSetAttribute(&opaque_, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  }
  cublasLtMatmulPreferenceOpaque_t opaque_;
};

/// alpha or beta, in the type that sums of c's type have.
class Scalar {
 public:
  Scalar(cudaDataType_t type, double value)
      : is_double_(type == CUDA_R_64F), wide_(value), narrow_(static_cast<float>(value)) {}
  const void* get() const { return is_double_ ? static_cast<const void*>(&wide_) : &narrow_; }

 private:
  bool is_double_;
  double wide_;
  float narrow_;
};

/// The library, from the first product to the end of Kokkos.
class Library {
 public:
  /// Products of one stream take turns in one workspace.
  static Library& instance() {
    static std::unique_ptr<Library> library;
    if (library) return *library;
    library.reset(new Library);
    Kokkos::push_finalize_hook([] { library.reset(); });
    return *library;
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    cudaFree(workspace_);
    cublasLtDestroy(handle_);
  }

  bool multiply(const Exec& exec, const Product& product) {
    for (const Extents extents : {rounded_extents_of(product), extents_of(product)}) {
      const auto& algorithm = find(product, extents);
      if (algorithm && run(exec, product, *algorithm)) return true;
    }
    return false;
  }

 private:
  using Algorithm = std::optional<cublasLtMatmulAlgo_t>;
  static constexpr std::size_t workspace_bytes = 32U << 20U;  // what the library asks for on Hopper

  Library() {
    check(cublasLtCreate(&handle_), "cublasLtCreate");
    validate(cudaMalloc(&workspace_, workspace_bytes) == cudaSuccess, ExitCode::failure,
             "no {} MiB of GPU memory left for matrix products; lower train.batch_size",
             workspace_bytes >> 20U);
  }

  /// The library's own best guess, kept: the same for the same key. None if there is no way.
  const Algorithm& find(const Product& product, Extents extents) {
    const auto [place, is_new] = algorithms_.try_emplace(key_of(product, extents));
    if (!is_new) return place->second;
    Fusion fusion = product.fusion;
    keep_alignment_only(fusion.bias);
    keep_alignment_only(fusion.aux);
    auto description = describe(product, fusion);
    Layouts layouts(product, extents);
    Preference preference(product, workspace_bytes);
    cublasLtMatmulHeuristicResult_t best;
    int n_found = 0;
    const auto status =
        cublasLtMatmulAlgoGetHeuristic(handle_, &description, &layouts.b, &layouts.a, &layouts.c,
                                       &layouts.c, preference.get(), 1, &best, &n_found);
    const bool none =
        status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE;
    if (!none) check(status, "cublasLtMatmulAlgoGetHeuristic");
    if (!none && n_found == 1 && best.state == CUBLAS_STATUS_SUCCESS) place->second = best.algo;
    return place->second;
  }

  /// False if the algorithm, found for rounded extents, does not do for these.
  bool run(const Exec& exec, const Product& p, const cublasLtMatmulAlgo_t& algorithm) {
    auto description = describe(p, p.fusion);
    Layouts layouts(p, extents_of(p));
    const Scalar alpha(p.c.type, 1), beta(p.c.type, p.add ? 1 : 0);
    const auto status =
        cublasLtMatmul(handle_, &description, alpha.get(), p.b.data, &layouts.b, p.a.data,
                       &layouts.a, beta.get(), p.c.data, &layouts.c, p.c.data, &layouts.c,
                       &algorithm, workspace_, workspace_bytes, exec.cuda_stream());
    if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE)
      return false;
    check(status, "cublasLtMatmul");
    return true;
  }

  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::map<Key, Algorithm> algorithms_;
};

template <class X>
cudaDataType_t type_of() {
  using Value = std::remove_const_t<X>;
  if (std::is_same_v<Value, double>) return CUDA_R_64F;
  return std::is_same_v<Value, float> ? CUDA_R_32F : CUDA_R_16BF;
}

}  // namespace

template <class X>
Operand operand(const Matrix<X>& matrix) {
  const int leading = std::max(1, static_cast<int>(matrix.stride(0)));
  return {type_of<X>(),
          matrix.extent_int(0),
          matrix.extent_int(1),
          std::max(leading, matrix.extent_int(1)),  // Kokkos has no stride for a single row
          false,
          const_cast<void*>(static_cast<const void*>(matrix.data()))};
}

template <class X>
Operand transposed(const Matrix<X>& matrix) {
  auto result = operand(matrix);
  result.transposed = true;
  return result;
}

bool multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand& c, bool add,
              const Fusion& fusion, FloatProducts products) {
  const Product product{a, b, c, add, fusion, products};
  const Extents e = extents_of(product);
  SUPERPOSE_EXPECT(columns_of(a) == rows_of(b) && c.n_rows == e.m && c.n_columns == e.n);
  if (e.m == 0 || e.n == 0) return true;
  SUPERPOSE_EXPECT(e.k > 0);
  const ProductRegion region;
  return Library::instance().multiply(exec, product);
}

#define INSTANTIATE(X)                              \
  template Operand operand(const Matrix<X>&);       \
  template Operand operand(const Matrix<const X>&); \
  template Operand transposed(const Matrix<const X>&);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(bfloat16)

}  // namespace superpose::kernels::cublaslt
