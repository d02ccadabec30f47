# Written by gr_modtool (GNU Radio 3.10): where find_package looks for the installed module.
# SPDX-License-Identifier: GPL-3.0-or-later
find_package(PkgConfig)

PKG_CHECK_MODULES(PC_GR_AIRCOMP gnuradio-aircomp)

FIND_PATH(
    GR_AIRCOMP_INCLUDE_DIRS
    NAMES gnuradio/aircomp/api.h
    HINTS $ENV{AIRCOMP_DIR}/include
        ${PC_AIRCOMP_INCLUDEDIR}
    PATHS ${CMAKE_INSTALL_PREFIX}/include
          /usr/local/include
          /usr/include
)

FIND_LIBRARY(
    GR_AIRCOMP_LIBRARIES
    NAMES gnuradio-aircomp
    HINTS $ENV{AIRCOMP_DIR}/lib
        ${PC_AIRCOMP_LIBDIR}
    PATHS ${CMAKE_INSTALL_PREFIX}/lib
          ${CMAKE_INSTALL_PREFIX}/lib64
          /usr/local/lib
          /usr/local/lib64
          /usr/lib
          /usr/lib64
          )

include("${CMAKE_CURRENT_LIST_DIR}/gnuradio-aircompTarget.cmake")

INCLUDE(FindPackageHandleStandardArgs)
FIND_PACKAGE_HANDLE_STANDARD_ARGS(GR_AIRCOMP DEFAULT_MSG GR_AIRCOMP_LIBRARIES GR_AIRCOMP_INCLUDE_DIRS)
MARK_AS_ADVANCED(GR_AIRCOMP_LIBRARIES GR_AIRCOMP_INCLUDE_DIRS)
