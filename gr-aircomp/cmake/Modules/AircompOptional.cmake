# SPDX-License-Identifier: GPL-3.0-or-later
# Parts that a build may lack. Each is an option of three values: AUTO builds it where its package is
# found, ON demands the package, OFF does not look for it.

# aircomp_optional_part(OPTION TEXT): declares the option, AUTO unless the user said otherwise.
function(aircomp_optional_part option text)
  set(${option} AUTO CACHE STRING "${text} (AUTO, ON or OFF)")
  set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)
endfunction()

# aircomp_find_optional(OPTION PACKAGE ...): find_package(PACKAGE ...) as far as the option wants it.
macro(aircomp_find_optional option package)
  if("${${option}}" STREQUAL "AUTO")
    find_package(${package} QUIET ${ARGN})
  elseif(${option})
    # Behind REQUIRED a version would be taken for a component.
    find_package(${package} ${ARGN} REQUIRED)
  endif()
endmacro()

# aircomp_resolve_part(OPTION PACKAGE ...): from here on the option is ON or OFF.
macro(aircomp_resolve_part option package)
  aircomp_find_optional(${option} ${package} ${ARGN})
  if("${${option}}" STREQUAL "AUTO")
    set(${option} ${${package}_FOUND})
    if(NOT ${package}_FOUND)
      message(STATUS "${option}: off, ${package} was not found")
    endif()
  endif()
endmacro()
