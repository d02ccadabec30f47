# SPDX-License-Identifier: GPL-3.0-or-later
# How tests in C++ are built, those of the radio and those of the whole: one test program per library, linked
# against that library alone.
get_filename_component(AIRCOMP_RADIO_TESTS ${CMAKE_CURRENT_LIST_DIR}/../../test ABSOLUTE)

if(AIRCOMP_ENABLE_TESTS AND NOT TARGET aircomp_test_main)
  find_package(Catch2 REQUIRED)
  include(Catch)
  add_library(aircomp_test_main STATIC ${AIRCOMP_RADIO_TESTS}/support/main.cpp)
  target_include_directories(aircomp_test_main PUBLIC ${AIRCOMP_RADIO_TESTS})
  target_link_libraries(aircomp_test_main PUBLIC Catch2::Catch2)
  # References (NumPy, SciPy) run under Debian's Python, which another python3 may shadow.
  set(AIRCOMP_PYTHON /usr/bin/python3 CACHE FILEPATH "Python with NumPy, SciPy and matplotlib")
endif()

# aircomp_add_tests(NAME SOURCES ... LIBRARIES ... [COST N] [PRECOMPILE ...]): program aircomp_NAME_tests,
# known to ctest. PRECOMPILE: headers of others that most of its sources read, besides Catch2's.
# Tests of a higher cost start earlier: long ones, and those that wait more than they compute.
function(aircomp_add_tests name)
  cmake_parse_arguments(ARG "" "COST" "SOURCES;LIBRARIES;PRECOMPILE" ${ARGN})
  set(target aircomp_${name}_tests)
  if(DEFINED ARG_COST)
    set(cost COST ${ARG_COST})
  endif()
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE aircomp_test_main ${ARG_LIBRARIES})
  target_compile_definitions(${target} PRIVATE
    AIRCOMP_SOURCE_DIR="${PROJECT_SOURCE_DIR}" AIRCOMP_PYTHON="${AIRCOMP_PYTHON}")
  target_precompile_headers(${target} PRIVATE ${AIRCOMP_RADIO_TESTS}/support/catch.hpp <algorithm> <cmath>
    <functional> <map> <memory> <random> <sstream> <string> <vector> ${ARG_PRECOMPILE})
  aircomp_set_warnings(${target})
  catch_discover_tests(${target} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
    PROPERTIES SKIP_RETURN_CODE 77 ${cost})
endfunction()

# aircomp_tell_tests(NAME DEFINITION ...): what the sources that aircomp_NAME_tests has so far are told of
# this build. Its precompiled header is not, so that ccache has its objects for other builds, too.
function(aircomp_tell_tests name)
  get_target_property(sources aircomp_${name}_tests SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_DEFINITIONS ${ARGN})
endfunction()
