// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's arrays in, NumPy's arrays out. What is read is read where it lies, whatever its strides, and
// what is returned is not copied again.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <Eigen/Core>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::python {

namespace py = pybind11;

using Complex = std::complex<double>;

/// Anything that NumPy makes complex numbers of, with so many dimensions. Throws
/// std::invalid_argument that says what `name` should have been.
py::array_t<Complex> complex_array(const py::handle& value, const std::string& name, int dimensions,
                                   const std::string& meaning);

/// A matrix of rows x columns.
Eigen::MatrixXcd matrix_of(const py::handle& value, const std::string& name,
                           const std::string& meaning);

/// A matrix for each device: of an array of three dimensions, or of a sequence of matrices that may
/// differ.
std::vector<Eigen::MatrixXcd> matrices_of(const py::handle& value, const std::string& name,
                                          const std::string& meaning);

/// Real numbers, one for each of `count` devices: as many, or one for all.
std::vector<double> numbers_of(const py::handle& value, const std::string& name, std::size_t count);

/// Real numbers in one dimension.
std::vector<double> numbers_of(const py::handle& value, const std::string& name);

/// Token ids in one dimension. Throws std::invalid_argument for numbers that are not whole or not in
/// the range of an id.
std::vector<inference::Token> tokens_of(const py::handle& value, const std::string& name);

/// The array takes the matrix over.
py::array_t<Complex> array_of(Eigen::MatrixXcd matrix);

/// Matrices of one shape as one array, others as a list of arrays.
py::object arrays_of(std::vector<Eigen::MatrixXcd> matrices);

/// The array takes the vector over, whose elements are the rows of `shape` one after the other.
template <typename Element>
py::array_t<Element> array_of(std::vector<Element> elements, std::vector<py::ssize_t> shape) {
    auto* owned = new std::vector<Element>(std::move(elements));
    const py::capsule owner(owned,
                            [](void* data) { delete static_cast<std::vector<Element>*>(data); });
    return py::array_t<Element>(std::move(shape), owned->data(), owner);
}

template <typename Element>
py::array_t<Element> array_of(std::vector<Element> elements) {
    const auto size = static_cast<py::ssize_t>(elements.size());
    return array_of(std::move(elements), {size});
}

}  // namespace aircomp::python
