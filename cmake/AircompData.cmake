# SPDX-License-Identifier: GPL-3.0-or-later
# What the installed program finds in ../share/aircomp beside itself, laid out as in the source tree.
set(AIRCOMP_DATA share/aircomp)

install(DIRECTORY configs DESTINATION ${AIRCOMP_DATA} COMPONENT program)
install(DIRECTORY runtime/plots DESTINATION ${AIRCOMP_DATA}/runtime COMPONENT program
  FILES_MATCHING PATTERN "*.py")
install(DIRECTORY gr-aircomp/examples DESTINATION ${AIRCOMP_DATA}/gr-aircomp COMPONENT gnuradio
  FILES_MATCHING PATTERN "*.grc" PATTERN "*.py")
install(DIRECTORY gr-aircomp/test/flowgraphs DESTINATION ${AIRCOMP_DATA}/gr-aircomp/test
  COMPONENT gnuradio FILES_MATCHING PATTERN "*.py")
install(DIRECTORY inference/models/demo DESTINATION ${AIRCOMP_DATA}/inference/models
  COMPONENT program PATTERN fetch_corpus EXCLUDE)
install(DIRECTORY python/notebooks DESTINATION ${AIRCOMP_DATA}/python COMPONENT program
  FILES_MATCHING PATTERN "*.ipynb")
install(PROGRAMS scripts/fetch-model DESTINATION ${AIRCOMP_DATA}/scripts
  COMPONENT program)
install(FILES scripts/common.sh DESTINATION ${AIRCOMP_DATA}/scripts COMPONENT program)

# Man pages and completions are written by the program, from the commands that it has.
set(pages ${PROJECT_BINARY_DIR}/pages)
add_custom_command(OUTPUT ${pages}/bash/aircomp COMMAND aircomp pages ${pages} DEPENDS aircomp VERBATIM)
add_custom_target(aircomp_pages ALL DEPENDS ${pages}/bash/aircomp)
install(DIRECTORY ${pages}/man1 DESTINATION share/man COMPONENT program)
install(FILES ${pages}/bash/aircomp DESTINATION share/bash-completion/completions COMPONENT program)
install(FILES ${pages}/zsh/_aircomp DESTINATION share/zsh/vendor-completions COMPONENT program)
