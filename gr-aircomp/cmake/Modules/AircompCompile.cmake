# SPDX-License-Identifier: GPL-3.0-or-later
# How every target of aircomp is compiled: language, warnings, sanitizers, ccache, precompiled headers.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(AIRCOMP_CCACHE ccache)
if(AIRCOMP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses to serve objects that use precompiled headers. With the
  # base folder, the one that gr-aircomp lies in, objects of one clone serve another.
  get_filename_component(AIRCOMP_TREE ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
      CCACHE_BASEDIR=${AIRCOMP_TREE} ${AIRCOMP_CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

option(AIRCOMP_UNITS_OF_SEVERAL "Several sources a unit where that saves much time to compile" ON)

if(AIRCOMP_NATIVE)
  add_compile_options(-march=native)
endif()

if(AIRCOMP_SANITIZERS)
  add_compile_options(-fsanitize=${AIRCOMP_SANITIZERS} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${AIRCOMP_SANITIZERS})
  if(AIRCOMP_SANITIZERS MATCHES thread)
    # The sanitizer knows no fences, and GCC warns of each. Boost.Asio has mutexes beside them.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

# Warnings for a target of ours; foreign headers come in as system headers.
function(aircomp_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    -Woverloaded-virtual -Wcast-align -Wnull-dereference -Wvla)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports uninitialised and dangling use inside inlined Eigen and libstdc++ code.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-null-dereference
      -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
  endif()
  if(AIRCOMP_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# A static library `aircomp_NAME` with the alias aircomp::NAME, its headers in include/. PRECOMPILE:
# headers of others that most of its sources read.
function(aircomp_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE;PRECOMPILE" ${ARGN})
  add_library(aircomp_${name} STATIC ${ARG_SOURCES})
  add_library(aircomp::${name} ALIAS aircomp_${name})
  target_include_directories(aircomp_${name}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(aircomp_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  target_precompile_headers(aircomp_${name} PRIVATE ${ARG_PRECOMPILE})
  aircomp_set_warnings(aircomp_${name})
endfunction()
