// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes checked, strides followed.
#include "arrays.hpp"

#include <limits>
#include <stdexcept>

namespace aircomp::python {
namespace {

using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
using View = Eigen::Map<const Eigen::MatrixXcd, 0, Strides>;

std::string shape_text(const py::array& array) {
    std::string text;
    for (py::ssize_t i = 0; i < array.ndim(); ++i)
        text += (i == 0 ? "" : " x ") + std::to_string(array.shape(i));
    return array.ndim() == 0 ? "one number" : text;
}

/// `value` as an array of these elements: itself where it is one. `kinds`: what NumPy calls the kinds
/// of elements that may be converted.
template <typename Element>
py::array_t<Element> converted(const py::handle& value, const std::string& expected,
                               const std::string& kinds) {
    const auto any = py::array::ensure(value);
    if (!any)
        throw std::invalid_argument(expected + std::string(py::str(py::type::handle_of(value))));
    if (kinds.find(any.dtype().kind()) == std::string::npos)
        throw std::invalid_argument(expected + "elements of " + std::string(py::str(any.dtype())));
    return py::array_t<Element, py::array::forcecast>(any);
}

/// The last two dimensions of an array, `begin` elements from its first one on.
View view_of(const py::array_t<Complex>& array, const Complex* begin) {
    const py::ssize_t rows = array.ndim() - 2, columns = array.ndim() - 1;
    const auto size = static_cast<py::ssize_t>(sizeof(Complex));
    return View(begin, array.shape(rows), array.shape(columns),
                Strides(array.strides(columns) / size, array.strides(rows) / size));
}

py::array_t<double> real_array(const py::handle& value, const std::string& name) {
    return converted<double>(value, name + ": expected real numbers, found ", "biuf");
}

/// An array of numbers without any has elements of float64.
bool is_empty(const py::handle& value) {
    const auto any = py::array::ensure(value);
    return any && any.ndim() == 1 && any.size() == 0;
}

}  // namespace

py::array_t<Complex> complex_array(const py::handle& value, const std::string& name, int dimensions,
                                   const std::string& meaning) {
    const std::string expected = name + ": expected " + meaning + ", found ";
    auto array = converted<Complex>(value, expected, "biufc");
    if (array.ndim() != dimensions) throw std::invalid_argument(expected + shape_text(array));
    // A field of records may lie between whole elements.
    for (py::ssize_t i = 0; i < dimensions; ++i) {
        if (array.strides(i) % static_cast<py::ssize_t>(sizeof(Complex)) != 0)
            return py::array_t<Complex, py::array::c_style | py::array::forcecast>(array);
    }
    return array;
}

Eigen::MatrixXcd matrix_of(const py::handle& value, const std::string& name,
                           const std::string& meaning) {
    const auto array = complex_array(value, name, 2, meaning);
    return view_of(array, array.data());
}

std::vector<Eigen::MatrixXcd> matrices_of(const py::handle& value, const std::string& name,
                                          const std::string& meaning) {
    std::vector<Eigen::MatrixXcd> matrices;
    if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
        const auto sequence = py::reinterpret_borrow<py::sequence>(value);
        for (std::size_t n = 0; n < sequence.size(); ++n)
            matrices.push_back(
                matrix_of(sequence[n], name + "[" + std::to_string(n) + "]", meaning));
        return matrices;
    }
    const auto array = complex_array(value, name, 3, "devices x " + meaning);
    matrices.reserve(static_cast<std::size_t>(array.shape(0)));
    for (py::ssize_t n = 0; n < array.shape(0); ++n)
        matrices.emplace_back(view_of(
            array,
            array.data() + n * array.strides(0) / static_cast<py::ssize_t>(sizeof(Complex))));
    return matrices;
}

std::vector<double> numbers_of(const py::handle& value, const std::string& name) {
    const auto array = real_array(value, name);
    if (array.ndim() != 1) {
        throw std::invalid_argument(name + ": expected numbers in one dimension, found " +
                                    shape_text(array));
    }
    std::vector<double> numbers(static_cast<std::size_t>(array.size()));
    for (py::ssize_t i = 0; i < array.size(); ++i)
        numbers[static_cast<std::size_t>(i)] = array.at(i);
    return numbers;
}

std::vector<double> numbers_of(const py::handle& value, const std::string& name,
                               std::size_t count) {
    if (PyFloat_Check(value.ptr()))
        return std::vector<double>(count, PyFloat_AsDouble(value.ptr()));
    const auto array = real_array(value, name);
    if (array.ndim() == 0) return std::vector<double>(count, *array.data());
    if (array.ndim() != 1 || array.size() != static_cast<py::ssize_t>(count)) {
        throw std::invalid_argument(name + ": expected one number or " + std::to_string(count) +
                                    ", one for each device, found " + shape_text(array));
    }
    return numbers_of(array, name);
}

std::vector<inference::Token> tokens_of(const py::handle& value, const std::string& name) {
    if (is_empty(value)) return {};
    const std::string expected =
        name + ": expected token ids, whole numbers in one dimension, found ";
    const auto array = converted<std::int64_t>(value, expected, "iu");
    if (array.ndim() != 1) throw std::invalid_argument(expected + shape_text(array));
    std::vector<inference::Token> tokens;
    tokens.reserve(static_cast<std::size_t>(array.size()));
    for (py::ssize_t i = 0; i < array.size(); ++i) {
        const std::int64_t token = array.at(i);
        if (token < 0 || token > std::numeric_limits<inference::Token>::max())
            throw std::invalid_argument(expected + std::to_string(token));
        tokens.push_back(static_cast<inference::Token>(token));
    }
    return tokens;
}

py::array_t<Complex> array_of(Eigen::MatrixXcd matrix) {
    auto* owned = new Eigen::MatrixXcd(std::move(matrix));
    const py::capsule owner(owned, [](void* data) { delete static_cast<Eigen::MatrixXcd*>(data); });
    const auto size = static_cast<py::ssize_t>(sizeof(Complex));
    return py::array_t<Complex>({owned->rows(), owned->cols()}, {size, size * owned->rows()},
                                owned->data(), owner);
}

py::object arrays_of(std::vector<Eigen::MatrixXcd> matrices) {
    bool alike = !matrices.empty();
    for (const auto& matrix : matrices)
        alike = alike && matrix.rows() == matrices[0].rows() && matrix.cols() == matrices[0].cols();
    if (!alike) {
        py::list list;
        for (auto& matrix : matrices)
            list.append(array_of(std::move(matrix)));
        return std::move(list);
    }
    const py::ssize_t rows = matrices[0].rows(), columns = matrices[0].cols();
    py::array_t<Complex> array({static_cast<py::ssize_t>(matrices.size()), rows, columns});
    Complex* begin = array.mutable_data();
    for (const auto& matrix : matrices) {
        Eigen::Map<Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            begin, rows, columns) = matrix;
        begin += rows * columns;
    }
    return std::move(array);
}

}  // namespace aircomp::python
