# SPDX-License-Identifier: GPL-3.0-or-later
# Before packing: GNU Radio's macros install bytecode, which packages do not carry; manual pages are compressed.
file(GLOB_RECURSE bytecode ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.pyc ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.pyo)
if(bytecode)
  file(REMOVE ${bytecode})
endif()
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/*.1)
if(pages)
  execute_process(COMMAND gzip --best --no-name ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
