// SPDX-License-Identifier: GPL-3.0-or-later
// The message ModelProto of SentencePiece's sentencepiece_model.proto, as far as BPE needs it.
#include "text/sentencepiece_model.hpp"

#include <cmath>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "text/protobuf_reader.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

// Merges are found by cutting pieces everywhere: the square of their length.
constexpr std::size_t longest_piece_bytes = 1024;

class ModelReader {
public:
    ModelReader(std::string_view contents, const std::string& file)
        : reader_(contents, file), file_(file) {}

    SentencePieceModel read() {
        while (const auto field = reader_.next()) {
            if (field->number() == 1) read_piece(field->bytes());
            if (field->number() == 2) read_trainer(field->bytes());
            if (field->number() == 3) read_normalizer(field->bytes());
        }
        if (model_.pieces.empty()) fail("pieces", "at least one", "none");
        check_model_type();
        if (removes_spaces_) fail("normalizer_spec.remove_extra_whitespaces", "false", "true");
        return model_;
    }

private:
    [[noreturn]] void fail(const std::string& key, const std::string& expected,
                           const std::string& found) const {
        throw std::runtime_error(file_ + ": " + key + ": expected " + expected + ", found " +
                                 found);
    }

    void read_piece(std::string_view message) {
        const std::string key = "pieces[" + std::to_string(model_.pieces.size()) + "]";
        SentencePiece piece;
        ProtobufReader fields(message, file_ + ": " + key);
        while (const auto field = fields.next()) {
            if (field->number() == 1) piece.text = field->bytes();
            if (field->number() == 2) piece.score = field->real();
            if (field->number() == 3) piece.type = type_of(field->integer(), key);
        }
        if (piece.text.empty() || piece.text.size() > longest_piece_bytes) {
            fail(key, "1 to " + std::to_string(longest_piece_bytes) + " bytes",
                 std::to_string(piece.text.size()));
        }
        if (!std::isfinite(piece.score)) {
            fail(key + ".score", "a finite number", std::to_string(piece.score));
        }
        try {
            require_utf8(piece.text);
        } catch (const std::runtime_error& error) {
            throw std::runtime_error(file_ + ": " + key + ": " + error.what());
        }
        model_.pieces.push_back(std::move(piece));
    }

    SentencePiece::Type type_of(std::uint64_t value, const std::string& key) const {
        for (const auto type : {SentencePiece::Type::normal, SentencePiece::Type::unknown,
                                SentencePiece::Type::control, SentencePiece::Type::user_defined,
                                SentencePiece::Type::byte}) {
            if (value == static_cast<std::uint64_t>(type)) return type;
        }
        fail(key + ".type", "normal, unknown, control, user-defined or byte (1 to 4, 6)",
             value == 5 ? "unused (5)" : std::to_string(value));
    }

    void read_trainer(std::string_view message) {
        ProtobufReader fields(message, file_ + ": trainer_spec");
        while (const auto field = fields.next()) {
            if (field->number() == 3) model_type_ = field->integer();
            if (field->number() == 24 && field->integer() != 0) {
                fail("trainer_spec.treat_whitespace_as_suffix", "false", "true");
            }
            if (field->number() == 46) model_.bos_piece = field->bytes();
            if (field->number() == 47) model_.eos_piece = field->bytes();
        }
    }

    void read_normalizer(std::string_view message) {
        std::string name;
        bool has_map = false;
        ProtobufReader fields(message, file_ + ": normalizer_spec");
        while (const auto field = fields.next()) {
            if (field->number() == 1) name = field->bytes();
            if (field->number() == 2) has_map = !field->bytes().empty();
            if (field->number() == 3) model_.space_before_text = field->integer() != 0;
            if (field->number() == 4) removes_spaces_ = field->integer() != 0;
            if (field->number() == 5 && field->integer() == 0) {
                fail("normalizer_spec.escape_whitespaces", "true", "false");
            }
        }
        if (has_map) fail("normalizer_spec", "identity", name);
    }

    void check_model_type() const {
        constexpr std::uint64_t bpe = 2;
        if (model_type_ == bpe) return;
        const char* names[] = {"0", "UNIGRAM", "BPE", "WORD", "CHAR"};
        fail("trainer_spec.model_type", "BPE",
             model_type_ < std::size(names) ? names[model_type_] : std::to_string(model_type_));
    }

    ProtobufReader reader_;
    const std::string& file_;
    SentencePieceModel model_;
    std::uint64_t model_type_ = 1;  // what the format says where the file says nothing
    bool removes_spaces_ = true;    // likewise
};

}  // namespace

SentencePieceModel read_sentencepiece_model(std::string_view contents, const std::string& file) {
    return ModelReader(contents, file).read();
}

}  // namespace aircomp::inference
