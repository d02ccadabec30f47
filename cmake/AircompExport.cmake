# SPDX-License-Identifier: GPL-3.0-or-later
# The libraries and their headers as other projects find them: find_package(aircomp COMPONENTS ...).
include(CMakePackageConfigHelpers)
set(AIRCOMP_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/aircomp)

# aircomp_export(COMPONENT LIBRARY ...): installs the libraries aircomp_LIBRARY, which a project that
# asks for COMPONENT has as aircomp::LIBRARY.
function(aircomp_export component)
  foreach(library IN LISTS ARGN)
    set_target_properties(aircomp_${library} PROPERTIES EXPORT_NAME ${library})
    install(TARGETS aircomp_${library} EXPORT aircomp-${component}
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
  endforeach()
  install(EXPORT aircomp-${component} NAMESPACE aircomp:: DESTINATION ${AIRCOMP_CMAKE_DIR} COMPONENT dev)
endfunction()

# aircomp_pkg_config(LIBRARY DESCRIPTION REQUIRES REQUIRES_PRIVATE [LIBS_PRIVATE]): aircomp-LIBRARY.pc. The
# prefix is said relative to the file, so that an installation can be moved.
function(aircomp_pkg_config AIRCOMP_LIBRARY AIRCOMP_DESCRIPTION AIRCOMP_REQUIRES AIRCOMP_REQUIRES_PRIVATE)
  set(AIRCOMP_LIBS_PRIVATE "${ARGN}")
  file(RELATIVE_PATH AIRCOMP_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(cmake/library.pc.in cmake/aircomp-${AIRCOMP_LIBRARY}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cmake/aircomp-${AIRCOMP_LIBRARY}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endfunction()

if(AIRCOMP_ENABLE_OPTIMIZER)
  aircomp_export(optimizer optimizer)
  install(DIRECTORY optimizer/include/aircomp DESTINATION include COMPONENT dev)
  aircomp_pkg_config(optimizer "Transceivers for sums over the air, and shares of a model" eigen3 "")
endif()
if(AIRCOMP_ENABLE_INFERENCE)
  aircomp_export(inference inference)
  install(DIRECTORY inference/include/aircomp DESTINATION include COMPONENT dev)
endif()
if(AIRCOMP_ENABLE_RADIO)
  aircomp_export(radio phy)
  install(DIRECTORY gr-aircomp/include/gnuradio/aircomp/phy DESTINATION include/gnuradio/aircomp COMPONENT dev)
  aircomp_pkg_config(phy "The waveform of sums over the air: bursts, synchronisation, channel emulator" ""
    "fftw3f volk" -lfec)
endif()
if(AIRCOMP_ENABLE_RUNTIME)
  aircomp_export(runtime
    files config coding air radio round schemes engine link serve daemon experiment)
  install(DIRECTORY runtime/ DESTINATION include/aircomp/runtime COMPONENT dev
    FILES_MATCHING PATTERN "*.hpp" PATTERN app EXCLUDE)
  # GNU Radio is found in the runtime's own scope.
  get_target_property(libraries aircomp_round LINK_LIBRARIES)
  set(AIRCOMP_WITH_FLOWGRAPHS OFF)
  if(gnuradio::gnuradio-pmt IN_LIST libraries)
    set(AIRCOMP_WITH_FLOWGRAPHS ON)
  endif()
endif()

configure_package_config_file(cmake/aircompConfig.cmake.in cmake/aircompConfig.cmake
  INSTALL_DESTINATION ${AIRCOMP_CMAKE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(cmake/aircompConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cmake/aircompConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/cmake/aircompConfigVersion.cmake
  DESTINATION ${AIRCOMP_CMAKE_DIR} COMPONENT dev)
