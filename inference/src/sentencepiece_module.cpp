// SPDX-License-Identifier: GPL-3.0-or-later
// The module behind sentencepiece_model.hpp: the only file that sees the SentencePiece library.
#include <sentencepiece_processor.h>

#include <stdexcept>

#include "sentencepiece_model.hpp"

namespace aircomp::inference {
namespace {

class ProcessorModel final : public SentencePieceModel {
public:
    sentencepiece::util::Status load(std::string_view bytes) {
        return processor_.LoadFromSerializedProto({bytes.data(), bytes.size()});
    }

    int size() const override { return processor_.GetPieceSize(); }
    std::vector<int> encode(std::string_view text) const override {
        std::vector<int> ids;
        const auto status = processor_.Encode({text.data(), text.size()}, &ids);
        if (!status.ok()) {
            throw std::runtime_error("text: cannot be encoded: " + status.ToString());
        }
        return ids;
    }
    std::string piece(int id) const override { return processor_.IdToPiece(id); }
    PieceKind kind(int id) const override {
        if (processor_.IsByte(id)) return PieceKind::byte;
        const bool silent =
            processor_.IsControl(id) || processor_.IsUnknown(id) || processor_.IsUnused(id);
        return silent ? PieceKind::silent : PieceKind::text;
    }
    int id_of(const std::string& piece) const override { return processor_.PieceToId(piece); }
    int bos() const override { return processor_.bos_id(); }
    int eos() const override { return processor_.eos_id(); }

private:
    sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace
}  // namespace aircomp::inference

extern "C" __attribute__((visibility("default")))
std::unique_ptr<aircomp::inference::SentencePieceModel>
aircomp_open_sentencepiece_model(std::string_view bytes, std::string& error) {
    auto model = std::make_unique<aircomp::inference::ProcessorModel>();
    const auto status = model->load(bytes);
    if (status.ok()) return model;
    error = status.ToString();
    return nullptr;
}
