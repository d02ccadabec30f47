// SPDX-License-Identifier: GPL-3.0-or-later
// Text on its way to a reader: characters that come in parts, stops that come in parts.
#include "serve/held_text.hpp"

#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using runtime::serve::HeldText;

TEST_CASE("a character whose bytes come one after the other is shown whole") {
    HeldText text({});
    CHECK(text.add("a\xe2") == "a");
    CHECK(text.add("\x82").empty());
    CHECK(text.add("\xac b") == "\xe2\x82\xac b");
    CHECK(text.rest().empty());
}

TEST_CASE("what may become a stop waits, and is shown where it does not") {
    HeldText text({"</end>"});
    CHECK(text.add("one </e") == "one ");
    CHECK(text.add("n").empty());
    CHECK(text.add("tity>") == "</entity>");
    CHECK_FALSE(text.is_stopped());
    CHECK(text.add("<</en") == "<");
    CHECK(text.rest() == "</en");
}

TEST_CASE("the first stop ends the text, whichever of several it is") {
    HeldText text({"END", "\n\n"});
    CHECK(text.add("a\n") == "a");
    CHECK(text.add("\nb END").empty());
    CHECK(text.is_stopped());
    CHECK(text.add("more").empty());
    CHECK(text.rest().empty());
}

}  // namespace
}  // namespace aircomp::test
