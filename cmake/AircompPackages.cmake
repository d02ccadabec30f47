# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages by CPack; scripts/packages makes them. The GNU Radio module is a project and a build
# of its own, whose folder AIRCOMP_MODULE_BUILD names; without it there is no package aircomp-gnuradio.
set(AIRCOMP_MODULE_BUILD "" CACHE PATH "Build folder of gr-aircomp, to be packed with this build")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME aircomp)
# Who makes the packages, as Debian's own tools ask for it.
set(CPACK_PACKAGE_CONTACT "the aircomp authors <aircomp@example.org>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
# Each package has a summary of its own: CPack puts this one before it unless it is the default.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_NAME} built using CMake")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};aircomp;ALL;/")
set(CPACK_COMPONENTS_ALL program dev doc)
if(TARGET aircomp_python)
  list(APPEND CPACK_COMPONENTS_ALL python)
endif()
if(AIRCOMP_MODULE_BUILD)
  list(APPEND CPACK_COMPONENTS_ALL gnuradio)
  set(CPACK_COMPONENTS_MODULE gnuradio dev)
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS "${AIRCOMP_MODULE_BUILD};gr-aircomp;module;/")
endif()

set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/finish.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${AIRCOMP_MODULE_BUILD}/lib)

# aircomp_package(COMPONENT PACKAGE SECTION DESCRIPTION): what each package says of itself, a summary and
# lines of less than 80 characters. Its copyright and changelog lie where Debian has them.
function(aircomp_package component package section description)
  string(TOUPPER ${component} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_DESCRIPTION ${description} PARENT_SCOPE)
  install(FILES packaging/copyright ${PROJECT_BINARY_DIR}/packaging/changelog.gz
    DESTINATION share/doc/${package} COMPONENT ${component})
endfunction()

set(scripts ${PROJECT_SOURCE_DIR}/packaging)
aircomp_package(program aircomp science [[one language model over several devices, summed by the radio
Runs one large language model over several weak devices. The all-reduce of
tensor parallelism goes over the air: all devices transmit at once, and the
channel adds. Simulation, coordinator and devices as processes, and virtual
radios for UHD.]])
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "python3, python3-matplotlib")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "python3-pip")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "aircomp-gnuradio, aircomp-doc, uhd-host")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
  ${scripts}/program/postinst ${scripts}/program/prerm ${scripts}/program/postrm)

# Bindings are of one Python, and of one interface of NumPy.
set(python /usr/bin/python3)
execute_process(OUTPUT_VARIABLE of_bindings OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND ${python} -c [[
import pathlib, re, sys
minor = sys.version_info.minor
print(f"python3 (>= 3.{minor}), python3 (<< 3.{minor + 1}), python3-numpy", end="")
numpy = pathlib.Path("/usr/share/numpy3/versions")
if numpy.exists():
    print(", python3-numpy-abi" + re.search(r"^abi (\d+)", numpy.read_text(), re.M)[1], end="")
]])
configure_file(packaging/gnuradio/shlibs.in packaging/shlibs @ONLY)
aircomp_package(gnuradio aircomp-gnuradio hamradio [[sums over the air in GNU Radio: blocks and flowgraphs
The waveform of aircomp as a GNU Radio module with blocks for Companion, and
the flowgraphs that compute the samples of its radios.]])
set(CPACK_DEBIAN_GNURADIO_PACKAGE_DEPENDS "gnuradio, ${of_bindings}, python3-yaml")
set(CPACK_DEBIAN_GNURADIO_PACKAGE_RECOMMENDS "aircomp (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_GNURADIO_PACKAGE_CONTROL_EXTRA ${scripts}/gnuradio/postinst
  ${scripts}/gnuradio/prerm ${scripts}/gnuradio/triggers ${PROJECT_BINARY_DIR}/packaging/shlibs)

aircomp_package(python python3-aircomp python [[sums over the air in Python: designs, models, simulated cells
Transceivers and shares on NumPy arrays, language models, the simulated cell,
and results as frames of pandas, with the numbers that the program gives.]])
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "${of_bindings}")
set(CPACK_DEBIAN_PYTHON_PACKAGE_RECOMMENDS "aircomp (= ${PROJECT_VERSION}), python3-matplotlib, python3-pandas")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS "jupyter-notebook")
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA ${scripts}/python/postinst ${scripts}/python/prerm)

aircomp_package(dev libaircomp-dev libdevel [[libraries of aircomp, to compile with
Static libraries and headers: transceiver design, sliced language models,
waveform, simulation. With files for CMake and pkg-config.]])
set(depends libboost-dev libeigen3-dev libfec-dev libfftw3-dev libicu-dev libmsgsl-dev
  libopenblas-dev libpcre2-dev libspdlog-dev libssl-dev "libvolk2-dev | libvolk-dev" libyaml-cpp-dev
  nlohmann-json3-dev pkg-config)
if(AIRCOMP_WITH_FLOWGRAPHS)
  list(APPEND depends gnuradio-dev)
endif()
list(JOIN depends ", " CPACK_DEBIAN_DEV_PACKAGE_DEPENDS)
# Programs load the part with libtorch from there.
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "aircomp (= ${PROJECT_VERSION})")

aircomp_package(doc aircomp-doc doc [[documents of aircomp
How to run experiments, set up a laboratory, use the GNU Radio blocks and
extend the program; the mathematics; a reference of the libraries.]])
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/docs/html DESTINATION share/doc/aircomp-doc COMPONENT doc OPTIONAL
  PATTERN .doctrees EXCLUDE PATTERN .buildinfo EXCLUDE)
install(FILES CHANGELOG.md README.md DESTINATION share/doc/aircomp-doc COMPONENT doc)

install(FILES packaging/aircomp-coordinator.service packaging/aircomp-device@.service
  DESTINATION lib/systemd/system COMPONENT program)

# The same source gives the same packages: dates are the last commit's where SOURCE_DATE_EPOCH says it.
string(TIMESTAMP AIRCOMP_RELEASE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/changelog.in packaging/changelog @ONLY)
execute_process(COMMAND gzip --best --no-name --force --keep ${PROJECT_BINARY_DIR}/packaging/changelog
  COMMAND_ERROR_IS_FATAL ANY)
include(CPack)
