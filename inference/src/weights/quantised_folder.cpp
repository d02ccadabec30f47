// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors that GPTQ, AWQ, compressed-tensors and FP8 make of a matrix, checked against each
// other before one is read.
#include "weights/quantised_folder.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "weights/safetensors.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {

namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::int64_t nibbles_a_word = 8;

/// AutoAWQ packs columns 0, 2, 4, 6, 1, 3, 5, 7 of eight from the lowest bits on.
constexpr std::array<std::uint8_t, 8> awq_places = {0, 4, 1, 5, 2, 6, 3, 7};

std::int64_t ceiling(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Makes one matrix of the tensors whose names begin with that of its layer.
class MatrixReader {
public:
    MatrixReader(std::string folder, const StoredTensors& tensors, std::string layer)
        : folder_(std::move(folder)), tensors_(tensors), layer_(std::move(layer)) {
        matrix_.place = folder_ + ": tensor " + layer_ + "weight";
    }

    QuantisedMatrix gptq(const Quantisation& quantisation) {
        const StoredTensor& words = typed("qweight", {"I32"}, 2);
        set_size(words.shape[1], words.shape[0] * nibbles_a_word);
        matrix_.values = {words.bytes};
        matrix_.values.row_stride = 1;
        matrix_.values.column_stride = matrix_.rows;
        matrix_.values.columns_a_word = nibbles_a_word;
        read_groups_of_columns(quantisation);
        matrix_.zero = quantisation.zeros_less_one ? 1 : 0;
        read_group_index("g_idx");
        return matrix_;
    }

    QuantisedMatrix awq(const Quantisation& quantisation) {
        const StoredTensor& words = typed("qweight", {"I32"}, 2);
        set_size(words.shape[1] * nibbles_a_word, words.shape[0]);
        matrix_.values = {words.bytes};
        matrix_.values.row_stride = 1;
        matrix_.values.column_stride = words.shape[1];
        matrix_.values.rows_a_word = nibbles_a_word;
        matrix_.values.place = awq_places;
        read_groups_of_columns(quantisation);
        matrix_.zeros->place = awq_places;
        return matrix_;
    }

    QuantisedMatrix packed() {
        const StoredTensor& words = typed("weight_packed", {"I32"}, 2);
        const StoredTensor& shape = shaped("weight_shape", {"I64", "I32"}, {2});
        set_size(number(shape, 0), number(shape, 1));
        PackedIntegers& values = matrix_.values;
        values = {words.bytes};
        for (const int bits : {4, 8}) {
            values.bits = bits;
            values.columns_a_word = 32 / bits;
            values.row_stride = ceiling(matrix_.columns, values.columns_a_word);
            if (words.shape == Shape{matrix_.rows, values.row_stride}) break;
        }
        shaped("weight_packed", {"I32"}, {matrix_.rows, values.row_stride});
        values.column_stride = 1;
        const std::int64_t groups = read_scales("weight_scale", {0, 0});
        if (find("weight_zero_point") != nullptr) {
            const std::int64_t runs = ceiling(matrix_.rows, values.columns_a_word);
            PackedIntegers zeros{shaped("weight_zero_point", {"I32"}, {runs, groups}).bytes};
            zeros.bits = values.bits;
            zeros.rows_a_word = values.columns_a_word;
            zeros.row_stride = groups;
            zeros.column_stride = 1;
            matrix_.zeros = zeros;
        } else {
            matrix_.zero = 1 << (values.bits - 1);
        }
        read_group_index("weight_g_idx");
        return matrix_;
    }

    /// A matrix of bytes: integers with their sign, or floats.
    QuantisedMatrix bytes(const Quantisation& quantisation) {
        const StoredTensor& codes = typed("weight", {"I8", "F8_E4M3"}, 2);
        set_size(codes.shape[0], codes.shape[1]);
        matrix_.floats = codes.type != "I8";
        matrix_.values = byte_matrix(codes, matrix_.columns);
        const std::int64_t groups =
            read_scales(find("weight_scale_inv") != nullptr ? "weight_scale_inv" : "weight_scale",
                        quantisation.block);
        if (matrix_.floats) return matrix_;
        matrix_.values.flipped = 0x80;
        const StoredTensor* zeros = find("weight_zero_point");
        const bool given =
            zeros != nullptr && std::any_of(zeros->bytes.begin(), zeros->bytes.end(),
                                            [](std::byte b) { return b != std::byte{}; });
        if (given) {
            shaped("weight_zero_point", {"I8"}, {matrix_.rows, groups});
            matrix_.zeros = byte_matrix(*zeros, groups);
            matrix_.zeros->flipped = 0x80;
        } else {
            matrix_.zero = 0x80;
        }
        return matrix_;
    }

private:
    [[noreturn]] void fail(const std::string& name, const std::string& expected,
                           const std::string& found) const {
        throw std::runtime_error(folder_ + ": tensor " + layer_ + name + ": expected " + expected +
                                 ", found " + found);
    }

    const StoredTensor* find(const std::string& name) const {
        const auto found = tensors_.find(layer_ + name);
        return found == tensors_.end() ? nullptr : &found->second;
    }

    /// The tensor of that name, part of the matrix from now on.
    const StoredTensor& part(const std::string& name, const std::vector<std::string>& types) {
        const StoredTensor* const tensor = find(name);
        std::string list;
        for (const std::string& type : types)
            list += (list.empty() ? "" : " or ") + type;
        if (tensor == nullptr) fail(name, "a tensor of type " + list, "no tensor of that name");
        if (std::find(types.begin(), types.end(), tensor->type) == types.end())
            fail(name, "type " + list, tensor->type);
        matrix_.parts.push_back(tensor->bytes);
        return *tensor;
    }

    const StoredTensor& typed(const std::string& name, const std::vector<std::string>& types,
                              std::size_t dimensions) {
        const StoredTensor& tensor = part(name, types);
        if (tensor.shape.size() != dimensions)
            fail(name, std::to_string(dimensions) + " dimensions", shape_text(tensor.shape));
        return tensor;
    }

    const StoredTensor& shaped(const std::string& name, const std::vector<std::string>& types,
                               const Shape& shape) {
        const StoredTensor& tensor = part(name, types);
        if (tensor.shape != shape)
            fail(name, "shape " + shape_text(shape), shape_text(tensor.shape));
        return tensor;
    }

    void set_size(std::int64_t rows, std::int64_t columns) {
        matrix_.rows = rows;
        matrix_.columns = columns;
        // What a tensor says of the size may be anything.
        const auto is_size = [](std::int64_t size) { return size >= 1 && size <= INT32_MAX; };
        if (!is_size(rows) || !is_size(columns))
            fail("weight", "rows and columns", shape_text({rows, columns}));
    }

    static std::int64_t number(const StoredTensor& tensor, std::size_t index) {
        if (tensor.type == "I64") {
            std::int64_t value;
            std::memcpy(&value, tensor.bytes.data() + index * sizeof value, sizeof value);
            return value;
        }
        std::int32_t value;
        std::memcpy(&value, tensor.bytes.data() + index * sizeof value, sizeof value);
        return value;
    }

    static PackedIntegers byte_matrix(const StoredTensor& tensor, std::int64_t columns) {
        PackedIntegers bytes{tensor.bytes, 8};
        bytes.word_bytes = 1;
        bytes.row_stride = columns;
        bytes.column_stride = 1;
        return bytes;
    }

    /// Scales [groups, rows] and zeros [groups, rows / 8], as GPTQ and AWQ have them.
    void read_groups_of_columns(const Quantisation& quantisation) {
        matrix_.columns_a_group =
            quantisation.group_size > 0 ? quantisation.group_size : matrix_.columns;
        const std::int64_t groups = ceiling(matrix_.columns, matrix_.columns_a_group);
        set_scales(shaped("scales", {"F16", "BF16", "F32"}, {groups, matrix_.rows}));
        matrix_.scales.row_stride = 1;
        matrix_.scales.group_stride = matrix_.rows;
        const std::int64_t words = ceiling(matrix_.rows, nibbles_a_word);
        PackedIntegers zeros{shaped("qzeros", {"I32"}, {groups, words}).bytes};
        zeros.rows_a_word = nibbles_a_word;
        zeros.row_stride = 1;
        zeros.column_stride = words;
        matrix_.zeros = zeros;
    }

    /// Scales of the whole matrix, of rows, of groups of their columns, or of blocks of that many
    /// rows and columns. Returns the number of groups.
    std::int64_t read_scales(const std::string& name, const std::array<std::int64_t, 2>& block) {
        const StoredTensor& scales = part(name, {"F16", "BF16", "F32"});
        set_scales(scales);
        const std::int64_t rows = matrix_.rows, columns = matrix_.columns;
        matrix_.columns_a_group = columns;
        if (scales.shape.empty() || scales.shape == Shape{1} || scales.shape == Shape{1, 1})
            return 1;
        if (scales.shape == Shape{rows}) {
            matrix_.scales.row_stride = 1;
            return 1;
        }
        const bool blocks = block[0] > 0;
        const std::int64_t runs = blocks ? ceiling(rows, block[0]) : rows;
        const std::int64_t groups = blocks                     ? ceiling(columns, block[1])
                                    : scales.shape.size() == 2 ? scales.shape[1]
                                                               : 0;
        if (scales.shape != Shape{runs, groups} || groups < 1 || (!blocks && columns % groups != 0))
            fail(name,
                 blocks ? "shape " + shape_text({runs, groups})
                        : "a scale for each of " + std::to_string(rows) +
                              " rows, or for equal groups of its " + std::to_string(columns) +
                              " columns",
                 shape_text(scales.shape));
        matrix_.scales.row_stride = groups;
        matrix_.scales.group_stride = 1;
        matrix_.scales.rows_a_scale = blocks ? block[0] : 1;
        matrix_.columns_a_group = blocks ? block[1] : columns / groups;
        return groups;
    }

    void set_scales(const StoredTensor& tensor) {
        matrix_.scales.bytes = tensor.bytes;
        matrix_.scales.type = *find_type(tensor.type);
    }

    /// The group of each column, where they are not in order.
    void read_group_index(const std::string& name) {
        if (find(name) == nullptr) return;
        const StoredTensor& index = shaped(name, {"I32"}, {matrix_.columns});
        std::vector<std::int32_t> groups(static_cast<std::size_t>(matrix_.columns));
        std::memcpy(groups.data(), index.bytes.data(), index.bytes.size());
        // compressed-tensors fills an index that is not used with -1.
        if (std::all_of(groups.begin(), groups.end(), [](std::int32_t g) { return g == -1; }))
            return;
        const std::int64_t count = ceiling(matrix_.columns, matrix_.columns_a_group);
        bool in_order = true;
        for (std::size_t c = 0; c < groups.size(); ++c) {
            if (groups[c] < 0 || groups[c] >= count)
                fail(name, "groups of 0 to " + std::to_string(count - 1),
                     std::to_string(groups[c]) + " for column " + std::to_string(c));
            in_order = in_order && groups[c] == matrix_.group(static_cast<std::int64_t>(c));
        }
        if (!in_order) matrix_.group_of = std::move(groups);
    }

    std::string folder_;
    const StoredTensors& tensors_;
    std::string layer_;
    QuantisedMatrix matrix_;
};

/// What names end with that belong to a quantised matrix.
constexpr const char* parts_of_matrix[] = {"qweight",
                                           "qzeros",
                                           "scales",
                                           "g_idx",
                                           "weight_packed",
                                           "weight_shape",
                                           "weight_zero_point",
                                           "weight_g_idx",
                                           "weight_scale",
                                           "weight_scale_inv",
                                           "input_scale",
                                           "input_zero_point",
                                           "output_scale",
                                           "output_zero_point"};

/// The name without `end`, with the dot before it, where it ends so.
std::optional<std::string> layer_of(const std::string& name, const std::string& end) {
    if (!ends_with(name, "." + end)) return std::nullopt;
    return name.substr(0, name.size() - end.size());
}

std::optional<QuantisedMatrix> read_matrix(const Quantisation& quantisation,
                                           const std::string& folder, const StoredTensors& tensors,
                                           const std::string& name, std::string& layer) {
    const auto is = [&](const char* end) {
        const auto found = layer_of(name, end);
        if (found) layer = *found;
        return found.has_value();
    };
    const auto reader = [&] { return MatrixReader(folder, tensors, layer); };
    switch (quantisation.method) {
        case QuantisationMethod::gptq:
            if (is("qweight")) return reader().gptq(quantisation);
            break;
        case QuantisationMethod::awq:
            if (is("qweight")) return reader().awq(quantisation);
            break;
        case QuantisationMethod::compressed_tensors:
            if (is("weight_packed")) return reader().packed();
            [[fallthrough]];
        case QuantisationMethod::fp8: {
            const std::string& type = tensors.at(name).type;
            if (is("weight") && (type == "I8" || type == "F8_E4M3"))
                return reader().bytes(quantisation);
            break;
        }
    }
    return std::nullopt;
}

}  // namespace

std::map<std::string, QuantisedMatrix> take_quantised(const Quantisation& quantisation,
                                                      const std::string& folder,
                                                      StoredTensors& tensors) {
    std::map<std::string, QuantisedMatrix> matrices;
    for (const auto& item : tensors) {
        std::string layer;
        auto matrix = read_matrix(quantisation, folder, tensors, item.first, layer);
        if (matrix) matrices.emplace(layer + "weight", std::move(*matrix));
    }
    for (const auto& item : matrices) {
        const std::string layer = *layer_of(item.first, "weight");
        tensors.erase(item.first);
        for (const char* end : parts_of_matrix)
            tensors.erase(layer + end);
    }
    return matrices;
}

}  // namespace aircomp::inference
