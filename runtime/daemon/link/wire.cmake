# SPDX-License-Identifier: GPL-3.0-or-later
# The bytes of the control protocol: flatc makes wire_generated.h of wire.fbs in the binary folder of
# whoever includes this; a target takes it as the source ${AIRCOMP_WIRE}.
find_package(FlatBuffers REQUIRED)

set(AIRCOMP_WIRE ${CMAKE_CURRENT_BINARY_DIR}/wire_generated.h)
add_custom_command(OUTPUT ${AIRCOMP_WIRE}
  COMMAND flatbuffers::flatc --cpp -o ${CMAKE_CURRENT_BINARY_DIR}
          ${CMAKE_CURRENT_LIST_DIR}/wire.fbs
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/wire.fbs)
