# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -D VERSION=... -D SOURCE_DIR=... -D INPUT=... -D OUTPUT=... -P SourceVersion.cmake
#
# Writes OUTPUT from the template INPUT with @AIRCOMP_VERSION@: the release and, after a +, a hash of
# everything the program is compiled from. The same sources have the same hash in every clone, so that
# measurements of one program are never taken for another's.
set(patterns)
foreach(folder IN ITEMS cmake gr-aircomp/include gr-aircomp/lib inference optimizer runtime)
  foreach(name IN ITEMS *.cpp *.hpp *.cc *.h *.in *.fbs *.cmake CMakeLists.txt)
    list(APPEND patterns ${SOURCE_DIR}/${folder}/${name})
  endforeach()
endforeach()
file(GLOB_RECURSE files RELATIVE ${SOURCE_DIR} ${patterns})
list(SORT files)
set(hashes)
foreach(file IN LISTS files)
  file(SHA256 ${SOURCE_DIR}/${file} hash)
  string(APPEND hashes "${file} ${hash}\n")
endforeach()
string(SHA256 hash "${hashes}")
string(SUBSTRING ${hash} 0 12 hash)
set(AIRCOMP_VERSION ${VERSION}+${hash})
configure_file(${INPUT} ${OUTPUT} @ONLY)
