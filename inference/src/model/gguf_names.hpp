// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of GGUF files under the names that Hugging Face's folders of their family have.
#pragma once

#include <optional>
#include <string>

#include "model/families.hpp"

namespace aircomp::inference {

/// `model.layers.3.self_attn.q_proj.weight` for `blk.3.attn_q.weight`; nothing for a name that no
/// tensor of the family stands for.
std::optional<std::string> hugging_face_name(const TensorNames& family, const std::string& name);

}  // namespace aircomp::inference
