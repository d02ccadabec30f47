# SPDX-License-Identifier: GPL-3.0-or-later
# TORCH_LIBRARIES and TORCH_INCLUDE_DIRS: Debian's libtorch, or that of the folder AIRCOMP_TORCH. The CMake
# files of PyPI's torch ask for the CUDA toolkit, which nothing here compiles with: they are not read.
set(AIRCOMP_TORCH "" CACHE PATH
  "Folder of another libtorch, with include/ and lib/, such as site-packages/torch of PyPI's torch; empty: Debian's")
if(NOT AIRCOMP_TORCH)
  find_package(Torch REQUIRED)
  return()
endif()
set(TORCH_INCLUDE_DIRS ${AIRCOMP_TORCH}/include ${AIRCOMP_TORCH}/include/torch/csrc/api/include)
set(TORCH_LIBRARIES)
foreach(library IN ITEMS torch torch_cpu c10)
  set(file ${AIRCOMP_TORCH}/lib/lib${library}.so)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "AIRCOMP_TORCH: expected a folder with lib/lib${library}.so, found '${AIRCOMP_TORCH}'")
  endif()
  list(APPEND TORCH_LIBRARIES ${file})
endforeach()
file(STRINGS ${AIRCOMP_TORCH}/share/cmake/Torch/TorchConfig.cmake flags REGEX "_GLIBCXX_USE_CXX11_ABI=0")
if(flags)
  message(FATAL_ERROR "AIRCOMP_TORCH: expected a libtorch with the C++11 ABI of strings, as PyPI's torch has it "
                      "from 2.7 on, found one with the old ABI in '${AIRCOMP_TORCH}'")
endif()
