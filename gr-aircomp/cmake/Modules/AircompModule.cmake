# SPDX-License-Identifier: GPL-3.0-or-later
# The GNU Radio out-of-tree module: what gr_modtool (3.10) writes into the root CMakeLists.txt.
list(INSERT CMAKE_MODULE_PATH 0 ${PROJECT_SOURCE_DIR}/cmake/Modules)
find_package(Gnuradio "3.10" REQUIRED)

include(GrVersion)
include(GrPlatform)
if(NOT CMAKE_MODULES_DIR)
  set(CMAKE_MODULES_DIR lib${LIB_SUFFIX}/cmake)
endif()
set(GR_INCLUDE_DIR include/gnuradio/aircomp)
set(GR_CMAKE_DIR ${CMAKE_MODULES_DIR}/gnuradio-aircomp)
set(GR_PKG_DOC_DIR ${GR_DOC_DIR}/${CMAKE_PROJECT_NAME})

find_package(Doxygen QUIET)
option(ENABLE_DOXYGEN "Build the manual and the bindings' docstrings with Doxygen"
  ${DOXYGEN_FOUND})

configure_file(${PROJECT_SOURCE_DIR}/cmake/cmake_uninstall.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/cmake_uninstall.cmake @ONLY)
add_custom_target(uninstall
  ${CMAKE_COMMAND} -P ${CMAKE_CURRENT_BINARY_DIR}/cmake_uninstall.cmake)

# ctest finds tests of subfolders only where it is on before them.
if(AIRCOMP_ENABLE_TESTS)
  enable_testing()
endif()
# The part that what GNU Radio's macros install belongs to; it is the name of a package's, too.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME gnuradio)
add_subdirectory(include/gnuradio/aircomp)
add_subdirectory(lib)
add_subdirectory(docs)
add_subdirectory(python/aircomp)
add_subdirectory(grc)
add_subdirectory(examples)
